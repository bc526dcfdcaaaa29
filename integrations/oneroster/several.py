"""One person as several records.

OneRoster 1.2: records with one `userMasterIdentifier` are one person (one record a school,
say, or one as a student and one as an aide). As several people they would race for one
email. They are known to belong together only when all have been read, so they wait in a
file until then and memory stays flat; records without that identifier do not wait.

The identifier alone is not believed: a server that fills it with one word for everybody
(``N/A``, zeros) would make a student of one school an Admin of another. Records are one
person's if their name is one too.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from itertools import groupby
from typing import Any, Self

from integrations.records import Person, Role

#: OneRoster 1.2: one value for all records of a person.
MASTER = "userMasterIdentifier"
TABLE = "CREATE TABLE record (master TEXT, name TEXT, external_id TEXT, person TEXT)"
#: SQLite compares text byte for byte, as Python and the engine do.
IN_ORDER = "SELECT master, name, person FROM record ORDER BY master, name, external_id"


def master_of(row: dict[str, Any]) -> str:
    """What a record shares with the other records of its person; "" if it says nothing of others."""
    master = row.get(MASTER)
    if type(master) is int:
        return str(master)
    return master if type(master) is str else ""


class SeveralRecords:
    """Records that may be one person. Iterate at the end: each person once. `united` counts the records saved."""

    def __enter__(self) -> Self:
        """A database in a file that has no name: SQLite makes it when memory gets tight, and it ends with us."""
        self.united = 0
        self._file = sqlite3.connect("", isolation_level=None)
        self._file.execute("PRAGMA journal_mode = OFF")
        self._file.execute("PRAGMA cache_size = -4096")
        self._file.execute(TABLE)
        self._file.execute("BEGIN")
        return self

    def __exit__(self, *_: object) -> None:
        """Drop it."""
        self._file.close()

    def add(self, master: str, person: Person) -> None:
        """Keep one readable record."""
        name = f"{person.first_name}\n{person.last_name}".casefold()
        row = (_kept(master), name, person.external_id, json.dumps(person))
        self._file.execute("INSERT INTO record VALUES (?, ?, ?, ?)", row)

    def __iter__(self) -> Iterator[Person]:
        """Each person, one in memory at a time."""
        records = self._file.execute(IN_ORDER)
        for _, group in groupby(records, key=lambda record: record[:2]):
            people = [_person(json.loads(text)) for *_, text in group]
            self.united += len(people) - 1
            yield people[0] if len(people) == 1 else one_of(people)


def one_of(people: list[Person]) -> Person:
    """One person of several records, which are sorted by id.

    The first active one speaks for them, with the first email there is; the ids of the
    others are kept as older ids, so that the account is found again by whichever of them is
    left. Roles are those of all that are active, or of all if none is.
    """
    heard = [person for person in people if person.active] or people
    first = heard[0]
    roles = tuple(dict.fromkeys(role for person in heard for role in person.roles))
    others = tuple(person.external_id for person in people if person is not first)
    email = next((person.email for person in heard if person.email), "")
    return first._replace(email=email, roles=roles, legacy_ids=others)


def _person(kept: list[Any]) -> Person:
    external_id, first_name, last_name, email, active, roles, legacy_ids, problem = kept
    held = tuple(Role(*role) for role in roles)
    return Person(external_id, first_name, last_name, email, active, held, tuple(legacy_ids), problem)


def _kept(master: str) -> str:
    """Text that SQLite takes, whatever half of a surrogate pair is in it."""
    return master.encode("utf-8", "backslashreplace").decode()
