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

from accounts.models import Membership, Pin, Roles, Status, User
from integrations import registry
from integrations.models import Connection, Link, SamePerson, SchoolLink
from rostering import sql
from rostering.models import Change, Hold, Issue, Record, Rejection, Run

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.models import QuerySet

PERSON_FIELDS = ("first_name", "last_name", "email", "login_email")
FOLDED = Func(F("email"), function="smartpass_login_email", output_field=TextField(null=True))
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


@dataclass(slots=True)
class Explanation:
    """Everything there is to say about one person at one connection.

    `tonight` are the rows that tonight's plan would have, `wrong` the issues it would
    find, both as the plan gives them. `waiting` are changes kept by an open hold,
    `rejections` those refusals that still keep something off, `last` the newest sync that
    wrote accounts, `words` what the source's role words mean here.
    """

    connection: Connection
    user: User | None
    records: list[Record]
    links: list[Link] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    pins: list[Pin] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    tonight: list[dict[str, Any]] = field(default_factory=list)
    wrong: list[dict[str, Any]] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)
    waiting: list[Change] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    last: Run | None = None
    words: dict[str, list[str]] = field(default_factory=dict)

    @property
    def deleted(self) -> bool:
        """Whether a person erased this account: then no sync brings it back."""
        return self.user is not None and self.user.deleted_at is not None


def explain(connection: Connection, *, user: User | None = None, email: str = "", external_id: str = "") -> Explanation:
    """Explain somebody named by account, by e-mail or by the id at the source.

    Call it inside the district or through support's door; what the reader may see is
    for the caller to narrow.
    """
    records = _records(connection, user, email, external_id)
    user = user or _user(connection, records, email)
    found = Explanation(connection, user, records, words=registry.roles_of(connection))
    plan = _plan(connection, user, records)
    ids = {record.external_id for record in records}
    found.tonight = [row for row in plan if row["what"] == "change" and _about(row, user, ids)]
    found.wrong = [row for row in plan if row["what"] == "issue" and _about(row, user, ids)]
    found.last = Run.objects.filter(connection=connection, applied_at__isnull=False).order_by("-applied_at").first()
    if user:
        found.links = list(Link.objects.filter(connection=connection, user=user).order_by("external_id"))
        found.pins = list(Pin.objects.filter(user=user).filter(Q(until=None) | Q(until__gt=now())).select_related("by"))
        found.facts = [
            *_person_facts(connection, user, records, found.pins),
            *_membership_facts(connection, user, records, found.pins),
        ]
        found.changes = list(applied(user))
    _what_stands_in_the_way(found, ids | {link.external_id for link in found.links})
    return found


def _what_stands_in_the_way(found: Explanation, ids: set[str]) -> None:
    """Open issues, changes that wait in a hold and refusals that still count, of whoever has these ids."""
    about = {"connection": found.connection, "external_id__in": ids}
    opened = Issue.objects.filter(**about, closed_at=None, opened_at__isnull=False)
    found.issues = list(opened.order_by("pk"))
    held = Change.objects.filter(hold__connection=found.connection, hold__state=Hold.State.OPEN, run=F("hold__run"))
    theirs = Q(external_id__in=ids) | Q(user_id=found.user.pk) if found.user else Q(external_id__in=ids)
    found.waiting = list(held.filter(theirs).select_related("hold", "school").order_by("pk"))
    refused = Rejection.objects.filter(
        **about, lifted_at=None, settings_version=found.connection.settings_version
    ).select_related("school", "by")
    digests = {record.external_id: record.digest for record in found.records}
    found.rejections = [each for each in refused.order_by("pk") if each.digest == digests.get(each.external_id)]


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
    with sql.about_a_few():
        rows = sql.rows("plan.only", parameters, sql.text("plan.remembered"))
    return [{**row, "before": json.loads(row["before"]), "after": json.loads(row["after"])} for row in rows]


def _concerned(connection: Connection, user: User | None, records: list[Record]) -> set[str]:
    """The ids of all records that bear on this person's plan.

    Those with one of their e-mails or ids, those of whoever else has these, and so on: each
    round looks only for what the round before found, and only through indexes.
    """
    ids: set[str] = set()
    logins: set[str] = set()
    people: set[int] = set()
    new_ids = {record.external_id for record in records}
    new_logins = {record.login for record in records if record.login}
    new_people = {user.pk} if user else set()
    while new_ids or new_logins or new_people:
        ids, logins = ids | new_ids, logins | new_logins
        new_people = (new_people | _owners(connection, new_ids, new_logins)) - people
        people |= new_people
        heard = [*_records_like(connection, new_ids, new_logins)]
        said = _said_by(connection, new_people)
        new_ids = {*said[0], *(each for one in heard for each in (one.external_id, *one.legacy))} - ids
        new_logins = {*said[1], *(one.login for one in heard if one.login)} - logins
    return ids


