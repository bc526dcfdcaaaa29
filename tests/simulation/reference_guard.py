"""Which planned changes wait for a person, and why: the limits, with loops.

Written from the table of limits (the first lines of `rostering/steps/guard.py` tell it in
the order in which reasons are tried). A row waits for the first reason that fits it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tests.simulation.reference import Row, pinned
from tests.simulation.reference_words import silenced
from tests.simulation.world import ADMINS, OURS, Waiting, World

DEFAULTS: dict[str, float] = {
    "suspend_role_share": 0.10,
    "suspend_role_people": 10,
    "suspend_district_share": 0.10,
    "suspend_district_people": 25,
    "suspend_week_share": 0.20,
    "suspend_month_share": 0.35,
    "identity_share": 0.50,
    "identity_people": 25,
    "roles_share": 0.25,
    "roles_people": 25,
    "admin_gain_people": 5,
    "new_ids_share": 0.20,
    "new_ids_people": 10,
}
WINDOWS = (("suspend_week", 7), ("suspend_month", 30))
#: Why something waits, and which rows do.
Risk = tuple[str, Callable[[Row], bool]]
#: Reasons for which a leaver waits whatever the source would answer about them.
WHATEVER = {"new_ids", "place_empty", "suspend_school", "suspend_district", "suspend_week", "suspend_month"}


def holds(world: World, rows: list[Row]) -> list[tuple[Row, str]]:
    """The rows that wait, each with its reason."""
    waiting: list[tuple[Row, str]] = []
    for reason, concerns in risks(world, rows):
        taken = [row for row, _ in waiting]
        waiting += [(row, reason) for row in rows if row not in taken and concerns(row)]
    return _together(rows, waiting)


def unasked(world: World, rows: list[Row]) -> set[int]:
    """The users about whom the source is not asked, because a person will decide."""
    found = [_waited(old) for old in world.waiting]
    found += [concerns for reason, concerns in risks(world, rows) if reason in WHATEVER]
    return {row.user for row in rows if row.user is not None and any(concerns(row) for concerns in found)}


def risks(world: World, rows: list[Row]) -> Iterator[Risk]:
    """Every limit that is reached, in the order in which they are tried; what waits already comes first."""
    for old in world.waiting:
        yield old.reason, _waited(old)
    yield from _new_ids(world, rows)
    yield from _empty(world, rows)
    yield from _empty_words(world, rows)
    yield from _last_admins(world, rows)
    yield from _gaining(world, rows)
    yield from _suspended(world, rows)
    for reason, days in WINDOWS:
        yield from _bled(world, rows, reason, days)
    yield from _changed(world, rows)


def _waited(old: Waiting) -> Callable[[Row], bool]:
    return lambda row: (row.external_id, row.school, row.kind) == (old.external_id, old.school, old.kind)


def _together(rows: list[Row], waiting: list[tuple[Row, str]]) -> list[tuple[Row, str]]:
    """All rows of a newcomer wait with the first of them, because none can be done without the others."""
    newcomers: dict[str, str] = {}
    for row, reason in sorted(waiting, key=lambda each: each[0].kind != "create"):
        if row.user is None:
            newcomers.setdefault(row.external_id, reason)
    others = [(row, reason) for row, reason in waiting if row.user is not None]
    return others + [
        (row, newcomers[row.external_id]) for row in rows if row.user is None and row.external_id in newcomers
    ]


# What rows do


def people(world: World) -> set[int]:
    """Everybody this connection keeps active."""
    return {number for number, user in world.users.items() for m in user.members.values() if _kept(m.source, m.status)}


def _kept(source: int | None, status: str) -> bool:
    return (source, status) == (OURS, "active")


def leaves(row: Row) -> bool:
    """Whether somebody is suspended by this row."""
    return row.kind == "suspend"


def given(row: Row) -> set[str]:
    """The roles a row gives."""
    return set(str(row.after.get("roles", "")).split())


def losing(world: World, row: Row) -> set[str]:
    """The roles a row takes from somebody who has them."""
    member = world.users[row.user].members.get(row.school) if row.user is not None else None
    if member is None or member.status != "active":
        return set()
    if leaves(row):
        return set(member.roles)
    return set(member.roles) - given(row) if "roles" in row.before else set()


def over(part: int, whole: int, share: float, floor: float) -> bool:
    """Whether a limit is reached: by number and by share, and by somebody at all."""
    return part > 0 and part >= floor and part >= share * whole


def _limit(world: World, name: str, school: int | None = None) -> float:
    own = world.school_limits.get(school or 0, {})
    return float(own.get(name, world.limits.get(name, DEFAULTS[name])))


# The reasons


def _new_ids(world: World, rows: list[Row]) -> Iterator[Risk]:
    created: set[str] = set()
    missing: set[int] = set()
    for new in (row for row in rows if row.kind == "create" and row.school is not None):
        for gone in (row for row in rows if leaves(row) and row.why in ("absent", "gone") and row.school == new.school):
            user = world.users[gone.user or 0]
            if (user.first_name, user.last_name) == (new.after.get("first_name"), new.after.get("last_name")):
                created.add(new.external_id)
                missing.add(gone.user or 0)
    part = len(created) + len({row.user for row in rows if row.kind == "relink"})
    if over(part, len(people(world)), _limit(world, "new_ids_share"), _limit(world, "new_ids_people")):
        yield (
            "new_ids",
            lambda row: (
                row.kind == "relink" or row.user in missing or (row.user is None and row.external_id in created)
            ),
        )


def _empty(world: World, rows: list[Row]) -> Iterator[Risk]:
    for school in {place.school for place in world.places if place.active}:
        kept = [n for n, user in world.users.items() if school in user.members and _at(world, n, school)]
        gone = {row.user for row in rows if leaves(row) and row.school == school}
        held = all(number in gone or pinned(world, number, school, "status") for number in kept)
        arriving = any(row.school == school and row.after.get("status") == "active" for row in rows)
        if gone & set(kept) and held and not arriving:
            yield "place_empty", lambda row, at=school: leaves(row) and row.school == at  # type: ignore[misc]
    for role in _roles(world):
        having = [
            (n, at)
            for n, user in world.users.items()
            for at, m in user.members.items()
            if role in m.roles and _at(world, n, at)
        ]
        lost = {(row.user, row.school) for row in rows if role in losing(world, row)}
        if all(each in lost for each in having) and not any(role in given(row) for row in rows):
            yield "place_empty", lambda row, lose=role: lose in losing(world, row)  # type: ignore[misc]


def _empty_words(world: World, rows: list[Row]) -> Iterator[Risk]:
    for users in silenced(world):
        if any(row.user in users and losing(world, row) for row in rows):
            yield "place_empty", lambda row, had=users: row.user in had and bool(losing(world, row))  # type: ignore[misc]


def _at(world: World, number: int, school: int | None) -> bool:
    member = world.users[number].members[school]
    return _kept(member.source, member.status)


def _roles(world: World) -> set[str]:
    """Every role that somebody has through this connection."""
    return {
        role for n in people(world) for at, m in world.users[n].members.items() if _at(world, n, at) for role in m.roles
    }


def _last_admins(world: World, rows: list[Row]) -> Iterator[Risk]:
    for school in world.schools:
        lost = {row.user for row in rows if row.school == school and "admin" in losing(world, row)}
        having = {n for n, user in world.users.items() if school in user.members and _admin(world, n, school)}
        new = any(row.school == school and "admin" in given(row) for row in rows)
        if lost and not having - lost and not new:
            yield "last_admin", lambda row, at=school: row.school == at and "admin" in losing(world, row)  # type: ignore[misc]
    if any(row.user == world.made_by and losing(world, row) & ADMINS for row in rows if row.user is not None):
        yield "connection_admin", lambda row: row.user == world.made_by and bool(losing(world, row) & ADMINS)


def _admin(world: World, number: int, school: int) -> bool:
    member = world.users[number].members[school]
    return member.status == "active" and "admin" in member.roles


def _gaining(world: World, rows: list[Row]) -> Iterator[Risk]:
    def gains(row: Row) -> bool:
        return bool(given(row) & ADMINS) and not set(str(row.before.get("roles", "")).split()) & ADMINS

    if len({(row.user, row.user is None and row.external_id) for row in rows if gains(row)}) > _limit(
        world, "admin_gain_people"
    ):
        yield "admin_gain", gains


def _suspended(world: World, rows: list[Row]) -> Iterator[Risk]:
    for school in world.schools:
        for role in ("student", "teacher", "admin", "assistant"):
            having = [
                n for n, user in world.users.items() if school in user.members and _active(world, n, school, role)
            ]
            gone = [row.user for row in rows if leaves(row) and row.school == school and row.user in having]
            if over(
                len(gone),
                len(having),
                _limit(world, "suspend_role_share", school),
                _limit(world, "suspend_role_people", school),
            ):
                yield "suspend_school", _leaving(world, school, role)
    leavers = {row.user for row in rows if leaves(row)}
    if over(
        len(leavers),
        len(people(world)),
        _limit(world, "suspend_district_share"),
        _limit(world, "suspend_district_people"),
    ):
        yield "suspend_district", leaves


def _active(world: World, number: int, school: int, role: str) -> bool:
    member = world.users[number].members[school]
    return member.status == "active" and role in member.roles


def _leaving(world: World, school: int, role: str) -> Callable[[Row], bool]:
    return lambda row: leaves(row) and row.school == school and role in losing(world, row)


def _bled(world: World, rows: list[Row], reason: str, days: int) -> Iterator[Risk]:
    before = {(past.user, past.school) for past in world.past if past.days < days}
    tonight = {(row.user, row.school) for row in rows if leaves(row)}
    counted = {
        (number, school): member
        for number, user in world.users.items()
        for school, member in user.members.items()
        if member.status == "active" or (member.status == "suspended" and (number, school) in before)
    }
    for school in world.schools:
        for role in ("student", "teacher", "admin", "assistant"):
            whole = [each for each, member in counted.items() if each[1] == school and role in member.roles]
            part = [each for each in whole if each in tonight | before]
            share, floor = _limit(world, f"{reason}_share", school), _limit(world, "suspend_role_people", school)
            if set(whole) & tonight and over(len(part), len(whole), share, floor):
                yield reason, _leaving(world, school, role)
    everybody = {number for (number, _), member in counted.items() if member.source == OURS}
    concerned = {each[0] for each, member in counted.items() if each in tonight | before and member.source == OURS}
    share, floor = _limit(world, f"{reason}_share"), _limit(world, "suspend_district_people")
    if tonight and over(len(concerned), len(everybody), share, floor):
        yield reason, leaves


def _changed(world: World, rows: list[Row]) -> Iterator[Risk]:
    def renamed(row: Row) -> bool:
        return row.kind != "create" and bool({"first_name", "last_name", "email"} & set(row.before))

    leavers = {row.user for row in rows if leaves(row) and row.why == "left_school"}
    moved = {row.user for row in rows if row.user in leavers and row.after.get("status") == "active"}

    def moves(row: Row) -> bool:
        return ("roles" in row.before and "roles" in row.after) or (row.user is not None and row.user in moved)

    for reason, concerns in (("identity", renamed), ("roles", moves)):
        part = len({row.user for row in rows if concerns(row)})
        if over(part, len(people(world)), _limit(world, f"{reason}_share"), _limit(world, f"{reason}_people")):
            yield reason, concerns
