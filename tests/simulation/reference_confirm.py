"""Leavers are asked about: section 5 of the rules, with loops."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from tests.simulation.reference import Row
from tests.simulation.reference_issues import Found
from tests.simulation.world import World, key

LEAVE = ("gone", "out_of_scope", "inactive")


def confirm(world: World, rows: Iterable[Row], kept: Collection[int] = ()) -> tuple[list[Row], set[Found]]:
    """Ask the source about the absent; the rows that stay planned, and what came of the questions.

    `kept` are users whose suspension waits for a person anyway, and who are not asked about.
    """
    rows = list(rows)
    asked = sorted({row.external_id for row in rows if row.why == "absent" and row.user not in kept}, key=key)
    answers = _answers(world, asked)
    planned: list[Row] = []
    found: set[Found] = set()
    for row in rows:
        state = answers.get(row.external_id, "") if row.why == "absent" else ""
        if state in LEAVE:
            row.why = state
        if not state or state in LEAVE:
            planned.append(row)
        else:
            found.add((row.external_id, None, "E-STILL-THERE" if state == "in_scope" else "E-NOT-CONFIRMED"))
    return planned, found


def _answers(world: World, ids: list[str]) -> dict[str, str]:
    """What is known of each id after asking; when the source once does not answer, nobody else is asked."""
    answers = dict.fromkeys(ids, "unanswered")
    for external_id in ids[: world.budget]:
        state = world.replies.get(external_id, "gone")
        if state == "unanswered":
            break
        answers[external_id] = state
    return answers
