"""confirm: absent is not gone until the source says so, person by person.

The questions are asked outside transactions and within a budget; the answers are kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from accounts import tenancy
from integrations.provider import Malformed, Unreachable
from rostering import sql
from rostering.models import Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from integrations.provider import Provider
    from rostering.models import Run

UNANSWERED = "unanswered"


def confirm(
    run: Run,
    provider: Provider,
    scope: Sequence[str],
    budget: int,
    over_limit: set[int],
    still_ours: Callable[[], None],
) -> None:
    """Ask about planned leavers the listing did not name; drop the rows of those who stay.

    `over_limit` holds users whose suspension a limit will hold anyway: a person decides
    about them, so they are not asked about. Without an answer, people stay.
    """
    with tenancy.district(run.district_id):
        absent = [row for row in sql.rows("confirm.absent", {"run": run.pk}) if row["user_id"] not in over_limit]
    answers = dict(_answers(provider, scope, [row["external_id"] for row in absent][:budget], still_ours))
    states = {row["user_id"]: answers.get(row["external_id"], UNANSWERED) for row in absent}
    with tenancy.district(run.district_id):
        still_ours()
        Answer.objects.bulk_create(
            Answer(district_id=run.district_id, run=run, external_id=row["external_id"], state=states[row["user_id"]])
            for row in absent
        )
        params = {"run": run.pk, "users": [u for u, s in states.items() if s in {"in_scope", UNANSWERED}]}
        sql.run("confirm.stay", params)
        for state in ("gone", "out_of_scope", "inactive"):
            sql.run(
                "confirm.leave", {"run": run.pk, "state": state, "users": [u for u, s in states.items() if s == state]}
            )


def _answers(
    provider: Provider, scope: Sequence[str], ids: list[str], still_ours: Callable[[], None]
) -> Iterator[tuple[str, str]]:
    for external_id in ids:
        still_ours()
        try:
            yield external_id, provider.look_up(external_id, scope).state
        except (Unreachable, Malformed):
            # One silent answer is enough to leave the rest for another night.
            return
