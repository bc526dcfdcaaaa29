"""guard: would anybody be alarmed by this plan? What is risky waits for a person.

Reads the planned rows, the memberships as they are, past runs, and what the source says
tonight and said last; writes holds. The limits are those of `rostering.limits`. A row
waits for the first reason that fits:

* ``waiting``          it stood in a hold that nobody has decided yet: it stays there
* ``new_ids``          many people come with new ids while their names or e-mails match
* ``place_empty``      a linked school, or a role, that had people is wanted by nobody now, or the
                       source sends nobody any more by a word that it had people by
* ``last_admin``       the school would be left without an active Admin
* ``connection_admin`` the person who made the connection would lose Admin
* ``admin_gain``       more than so many people would gain Admin or District admin
* ``suspend_school``   of one role at one school: share and floor, tonight
* ``suspend_district`` of the district's people: share and floor, tonight
* ``suspend_week``, ``suspend_month``  the same, with what syncs suspended unasked before
* ``identity``         names or e-mails of existing people: share and floor, tonight
* ``roles``            roles changed or schools moved: share and floor, tonight

Rows of a newcomer wait together, because none can be applied without the others.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from rostering import sql

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rostering.models import Run


class Risk(NamedTuple):
    """Rows that must wait: those of `reason` that `rows` (a part of guard.sql) selects.

    `school`, `role` and the source's `word` (said `anywhere`, or at one of our schools)
    narrow them; `text` says why, with the numbers.
    """

    reason: str
    rows: str
    text: str
    school: int | None = None
    role: str = ""
    word: str = ""
    anywhere: bool = False


class Tonight(NamedTuple):
    """What the source says: the table its records are staged in, and what its words mean here."""

    staged: str
    roles: Mapping[str, Sequence[str]]


ROLE_WORDS = {
    "student": "students",
    "teacher": "teachers",
    "admin": "Admins",
    "assistant": "Assistants",
    "district_admin": "District admins",
}
WINDOWS = (("suspend_week", 7, "7 days"), ("suspend_month", 30, "30 days"))


def assess(
    run: Run, tonight: Tonight, limits: Mapping[str, float], school_limits: Mapping[int, Mapping[str, float]]
) -> list[Risk]:
    """Everything in tonight's plan that a limit stops, weightiest first. Writes nothing.

    `limits` are the connection's, `school_limits` those of each school that has its own.
    """
    params = {"run": run.pk, "connection": run.connection_id}
    shape = sql.one("guard.shape", params)
    found: list[Risk] = []
    if shape["created"] or shape["relinked"]:
        found += _new_ids(params, limits)
    if shape["losing"]:
        found += [*_empty_places(params), *_empty_words(params, tonight), *_last_admins(params)]
    found += _admin_gain(params, limits)
    if shape["leaving"]:
        found += _suspensions(params, limits, school_limits)
    if shape["changed"]:
        found += _changed(params, limits)
    return found


def suspension_risks(
    run: Run, tonight: Tonight, limits: Mapping[str, float], school_limits: Mapping[int, Mapping[str, float]]
) -> list[Risk]:
    """Only the reasons for which suspensions would wait whatever the source answers."""
    reasons = {"new_ids", "place_empty", "suspend_school", "suspend_district", "suspend_week", "suspend_month"}
    if not sql.one("guard.shape", {"run": run.pk})["absent"]:
        return []
    return [risk for risk in assess(run, tonight, limits, school_limits) if risk.reason in reasons]


def rows_at_risk(run: Run, risks: list[Risk]) -> set[int]:
    """The users whose rows these risks select, or who already wait in an open hold."""
    users: set[int] = set()
    for risk in [Risk("waiting", "waiting", ""), *risks]:
        users |= {row["user_id"] for row in sql.rows(f"guard.{risk.rows}", selection(run, risk))}
    return users


def selection(run: Run, risk: Risk) -> dict[str, object]:
    """The parameters with which guard.sql selects the rows of a risk."""
    return {
        "run": run.pk,
        "connection": run.connection_id,
        "school": risk.school,
        "role": risk.role,
        "word": risk.word,
        "anywhere": risk.anywhere,
    }


def _over(part: float, whole: float, share: float, floor: float) -> bool:
    return part > 0 and part >= floor and part >= share * whole


def _of(part: int, whole: int) -> str:
    percent = f" ({round(100 * part / whole)} %)" if whole else ""
    return f"{part:,} of {whole:,}{percent}"


def _new_ids(params: dict[str, int], limits: Mapping[str, float]) -> list[Risk]:
    seen = sql.one("guard.new_ids", params)
    if not _over(seen["part"], seen["whole"], limits["new_ids_share"], limits["new_ids_people"]):
        return []
    text = (
        f"{_of(seen['part'], seen['whole'])} people come with a new id at the source, while their names or emails "
        "match people we have. The source seems to have changed its ids."
    )
    return [Risk("new_ids", "new_id_rows", text)]


def _empty_places(params: dict[str, int]) -> list[Risk]:
    text = "The source sent no one for this school any more. It had {people:,} people."
    places = [
        Risk("place_empty", "suspensions", text.format(people=row["people"]), row["school_id"])
        for row in sql.rows("guard.empty_places", params)
    ]
    text = "The source sent no {role} any more. It had {people:,}."
    roles = [
        Risk("place_empty", "losses", text.format(role=ROLE_WORDS[row["role"]], people=row["people"]), role=row["role"])
        for row in sql.rows("guard.empty_roles", params)
    ]
    return places + roles


def _empty_words(params: dict[str, int], tonight: Tonight) -> list[Risk]:
    text = "The source sent no one as '{word}' any more. It had {people:,} people."
    named = {**params, "roles": json.dumps({word: list(roles) for word, roles in tonight.roles.items()})}
    return [
        Risk("place_empty", "word_losses", text.format(**row), word=row["word"], anywhere=row["anywhere"])
        for row in sql.rows("guard.empty_words", named, tonight.staged)
    ]


def _last_admins(params: dict[str, int]) -> list[Risk]:
    found = [
        Risk("last_admin", "losses", "This would leave the school without an Admin.", row["school_id"], "admin")
        for row in sql.rows("guard.last_admins", params)
    ]
    if sql.rows("guard.connection_admin", params):
        text = "The person who made this connection would lose Admin."
        found.append(Risk("connection_admin", "connection_admin", text))
    return found


def _admin_gain(params: dict[str, int], limits: Mapping[str, float]) -> list[Risk]:
    people = sql.one("guard.admin_gain", params)["people"]
    if people <= limits["admin_gain_people"]:
        return []
    return [Risk("admin_gain", "admin_gains", f"{people:,} people would become Admins.")]


def _suspensions(
    params: dict[str, int], limits: Mapping[str, float], school_limits: Mapping[int, Mapping[str, float]]
) -> list[Risk]:
    found = []
    measured = sql.rows("guard.suspensions_by_role", params)
    for row in measured:
        own = {**limits, **school_limits.get(row["school_id"], {})}
        if _over(row["part"], row["whole"], own["suspend_role_share"], own["suspend_role_people"]):
            text = f"{_of(row['part'], row['whole'])} {ROLE_WORDS[row['role']]} would be suspended."
            found.append(Risk("suspend_school", "suspensions", text, row["school_id"], row["role"]))
    total = sql.one("guard.suspensions_in_district", params)
    floor = limits["suspend_district_people"]
    if _over(total["part"], total["whole"], limits["suspend_district_share"], floor):
        text = f"{_of(total['part'], total['whole'])} people of the district would be suspended."
        found.append(Risk("suspend_district", "suspensions", text))
    return found + _slow_bleed(params, limits, school_limits)


def _slow_bleed(
    params: dict[str, int], limits: Mapping[str, float], school_limits: Mapping[int, Mapping[str, float]]
) -> list[Risk]:
    found = []
    for reason, days, words in WINDOWS:
        window = {**params, "days": days}
        for row in sql.rows("guard.bleeding_by_role", window):
            own = {**limits, **school_limits.get(row["school_id"], {})}
            if row["tonight"] and _over(row["part"], row["whole"], own[f"{reason}_share"], own["suspend_role_people"]):
                text = f"With tonight, {_of(row['part'], row['whole'])} {ROLE_WORDS[row['role']]} in {words}."
                found.append(Risk(reason, "suspensions", text, row["school_id"], row["role"]))
        total = sql.one("guard.bleeding_in_district", window)
        floor = limits["suspend_district_people"]
        if total["tonight"] and _over(total["part"], total["whole"], limits[f"{reason}_share"], floor):
            text = f"With tonight, {_of(total['part'], total['whole'])} people suspended in {words}."
            found.append(Risk(reason, "suspensions", text))
    return found


def _changed(params: dict[str, int], limits: Mapping[str, float]) -> list[Risk]:
    found = []
    seen = sql.one("guard.changed", params)
    if _over(seen["identity"], seen["whole"], limits["identity_share"], limits["identity_people"]):
        text = f"{_of(seen['identity'], seen['whole'])} people would get another name or email."
        found.append(Risk("identity", "identities", text))
    if _over(seen["roles"], seen["whole"], limits["roles_share"], limits["roles_people"]):
        text = f"{_of(seen['roles'], seen['whole'])} people would change their role or school."
        found.append(Risk("roles", "role_changes", text))
    return found
