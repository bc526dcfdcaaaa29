"""Puts a world into the real database, and reads it back out as a world.

Every world gets a district of its own, so that thousands of them can lie in one
database; that they never meet is one of the things the tests check. Ids are chosen
here, far above those the product allots, so that loading asks the database nothing.
"""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast

from django.db import models
from django.utils.timezone import now

from accounts import tenancy
from accounts.models import District, Membership, Pin as PinRow, School, User as UserRow
from integrations.models import Connection, ConnectionState, Link as LinkRow, SamePerson, SchoolLink
from tests.simulation.remembering import remembered
from tests.simulation.world import OTHER, OURS, Link, Member, User, World

# Begins with the time, so that two runs on one database never meet.
_NUMBERS = itertools.count(time.time_ns() // 10**7)
_ROOM = 1000


@dataclass
class Loaded:
    """Where a world lies: the real ids behind its numbers."""

    base: int
    users: dict[int, int] = field(default_factory=dict)

    @property
    def district(self) -> int:
        """The district's id."""
        return self.base

    @property
    def connection(self) -> int:
        """The id of the connection that is synced."""
        return self.base + OURS

    def row_id(self, number: int) -> int:
        """The id of the school, or of the connection, with this number."""
        return self.base + number

    def school(self, number: int | None) -> int | None:
        """A school's id."""
        return None if number is None else self.base + number

    def number(self, school_id: int | None) -> int | None:
        """The school with this id."""
        return None if school_id is None else school_id - self.base

    def source(self, connection_id: int | None) -> int | None:
        """OURS or OTHER for a connection's id."""
        return None if connection_id is None else connection_id - self.base

    def connection_id(self, source: int | None) -> int | None:
        """A connection's id for OURS or OTHER."""
        return None if source is None else self.base + source


def load(world: World, base: int | None = None) -> Loaded:
    """Write a world's accounts and settings, in a new district unless told the one."""
    place = Loaded(base or next(_NUMBERS) * _ROOM)
    place.users = {number: place.base + number for number in world.users}
    with tenancy.support():
        people, *accounts = _accounts(world, place)
        decided = _decisions(world, place)
        for rows in (*_settings(world, place, people), *accounts, *decided, *remembered(world, place)):
            if rows:
                cast("Any", type(rows[0])).objects.bulk_create(rows)
    return place


def _settings(world: World, place: Loaded, people: list[models.Model]) -> list[list[models.Model]]:
    """The district with its people, its two connections, schools and linked schools."""
    district = District(
        id=place.district, name=f"District {place.base}", limits={**world.limits, "confirm_budget": world.budget}
    )
    ours, other = (
        Connection(
            id=place.connection_id(source),
            district=district,
            kind="scripted" if world.asks else "listed",
            tenant=f"{place.base}-{source}",
            state=ConnectionState.CONNECTED,
            roles=world.role_map,
            created_by_id=place.users.get(world.made_by or 0),
        )
        for source in (OURS, OTHER)
    )
    schools = [
        School(
            id=place.school(number),
            district=district,
            name=f"School {number}",
            purchased=purchased,
            limits=world.school_limits.get(number, {}),
        )
        for number, purchased in world.schools.items()
    ]
    links = [
        SchoolLink(
            district=district,
            connection=ours,
            school_id=place.row_id(link.school),
            external_id=link.external_id,
            active=link.active,
        )
        for link in world.places
    ]
    return [[district], people, [ours, other], [*schools], [*links]]


def _accounts(world: World, place: Loaded) -> list[list[models.Model]]:
    """Users, memberships and links."""
    users = [_user_row(place, number, user) for number, user in world.users.items()]
    members = [
        _member_row(place, number, school, member)
        for number, user in world.users.items()
        for school, member in user.members.items()
    ]
    links = [
        LinkRow(
            district_id=place.district,
            connection_id=place.row_id(link.connection),
            user_id=place.users[link.user],
            external_id=link.external_id,
            kind=link.kind,
        )
        for link in world.links
    ]
    return [[*users], [*members], [*links]]


def _user_row(place: Loaded, number: int, user: User) -> UserRow:
    return UserRow(
        id=place.users[number],
        district_id=place.district,
        email=user.email,
        login_email=user.login_email,
        first_name=user.first_name,
        last_name=user.last_name,
        profile_source=place.connection_id(user.profile_source),
        deleted_at=now() if user.deleted else None,
    )


def _member_row(place: Loaded, number: int, school: int | None, member: Member) -> Membership:
    # People's forms write roles in any order; so do we.
    return Membership(
        district_id=place.district,
        user_id=place.users[number],
        school_id=place.school(school),
        roles=sorted(member.roles, reverse=number % 2 == 0),
        status=member.status,
        suspended_by=member.suspended_by,
        grade=member.grade,
        number=member.number,
        source_id=place.connection_id(member.source),
    )


def _decisions(world: World, place: Loaded) -> list[list[models.Model]]:
    """Pins, and people's word on who is the same."""
    past, future = now() - timedelta(days=1), now() + timedelta(days=1)
    pins = [
        PinRow(
            district_id=place.district,
            user_id=place.users[pin.user],
            school_id=place.school(pin.school),
            field=pin.field,
            until=past if pin.expired else (None if pin.user % 2 else future),
        )
        for pin in world.pins
    ]
    answers = [
        SamePerson(
            district_id=place.district,
            connection_id=place.connection,
            user_id=place.users[answer.user],
            external_id=answer.external_id,
            same=answer.same,
        )
        for answer in world.answers
    ]
    return [[*pins], [*answers]]


# Reading back


def read(place: Loaded) -> tuple[dict[int, User], list[Link]]:
    """The accounts and links as they are stored now; users that are new get the next numbers."""
    with tenancy.district(place.district):
        rows = list(UserRow.objects.order_by("id"))
        members = list(Membership.objects.all())
        links = list(LinkRow.objects.order_by("external_id"))
    known = {user_id: number for number, user_id in place.users.items()}
    for row in rows:
        if row.pk not in known:
            known[row.pk] = max(known.values(), default=0) + 1
    place.users = {number: user_id for user_id, number in known.items()}
    users = {known[row.pk]: _user(place, row) for row in rows}
    for row_of in members:
        users[known[row_of.user_id]].members[place.number(row_of.school_id)] = _member(place, row_of)
    found = [Link(link.external_id, known[link.user_id], link.kind, link.connection_id - place.base) for link in links]
    return users, found


def _user(place: Loaded, row: UserRow) -> User:
    return User(
        row.first_name,
        row.last_name,
        row.email,
        row.login_email,
        place.source(row.profile_source),
        row.deleted_at is not None,
    )


def _member(place: Loaded, row: Membership) -> Member:
    return Member(
        frozenset(row.roles), row.status, row.suspended_by, row.grade, row.number, place.source(row.source_id)
    )
