"""confirm: absent is not gone until the source says so, person by person.

The questions are asked outside transactions and within a budget; the answers are kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from accounts import tenancy
from integrations.provider import Malformed, Unreachable
from rostering import sql
from rostering.models import Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from integrations.provider import Provider
    from rostering.models import Run

UNANSWERED = "unanswered"
IN_SCOPE = "in_scope"


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
    ids = [external_id for row in absent for external_id in row["ids"]]
    answers = dict(_answers(provider, scope, ids[:budget], still_ours))
    states = {row["user_id"]: _together(row, answers) for row in absent}
    with tenancy.district(run.district_id):
        still_ours()
        Answer.objects.bulk_create(
            Answer(district_id=run.district_id, run=run, external_id=row["external_id"], state=states[row["user_id"]])
            for row in absent
        )
        params = {"run": run.pk, "users": [u for u, s in states.items() if s in {IN_SCOPE, UNANSWERED}]}
        sql.run("confirm.stay", params)
        for state in ("gone", "out_of_scope", "inactive"):
            sql.run(
                "confirm.leave", {"run": run.pk, "state": state, "users": [u for u, s in states.items() if s == state]}
            )


def _together(row: dict[str, Any], answers: dict[str, str]) -> str:
    """What the answers about all of somebody's ids come to: who is there by one of them is there."""
    said = [answers.get(external_id, UNANSWERED) for external_id in row["ids"]]
    for stays in (IN_SCOPE, UNANSWERED):
        if stays in said:
            return stays
    return answers[row["external_id"]]


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
