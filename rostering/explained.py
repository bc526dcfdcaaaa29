"""An explanation as a page tells it: the reason first, then what was looked at, value by value."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from django.urls import reverse

from accounts import clock
from accounts.access import memberships_of, zone_of
from accounts.models import Status
from integrations import registry
from integrations.models import Link
from rostering import verdict, wording
from rostering.access_people import has_account, records_of, sources_of
from rostering.explain import PERSON_FIELDS, explain
from rostering.models import Change
from rostering.narrowing import Seen, narrow
from rostering.reasons import Reason, reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from accounts.models import Membership, Pin, School, User
    from rostering.explain import Fact
    from rostering.models import Record, Rejection, Run

#: What tonight's sync would do, by kind of change.
WOULD: dict[str, str] = {
    Change.Kind.CREATE: "Makes an account",
    Change.Kind.ADOPT: "Takes this account over",
    Change.Kind.RELINK: "Links this account to a new id",
    Change.Kind.JOIN: "Adds them",
    Change.Kind.SUSPEND: "Suspends them",
    Change.Kind.REACTIVATE: "Brings them back",
    Change.Kind.ROLES: "Changes their roles",
    Change.Kind.UPDATE: "Updates them",
}
#: So many of the syncs that changed somebody are listed, newest first.
HISTORY = 20


class Value(NamedTuple):
    """One field: what is stored, what the source says, who decided, and whether the two differ."""

    field: str
    stored: str
    source: str
    decided: str
    differs: bool


class Told(NamedTuple):
    """A step with the reason in words, where there is one."""

    step: verdict.Step
    reason: Reason | None


class Moment(NamedTuple):
    """One row of a plan, past or future, in words."""

    run: Run | None
    what: str
    school: str
    differences: list[wording.Difference]
    why: str


class Refused(NamedTuple):
    """Something a person rejected, and that the sync keeps off."""

    rejection: Rejection
    what: str
    school: str
    who: str


@dataclass(frozen=True)
class Story:
    """What one source has to do with one person, for one reader."""

    seen: Seen
    source: str
    head: verdict.Step
    reason: Reason
    steps: list[Told]
    values: list[tuple[str, list[Value]]]
    tonight: list[Moment]
    history: list[Moment]
    refused: list[Refused]

    @property
    def by_hand(self) -> bool:
        """Whether no sync has to do with this person."""
        return verdict.is_by_hand(self.seen)

    @property
    def runs(self) -> bool:
        """Whether this source is read tonight at all."""
        return all(step.step.code not in STOPPED for step in self.steps)

    @property
    def can_ask(self) -> bool:
        """Whether the source can be asked about this person now: it knows them by an id."""
        known = self.seen.told.records or self.seen.told.links
        able = self.answers and self.seen.told.connection.state != "disconnected"
        return able and bool(known) and not self.seen.deleted

    @property
    def answers(self) -> bool:
        """Whether the source answers questions about one person at all."""
        return registry.can_be_asked(self.seen.told.connection.kind)


STOPPED = {"E-STOPPED", "E-SETTING-UP", "E-SOURCE-PAUSED", "E-DISCONNECTED", "E-GRANT-REVOKED"}


def of_account(reader: User, account: User) -> list[Story]:
    """One story for each source that has to do with an account this reader was let to."""
    return [_story(narrow(reader, explain(source, user=account))) for source in sources_of(reader, account)]


def of_record(reader: User, record: Record) -> Story:
    """The story of somebody whom the source lists and this reader was let to."""
    return _story(narrow(reader, explain(record.connection, external_id=record.external_id)))


def places(reader: User, account: User) -> list[Membership]:
    """Where an account stands, as far as this reader may know."""
    found = memberships_of(reader).filter(user=account).select_related("school")
    return list(found.order_by("school__name", "pk"))


def is_at(reader: User, account: User, at: School | None) -> bool:
    """Whether an account is at the school that is looked at."""
    return at is None or memberships_of(reader, at).filter(user=account).exists()


def address_of(reader: User, rejection: Rejection) -> str:
    """The page that explains whomever a refusal is about; empty if the reader may know nobody by that id."""
    about = {"connection": rejection.connection_id, "external_id": rejection.external_id}
    link = Link.objects.filter(**about).select_related("user").first()
    if link and has_account(reader, link.user):
        return reverse("explain", args=[link.user_id])
    record = records_of(reader).filter(**about).first()
    return reverse("explain_record", args=[record.pk]) if record else ""


def title(stories: list[Story], account: User | None) -> str:
    """What the person is called."""
    if account is not None:
        return account.get_full_name()
    seen = stories[0].seen
    return "Deleted person" if seen.deleted or not seen.told.records else _name(seen.told.records[0])


def _story(seen: Seen) -> Story:
    found = verdict.steps(seen)
    source = registry.label(seen.told.connection.kind)
    words = _words(seen, source)
    told = [Told(step, _reason(step, seen, words) if step.code else None) for step in found]
    head = verdict.headline(found)
    return Story(
        seen=seen,
        source=source,
        head=head,
        reason=_reason(head, seen, words),
        steps=told,
        values=[(where, list(group)) for where, group in _values(seen, source)],
        tonight=[_planned(seen, source, row) for row in seen.told.tonight],
        history=[_happened(seen, source, change) for change in reversed(seen.told.changes[-HISTORY:])],
        refused=[_refused(seen, each) for each in seen.told.rejections],
    )


def _words(seen: Seen, source: str) -> dict[str, str]:
    told = seen.told
    record = told.records[0] if told.records else None
    name = told.user.get_full_name() if told.user else _name(record) if record else "This person"
    email = (told.user.email if told.user else "") or (record.email if record else "")
    number = record.external_id if record else next((link.external_id for link in told.links), "")
    known = ", ".join(word for word in (email, f"{source} id {number}" if number else "") if word)
    tonight = clock.tonight(zone_of(seen.reader))
    return {"source": source, "name": name, "known_as": f"{name} ({known})" if known else name, "tonight": tonight}


def _reason(step: verdict.Step, seen: Seen, words: dict[str, str]) -> Reason:
    more: dict[str, str] = {}
    zone = zone_of(seen.reader)
    if step.code == "E-REJECTED":
        more["when"] = clock.both(seen.told.rejections[0].at, zone)
    if step.code == "E-PROTECTED":
        until = next((pin.until for pin in seen.told.pins if pin.field == "*" and pin.until), None)
        more["until"] = f" until {clock.both(until, zone)}" if until else ""
    return reason(step.code, **{**words, **step.words, **more})


def _values(seen: Seen, source: str) -> Iterator[tuple[str, Iterator[Value]]]:
    def where(fact: Fact) -> str:
        if fact.field in PERSON_FIELDS:
            return "Person"
        return seen.schools[fact.school].name if fact.school in seen.schools else "District"

    for name, facts in groupby(seen.told.facts, key=where):
        yield name, (_value(seen, source, fact) for fact in facts)


def _value(seen: Seen, source: str, fact: Fact) -> Value:
    stored, said = _said(fact.field, fact.stored), _said(fact.field, fact.source)
    silent = not fact.source and fact.field not in {"status", "roles"}
    return Value(
        wording.FIELDS[fact.field],
        stored,
        said if fact.source else "Not listed" if fact.field == "status" else "(not said)",
        _decided(seen, source, fact),
        not silent and bool(seen.told.records) and stored != said,
    )


def _said(name: str, value: str) -> str:
    if not value:
        return wording.NOTHING
    if name == "roles":
        return ", ".join(sorted(word.replace("_", " ").capitalize() for word in value.split()))
    return str(Status(value).label) if name == "status" else value


def _decided(seen: Seen, source: str, fact: Fact) -> str:
    if fact.decided_by == "source":
        return source
    if fact.decided_by == "other source":
        return "Another source"
    pin = _pin(seen.told.pins, fact) if fact.decided_by == "pin" else None
    if pin is None:
        return "A person"
    until = f" until {clock.both(pin.until, zone_of(seen.reader))}" if pin.until else ""
    known = pin.by_id == seen.reader.pk or pin.by_id in seen.names
    who = "you" if pin.by_id == seen.reader.pk else seen.names.get(pin.by_id or 0, "another person")
    # What somebody of another school wrote is theirs.
    return f"Kept by {who}{until}{f': {pin.why}' if pin.why and known else ''}"


def _pin(pins: list[Pin], fact: Fact) -> Pin | None:
    name = "email" if fact.field == "login_email" else fact.field
    return next((pin for pin in pins if pin.field in {name, "*"} and pin.school_id in {None, fact.school}), None)


def _planned(seen: Seen, source: str, row: dict[str, Any]) -> Moment:
    change = Change(kind=row["code"], school_id=row["school_id"], before=row["before"], after=row["after"])
    change.why = row["why"]
    return _moment(seen, source, change, None)._replace(what=WOULD[change.kind])


def _happened(seen: Seen, source: str, change: Change) -> Moment:
    return _moment(seen, source, change, change.run)


def _moment(seen: Seen, source: str, change: Change, run: Run | None) -> Moment:
    school = seen.schools[change.school_id].name if change.school_id in seen.schools else "District"
    what = str(Change.Kind(change.kind).label)
    return Moment(run, what, school, wording.differences(change), wording.why(change, source))


def _refused(seen: Seen, rejection: Rejection) -> Refused:
    who = "You" if rejection.by_id == seen.reader.pk else seen.names.get(rejection.by_id or 0, "Another person")
    school = rejection.school.name if rejection.school else "District"
    return Refused(rejection, str(Change.Kind(rejection.kind).label).lower(), school, who)


def _name(record: Record) -> str:
    return f"{record.first_name} {record.last_name}".strip() or f"Reference {record.external_id}"
