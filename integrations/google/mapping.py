"""A Google account, in our words."""

from __future__ import annotations

import unicodedata
from typing import Any, NamedTuple

from integrations.records import Person, Role, Unreadable, storable

Row = dict[str, Any]
#: Google: where accounts of people from outside stand.
GUESTS = "/workspace guests"
#: Nothing to see, and nothing of any script: they stand where a person has no other name. (Joiners are letters' own.)
INVISIBLE = dict.fromkeys(map(ord, "\u200b\u2060\ufeff"))
#: Google: the number by which the organization knows somebody.
NUMBER = "organization"


class Account(NamedTuple):
    """What an account says of somebody; `path` is the unit they are in, as Google spells it."""

    external_id: str
    first_name: str
    last_name: str
    email: str
    active: bool
    number: str
    path: str
    guest: bool

    def person(self, roles: tuple[Role, ...]) -> Person:
        """The person, with these roles."""
        return Person(self.external_id, self.first_name, self.last_name, self.email, self.active, roles)


def id_of(row: Row) -> str:
    """The lasting id; "" where it cannot be one."""
    identifier = row.get("id")
    return identifier if type(identifier) is str and identifier.strip() == identifier and storable(identifier) else ""


def read(row: Row) -> Account:
    """One account. Raises `Unreadable`.

    Google: suspended and archived are two things, and neither can sign in. A search may
    still show an account as it was yesterday, but its own fields are today's.
    """
    identifier = id_of(row)
    if not identifier:
        raise Unreadable("id: missing or not text")
    name = row.get("name")
    if name is None:
        name = {}
    elif type(name) is not dict:
        raise Unreadable("name: not an object")
    path = row.get("orgUnitPath")
    if type(path) is not str or not path.startswith("/"):
        raise Unreadable("orgUnitPath: not a path")
    account = Account(
        identifier,
        _name(name, "givenName"),
        _name(name, "familyName"),
        _text(row, "primaryEmail").lower(),
        not (_flag(row, "suspended") or _flag(row, "archived")),
        _number(row),
        path,
        row.get("isGuestUser") is True or fold(path) == GUESTS or fold(path).startswith(f"{GUESTS}/"),
    )
    if not storable("".join([*account[:4], account.number, path])):
        raise Unreadable("text: a character that cannot be stored")
    return account


def fold(path: str) -> str:
    """A unit's path as it is compared. Google: without regard to case."""
    return unicodedata.normalize("NFC", path).casefold()


def _flag(row: Row, key: str) -> bool:
    """Somebody of whom this is not known must not pass for an active person."""
    value = row.get(key)
    if type(value) is not bool:
        raise Unreadable(f"{key}: neither yes nor no")
    return value


def _name(name: Row, key: str) -> str:
    said = _text(name, key)
    return said if said.isascii() else unicodedata.normalize("NFC", said.translate(INVISIBLE)).strip()


def _text(holder: Row, key: str) -> str:
    value = holder.get(key)
    if value is None:
        return ""
    if type(value) is not str:
        raise Unreadable(f"{key}: not text")
    return value.strip()


def _number(row: Row) -> str:
    listed = row.get("externalIds")
    for each in listed if type(listed) is list else ():
        value = each.get("value") if type(each) is dict and each.get("type") == NUMBER else None
        if type(value) is str and value.strip():
            return value.strip()
    return ""
