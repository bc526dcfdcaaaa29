"""Where an account comes from: its sources, what they say beside what is stored, what tonight would do.

Reads what the engine keeps and lets the plan itself speak (`explain`); what belongs to a
school that the reader does not answer for is left out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from accounts import clock, pins
from accounts.access import memberships_at, pins_of, reach_of, schools_of, zone_of
from accounts.models import Status
from integrations import registry
from integrations.models import ConnectionState
from rostering import access, explain, wording
from rostering.models import Change

if TYPE_CHECKING:
    from collections.abc import Iterable

    from accounts.models import Membership, Pin, User
    from integrations.models import Connection, SchoolLink
    from rostering.models import Record, Run

    #: Which schools of the reader's a connection reads, and from which of its own.
    Places: TypeAlias = dict[int, list[SchoolLink]]

#: What first brings somebody to a school.
BEGINS = {Change.Kind.CREATE, Change.Kind.ADOPT, Change.Kind.RELINK, Change.Kind.JOIN}


class Kept(NamedTuple):
    """One field that the sync may not change, beside what the source says."""

    field: str
    place: str
    here: str
    there: str


class Planned(NamedTuple):
    """One thing that tonight's sync would do; `keep` is what to protect to stop it, if that can be."""

    what: str
    place: str
    differences: list[tuple[wording.Difference, str]]
    why: str


@dataclass
class Origin:
    """One source of an account, as one reader may know it."""

    connection: Connection
    label: str
    references: list[str]
    places: list[str] = field(default_factory=list)
    first: Change | None = None
    last: Run | None = None
    says: str = ""
    checked: list[str] = field(default_factory=list)
    left: list[tuple[Change, str, str]] = field(default_factory=list)
    kept: list[Kept] = field(default_factory=list)
    tonight: list[Planned] = field(default_factory=list)
    attention: list[tuple[str, str]] = field(default_factory=list)
    plans: bool = False


def origins(reader: User, account: User) -> list[Origin]:
    """Every source of this account that the reader may know of; none where it was only ever made by hand."""
    memberships = list(memberships_at(reader, account))
    standing = list(pins_of(reader, account))
    return [
        _origin(reader, account, each, memberships, standing) for each in access.connections_behind(reader, account)
    ]


def _origin(
    reader: User, account: User, connection: Connection, memberships: list[Membership], standing: list[Pin]
) -> Origin:
    told = explain.explain(connection, user=account)
    label = registry.label(connection.kind)
    places = access.places_of(reader, connection)
    ours = [each for each in memberships if each.source_id == connection.pk]
    seen = _schools(reader)
    changes = [each for each in told.changes if each.school_id in seen and each.run.connection_id == connection.pk]
    found = Origin(connection, label, [each.external_id for each in access.links_of(connection, account)])
    found.places = [_place(each, places) for each in ours]
    found.first = next((each for each in changes if each.kind in BEGINS), None)
    found.last = access.last_good_run(connection)
    found.says = _says(told.records, label)
    found.checked = list(_checked(reader, connection, ours, places))
    found.left = list(_left(changes, ours, label))
    found.kept = _kept(told, ours, places, standing)
    # What belongs to the person and not to one school is the business of every school they are at.
    open_here = [each.code for each in told.issues if each.school_id is None or each.school_id in seen]
    found.attention = [wording.issue(code, label) for code in dict.fromkeys(open_here)]
    found.plans = not found.checked
    if found.plans:
        found.tonight = [
            _planned(row, seen[row["school_id"]], memberships, label)
            for row in told.tonight
            if row["school_id"] in seen
        ]
    return found


def _schools(reader: User) -> dict[int | None, str]:
    """The schools whose changes are the reader's business, by id; None stands for the district."""
    mine: dict[int | None, str] = dict(schools_of(reader).values_list("pk", "name"))
    return mine | ({None: "the district"} if reach_of(reader).district_wide else {})


def _place(membership: Membership, places: Places) -> str:
    if membership.school is None:
        return "At the district"
    links = places.get(membership.school.pk, [])
    there = ", ".join(each.external_name or each.external_id for each in links)
    return f"{there} → {membership.school.name}" if there else membership.school.name


def _says(records: Iterable[Record], label: str) -> str:
    """Whether the last list named them."""
    known = list(records)
    if any(each.active and not each.problem for each in known):
        return ""
    if any(each.problem for each in known):
        return f"The record in {label} can't be read."
    return f"Switched off in {label}." if known else f"Not in {label}'s last list."


