"""The demo's district, schools and people to sign in as: made once, found again ever after."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from accounts import people, tenancy
from accounts.models import Roles, School, StaffRole, User
from accounts.words import first_password
from integrations import linking
from integrations.models import Connection, ConnectionState, SchoolLink, UpstreamTenant

if TYPE_CHECKING:
    from collections.abc import Sequence

    from accounts.models import District

Name = tuple[str, str, str]

WHY = "Set up by the demo"
SUPPORT = ("Mina", "Ortiz", "mina.ortiz@smartpass.example")
DISTRICT_ADMIN = ("Ravi", "Nair", "ravi.nair@demo.example")
FIRST_ADMINS = (
    ("Dana", "Moss", "dana.moss@demo.example"),
    ("Sasha", "Bell", "sasha.bell@demo.example"),
    ("Robin", "Ahmadi", "robin.ahmadi@demo.example"),
    ("Kim", "Reyes", "kim.reyes@demo.example"),
)


@dataclass(frozen=True)
class Login:
    """Somebody to sign in as."""

    who: str
    email: str


@dataclass(frozen=True)
class World:
    """What the demo plays with: one district and its ties to sources. `found` says that it was there already."""

    connections: list[Connection]
    support: User
    schools: list[School]
    logins: list[Login]
    found: bool

    @property
    def district(self) -> District:
        """The one that takes its people from all of these sources."""
        return self.connections[0].district


def prepare(kinds: Sequence[str], password: str) -> World:
    """Have the districts of the sandboxes linked to one of ours, school by school, and people who sign in.

    Ours is called as the first of them. All or nothing; what somebody changed in it by hand
    since stays changed.
    """
    with tenancy.support():
        support = _support()
        found = True
        connections: list[Connection] = []
        for kind in kinds:
            linking.refresh_tenants(kind)
            tenant = UpstreamTenant.objects.get(kind=kind)
            known = Connection.objects.select_related("district").filter(kind=kind, tenant=tenant.external_id)
            standing = known.exclude(state=ConnectionState.DISCONNECTED).first()
            found = found and standing is not None
            beside = connections[0].district if connections else None
            connections.append(standing or _build(support, tenant, beside))
        links = SchoolLink.objects.filter(connection__in=connections, active=True).select_related("school")
        schools = [link.school for link in links.order_by("pk")]
        logins = [
            _login("SmartPass support", support, password),
            *_people(support, connections[0].district, schools, password),
        ]
    return World(connections, support, schools, logins, found)


def kept_password(path: Path) -> str:
    """Give the demo's password, made up on the first call; only its owner can read the file."""
    if not path.exists():
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(first_password())
    return path.read_text().strip()


def _support() -> User:
    return _known(None, SUPPORT) or people.make_support_staff(None, role=StaffRole.SUPPORT, **_named(SUPPORT)).user


def _build(support: User, tenant: UpstreamTenant, district: District | None) -> Connection:
    """What support does for a new district, or a new source of one, by the same functions as its pages."""
    district = district or people.create_district(support, tenant.name)
    connection = linking.link_district(support, district, tenant.kind, tenant.external_id, tenant.name, WHY)
    for place in linking.places(connection):
        school = people.create_school(support, district, place.name, purchased=True)
        linking.link_school(support, connection, place, school, WHY)
    return connection


def _people(support: User, district: District, schools: list[School], password: str) -> list[Login]:
    chief = (
        _known(district, DISTRICT_ADMIN)
        or people.add_person(
            support, district, school=None, roles={Roles.DISTRICT_ADMIN}, **_named(DISTRICT_ADMIN)
        ).user
    )
    logins = [_login("District admin", chief, password)]
    for school, name in zip(schools, FIRST_ADMINS, strict=False):
        admin = _known(district, name) or people.create_first_admin(support, school, **_named(name)).user
        logins.append(_login(f"Admin, {school.name}", admin, password))
    return logins


def _known(district: District | None, name: Name) -> User | None:
    return User.objects.filter(district=district, login_email=name[2]).first()


def _named(name: Name) -> dict[str, str]:
    return dict(zip(("first_name", "last_name", "email"), name, strict=True))


def _login(who: str, user: User, password: str) -> Login:
    if user.must_change_password or not user.check_password(password):
        people.set_password(user, password)
    return Login(who, user.email)
