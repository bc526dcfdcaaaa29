"""confirm: absent is not gone until the source says so, person by person.

The questions are asked outside transactions and within a budget; the answers are kept. A source
that cannot be asked about one person is asked by its next listings: who is missing from all of
them, for most of a day, is gone.
"""

from __future__ import annotations

from datetime import timedelta
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
#: The first of several listings without somebody, at a source that cannot be asked.
MISSED = "missed"
STAY = (IN_SCOPE, UNANSWERED, MISSED)
LEAVE = ("gone", "out_of_scope", "inactive")
#: So far apart are two listings that tell of two days; nights begin and end at different minutes.
APART = timedelta(hours=20)


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
    if provider.answers_by_id:
        ids = [external_id for row in absent for external_id in row["ids"]]
        answers = dict(_answers(provider, scope, ids[:budget], still_ours))
        states = {row["user_id"]: _together(row, answers) for row in absent}
    else:
        states = _by_listings(run)
    with tenancy.district(run.district_id):
        still_ours()
        _keep(run, {row["external_id"]: states[row["user_id"]] for row in absent})
        for state in LEAVE:
            sql.run("confirm.leave", {"run": run.pk, "state": state, "users": _who(absent, states, state)})
        sql.run("confirm.stay", {"run": run.pk, "users": _who(absent, states, *STAY)})


def _who(absent: list[dict[str, Any]], states: dict[int, str], *wanted: str) -> list[int]:
    return [row["user_id"] for row in absent if states[row["user_id"]] in wanted]


def _keep(run: Run, states: dict[str, str]) -> None:
    Answer.objects.bulk_create(
        Answer(district_id=run.district_id, run=run, external_id=external_id, state=state)
        for external_id, state in states.items()
    )


def _by_listings(run: Run) -> dict[int, str]:
    """What tonight's and the earlier listings together say of each who is absent."""
    with tenancy.district(run.district_id):
        return {row["user_id"]: row["state"] for row in sql.rows("confirm.missed", {"run": run.pk, "apart": APART})}


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
