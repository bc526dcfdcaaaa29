"""Invented districts, schools and people for tests.

Each function writes at once; call it inside `accounts.tenancy.support()` or `district()`.
The cast is always the same: an Admin here, a sister school's Admin, a teacher, a student,
and an Admin elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Any

from django.utils.timezone import now

from accounts import people
from accounts.models import District, Membership, Notice, Pin, Roles, School, StaffRole, User
from integrations import registry
from integrations.models import Connection, ConnectionState, Link, SchoolLink, UpstreamTenant
from integrations.records import Place
from rostering.models import Change, Hold, Issue, Record, Rejection, Run, RunState, SupportRequest, Trigger

PASSWORD = "maple river otter 42"
_numbers = count(1)


def district(name: str = "") -> District:
    """A district."""
    return District.objects.create(name=name or f"Springfield USD {next(_numbers)}")


def school(of: District, name: str = "", *, purchased: bool = True) -> School:
    """A school that has bought SmartPass."""
    return School.objects.create(district=of, name=name or f"Lincoln High {next(_numbers)}", purchased=purchased)


def person(
    of: District, at: School | None, *roles: str, first_name: str = "Dana", last_name: str = "Moss", email: str = ""
) -> User:
    """Somebody with a membership who signs in with PASSWORD and has chosen it."""
    made = people.add_person(
        None,
        of,
        school=at,
        roles=roles or [Roles.TEACHER],
        first_name=first_name,
        last_name=last_name,
        email=email or f"{first_name.lower()}.{next(_numbers)}@example.org",
        password=PASSWORD,
    )
    people.set_password(made.user, PASSWORD)
    return made.user


def staff(role: str = StaffRole.SUPPORT, email: str = "") -> User:
    """Somebody of SmartPass who signs in with PASSWORD."""
    made = people.make_support_staff(
        None, email=email or f"mina.{next(_numbers)}@example.com", first_name="Mina", last_name="Ortiz", role=role
    )
    people.set_password(made.user, PASSWORD)
    return made.user


def membership(of: User, at: School | None) -> Membership:
    """The membership of somebody at a school."""
    return Membership.objects.get(user=of, school=at)


def connection(of: District, tenant: str = "", kind: str = "clever") -> Connection:
    """A tie to a source that works."""
    return Connection.objects.create(
        district=of,
        kind=kind,
        tenant=tenant or f"{next(_numbers):024x}",
        tenant_name=f"{of.name} at {registry.label(kind)}",
        state=ConnectionState.CONNECTED,
    )


def link(of: Connection, to: School, external_id: str = "") -> SchoolLink:
    """This source school is that school."""
    return SchoolLink.objects.create(
        district=of.district,
        connection=of,
        school=to,
        external_id=external_id or f"{next(_numbers):024x}",
        external_name=f"{to.name} at {registry.label(of.kind)}",
    )


def tenant(name: str = "Shelbyville USD", kind: str = "clever", external_id: str = "") -> UpstreamTenant:
    """A district that a source lists."""
    return UpstreamTenant.objects.create(kind=kind, external_id=external_id or f"{next(_numbers):024x}", name=name)


def run(of: Connection, **fields: Any) -> Run:
    """A sync that is done and was applied."""
    done: dict[str, Any] = {
        "trigger": Trigger.NIGHTLY,
        "state": RunState.DONE,
        "started_at": now(),
        "finished_at": now(),
        "applied_at": now(),
        "fingerprint": "f" * 16,
        "people_read": 3,
    }
    return Run.objects.create(district=of.district, connection=of, **{**done, **fields})


def change(of: Run, who: User, at: School | None, **fields: Any) -> Change:
    """A row of a run: somebody's grade changed."""
    row: dict[str, Any] = {"kind": Change.Kind.UPDATE, "before": {"grade": "9"}, "after": {"grade": "10"}}
    row = {**row, **fields}
    return Change.objects.create(
        district=of.district, run=of, user_id=who.pk, school=at, external_id=f"{next(_numbers):024x}", **row
    )


def hold(of: Run, at: School | None, **fields: Any) -> Hold:
    """A hold that waits."""
    row: dict[str, Any] = {
        "reason": "suspend_school",
        "text": "1 of 3 students would be suspended.",
        "people": 1,
        "fingerprint": "h" * 16,
    }
    return Hold.objects.create(district=of.district, connection=of.connection, run=of, school=at, **{**row, **fields})


def issue(of: Run, who: User | None, at: School | None, code: str = "E-NO-EMAIL", **fields: Any) -> Issue:
    """Something that needs an eye."""
    return Issue.objects.create(
        district=of.district,
        connection=of.connection,
        school=at,
        user_id=who.pk if who else None,
        external_id=f"{next(_numbers):024x}",
        code=code,
        severity=Issue.Severity.WARNING,
        opened_by=of,
        opened_at=now(),
        **fields,
    )


def rejection(of: Run, at: School | None) -> Rejection:
    """A change that somebody refused."""
    return Rejection.objects.create(
        district=of.district,
        connection=of.connection,
        external_id=f"{next(_numbers):024x}",
        school=at,
        kind=Change.Kind.SUSPEND,
        after={"status": "suspended"},
        settings_version=1,
    )