def _owners(connection: Connection, ids: set[str], logins: set[str]) -> set[int]:
    """Whoever has one of these ids or e-mails."""
    found: set[int] = set()
    if ids:
        about = {"connection": connection, "external_id__in": ids}
        found.update(Link.objects.filter(**about).values_list("user_id", flat=True))
        found.update(SamePerson.objects.filter(**about, same=True).values_list("user_id", flat=True))
    if logins:
        here = User.objects.filter(district=connection.district_id)
        found.update(here.filter(login_email__in=logins).values_list("pk", flat=True))
        # Few have an e-mail that they do not sign in by; they have an index of their own.
        others = here.filter(login_email=None).exclude(email="").annotate(folded=FOLDED)
        found.update(others.filter(folded__in=logins).values_list("pk", flat=True))
    return found


def _said_by(connection: Connection, people: set[int]) -> tuple[set[str], set[str]]:
    """The ids and the e-mails of these people."""
    if not people:
        return set(), set()
    links = Link.objects.filter(connection=connection, user__in=people)
    said = SamePerson.objects.filter(connection=connection, user__in=people, same=True)
    handles = User.objects.filter(pk__in=people).annotate(folded=FOLDED).values_list("login_email", "folded")
    ids = {*links.values_list("external_id", flat=True), *said.values_list("external_id", flat=True)}
    return ids, {handle for both in handles for handle in both if handle}


def _records_like(connection: Connection, ids: set[str], logins: set[str]) -> Iterable[Record]:
    """The records that have one of these ids, now or before, or one of these e-mails."""
    here = Record.objects.filter(connection=connection)
    if ids:
        yield from here.filter(external_id__in=ids)
        yield from here.filter(legacy__has_any_keys=sorted(ids))
    if logins:
        yield from here.filter(login__in=logins)


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


def _membership_facts(connection: Connection, user: User, records: list[Record], pins: list[Pin]) -> Iterable[Fact]:
    said = _said_by_school(connection, records)
    for member in Membership.objects.filter(user=user).order_by("school_id"):
        pinned = {pin.field for pin in pins if pin.school_id in (None, member.school_id)}
        for name in MEMBERSHIP_FIELDS:
            stored = " ".join(member.roles) if name == "roles" else getattr(member, name)
            source = said.get(member.school_id, {}).get(name, "")
            yield Fact(name, member.school_id, stored, source, _decided_by(connection, member, name, pinned))


def _said_by_school(connection: Connection, records: list[Record]) -> dict[int | None, dict[str, str]]:
    """What the source says of somebody at each linked school (None: at the district), in our words.

    The first that says a grade or a number decides it, as in the plan.
    """
    links = SchoolLink.objects.filter(connection=connection, active=True)
    schools = dict(links.values_list("external_id", "school_id"))
    words = registry.roles_of(connection)
    said: dict[int | None, dict[str, str]] = {}
    for record in records:
        for place, word, grade, number in record.roles if record.active and not record.problem else []:
            for role in words.get(word, []):
                at = None if role == Roles.DISTRICT_ADMIN else schools.get(place)
                if at is None and role != Roles.DISTRICT_ADMIN:
                    continue
                here = said.setdefault(at, {"roles": "", "status": Status.ACTIVE.value, "grade": "", "number": ""})
                here["roles"] = " ".join(sorted({*here["roles"].split(), role}))
                here["grade"], here["number"] = here["grade"] or grade, here["number"] or number
    return said


def _decided_by(connection: Connection, member: Membership, name: str, pinned: set[str]) -> str:
    if {name, "*"} & pinned:
        return "pin"
    by_hand = name == "status" and (member.status in {"disabled", "deleted"} or member.suspended_by == "person")
    if member.source_id is None or by_hand:
        return "person"
    return "source" if member.source_id == connection.pk else "other source"


def applied(user: User) -> QuerySet[Change]:
    """The changes of this person that happened, oldest first."""
    happened = Q(hold=None, run__applied_at__isnull=False) | Q(hold__state="released", hold__run=F("run"))
    return Change.objects.filter(happened, user_id=user.pk).select_related("run").order_by("pk")
