"""Writes the holds of a run: which rows wait, and in whose name.

A hold that waits already is moved to this run's rows, never stacked: one open hold per
connection, school and reason. On a night on which nobody can be removed, those who were to
leave go on waiting. A preview gets holds of its own that nobody can decide.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from django.utils.timezone import now

from accounts.models import Roles
from rostering import sql
from rostering.models import Hold
from rostering.steps import guard
from rostering.steps.plan import fingerprint

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rostering.models import Run

#: What the rows of a reason would do to somebody at a school.
ONE = {
    "new_ids": "comes with a new id, or is missed while somebody of the same name is new.",
    "admin_gain": "would become an Admin.",
    "identity": "would get another name or email.",
    "roles": "would change their role or school.",
    **dict.fromkeys(("suspend_district", "suspend_week", "suspend_month"), "would be suspended."),
}
SEVERAL = {**ONE, "new_ids": "come with a new id, or are missed while somebody of the same name is new."}
SEVERAL["admin_gain"] = "would become Admins."
#: What is true of the whole district then, without its numbers.
WHY = {
    "new_ids": "The source seems to have changed its ids.",
    "admin_gain": "Across the district that is more than usual.",
    "suspend_district": "Across the district that is more than usual on one night.",
    "suspend_week": "Across the district that is more than usual in 7 days.",
    "suspend_month": "Across the district that is more than usual in 30 days.",
    "identity": "Across the district that is more than usual on one night.",
    "roles": "Across the district that is more than usual on one night.",
}


def write_holds(run: Run, risks: list[guard.Risk], limits: Mapping[str, float]) -> None:
    """Put every row at risk into its hold; refresh or end the holds that waited."""
    kept = _leavers(run) if run.removals else set()
    _carry_over(run)
    texts: dict[tuple[str, int | None], list[str]] = defaultdict(list)
    for risk in risks:
        params = guard.selection(run, risk)
        for school, people in _people_by_school(sql.rows(f"guard.{risk.rows}", params)).items():
            said = texts[risk.reason, school]
            said += [text for text in [text_at(school, people, risk)] if text not in said]
            hold = _hold(run, risk.reason, school, " ".join(said))
            sql.run("guard.keep", {**params, "hold": hold.pk, "at": school}, chosen=risk.rows)
    if Hold.objects.filter(run=run).exists():
        sql.run("guard.together", {"run": run.pk})
        _weigh(run, limits, kept)
    if not run.preview:
        old = Hold.objects.filter(connection=run.connection_id, state=Hold.State.OPEN).exclude(run=run)
        old.exclude(pk__in=kept).update(state=Hold.State.SUPERSEDED, decided_at=now())


def _leavers(run: Run) -> set[int]:
    """Holds of people who were to leave, of whom a listing that is not complete says nothing."""
    params = {"run": run.pk, "connection": run.connection_id}
    return {row["hold_id"] for row in sql.rows("guard.leavers_waiting", params)}


def text_at(school: int | None, people: int, risk: guard.Risk) -> str:
    """Why this school's rows wait: its own number of people, and of a whole district's limit only that it is reached.

    A school reads its holds; the numbers of a district would tell it about other schools.
    """
    if school is None or risk.school is not None:
        return risk.text
    many, words = ("1 person", ONE) if people == 1 else (f"{people:,} people", SEVERAL)
    if risk.word:
        return f"{many} here would lose what they have as '{risk.word}': the source sent no one by that word any more."
    if risk.reason == "place_empty":
        return f"{many} here would lose the role {Roles(risk.role).label}: the source sent nobody with it any more."
    if risk.reason == "connection_admin":
        return risk.text
    return f"{many} here {words[risk.reason]} {WHY[risk.reason]}"


def _people_by_school(rows: list[dict[str, Any]]) -> dict[int | None, int]:
    people: dict[int | None, set[int]] = defaultdict(set)
    for row in rows:
        people[row["school_id"]].add(row["user_id"])
    return {school: len(users) for school, users in people.items()}


def _hold(run: Run, reason: str, school: int | None, text: str) -> Hold:
    state = Hold.State.PREVIEW if run.preview else Hold.State.OPEN
    known = Hold.objects.filter(connection=run.connection_id, school=school, reason=reason, state=state)
    if run.preview:
        known = known.filter(run=run)
    hold = known.first()
    if hold is None:
        return Hold.objects.create(
            district_id=run.district_id,
            connection_id=run.connection_id,
            run=run,
            school_id=school,
            reason=reason,
            text=text,
            state=state,
        )
    hold.run, hold.text, hold.refreshed_at = run, text, now()
    hold.save(update_fields=["run", "text", "refreshed_at"])
    return hold


def _carry_over(run: Run) -> None:
    params = {"run": run.pk, "connection": run.connection_id}
    for old_id in {row["hold_id"] for row in sql.rows("guard.waiting", params)}:
        old = Hold.objects.get(pk=old_id)
        if run.preview:
            new = _hold(run, old.reason, old.school_id, old.text)
            sql.run("guard.keep_waiting", {**params, "old": old.pk, "hold": new.pk})
        else:
            sql.run("guard.keep_waiting", {**params, "old": old.pk, "hold": old.pk})
            old.run, old.refreshed_at = run, now()
            old.save(update_fields=["run", "refreshed_at"])


def _weigh(run: Run, limits: Mapping[str, float], kept: set[int]) -> None:
    for row in sql.rows("guard.weigh", {"run": run.pk, "connection": run.connection_id}):
        if not row["people"] and row["id"] in kept:
            continue
        if not row["people"]:
            Hold.objects.filter(pk=row["id"], state=Hold.State.OPEN).update(
                state=Hold.State.SUPERSEDED, decided_at=now()
            )
            continue
        Hold.objects.filter(pk=row["id"]).update(
            people=row["people"],
            fingerprint=fingerprint(run.pk, row["id"])[0],
            needs_second=row["people"] > limits["second_person_people"] or row["share"] > limits["second_person_share"],
        )
