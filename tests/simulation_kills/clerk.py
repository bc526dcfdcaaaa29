"""A process that prepares SmartPass's side of the town.

python -m tests.simulation_kills clerk found DISTRICT SCHOOL …   prints the connection's id
python -m tests.simulation_kills clerk ask CONNECTION            prints the id of a run that waits
python -m tests.simulation_kills clerk tell RUN                  tells the workers of it
"""

from __future__ import annotations

from unittest.mock import patch

from accounts import tenancy
from integrations.models import Connection
from rostering import queue, runs
from rostering.models import Trigger
from tests import factories
from tests.simulation_kills.town import ADMIN_GAIN


def found(tenant: str, *places: str) -> int:
    """A district with a school for each place, all of them linked; the connection's id."""
    with tenancy.support():
        district = factories.district("Town")
        connection = factories.connection(district, tenant)
        Connection.objects.filter(pk=connection.pk).update(limits={"admin_gain_people": ADMIN_GAIN})
        for place in places:
            factories.link(connection, factories.school(district, f"School {place}"), place)
        return connection.pk


def ask(connection: str) -> int:
    """A run that waits for a worker, of which no worker has been told; its id."""
    with tenancy.support(), patch.object(queue, "enqueue"):
        run, _ = runs.start(Connection.objects.get(pk=connection), Trigger.SUPPORT, why="The night")
        return run.pk


def tell(run: str) -> int:
    """Tell the workers of a run; its id."""
    queue.enqueue(int(run))
    return int(run)


def main(words: list[str]) -> None:
    """Do what the first word says with the others."""
    what, *rest = words
    said = found(*rest) if what == "found" else ask(*rest) if what == "ask" else tell(*rest)
    print(said)  # noqa: T201  (how we answer)
