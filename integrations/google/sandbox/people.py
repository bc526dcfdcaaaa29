"""Invented accounts of a Google directory, one at a time: nothing is stored until somebody is edited."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

from integrations.google.sandbox.units import SAMPLE, Units
from integrations.sandbox.districts import InventedDistrict

Row = dict[str, Any]
STAMP = "2026-08-01T07:00:00.000Z"
NEVER = "1970-01-01T00:00:00.000Z"
#: Google: what stands in a name's other half when somebody has only one.
ZERO_WIDTH = "\u200b"
#: More of them, and mails would no longer sort as they count.
MOST = 800_000
ID_DIGITS = 10**16
STEP, SHIFT = 6_364_136_223_846_793, 1_442_695_040_888_963
#: How twenty people in a row are spread over the sample's units.
SPREAD = (0, 1, 2, 3, 4, 0, 1, 2, 3, 5, 0, 1, 2, 3, 4, 0, 1, 2, 3, 4)


@dataclass(frozen=True, slots=True)
class User:
    """One account as it is. `unit` is the unit's lasting id; `role` "", "delegated" or "super".

    `other` are fields put over what is shown, None takes one away.
    """

    id: str
    email: str
    first: str
    last: str
    unit: str
    number: str = ""
    suspended: bool = False
    archived: bool = False
    guest: bool = False
    role: str = ""
    aliases: tuple[str, ...] = ()
    other: Row = field(default_factory=dict)

    @property
    def key(self) -> str:
        """What lists are ordered by."""
        return self.email.lower()

    @property
    def mails(self) -> frozenset[str]:
        """Every address that means this account, in lower case."""
        return frozenset({self.key, *(alias.lower() for alias in self.aliases)})


class InventedPeople:
    """`count` accounts; each is computed from its position and the seed.

    Mails rise with the position. One in ten has a mail of the secondary domain, one in ten
    an alias. `odd` suspends and archives some.
    """

    def __init__(self, count: int, seed: int, units: Units, *, odd: bool = False) -> None:
        """Raises ValueError for more people than there are numbers."""
        if not 0 <= count <= MOST:
            raise ValueError(f"between 0 and {MOST} people")
        self._district = InventedDistrict(count, 1, seed)
        self.count = count
        self.seed = seed
        self.domain = self._district.domain
        self.secondary = f"students.{self.domain}"
        self.name = self._district.name
        self._odd = odd
        self.pattern = _pattern(units)

    def at(self, position: int) -> User:
        """The account at a position."""
        person = self._district.person(position)
        first, last = self._names(position, person.first, person.last)
        return User(
            self.id_at(position),
            self.email_at(position),
            first,
            last,
            self.unit_at(position),
            person.number,
            suspended=self._odd and position % 40 == 13,
            archived=self._odd and position % 60 == 53,
            aliases=(f"a{person.number}@{self.domain}",) if position % 10 == 3 else (),
        )

    def email_at(self, position: int) -> str:
        """The mail of a position, which rises with it."""
        domain = self.secondary if position % 10 == 7 else self.domain
        letter = "U" if self._odd and position % 30 == 4 else "u"
        return f"{letter}{self.seed % 100:02d}{position + 100_000}@{domain}"

    def unit_at(self, position: int) -> str:
        """The id of the unit somebody was in from the start."""
        return self.pattern[position % len(self.pattern)]

    def id_at(self, position: int) -> str:
        """Twenty-one digits."""
        return f"1{self.seed % 10_000:04d}{(position * STEP + SHIFT) % ID_DIGITS:016d}"

    def find(self, key: str) -> int | None:
        """The position behind an id, a mail or an alias, as they were from the start."""
        text = key.lower()
        if text.isdecimal() and len(text) == 21:
            position = (int(text[5:]) - SHIFT) * pow(STEP, -1, ID_DIGITS) % ID_DIGITS
        else:
            digits = text.partition("@")[0][3:]
            position = int(digits) - 100_000 if digits.isdecimal() else -1
        if not 0 <= position < self.count:
            return None
        return position if text == self.id_at(position) or text in self.at(position).mails else None

    def positions(self, units: frozenset[str] | None, start: int = 0) -> Iterator[int]:
        """Who was in one of these units from the start (None: in any), from a position on, in order."""
        if units is None:
            yield from range(start, self.count)
            return
        places = [place for place, unit in enumerate(self.pattern) if unit in units]
        length = len(self.pattern)
        for block in range(start // length, (self.count + length - 1) // length if places else 0):
            for place in places:
                position = block * length + place
                if start <= position < self.count:
                    yield position

    def after(self, key: str) -> int:
        """The first position whose mail stands behind `key`."""
        low, high = 0, self.count
        while low < high:
            middle = (low + high) // 2
            if self.email_at(middle).lower() > key:
                high = middle
            else:
                low = middle + 1
        return low

    def _names(self, position: int, first: str, last: str) -> tuple[str, str]:
        if self._odd and position % 50 == 21:
            return first, ZERO_WIDTH
        if self._odd and position % 50 == 31:
            return (f"{first} " * 60)[:60].rstrip().ljust(60, "n"), (f"{last}-" * 60)[:60]
        return first, last


def shown(user: User, path: str, customer: str, domain: str) -> Row:
    """An account as users.list shows it to an admin."""
    mails: list[Row] = [{"address": user.email, "primary": True}]
    mails += [{"address": alias} for alias in user.aliases]
    test = f"{user.email.partition('@')[0]}@{domain}.test-google-a.com"
    row: Row = {
        "kind": "admin#directory#user",
        "id": user.id,
        "etag": f'"{user.id[-8:]}/{crc32(repr(user).encode()):08x}"',
        "primaryEmail": user.email,
        "name": {"givenName": user.first, "familyName": user.last, "fullName": f"{user.first} {user.last}".strip()},
        "isAdmin": user.role == "super",
        "isDelegatedAdmin": user.role == "delegated",
        "lastLoginTime": NEVER,
        "creationTime": STAMP,
        "agreedToTerms": True,
        "suspended": user.suspended,
        "archived": user.archived,
        "changePasswordAtNextLogin": False,
        "ipWhitelisted": False,
        "emails": [*mails, {"address": test}],
        "externalIds": [{"value": user.number, "type": "organization"}] if user.number else None,
        "languages": [{"languageCode": "en", "preference": "preferred"}],
        "aliases": list(user.aliases) or None,
        "nonEditableAliases": [test],
        "customerId": customer,
        "orgUnitPath": path,
        "isMailboxSetup": True,
        "isEnrolledIn2Sv": False,
        "isEnforcedIn2Sv": False,
        "includeInGlobalAddressList": True,
        "suspensionReason": "ADMIN" if user.suspended else None,
        "archivalTime": STAMP if user.archived else None,
        "isGuestUser": user.guest,
        **user.other,
    }
    return {name: value for name, value in row.items() if value is not None}


def _pattern(units: Units) -> Sequence[str]:
    """In which units people stand, over and over again: the sample's by their shares, or all units alike."""
    known = [units.find(path) for path in SAMPLE]
    if len(units) == len(SAMPLE) + 1 and all(known):
        return [str(known[at]) for at in SPREAD]
    return [key for key in units.by_id if units.path(key) != "/"] or list(units.by_id)
