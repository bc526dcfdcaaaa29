"""From the rows of users.csv to people: what is wrong with a row is told of that row, by its number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from integrations.oneroster.mapping import read
from integrations.oneroster_files.manifest import Manifest
from integrations.oneroster_files.rows import NUMBER, WRONG, Row
from integrations.oneroster_files.spill import Spill
from integrations.oneroster_files.words import BULK, ORGS, USERS
from integrations.records import Person, Receipt

DELTA = "The files hold only what changed since the last export (delta), so nobody can be missing from them."


class Reading:
    """One reading of the file. `kinds` is the type of each org by id; `receipt.ignored` is kept here."""

    def __init__(self, receipt: Receipt, spill: Spill, kinds: Mapping[str, str]) -> None:
        self._receipt, self._spill, self._kinds = receipt, spill, kinds
        #: At 11 PM Eastern the roster is read for the next day, and so is the date in UTC.
        self._today = datetime.now(UTC).date().isoformat()
        self._told: set[str] = set()
        self._elsewhere = 0

    def people(self, rows: Iterator[Row]) -> Iterator[tuple[Person, Row]]:
        """Each person with their row; of several rows with one id, the first."""
        for row in rows:
            person = None if self._told_already(row) else self._person(row)
            if person is None:
                self._receipt.ignored += 1
            else:
                self._elsewhere += any(role.place and role.place not in self._kinds for role in person.roles)
                yield person, row

    def notes(self, manifest: Manifest, wrong_orgs: int) -> dict[str, str]:
        """What the run says about this listing, in words."""
        says = []
        if wrong_orgs:
            says.append(f"{_counted(wrong_orgs, 'row')} of {ORGS} could not be read.")
        if self._elsewhere and manifest.ways.get(ORGS) == BULK:
            says.append(f"{_counted(self._elsewhere, 'record')} of {USERS} at a school that {ORGS} does not have.")
        again = sum(same for _, _, same in self._spill.several.values())
        if again:
            says.append(f"{_counted(again, 'record')} of {USERS} came more than once, and counted once.")
        found = {"says": " ".join(says)} if says else {}
        return {**found, "open": DELTA} if manifest.changes_only else found

    def _told_already(self, row: Row) -> bool:
        identifier = row.get("sourcedId", "")
        if identifier not in self._spill.several:
            return False
        again = identifier in self._told
        self._told.add(identifier)
        return again

    def _person(self, row: Row) -> Person | None:
        person = read(row, self._kinds, self._today)
        if person is None:
            return None
        problem = row[WRONG] or person.problem
        where = f"row {row[NUMBER]}"
        first, second, same = self._spill.several.get(row.get("sourcedId", ""), (0, 0, True))
        if not same:
            where, problem = f"rows {first} and {second}", "two people with one sourcedId"
        return Person(person.external_id, problem=f"{USERS}, {where}: {problem}") if problem else person


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