def notice(of: District, school: School | None, **fields: Any) -> Notice:
    """Something the Admins of a school are told, without an e-mail: a hold that waits."""
    row: dict[str, Any] = {
        "kind": Notice.Kind.HOLD,
        "about": f"hold:{next(_numbers)}",
        "text": f"We paused part of tonight's sync for {school.name if school else of.name}.",
        "link": "/accounts/syncs/",
        "must_act": True,
    }
    return Notice.objects.create(district=of, school=school, **{**row, **fields})


def request(by: User, at: School | None, **fields: Any) -> SupportRequest:
    """A question of a school that waits for support."""
    row: dict[str, Any] = {"kind": SupportRequest.Kind.HELP, "words": "How do I add a teacher?"}
    made = {**row, "due_at": now() + timedelta(hours=24), "district_id": by.district_id, **fields}
    return SupportRequest.objects.create(school=at, asked_by=by, **made)


def record(of: Connection, *places: str, first_name: str = "Quinn", last_name: str = "Bell", **fields: Any) -> Record:
    """Somebody whom the source lists as a student at these places."""
    external_id = f"{next(_numbers):024x}"
    row: dict[str, Any] = {
        "external_id": external_id,
        "email": f"{first_name.lower()}.{external_id[-4:]}@example.org",
        "active": True,
        "problem": "",
        "roles": [[place, "student", "9", f"77{external_id[-4:]}"] for place in places],
        "legacy": [],
        "digest": next(_numbers),
    }
    row = {**row, **fields}
    row = {"login": row["email"] or None, **row}
    return Record.objects.create(district=of.district, connection=of, first_name=first_name, last_name=last_name, **row)


def known(of: Connection, who: User, record_of_them: Record | None = None) -> Link:
    """The source knows this account, by this record or by an id it no longer lists; their memberships are its own."""
    external_id = record_of_them.external_id if record_of_them else f"{next(_numbers):024x}"
    Membership.objects.filter(user=who).update(source_id=of.pk, origin=of.kind)
    User.objects.filter(pk=who.pk).update(profile_source=of.pk)
    return Link.objects.create(district=of.district, connection=of, user=who, external_id=external_id)


def pin(of: User, at: School | None, field: str = "number", **fields: Any) -> Pin:
    """Something the sync may not change."""
    row: dict[str, Any] = {"why": "Agreed with the office", **fields}
    return Pin.objects.create(district_id=people.district_of(of), user=of, school=at, field=field, **row)


class Source:
    """A source that shares the linked schools of a connection and one more."""

    FREE = "a-school-not-linked"

    def __init__(self, of: Connection, *, hurried: bool) -> None:
        assert hurried, "somebody waits for this page"
        self.connection = of

    def places(self) -> list[Place]:
        """Everything that is linked, and FREE."""
        linked = SchoolLink.objects.filter(connection=self.connection)
        known = [Place(each.external_id, each.external_name, "school", "") for each in linked]
        return [*known, Place(self.FREE, "Ogdenville Middle", "school", "4402")]

    def close(self) -> None:
        """Nothing was opened."""


@dataclass
class World:
    """One district with two sister schools, synced from Clever, and everybody in it."""

    district: District
    school: School
    sister: School
    admin: User
    sister_admin: User
    district_admin: User
    teacher: User
    student: User
    sister_student: User
    connection: Connection
    link: SchoolLink
    sister_link: SchoolLink
    run: Run
    hold: Hold
    issue: Issue
    question: Issue
    rejection: Rejection
    request: SupportRequest
    record: Record
    sister_record: Record
    membership: Membership
    pin: Pin


def world(name: str) -> World:
    """A district whose every name begins with `name`, so that a leak shows."""
    of = district(f"{name} USD")
    here, there = school(of, f"{name} High"), school(of, f"{name} Middle")
    admin = person(of, here, Roles.ADMIN, first_name=f"{name}Dana")
    student = person(of, here, Roles.STUDENT, first_name=f"{name}Jordan")
    other = person(of, there, Roles.STUDENT, first_name=f"{name}Riley")
    tie = connection(of)
    ours, theirs = link(tie, here), link(tie, there)
    last = run(tie)
    waits = hold(last, here)
    change(last, student, here)
    change(last, other, there)
    leaves = {"kind": Change.Kind.SUSPEND, "before": {"status": "active"}, "after": {"status": "suspended"}}
    change(last, student, here, hold=waits, **leaves)
    return World(
        of,
        here,
        there,
        admin,
        person(of, there, Roles.ADMIN, first_name=f"{name}Sasha"),
        person(of, None, Roles.DISTRICT_ADMIN, first_name=f"{name}Ravi"),
        person(of, here, Roles.TEACHER, first_name=f"{name}Toni"),
        student,
        other,
        tie,
        ours,
        theirs,
        last,
        waits,
        issue(last, student, None),
        issue(last, None, None, code="E-SAME-PERSON", detail={"user": admin.pk}),
        rejection(last, here),
        request(admin, here, words=f"{name} asks"),
        record(tie, ours.external_id, first_name=f"{name}Quinn"),
        record(tie, theirs.external_id, first_name=f"{name}Harper"),
        membership(student, here),
        pin(student, here, by=admin),
    )