def _checked(reader: User, connection: Connection, ours: list[Membership], places: Places) -> Iterable[str]:
    """Why tonight's sync does not look at this account; nothing if it does."""
    label = registry.label(connection.kind)
    if connection.state == ConnectionState.DISCONNECTED:
        yield f"{label} is disconnected. Accounts stay as they are."
    elif access.stop_switch(connection):
        yield f"SmartPass stopped the syncs of {label} for now."
    elif connection.state == ConnectionState.PAUSED:
        until = connection.paused_until
        if until is None:
            yield f"The syncs of {label} are paused."
        elif until > clock.next_night():
            yield f"The syncs of {label} are paused until {clock.both(until, zone_of(reader))}."
    elif connection.state == ConnectionState.SETTING_UP:
        yield f"{label} is being set up."
    schools = [each.school for each in ours if each.school]
    synced = [each for each in schools if each.pk in places and each.purchased]
    if schools and not synced and len(schools) == len(ours):
        yield f"No school of theirs is linked to {label} any more. The account stays as it is."


def _left(changes: list[Change], ours: list[Membership], label: str) -> Iterable[tuple[Change, str, str]]:
    """Of each membership that the sync suspended: the change, the school, and why in words."""
    for each in ours:
        if each.status != Status.SUSPENDED or each.suspended_by != "sync":
            continue
        last = [row for row in changes if row.kind == Change.Kind.SUSPEND and row.school_id == each.school_id]
        if last:
            yield last[-1], each.school.name if each.school else "the district", wording.why(last[-1], label)


def _kept(told: explain.Explanation, ours: list[Membership], places: Places, standing: list[Pin]) -> list[Kept]:
    """Each pinned field beside the source's word; of what is pinned whole, what differs."""
    said = {fact.field: fact.source for fact in told.facts if fact.school is None}
    found: list[Kept] = []
    for pin in standing:
        whole = pin.field == pins.EVERYTHING
        if pin.school_id is None:
            of_person = pins.OF_THE_PERSON if whole else (pin.field,)
            pairs = [("", name, getattr(told.user, name, ""), said.get(name, "")) for name in of_person]
        else:
            pairs = []
        for member in ours:
            if member.school and (pin.school_id == member.school_id or (whole and pin.school_id is None)):
                fields = pins.OF_A_MEMBERSHIP if whole else (pin.field,)
                pairs += _at_a_school(member, fields, _wanted(told, places.get(member.school.pk, [])))
        found += [_beside(*each) for each in pairs if not whole or _differs(each[2], each[3])]
    return list(dict.fromkeys(found))


def _at_a_school(
    member: Membership, fields: Iterable[str], wanted: dict[str, str]
) -> Iterable[tuple[str, str, str, str]]:
    """(place, field, here, there) of some fields of a membership."""
    place = member.school.name if member.school else ""
    for name in fields:
        here = " ".join(member.roles) if name == "roles" else str(getattr(member, name))
        yield place, name, here, wanted.get(name, "")


def _differs(here: str, there: str) -> bool:
    return bool(there) and sorted(here.split()) != sorted(there.split())


def _beside(place: str, name: str, here: str, there: str) -> Kept:
    """Both values in the words of a sync's rows."""
    row = wording.differences(Change(kind=Change.Kind.UPDATE, before={name: here}, after={name: there}))
    return Kept(pins.LABELS[name], place, row[0].before, row[0].after)


def _wanted(told: explain.Explanation, links: list[SchoolLink]) -> dict[str, str]:
    """What the source's last list says of somebody at one school; by the rules of the plan, section 2."""
    roles: set[str] = set()
    first = {"grade": "", "number": ""}
    meant = registry.roles_of(told.connection)
    here = {each.external_id for each in links}
    for record in told.records:
        if not record.active or record.problem:
            continue
        for place, word, grade, number in record.roles:
            given = {each for each in meant.get(word, []) if each != "district_admin"}
            if place in here and given:
                roles |= given
                first = {"grade": first["grade"] or grade or "", "number": first["number"] or number or ""}
    if not roles:
        return {"status": Status.SUSPENDED.value}
    return {"roles": " ".join(sorted(roles)), "status": Status.ACTIVE.value, **first}


def _planned(row: dict[str, Any], place: str, memberships: list[Membership], label: str) -> Planned:
    """One row of tonight's plan in words."""
    change = Change(kind=row["code"], before=row["before"], after=row["after"], why=row["why"])
    member = next((each for each in memberships if each.school_id == row["school_id"]), None)
    names = {wording.FIELDS[name]: name for name in wording.FIELDS}
    differences = [(each, _to_keep(names[each.field], member)) for each in wording.differences(change)]
    return Planned(str(Change.Kind(change.kind).label), place, differences, wording.why(change, label))


def _to_keep(name: str, member: Membership | None) -> str:
    """The choice on the page that protects, for a field that stands."""
    if name in pins.OF_THE_PERSON:
        return name
    if name in pins.OF_A_MEMBERSHIP and member is not None and member.school_id is not None:
        return f"{name}:{member.pk}"
    return ""
