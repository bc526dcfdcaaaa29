"""One listing: every account that the mapping may mean, read without keeping anybody."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from hashlib import blake2b
from typing import Self

from integrations.google.api import ROOT, Directory, Row
from integrations.google.faults import Fault
from integrations.google.mapped import Mapped
from integrations.google.mapping import id_of
from integrations.records import Person, Receipt

#: Above so many members of groups who are in no mapped unit, listing everybody takes fewer requests than asking.
ASKED_ONE_BY_ONE = 50
TABLE = "CREATE TABLE seen (id TEXT PRIMARY KEY, digest BLOB NOT NULL) WITHOUT ROWID"


class Listing:
    """Iterate over it for rows; `is_new` says whether what one says was not said before.

    Who was read is kept as ids and digests in a file without a name: SQLite makes it when
    memory gets tight, and it ends with us.
    """

    def __init__(self, directory: Directory, mapped: Mapped, receipt: Receipt, read_anew: Callable[[], None]) -> None:
        """`receipt` is told of pages and rows; `read_anew` is called when Google changed meanwhile, and may raise."""
        self._directory, self._mapped, self._receipt = directory, mapped, receipt
        self._read_anew = read_anew

    def __enter__(self) -> Self:
        """Open the file."""
        self._file = sqlite3.connect("", isolation_level=None)
        self._file.execute("PRAGMA journal_mode = OFF")
        self._file.execute("PRAGMA cache_size = -4096")
        self._file.execute(TABLE)
        self._file.execute("BEGIN")
        return self

    def __exit__(self, *_: object) -> None:
        """Drop it."""
        self._file.close()

    def __iter__(self) -> Iterator[Row]:
        """Every row of the mapped units, then those of group members who were not among them."""
        for root in self._mapped.units.roots():
            try:
                for page in self._directory.users(None if root == ROOT else root):
                    yield from self._counted(page)
            except Fault:
                self._read_anew()
                self._mapped.doubt(root)
        yield from self._members()

    def is_new(self, person: Person) -> bool:
        """Whether this person was not read before; calls `read_anew` when they were, as something else.

        Google: who moves while pages are read may come twice, or not at all.
        """
        if not person.external_id:
            return True
        digest = blake2b(repr(person).encode("utf-8", "backslashreplace"), digest_size=8).digest()
        found = self._file.execute("SELECT digest FROM seen WHERE id = ?", [person.external_id]).fetchone()
        if found is None:
            self._file.execute("INSERT INTO seen VALUES (?, ?)", [person.external_id, digest])
        elif found[0] != digest:
            self._read_anew()
        return found is None

    def _members(self) -> Iterator[Row]:
        missing = [key for key in self._mapped.groups.of if not self._was_read(key)]
        if len(missing) > ASKED_ONE_BY_ONE:
            wanted = set(missing)
            for page in self._directory.users(None):
                of_groups = [row for row in page if id_of(row) in wanted]
                self._receipt.ignored += len(page) - len(of_groups)
                self._receipt.rows += len(page) - len(of_groups)
                yield from self._counted(of_groups)
            return
        for key in missing:
            row = self._one(key)
            if row is not None:
                yield from self._counted([row])

    def _one(self, key: str) -> Row | None:
        """Google: who is no account of ours may stand in a group, too, and is refused or not found."""
        try:
            return self._directory.user(key)
        except Fault:
            return None

    def _was_read(self, key: str) -> bool:
        return self._file.execute("SELECT 1 FROM seen WHERE id = ?", [key]).fetchone() is not None

    def _counted(self, rows: list[Row]) -> Iterator[Row]:
        self._receipt.pages += 1
        self._receipt.rows += len(rows)
        yield from rows
