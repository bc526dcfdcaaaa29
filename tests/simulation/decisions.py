"""What a sync promises people who decide: holds keep still, releases do what was read, undo restores.

Checks like those of `invariants`: each gives what it found wrong on one seed.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

from accounts import tenancy
from accounts.models import User as UserRow
from rostering import holds, sync, undo
from rostering.models import Hold, RunState
from tests.simulation import nights, reference_after
from tests.simulation.harness import Night, apart, left, night, state
from tests.simulation.invariants import done
from tests.simulation.loading import Loaded, load, read
from tests.simulation.reference import Row, pinned
from tests.simulation.world import OURS, Member, World
from tests.simulation.worlds import draw

# 7. A hold applies none of what it holds


def hold(seed: int) -> list[str]:
    """Held rows change nothing; a release does exactly what was read; a rejection does nothing and lasts."""
    rng, world = Random(seed), draw(Random(seed))
    place = load(world)
    found = night(place, world)
    if found.run.state != RunState.DONE:
        return [f"the run ended as {found.run.state} {found.run.problem}"]
    now = stored(world, place)
    wrong = [f"applied though held: {row}" for row, _ in found.held if not untouched(now, row)]
    opened = _open(place)
    if not opened:
        return wrong
    chosen = rng.choice(opened)
    rows = [row for row, hold_id in _rows_by_hold(place, found) if hold_id == chosen.pk]
    if rng.random() < 0.5:
        return [*wrong, *_released(world, place, now, chosen, rows)]
    return [*wrong, *_rejected(world, place, now, chosen, rows)]


def stored(world: World, place: Loaded) -> World:
    """The world with the accounts as they are stored now."""
    now = world.copy()
    now.users, now.links = read(place)
    return now


def untouched(now: World, row: Row) -> bool:
    """Whether nothing of a row has been done."""
    if row.user is None:
        return all(link.external_id not in row.after.get("links", []) for link in now.links)  # type: ignore[operator]
    user, member = now.users[row.user], now.users[row.user].members.get(row.school)
    personal = [name for name in reference_after.PERSONAL if name in row.before]
    local = [name for name in ("status", "grade", "number", "source") if name in row.before]
    joined = row.kind == "join" and member is not None
    return (
        not joined
        and all(getattr(user, name) == row.before[name] for name in personal)
        and all(getattr(member, name) == row.before[name] for name in local)
    )


def _open(place: Loaded) -> list[Hold]:
    with tenancy.district(place.district):
        return list(Hold.objects.filter(connection=place.connection, state=Hold.State.OPEN).order_by("pk"))


def _rows_by_hold(place: Loaded, found: Night) -> list[tuple[Row, int]]:
    with tenancy.district(place.district):
        waiting = found.run.changes.exclude(hold=None).values_list("external_id", "school_id", "hold_id")
        by_name = {(name, place.number(school)): hold_id for name, school, hold_id in waiting}
    return [(row, by_name[row.external_id, row.school]) for row, _ in found.held]


def _released(world: World, place: Loaded, now: World, chosen: Hold, rows: list[Row]) -> list[str]:
    first, second = deciders()
    try:
        holds.release(chosen, chosen.fingerprint, by=first, why="read")
    except holds.NeedsSecond:
        holds.release(chosen, chosen.fingerprint, by=second, why="read too")
    expected = reference_after.after(now, rows)
    return apart("released", state(expected.users, expected.links, world), state(*read(place), world))


def _rejected(world: World, place: Loaded, now: World, chosen: Hold, rows: list[Row]) -> list[str]:
    holds.reject(chosen, chosen.fingerprint, by=deciders()[0], why="no")
    still = apart("rejected", state(now.users, now.links, world), state(*read(place), world))
    again = night(place, world).rows
    names = [(row.external_id, row.school) for row in rows]
    return [*still, *(f"planned again: {row}" for row in again if (row.external_id, row.school) in names)]


def deciders() -> list[UserRow]:
    """Two people of support, made once."""
    with tenancy.support():
        if UserRow.objects.filter(district=None).count() < 2:
            names = ("one@support.example", "two@support.example")
            UserRow.objects.bulk_create(
                UserRow(is_staff=True, staff_role="support", login_email=name) for name in names
            )
        return list(UserRow.objects.filter(district=None).order_by("pk")[:2])


NOTHING = "This sync changed nothing that could be undone."

# 5. Apply, then undo, restores what was there, except what people changed since


def back(seed: int) -> list[str]:
    """What the run did is turned back, except where a person was at work in the meantime; and it stays back."""
    return _back(seed, parts=False)


def back_by_part(seed: int) -> list[str]:
    """The same for the part of one school, then for the rest: each school's rows once, and nobody else's."""
    return _back(seed, parts=True)


def _back(seed: int, *, parts: bool) -> list[str]:
    rng, world = Random(seed), draw(Random(seed))
    place = load(world)
    found = night(place, world)
    if found.run.state != RunState.DONE:
        return [f"the run ended as {found.run.state} {found.run.problem}"]
    if rng.random() < 0.5:
        nights.by_day(rng, world, place)
    rows = done(found)
    everywhere: set[int | None] = {None, *world.schools}
    school = rng.choice(sorted(world.schools))
    wrong, undone = [], set()
    turns: list[set[int | None]] = [{school}, everywhere - {school}] if parts else [everywhere]
    for part in turns:
        mine = [row for row in rows if row.school in part]
        if not mine:
            continue
        expected = stored(world, place)
        first = part == {school}
        for row in mine:
            _turn_back(expected, row, part if first else everywhere)
        with tenancy.district(place.district):
            chosen = [place.row_id(school)] if first else None
            inverse, _ = undo.start(found.run, by=None, why="a mistake", schools=chosen)
        sync.perform(inverse.pk)
        undone |= {(row.external_id, row.school) for row in left(place, inverse).rows}
        wrong += apart("undone", state(expected.users, expected.links, world), state(*read(place), world))
    again = [row for row in night(place, world).rows if (row.external_id, row.school) in undone]
    return [*wrong, *(f"planned again: {row}" for row in again)]


def forth(seed: int) -> list[str]:
    """An undo that is undone at once leaves everything as the run had left it."""
    world = draw(Random(seed))
    place = load(world)
    found = night(place, world)
    rows = done(found)
    if found.run.state != RunState.DONE or not rows:
        return []
    before = state(*read(place), world)
    run = found.run
    for _ in range(2):
        with tenancy.district(place.district):
            if undo.why_not(run) == NOTHING:
                # People were at work in everything it did, so that the undo was empty.
                break
            run, _ = undo.start(run, by=None, why="a mistake")
        sync.perform(run.pk)
        run = left(place, run).run
    return apart("put back", before, state(*read(place), world))


def _turn_back(world: World, row: Row, part: set[int | None]) -> None:
    """Undo one row of these schools by hand, where it still stands."""
    number = row.user if row.user is not None else _number(world, row)
    user = world.users[number]
    if user.deleted:
        return
    taken = {other.login_email for key, other in world.users.items() if key != number and other.login_email}
    for name in reference_after.PERSONAL:
        held = pinned(world, number, row.school, "email" if name == "login_email" else name)
        lost = name == "login_email" and row.before.get(name) in taken
        if name in row.before and getattr(user, name) == row.after[name] and not held and not lost:
            setattr(user, name, row.before[name])
    for field, value in _members_back(world, number, row):
        setattr(user.members[row.school], field, value)
    elsewhere = [school for school, member in user.members.items() if school not in part and _synced(member)]
    if row.kind in ("adopt", "relink") and not elsewhere:
        gone = row.after.get("links", [])
        world.links = [link for link in world.links if link.connection != OURS or link.external_id not in gone]  # type: ignore[operator]


def _synced(member: Member) -> bool:
    return member.source == OURS and member.status != "deleted"


def _members_back(world: World, number: int, row: Row) -> Iterator[tuple[str, Any]]:
    member = world.users[number].members.get(row.school)
    if member is None:
        return
    as_written = " ".join(sorted(member.roles)) == row.after.get("roles", " ".join(sorted(member.roles)))
    if "roles" in row.after and "roles" not in row.before:
        mine = (member.status, member.source) == ("active", OURS) and not pinned(world, number, row.school, "status")
        yield from [("status", "suspended"), ("suspended_by", "sync")] if as_written and mine else []
        return
    free = [name for name in row.before if name in row.after and not pinned(world, number, row.school, name)]
    for name in ("grade", "number", "source"):
        if name in free and getattr(member, name) == row.after[name]:
            yield name, row.before[name]
    if "roles" in free and as_written:
        yield "roles", frozenset(str(row.before["roles"]).split())
    if "status" in free and member.status == row.after["status"] and member.suspended_by != "person":
        yield "status", row.before["status"]
        yield "suspended_by", "sync" if row.before["status"] == "suspended" else ""


def _number(world: World, row: Row) -> int:
    links = row.after.get("links", [row.external_id])
    return next(link.user for link in world.links if link.connection == OURS and link.external_id in links)  # type: ignore[operator]
