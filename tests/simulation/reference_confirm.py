"""Leavers are asked about: section 5 of the rules, with loops."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from tests.simulation.reference import Row
from tests.simulation.reference_issues import Found
from tests.simulation.reference_match import roster
from tests.simulation.world import OURS, Before, World, key

LEAVE = ("gone", "out_of_scope", "inactive")
#: So far apart are two listings that tell of two days.
HOURS = 20


def confirm(world: World, rows: Iterable[Row], kept: Collection[int] = ()) -> tuple[list[Row], set[Found]]:
    """Ask the source about the absent; the rows that stay planned, and what came of the questions.

    `kept` are users whose suspension waits for a person anyway, and who are not asked about.
    """
    rows = list(rows)
    answers = said(world, rows, kept)
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


def said(world: World, rows: Iterable[Row], kept: Collection[int] = ()) -> dict[str, str]:
    """What is known of each absent person after asking, or after reading, by external id."""
    absent = {row.external_id: row.user for row in rows if row.why == "absent" and row.user not in kept}
    asked = {named: _ids(world, user) for named, user in sorted(absent.items(), key=lambda each: key(each[0]))}
    if not world.asks:
        return {named: _by_listings(world, named, ids) for named, ids in asked.items()}
    replies = _answers(world, [external_id for ids in asked.values() for external_id in ids])
    return {named: _together(named, ids, replies) for named, ids in asked.items()}


def _by_listings(world: World, named: str, ids: list[str]) -> str:
    """What the listings until tonight say of somebody, where the source cannot be asked."""
    if any(record.external_id in ids for record in world.last):
        return "missed"
    others = [Before(24 * past.days, {}) for past in world.past if past.days]
    for earlier in sorted([*world.before, *others], key=lambda each: each.hours):
        if not earlier.counts:
            continue
        if named not in earlier.kept:
            return "missed"
        if earlier.kept[named] == "missed":
            another = not earlier.moment or earlier.moment != world.moment
            return "gone" if earlier.hours >= HOURS and another else "unanswered"
    return "missed"


def _ids(world: World, user: int | None) -> list[str]:
    """Every lasting id the source may know somebody by, in byte order: of older ones, those it last listed."""
    last = {record.external_id for record in world.last}
    older = {each.external_id for each in world.links if each.connection == OURS and each.kind == "legacy"} & last
    own = (link for link in world.links if link.user == user and link.connection == OURS)
    return sorted((link.external_id for link in own if roster(link) or link.external_id in older), key=key)


def _together(named: str, ids: list[str], replies: dict[str, str]) -> str:
    """What is said of all of somebody's ids: there by one is there, and one silence is no answer."""
    said = {replies[external_id] for external_id in ids}
    for stays in ("in_scope", "unanswered"):
        if stays in said:
            return stays
    return replies[named]


def _answers(world: World, ids: list[str]) -> dict[str, str]:
    """What is known of each id after asking; when the source once does not answer, nobody else is asked."""
    answers = dict.fromkeys(ids, "unanswered")
    for external_id in ids[: world.budget]:
        state = world.replies.get(external_id, "gone")
        if state == "unanswered":
            break
        answers[external_id] = state
    return answers
