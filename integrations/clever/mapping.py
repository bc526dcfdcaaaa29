"""A Clever user, in our words.

`read` sees 100,000 people a night and more, so it is written for speed: plain
functions, no objects of its own, one pass over the fields we use and none over the rest.
"""

from __future__ import annotations

from typing import Any

from integrations.records import Person, Place, Role, Unreadable, storable

#: Clever: the keys of `roles`. Employees may hold the first three at once; `student` and
#: `contact` never combine. This order decides which school is the main one, whatever the
#: order of the keys.
ROLE_WORDS = ("teacher", "staff", "district_admin", "student")
#: Clever: guardians arrive among the users; they are nobody to us.
CONTACT = "contact"
#: Clever: where each role keeps the number a school knows the person by.
NUMBER_FIELD = {"teacher": "teacher_number", "staff": "staff_id", "student": "student_number"}
#: Clever: a district admin has no schools at all and stands for the whole district.
DISTRICT_ROLE = "district_admin"


def read(data: dict[str, Any], tenant: str) -> Person | None:
    """The person in one Clever user object; None for somebody who is only a guardian.

    Never raises: a record that cannot be read comes back with its `problem`, and with
    its id where it had one.
    """
    identifier = data.get("id")
    if type(identifier) is not str or not identifier:
        return Person("", problem="id: missing or not text")
    try:
        return _read(data, identifier, tenant)
    except Unreadable as problem:
        safe = identifier if storable(identifier) else ""
        return Person(safe, problem=str(problem))


def _read(data: dict[str, Any], identifier: str, tenant: str) -> Person | None:
    held = data.get("roles")
    if held is None:
        held = {}
    elif type(held) is not dict:
        raise Unreadable("roles: not an object")
    words = [word for word in ROLE_WORDS if held.get(word) is not None]
    if len(words) != len(held):
        words += _unknown_words(held)
        if not words and held.get(CONTACT) is not None:
            return None
    name = data.get("name")
    if name is None:
        name = {}
    elif type(name) is not dict:
        raise Unreadable("name: not an object")
    if data.get("district", tenant) != tenant:
        raise Unreadable("district: not the district that was asked for")
    first = _text(name, "first", "name.first")
    last = _text(name, "last", "name.last")
    email = _text(data, "email", "email")
    roles, legacy = _roles(held, words, identifier)
    if not storable("".join([identifier, first, last, email, *legacy, *map(_role_text, roles)])):
        raise Unreadable("text: a character that cannot be stored")
    return Person(identifier, first, last, email, roles=tuple(roles), legacy_ids=tuple(legacy))


def _roles(held: dict[str, Any], words: list[str], identifier: str) -> tuple[list[Role], list[str]]:
    """Every role at each of its schools, and the older ids."""
    roles: list[Role] = []
    legacy: list[str] = []
    for word in words:
        role = held[word]
        if type(role) is not dict:
            raise Unreadable(f"roles.{word}: not an object")
        grade = _text(role, "grade", "grade") if word == "student" else ""
        field = NUMBER_FIELD.get(word)
        number = _text(role, field, field) if field else ""
        roles += [Role(place, word, grade, number) for place in _places(role, word)]
        older = _text(role, "legacy_id", "legacy_id")
        if older and older != identifier and older not in legacy:
            legacy.append(older)
    return roles, legacy


def _places(role: dict[str, Any], word: str) -> list[str | None]:
    """The schools of one role, the primary one first.

    Clever: `school` is the primary one and may be absent from `schools` when it is not
    shared; staff have only `schools`; a district admin has neither.
    """
    if word == DISTRICT_ROLE:
        return [None]
    listed = role.get("schools")
    if listed is None:
        listed = ()
    elif type(listed) is not list:
        raise Unreadable("schools: not a list")
    primary = role.get("school")
    if primary is not None and type(primary) is not str:
        raise Unreadable("school: not text")
    places: list[str | None] = [primary] if primary else []
    for each in listed:
        if type(each) is not str:
            raise Unreadable("schools: not a list of texts")
        if each and each not in places:
            places.append(each)
    return places or ([""] if word in NUMBER_FIELD else [None])


def _unknown_words(held: dict[str, Any]) -> list[str]:
    """Role keys Clever has not told anybody about, in one order whatever the order of the keys."""
    known = {*ROLE_WORDS, CONTACT}
    return sorted(word for word, role in held.items() if word not in known and role is not None)


def _text(holder: dict[str, Any], key: str, called: str) -> str:
    """One text, trimmed. Clever: absent, null and "" all mean that there is none."""
    value = holder.get(key)
    if value is None:
        return ""
    if type(value) is not str:
        raise Unreadable(f"{called}: not text")
    return value.strip()


def _role_text(role: Role) -> str:
    return f"{role[0]}{role[1]}{role[2]}{role[3]}"


def read_place(data: dict[str, Any]) -> Place | None:
    """The school in one Clever school object; None when it has no usable id or name to show."""
    identifier, name, number = data.get("id"), data.get("name"), data.get("school_number")
    if type(identifier) is not str or not identifier or not storable(identifier):
        return None
    shown = name.strip() if type(name) is str and storable(name) else ""
    known_as = number.strip() if type(number) is str and storable(number) else ""
    return Place(identifier, shown or identifier, "school", known_as)
