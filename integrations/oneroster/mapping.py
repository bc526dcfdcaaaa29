"""A OneRoster user or org, of 1.1 or 1.2, in our words.

`read` sees 100,000 people a night and more, so it is written for speed: plain
functions, no objects of its own, one pass over the fields we use and none over the rest
(a row also carries passwords, phone numbers and guardians: they are never looked at).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from integrations.records import Person, Place, Role, Unreadable, storable

#: What each word of either version means unless support decided otherwise.
ROLE_DEFAULTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "student": ("student",),
        "teacher": ("teacher",),
        "aide": ("teacher",),
        "proctor": ("teacher",),
        "counselor": ("teacher",),
        "administrator": ("admin", "teacher"),
        "siteAdministrator": ("admin", "teacher"),
        "principal": ("admin", "teacher"),
        "districtAdministrator": ("district_admin",),
        "systemAdministrator": ("district_admin",),
        "guardian": (),
        "parent": (),
        "relative": (),
    }
)
#: What OneRoster calls the id of an org, and the number people know it by.
PLACE_WORDS = ("Sourced ID", "Identifier")
#: Servers differ in capitals (`Teacher`): a word is known whatever its case.
SPELLED = {word.lower(): word for word in ROLE_DEFAULTS}
#: They outnumber staff in a full listing and are nobody to us.
FAMILY = frozenset({"guardian", "parent", "relative"})
#: Roles that stand for the whole district, whatever org they name.
OF_THE_DISTRICT = frozenset({"districtAdministrator", "systemAdministrator"})
STUDENT, ADMINISTRATOR, DISTRICT_ADMINISTRATOR = "student", "administrator", "districtAdministrator"
SCHOOL, DISTRICT = "school", "district"

#: OneRoster: `enabledUser` is the word "true" or "false"; servers also send booleans, 0 and 1, and capitals.
ENABLED = {"true": True, "1": True, "": True, "false": False, "0": False}
#: OneRoster: the status of the record. `inactive` is 1.0's.
ACTIVE = {"active": True, "": True, "tobedeleted": False, "inactive": False}
DATE = re.compile(r"\d{4}-\d\d-\d\d")
#: OneRoster: the longest id there is.
LONGEST_ID = 255


def read(row: dict[str, Any], orgs: Mapping[str, str], today: str) -> Person | None:
    """The person in one user row; None for somebody who is only a guardian, parent or relative.

    `orgs` is the type of each org the source shows us, by id; `today` (ISO 8601) decides
    which of the roles with dates are held now. Never raises: a record that cannot be read
    comes back with its `problem`, and with its id where it had one.
    """
    identifier = row.get("sourcedId")
    if type(identifier) is int:
        identifier = str(identifier)
    if type(identifier) is not str or not identifier:
        return Person("", problem="sourcedId: missing or not text")
    try:
        return _read(row, identifier, orgs, today)
    except Unreadable as problem:
        safe = len(identifier) <= LONGEST_ID and storable(identifier)
        return Person(identifier if safe else "", problem=str(problem))


def _read(row: dict[str, Any], identifier: str, orgs: Mapping[str, str], today: str) -> Person | None:
    if len(identifier) > LONGEST_ID:
        raise Unreadable("sourcedId: longer than OneRoster allows")
    held = row.get("roles")
    # 1.1 has one role and its orgs. Where a row has both, `roles` is the newer form of the same facts, and more exact.
    entries = _listed_roles(row, held, orgs, today) if held else _single_role(row, orgs)
    if entries and entries[0][0] in FAMILY and FAMILY.issuperset([word for word, _ in entries]):
        return None
    first, last = _text(row.get("givenName"), "givenName"), _text(row.get("familyName"), "familyName")
    email = _text(row.get("email"), "email")
    # OneRoster: `identifier` is the number people know somebody by (on a card, in a list). `sourcedId` and
    # `userIds` are for machines, and `username` is what one signs in with elsewhere.
    number, grade = _text(row.get("identifier"), "identifier"), _first_text(row.get("grades"), "grades")
    held_at = _places(entries, orgs)
    said = "".join([identifier, first, last, email, number, grade, *[f"{place}{word}" for place, word in held_at]])
    if not storable(said):
        raise Unreadable("text: a character that cannot be stored")
    # Nearly every row says it in these words.
    active = (row.get("status") == "active" and row.get("enabledUser") == "true") or _is_active(row)
    if active and not entries and not held:
        # OneRoster demands one. What a record does not say takes nothing away; an end that is said does.
        raise Unreadable("role: missing")
    roles = tuple([Role(place, word, grade if word == STUDENT else "", number) for place, word in held_at])
    return Person(identifier, first, last, email, active, roles)


Entry = tuple[str, list[str]]


def _single_role(row: dict[str, Any], orgs: Mapping[str, str]) -> list[Entry]:
    """1.1: one role, held at each of the orgs."""
    places = _orgs_of(row, orgs)
    return [(word, places) for word in _words(row.get("role"), "role")]


def _listed_roles(row: dict[str, Any], held: Any, orgs: Mapping[str, str], today: str) -> list[Entry]:
    """1.2: each role held today, with its org, those of the main org first.

    OneRoster: at each org one role is `primary`; `primaryOrg` says which org is the main one.
    """
    main = _references(row.get("primaryOrg"), "primaryOrg", orgs)[:1]
    ranked: list[tuple[bool, bool, Entry]] = []
    for entry in held if type(held) is list else [held]:
        if type(entry) is not dict:
            ranked += [(True, True, (word, _orgs_of(row, orgs))) for word in _words(entry, "roles")]
            continue
        words = _words(entry.get("role"), "roles.role")
        if not words:
            raise Unreadable("roles: an entry without a role")
        places = _references(entry.get("org"), "roles.org", orgs) or _orgs_of(row, orgs)
        current = _is_current(entry, today)
        rank = (places[:1] != main, entry.get("roleType") != "primary")
        ranked += [(*rank, (word, places)) for word in words if current or word in FAMILY]
    ranked.sort(key=lambda each: each[:2])
    return [entry for _, _, entry in ranked]


def _places(entries: list[Entry], orgs: Mapping[str, str]) -> list[tuple[str | None, str]]:
    """Each word at each of its schools, in the order given, once.

    An org that is no school (district, department, local …) is nobody's school; one that we
    are not shown keeps its id, so that whoever is there is told apart from the schoolless.
    An `administrator` at the district and at no school is the district's: 1.2 has a word of
    its own for that. Who has a school as well is an administrator there, which is less.
    """
    found: list[tuple[str | None, str]] = []
    without: list[str] = []
    for word, named in entries:
        if word in OF_THE_DISTRICT:
            found.append((None, word))
        elif word not in FAMILY:
            schools = [each for each in named if orgs.get(each, SCHOOL) == SCHOOL]
            if schools:
                found += [(school, word) for school in schools]
            elif word == ADMINISTRATOR and DISTRICT in [orgs[each] for each in named]:
                found.append((None, DISTRICT_ADMINISTRATOR))
            else:
                without.append(word)
    if without:
        placed = {word for _, word in found}
        found += [("", word) for word in without if word not in placed]
    return list(dict.fromkeys(found)) if len(found) > 1 else found


def _words(value: Any, called: str) -> list[str]:
    """Role words, spelled as OneRoster spells them; a word it does not have is kept as it came."""
    if type(value) is str:
        known = SPELLED.get(value.lower())
        if known:
            return [known]
        parts = [part.strip() for part in value.split(",")]
        return [SPELLED.get(part.lower(), part) for part in parts if part]
    if value is None:
        return []
    if type(value) is not list or not all(type(each) is str for each in value):
        raise Unreadable(f"{called}: not a word")
    return [word for each in value for word in _words(each, called)]


def _orgs_of(row: dict[str, Any], orgs: Mapping[str, str]) -> list[str]:
    return _references(row.get("orgs") or row.get("orgSourcedIds"), "orgs", orgs)


def _references(value: Any, called: str, known: Mapping[str, str]) -> list[str]:
    """The ids that references name: objects with a `sourcedId`, plain ids, or a text of ids with commas between.

    Never their `href`: it leads to another host, and our credentials stay here.
    """
    if not value and value != 0:
        return []
    if type(value) is list:
        found: list[str] = []
        for one in value:
            identifier = one.get("sourcedId") if type(one) is dict else None
            if type(identifier) is str and identifier:
                found.append(identifier)
            else:
                found += _reference(one, called)
        return found
    if type(value) is str and "," in value and value not in known:
        parts = [part if part in known else part.strip() for part in value.split(",")]
        return [part for part in parts if part]
    return _reference(value, called)


def _reference(value: Any, called: str) -> list[str]:
    if type(value) is dict:
        value = value.get("sourcedId")
    if type(value) is int:
        value = str(value)
    if value is None or value == "":
        return []
    if type(value) is not str:
        raise Unreadable(f"{called}: not a reference")
    return [value]


def _is_active(row: dict[str, Any]) -> bool:
    """Whether the record is one to keep and its person may sign in."""
    enabled = ENABLED.get(_lower(row.get("enabledUser")))
    if enabled is None:
        raise Unreadable("enabledUser: neither true nor false")
    active = ACTIVE.get(_lower(row.get("status")))
    if active is None:
        raise Unreadable("status: not a word of OneRoster")
    return enabled and active


def _lower(value: Any) -> str:
    if type(value) is str:
        return value.strip().lower()
    return "" if value is None else str(value).lower()


def _is_current(entry: dict[str, Any], today: str) -> bool:
    """Whether a role is held on this day. OneRoster: from `beginDate` on, until the day before `endDate`."""
    return _day(entry, "beginDate") <= today and (_day(entry, "endDate") or "9999") > today


def _day(entry: dict[str, Any], key: str) -> str:
    value = entry.get(key)
    if value is None or value == "":
        return ""
    if type(value) is not str or not DATE.match(value):
        raise Unreadable(f"roles.{key}: not a date")
    return value[:10]


def _text(value: Any, called: str) -> str:
    """One text, trimmed. Absent, null and "" all mean that there is none; a number is its digits."""
    if type(value) is str:
        return value.strip()
    if value is None:
        return ""
    if type(value) is int:
        return str(value)
    raise Unreadable(f"{called}: not text")


def _first_text(value: Any, called: str) -> str:
    """The first of a list of texts, which may come as one text with commas."""
    if type(value) is not list:
        value = value.split(",") if type(value) is str else [value]
    for each in value:
        said = each.strip() if type(each) is str else _text(each, called)
        if said:
            return said
    return ""


def read_org(row: dict[str, Any]) -> Place | None:
    """One org of any type; None when it has no usable id, or is to be deleted.

    `kind` is its type (`school`, `district`, `local` …), `number` what people know it by.
    """
    identifier = row.get("sourcedId")
    if type(identifier) is int:
        identifier = str(identifier)
    if type(identifier) is not str or not identifier or len(identifier) > LONGEST_ID or not storable(identifier):
        return None
    if not ACTIVE.get(_lower(row.get("status")), True):
        return None
    name, number = _shown(row.get("name")), _shown(row.get("identifier"))
    parent = row.get("parent")
    above = _shown(parent.get("sourcedId") if type(parent) is dict else parent)
    return Place(identifier, name or identifier, _shown(row.get("type")).lower(), number, above or None)


def _shown(value: Any) -> str:
    """A text fit for a page; "" for anything else."""
    if type(value) is int:
        return str(value)
    return value.strip() if type(value) is str and storable(value) else ""
