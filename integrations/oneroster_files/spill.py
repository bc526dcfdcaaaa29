"""What must be known of a whole file before its first row can be told: kept in a file, so that memory stays flat."""

from __future__ import annotations

import json
import sqlite3
from hashlib import blake2b
from typing import Any, Self

TABLES = (
    "CREATE TABLE seen (id TEXT PRIMARY KEY, row INTEGER NOT NULL, digest BLOB NOT NULL) WITHOUT ROWID",
    "CREATE TABLE held (user TEXT NOT NULL, entry TEXT NOT NULL)",
)
HELD_BY = "CREATE INDEX held_by ON held (user)"
ENTRIES = "SELECT entry FROM held WHERE user = ? ORDER BY rowid"


class Spill:
    """Which ids were seen in which row, and which roles each user holds. A context; gone at its end."""

    def __enter__(self) -> Self:
        """A database in a file that has no name: SQLite makes it when memory gets tight, and it ends with us."""
        #: Ids of several rows: the first two of them, and whether all rows are the same to the letter.
        self.several: dict[str, tuple[int, int, bool]] = {}
        self._file = sqlite3.connect("", isolation_level=None)
        self._file.execute("PRAGMA journal_mode = OFF")
        self._file.execute("PRAGMA cache_size = -4096")
        for table in TABLES:
            self._file.execute(table)
        self._file.execute("BEGIN")
        return self

    def __exit__(self, *_: object) -> None:
        """Drop it."""
        self._file.close()

    def see(self, identifier: str, number: int, cells: list[str]) -> None:
        """Note that this row has this id."""
        digest = blake2b(_kept(json.dumps(cells)).encode(), digest_size=16).digest()
        kept = _kept(identifier)
        if self._file.execute("INSERT OR IGNORE INTO seen VALUES (?, ?, ?)", (kept, number, digest)).rowcount:
            return
        (first, other), (_, second, same) = (
            self._file.execute("SELECT row, digest FROM seen WHERE id = ?", (kept,)).fetchone(),
            self.several.get(identifier, (0, number, True)),
        )
        self.several[identifier] = (first, second, same and digest == other)

    def hold(self, user: str, entry: dict[str, Any]) -> None:
        """Note a role of a user, as it is to be given back."""
        self._file.execute("INSERT INTO held VALUES (?, ?)", (_kept(user), json.dumps(entry)))

    def all_held(self) -> None:
        """No more roles come; they are asked for from here on."""
        self._file.execute(HELD_BY)

    def held_by(self, user: str) -> list[dict[str, Any]]:
        """The roles of a user, in the file's order."""
        return [json.loads(entry) for (entry,) in self._file.execute(ENTRIES, (_kept(user),))]


def _kept(text: str) -> str:
    """Text that SQLite takes, whatever half of a surrogate pair is in it."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()
