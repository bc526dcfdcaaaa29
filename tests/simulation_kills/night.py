"""One prepared night: a database in which a run waits, a source that has moved on, and how it must end.

Each case gets a copy of the database, kills something, lets others finish, and asks
`Case.differences`, which has to be empty.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import closing, contextmanager

from tests.simulation_kills import rows
from tests.simulation_kills.blocking import Blocker, blocker
from tests.simulation_kills.ground import CLERK, WORKER, Ground
from tests.simulation_kills.place import DATABASE
from tests.simulation_kills.processes import Process, run
from tests.simulation_kills.town import Town

EVENING = "evening"
#: So long lasts the lease of a worker that is going to be killed; the product's own would take a minute.
LASTS = 1.5


class Night:
    """The town, synced twice, on the evening before the third time."""

    def __init__(self, ground: Ground) -> None:
        """Prepare everything in a database of its own, the evening's; takes half a minute."""
        self.ground = ground
        self.servers = ground.servers
        self._names = (f"case_{number}" for number in itertools.count(1))
        self.servers.copy(DATABASE, EVENING)
        town = Town(ground.sandbox)
        self.connection = ground.connect(EVENING, town.clever, town.linked)
        town.evening_before()
        ground.sync(EVENING, self.connection)
        town.evening()
        self.run = int(run(ground.given(EVENING), *CLERK, "ask", self.connection))
        with closing(self.servers.superuser(EVENING)) as opened, opened.cursor() as cursor:
            self.since = rows.past(cursor)
        self.undisturbed = self._undisturbed()

    @contextmanager
    def case(self) -> Iterator[Case]:
        """A copy of the database, on the evening."""
        with self.servers.copy_of(EVENING, next(self._names)) as database:
            yield Case(self, database)

    def _undisturbed(self) -> dict[str, list[str]]:
        with self.case() as case, case.worker() as worker:
            worker.go()
            worker.says("over")
            return case.rows()


class Case:
    """One database in which the night goes wrong."""

    def __init__(self, night: Night, database: str) -> None:
        """Nothing has happened yet."""
        self.night = night
        self.database = database

    @property
    def given(self) -> dict[str, str]:
        """What a process is told that works here."""
        return self.night.ground.given(self.database)

    @contextmanager
    def worker(self, *options: str) -> Iterator[Process]:
        """A worker that is ready and waits for the word."""
        with Process(self.given, *WORKER, str(self.night.run), *options) as process:
            yield process

    @contextmanager
    def blocker(self) -> Iterator[Blocker]:
        """What stops a worker in the middle of a statement."""
        with blocker(self.night.servers, self.database, self.night.run) as found:
            yield found

    def rows(self, planted: str = "") -> dict[str, list[str]]:
        """Every row as it is now, or would be after a statement, in a comparable form."""
        with closing(self.night.servers.superuser(self.database)) as opened, opened.cursor() as cursor:
            opened.autocommit = False
            if planted:
                cursor.execute(planted)
            return rows.rows(cursor, self.night.since)

    def differences(self, planted: str = "") -> list[str]:
        """Where the end is not that of the undisturbed night; empty if it is."""
        return rows.apart(self.night.undisturbed, self.rows(planted))

    def attempts(self) -> int:
        """How often a worker began the run."""
        ((attempt,),) = self.night.ground.all(
            self.database, "SELECT attempt FROM rostering_run WHERE id = %s", self.night.run
        )
        return int(str(attempt))

    def done(self) -> bool:
        """Whether the newest run has come to its good end."""
        states = self.night.ground.all(self.database, "SELECT state FROM rostering_run ORDER BY id DESC LIMIT 1")
        return states == [("done",)]
