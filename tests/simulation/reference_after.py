"""The world after a plan was carried out, in plain Python."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from tests.simulation.reference import Row
from tests.simulation.world import OURS, Link, Member, User, World

PERSONAL = ("first_name", "last_name", "email", "login_email", "profile_source")


def after(world: World, rows: Iterable[Row]) -> World:
    """A copy of the world with these rows done. New users get the next numbers."""
    done = world.copy()
    new: dict[str, int] = {}
    for row in rows:
        number = row.user
        if number is None:
            number = new.setdefault(row.external_id, max(done.users, default=0) + 1)
            done.users.setdefault(number, User())
        _person(done.users[number], row)
        _links(done, number, row)
        _membership(done.users[number], row)
    return done


def _person(user: User, row: Row) -> None:
    for name in PERSONAL:
        if name in row.after:
            setattr(user, name, row.after[name])


def _links(world: World, number: int, row: Row) -> None:
    for kind, name in (("roster", "links"), ("legacy", "legacy")):
        for external_id in cast("list[str]", row.after.get(name, [])):
            world.links.append(Link(external_id, number, kind))


def _membership(user: User, row: Row) -> None:
    said = {name: row.after[name] for name in ("roles", "status", "grade", "number", "source") if name in row.after}
    if not said:
        return
    member = user.members.setdefault(row.school, Member(frozenset(), source=OURS))
    for name, value in said.items():
        setattr(member, name, frozenset(str(value).split()) if name == "roles" else value)
    if "status" in said:
        member.suspended_by = "sync" if said["status"] == "suspended" else ""
