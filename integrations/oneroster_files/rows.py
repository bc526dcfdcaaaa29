"""The rows of an export as OneRoster's servers would write them, for the mapping both share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from integrations.oneroster.mapping import read_org
from integrations.oneroster_files.export import Export
from integrations.oneroster_files.manifest import Dialect, Manifest, dialect, must_be_oneroster, wrong_status
from integrations.oneroster_files.spill import Spill
from integrations.oneroster_files.table import Cells, Table, table
from integrations.oneroster_files.words import BULK, ORGS, ROLES, SOURCE, USERS
from integrations.provider import Malformed
from integrations.records import Place

Row = dict[str, Any]
#: Each field that is used -> its column.
USER = {
    "sourcedId": "sourcedid",
    "status": "status",
    "enabledUser": "enableduser",
    "role": "role",
    "orgs": "orgsourcedids",
    "givenName": "givenname",
    "familyName": "familyname",
    "identifier": "identifier",
    "email": "email",
    "grades": "grades",
    "userMasterIdentifier": "usermasteridentifier",
    "primaryOrg": "primaryorgsourcedid",
}
ORG = {
    "sourcedId": "sourcedid",
    "status": "status",
    "name": "name",
    "type": "type",
    "identifier": "identifier",
    "parent": "parentsourcedid",
}
ROLE = {
    "roleType": "roletype",
    "role": "role",
    "org": "orgsourcedid",
    "beginDate": "begindate",
    "endDate": "enddate",
    "status": "status",
}
#: Why a row cannot be told apart from another one: its cells do not fit the header.
UNEVEN = "more or fewer cells than the header"
#: The fields of a row under which its number and what is wrong with it are told.
NUMBER, WRONG = "_row", "_wrong"


def fields(cells: Cells, columns: dict[str, int], wanted: dict[str, str]) -> Row:
    """The fields of one row. A column that the file does not have is no field."""
    return {name: cells[columns[column]] for name, column in wanted.items() if column in columns}


def orgs(export: Export, manifest: Manifest) -> tuple[dict[str, Place], int]:
    """The orgs by id, and how many rows could not be read.

    Which of the versions without a manifest they are in, their header does not tell: there,
    a status may be filled.
    """
    found: dict[str, Place] = {}
    wrong = 0
    if ORGS not in manifest.ways:
        return found, wrong
    way = manifest.way(ORGS)
    with table(export, ORGS) as listed:
        listed.must_have("sourcedId", "name", "type")
        old = not manifest.there
        for _, cells in listed.rows():
            row = fields(cells, listed.columns, ORG) if cells else {}
            if not cells or wrong_status(ORGS, way, row.get("status", ""), old=old):
                wrong += 1
            elif org := read_org(row):
                found[org.external_id] = org
    return found, wrong


def collect_roles(export: Export, spill: Spill) -> None:
    """1.2: put each role aside by its user.

    A row that cannot be read says of nobody that it is theirs: `Malformed`, because what
    anybody is would be a guess.
    """
    with table(export, ROLES) as listed:
        must_be_oneroster(listed)
        user = listed.columns["usersourcedid"]
        for number, cells in listed.rows():
            if not cells:
                raise Malformed(f"{SOURCE}: {ROLES}, row {number}: {UNEVEN}.")
            entry = fields(cells, listed.columns, ROLE)
            wrong = wrong_status(ROLES, BULK, entry.pop("status", ""), old=False)
            spill.hold(cells[user], {WRONG: f"{ROLES}, row {number}: {wrong}"} if wrong else entry)
    spill.all_held()


class Users:
    """users.csv while it is open."""

    def __init__(self, listed: Table, manifest: Manifest, spill: Spill) -> None:
        """Raises `Malformed` where the header is no version's."""
        self._table, self._manifest, self._spill = listed, manifest, spill
        self.dialect: Dialect = dialect(manifest, listed)

    def survey(self, page: Callable[[int], object]) -> int:
        """Read to the end, note every id; how many rows there are. `page` is told of each, counted from 0."""
        rows = 0
        at = self._table.columns["sourcedid"]
        for number, cells in self._table.rows():
            page(rows)
            rows += 1
            if cells and cells[at]:
                self._spill.see(cells[at], number, cells)
        return rows

    def told(self) -> Iterator[Row]:
        """Each row, with its number and what is wrong with it, if anything is."""
        columns, way = self._table.columns, self._manifest.way(USERS)
        for number, cells in self._table.rows():
            if not cells:
                yield {NUMBER: number, WRONG: UNEVEN}
                continue
            row = fields(cells, columns, USER)
            wrong = wrong_status(USERS, way, row.get("status", ""), old=self.dialect.old)
            if self.dialect.split:
                row["roles"] = held = self._spill.held_by(row["sourcedId"])
                wrong = wrong or next((each[WRONG] for each in held if WRONG in each), "")
            row[NUMBER], row[WRONG] = number, wrong
            yield row
