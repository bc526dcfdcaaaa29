"""What of an explanation one reader may have. The one place where it is narrowed.

An explanation is the whole truth about a person. Somebody at two schools is there for the
Admins of both, and each sees their own school's part: values, places, runs, holds and
refusals at a sister school are left out here, and nothing after this adds to it.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from accounts.access import memberships_of, reach_of, schools_of
from rostering.access_people import has_account, names_seen_by, places_of
from rostering.explain import PERSON_FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from accounts.models import Membership, School, User
    from rostering.explain import Explanation, Fact
    from rostering.models import Record


@dataclass(slots=True)
class Seen:
    """An explanation as one reader may have it.

    `places` are the source's places that are the reader's schools, `names` what the other
    people in it are called, where the reader may know that. `deleted` says that a person
    erased the account, `refused_elsewhere` that somebody outside the reader's schools
    decided against adding this person.
    """

    told: Explanation
    reader: User
    wide: bool
    places: dict[str, School]
    schools: dict[int, School]
    memberships: list[Membership]
    names: dict[int, str]
    deleted: bool
    refused_elsewhere: bool

    def keeps(self, school_id: int | None) -> bool:
        """Whether what is at this school (None: at the district) is this reader's to know."""
        return school_id in self.schools or (school_id is None and self.wide)


def narrow(reader: User, told: Explanation) -> Seen:
    """The part of an explanation that this reader may have; `told` itself is left as it is."""
    reach = reach_of(reader)
    mine = told.user is not None and has_account(reader, told.user)
    seen = Seen(
        told=replace(told, user=told.user if mine else None),
        reader=reader,
        wide=reach.district_wide or reach.everything,
        places=places_of(reader).get(told.connection.pk, {}),
        schools={school.pk: school for school in schools_of(reader)},
        memberships=_memberships(reader, told) if mine else [],
        names={},
        deleted=told.deleted,
        refused_elsewhere=False,
    )
    _records(seen, told)
    _rows(seen, told)
    seen.names = names_seen_by(reader, set(_people_in(seen)))
    return seen


def _memberships(reader: User, told: Explanation) -> list[Membership]:
    found = memberships_of(reader).filter(user=told.user).select_related("school")
    return list(found.order_by("school__name", "pk"))


def _records(seen: Seen, told: Explanation) -> None:
    kept = [_trimmed(seen, record) for record in told.records]
    seen.told.records = [record for record in kept if record is not None]
    elsewhere = {record.external_id for record in told.records} - {each.external_id for each in seen.told.records}
    seen.told.links = [link for link in told.links if link.external_id not in elsewhere] if seen.told.user else []


def _trimmed(seen: Seen, record: Record) -> Record | None:
    """The record with the reader's places only; None if it is at other schools only."""
    mine = copy(record)
    mine.roles = record.roles if seen.wide else [role for role in record.roles if role[0] in seen.places]
    if seen.deleted:
        mine.first_name = mine.last_name = mine.email = ""
        mine.login = None
    # A record that names no place at all belongs to whoever may open its account.
    placeless = not record.roles and seen.told.user is not None
    return mine if seen.wide or mine.roles or placeless else None


def _rows(seen: Seen, told: Explanation) -> None:
    ids = {*(each.external_id for each in seen.told.records), *(each.external_id for each in seen.told.links)}
    here = {member.school_id for member in seen.memberships}
    seen.told.facts = [_fact(seen, fact) for fact in told.facts if seen.told.user and _is_seen(fact, here)]
    seen.told.pins = [
        pin for pin in told.pins if seen.told.user and (pin.school_id is None or seen.keeps(pin.school_id))
    ]
    seen.told.changes = [each for each in told.changes if seen.told.user and seen.keeps(each.school_id)]
    seen.told.waiting = [each for each in told.waiting if seen.keeps(each.school_id)]
    seen.told.tonight = [row for row in told.tonight if seen.keeps(row["school_id"])]
    seen.told.wrong = [
        row
        for row in told.wrong
        if (seen.keeps(row["school_id"]) or row["school_id"] is None)
        and row["external_id"] in ids
        and (seen.wide or row["code"] != "E-ROLE-UNKNOWN" or _odd_here(seen, row["external_id"]))
    ]
    seen.told.issues = [
        each
        for each in told.issues
        if each.external_id in ids and (each.school_id is None or seen.keeps(each.school_id))
    ]
    seen.told.rejections = [each for each in told.rejections if seen.keeps(each.school_id)]
    seen.refused_elsewhere = len(seen.told.rejections) < len(told.rejections) and told.user is None


def _is_seen(fact: Fact, here: set[int | None]) -> bool:
    return fact.field in PERSON_FIELDS or fact.school in here


def _fact(seen: Seen, fact: Fact) -> Fact:
    """A value of the person beside what the reader's own record of them says."""
    if fact.field not in PERSON_FIELDS:
        return fact
    said = next((each for each in seen.told.records if each.active and not each.problem), None)
    return replace(fact, source=str(getattr(said, "email" if fact.field == "login_email" else fact.field, "")))


def _odd_here(seen: Seen, external_id: str) -> bool:
    """Whether it is at the reader's own places that a record has a word we do not know."""
    records = (each for each in seen.told.records if each.external_id == external_id)
    return any(role[1] not in seen.told.words for record in records for role in record.roles)


def _people_in(seen: Seen) -> Iterable[int]:
    """The other people in an explanation: who decided something, and who has the same e-mail."""
    rows: list[Any] = [*seen.told.pins, *seen.told.rejections]
    yield from (row.by_id for row in rows if row.by_id)
    yield from (row["after"]["user"] for row in seen.told.wrong if row["after"].get("user"))
