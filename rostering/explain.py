"""Why is this person like this, or missing? Writes nothing.

Reads what the source last said (`Record`), what is stored, and lets the plan itself say
what tonight's sync would do, so that an explanation can never differ from the engine.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db.models import F, Func, Q, TextField
from django.utils.timezone import now

from accounts.models import Membership, Pin, User
from integrations import registry
from integrations.models import Connection, Link, SamePerson
from rostering import sql
from rostering.models import Change, Issue, Record, Run

if TYPE_CHECKING:
    from collections.abc import Iterable

PERSON_FIELDS = ("first_name", "last_name", "email", "login_email")
MEMBERSHIP_FIELDS = ("roles", "status", "grade", "number")


@dataclass(frozen=True, slots=True)
class Fact:
    """One stored value: where it stands, what the source says, and who decided.

    `school` is None for what belongs to the person or to the district. `decided_by` is
    ``source``, ``pin``, ``person`` (made or suspended by hand) or ``other source``.
    """

    field: str
    school: int | None
    stored: str
    source: str
    decided_by: str


@dataclass(frozen=True, slots=True)
class Step:
    """One place we looked, whether it was as it should be, and the code if it was not."""

    looked: str
    fine: bool
    code: str = ""


@dataclass(slots=True)
class Explanation:
    """Everything there is to say about one person at one connection."""

    connection: Connection
    user: User | None
    records: list[Record]
    steps: list[Step] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    pins: list[Pin] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    tonight: list[dict[str, Any]] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)

    @property
    def missing(self) -> str:
        """The code of the first thing that is not as it should be; empty if all is."""
        return next((step.code for step in self.steps if not step.fine), "")


def explain(connection: Connection, *, user: User | None = None, email: str = "", external_id: str = "") -> Explanation:
    """Explain somebody named by account, by e-mail or by the id at the source.

    Call it inside the district or through support's door; what the reader may see is
    for the caller to narrow.
    """
    records = _records(connection, user, email, external_id)
    user = user or _user(connection, records, email)
    found = Explanation(connection, user, records)
    plan = _plan(connection, user, records)
    ids = {record.external_id for record in records}
    found.tonight = [row for row in plan if row["what"] == "change" and _about(row, user, ids)]
    codes = [row["code"] for row in plan if row["what"] == "issue" and _about(row, user, ids)]
    found.issues = list(
        Issue.objects.filter(connection=connection, closed_at=None, external_id__in=ids, opened_at__isnull=False)
    )
    if user:
        found.pins = list(Pin.objects.filter(user=user).filter(Q(until=None) | Q(until__gt=now())))
        found.facts = [
            *_person_facts(connection, user, records, found.pins),
            *_membership_facts(connection, user, found.pins),
        ]
        found.changes = list(_applied(user))
    found.steps = list(_steps(found, codes))
    return found


def _records(connection: Connection, user: User | None, email: str, external_id: str) -> list[Record]:
    ids = [external_id] if external_id else []
    if user:
        ids += Link.objects.filter(connection=connection, user=user).values_list("external_id", flat=True)
        said = SamePerson.objects.filter(connection=connection, user=user, same=True)
        ids += said.values_list("external_id", flat=True)
    wanted = Q(external_id__in=ids)
    if email:
        wanted |= Q(login=email.strip().lower())
    return list(Record.objects.filter(wanted, connection=connection).order_by("external_id"))


def _user(connection: Connection, records: list[Record], email: str) -> User | None:
    ids = [record.external_id for record in records]
    link = Link.objects.filter(connection=connection, external_id__in=ids).select_related("user").first()
    if link:
        return link.user
    handle = email.strip().lower()
    return User.objects.filter(district=connection.district_id, login_email=handle).first() if handle else None


def _plan(connection: Connection, user: User | None, records: list[Record]) -> list[dict[str, Any]]:
    parameters = {
        "district": connection.district_id,
        "connection": connection.pk,
        "settings_version": connection.settings_version,
        "roles": json.dumps(registry.roles_of(connection)),
        "removals": True,
        "only": [user.pk] if user else [],
        "ids": sorted(_concerned(connection, user, records)),
    }
    rows = sql.rows("plan.only", parameters, sql.text("plan.remembered"))
    return [{**row, "before": json.loads(row["before"]), "after": json.loads(row["after"])} for row in rows]


def _concerned(connection: Connection, user: User | None, records: list[Record]) -> set[str]:
    """The ids of all records that bear on this person's plan.

    Those with one of their e-mails or ids, those of whoever else has these, and so on.
    """
    ids = {record.external_id for record in records}
    logins = {record.login for record in records if record.login}
    people = {user.pk} if user else set()
    size = -1
    while size != len(ids) + len(logins) + len(people):
        size = len(ids) + len(logins) + len(people)
        for person in _owners(connection, ids, logins, people):
            people.add(person.pk)
            logins |= {login for login in (person.login_email, person.folded) if login}
        links = Link.objects.filter(connection=connection, user__in=people)
        said = SamePerson.objects.filter(connection=connection, user__in=people, same=True)
        ids |= {*links.values_list("external_id", flat=True), *said.values_list("external_id", flat=True)}
        alike = Q(external_id__in=ids) | Q(login__in=logins) | Q(legacy__has_any_keys=sorted(ids))
        for record in Record.objects.filter(alike, connection=connection):
            ids |= {record.external_id, *record.legacy}
            logins |= {record.login} if record.login else set()
    return ids


def _owners(connection: Connection, ids: set[str], logins: set[str], people: set[int]) -> Iterable[Any]:
    """The people already found, and whoever has one of these ids or e-mails."""
    folded = Func(F("email"), function="smartpass_login_email", output_field=TextField(null=True))
    links = Link.objects.filter(connection=connection, external_id__in=ids)
    said = SamePerson.objects.filter(connection=connection, external_id__in=ids, same=True)
    theirs = Q(pk__in=people) | Q(login_email__in=logins) | (Q(login_email=None) & Q(folded__in=logins))
    tied = Q(pk__in=links.values("user")) | Q(pk__in=said.values("user"))
    return User.objects.filter(district=connection.district_id).annotate(folded=folded).filter(theirs | tied)


def _about(row: dict[str, Any], user: User | None, ids: set[str]) -> bool:
    return row["external_id"] in ids or (user is not None and row["key"] == user.pk)


def _person_facts(connection: Connection, user: User, records: list[Record], pins: list[Pin]) -> Iterable[Fact]:
    pinned = {pin.field for pin in pins if pin.school_id is None}
    said = next((record for record in records if record.active and not record.problem), None)
    for name in PERSON_FIELDS:
        key = "email" if name == "login_email" else name
        if {key, "*"} & pinned:
            decided = "pin"
        elif user.profile_source == connection.pk:
            decided = "source"
        else:
            decided = "person" if user.profile_source is None else "other source"
        yield Fact(name, None, getattr(user, name) or "", getattr(said, key, ""), decided)


def _membership_facts(connection: Connection, user: User, pins: list[Pin]) -> Iterable[Fact]:
    for member in Membership.objects.filter(user=user).order_by("school_id"):
        pinned = {pin.field for pin in pins if pin.school_id in (None, member.school_id)}
        for name in MEMBERSHIP_FIELDS:
            stored = " ".join(member.roles) if name == "roles" else getattr(member, name)
            yield Fact(name, member.school_id, stored, "", _decided_by(connection, member, name, pinned))


def _decided_by(connection: Connection, member: Membership, name: str, pinned: set[str]) -> str:
    if {name, "*"} & pinned:
        return "pin"
    by_hand = name == "status" and (member.status in {"disabled", "deleted"} or member.suspended_by == "person")
    if member.source_id is None or by_hand:
        return "person"
    return "source" if member.source_id == connection.pk else "other source"


def _applied(user: User) -> Iterable[Change]:
    """The changes of this person that happened, oldest first."""
    happened = Q(hold=None, run__applied_at__isnull=False) | Q(hold__state="released", hold__run=F("run"))
    return Change.objects.filter(happened, user_id=user.pk).select_related("run").order_by("pk")


def _steps(found: Explanation, codes: list[str]) -> Iterable[Step]:
    last = Run.objects.filter(connection=found.connection, applied_at__isnull=False).order_by("-applied_at").first()
    yield Step("first sync", last is not None, "E-FIRST-SYNC-PENDING")
    yield Step("shared by the source", bool(found.records), "E-NOT-SHARED")
    if found.records:
        active = any(record.active for record in found.records)
        yield Step("active at the source", active, "E-SUSPENDED-IN-SOURCE")
    for code in codes:
        yield Step("as the source says", code in WARNINGS, code)
    held = next((issue for issue in found.issues if issue.code == "E-HELD"), None)
    yield Step("nothing waits for approval", held is None, "E-HELD")
    yield Step("has an account", found.user is not None and found.user.deleted_at is None, "E-NOT-SHARED")


WARNINGS = {"E-NO-EMAIL", "E-BAD-EMAIL", "E-DUP-IN-SOURCE", "E-EMAIL-IN-USE-HERE", "E-EMAIL-IN-USE-ELSEWHERE"}
