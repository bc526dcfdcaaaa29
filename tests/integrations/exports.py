"""OneRoster exports as districts' jobs write them: CSV files in a folder, or in a zip, in any version and any habit."""

from __future__ import annotations

import csv
import io
import os
import shutil
import zipfile
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from integrations.oneroster.sandbox.rosters import InventedRoster
from integrations.oneroster.sandbox.wording import ROLES_11
from integrations.oneroster_files.provider import OneRosterFilesProvider
from integrations.provider import Malformed, SourceError
from integrations.records import Person
from integrations.sandbox.districts import InventedDistrict

Row = dict[str, Any]

ORGS = ["sourcedId", "status", "dateLastModified", "name", "type", "identifier", "parentSourcedId"]
HEADERS = {
    "1.0": [
        *("sourcedId", "status", "dateLastModified", "orgSourcedIds", "role", "username", "userId", "givenName"),
        *("familyName", "identifier", "email", "sms", "phone", "agents", "grades", "password"),
    ],
    "1.1": [
        *("sourcedId", "status", "dateLastModified", "enabledUser", "orgSourcedIds", "role", "username", "userIds"),
        *("givenName", "familyName", "middleName", "identifier", "email", "sms", "phone", "agentSourcedIds"),
        *("grades", "password"),
    ],
    "1.2": [
        *("sourcedId", "status", "dateLastModified", "enabledUser", "username", "userIds", "givenName"),
        *("familyName", "middleName", "identifier", "email", "sms", "phone", "agentSourcedIds", "grades"),
        *("password", "userMasterIdentifier", "preferredGivenName", "preferredMiddleName"),
        *("preferredFamilyName", "primaryOrgSourcedId", "pronouns"),
    ],
}
ROLES = [
    *("sourcedId", "status", "dateLastModified", "userSourcedId", "roleType", "role", "beginDate", "endDate"),
    *("orgSourcedId", "userProfileSourcedId"),
]


@dataclass
class Export:
    """What one job writes into `folder` below `root`, and how it spells it. `write` again for the next one."""

    root: Path
    folder: str = "lincoln"
    version: str = "1.1"
    users: list[Row] = field(default_factory=list)
    orgs: list[Row] = field(default_factory=list)
    roles: list[Row] = field(default_factory=list)
    manifest: dict[str, str] | None = field(default_factory=dict)
    delimiter: str = ","
    newline: str = "\r\n"
    encoding: str = "utf-8"
    quoting: Any = csv.QUOTE_MINIMAL
    inside: str = ""
    extra: list[str] = field(default_factory=list)
    over: dict[str, bytes] = field(default_factory=dict)

    @property
    def path(self) -> Path:
        """Where it lies."""
        return self.root / self.folder

    def org(self, identifier: str, name: str, kind: str = "school", /, **fields: str) -> None:
        """Add an org."""
        self.orgs.append({"sourcedId": identifier, "name": name, "type": kind, **fields})

    def user(self, identifier: str, name: str, role: str, orgs: str, /, **fields: str) -> None:
        """Add somebody with one role, at these orgs (with commas between)."""
        first, _, last = name.rpartition(" ")
        row = {"sourcedId": identifier, "givenName": first, "familyName": last, "enabledUser": "true"}
        if self.version == "1.2":
            self.roles += [
                {"userSourcedId": identifier, "roleType": "primary", "role": role, "orgSourcedId": each}
                for each in orgs.split(",")
            ]
        else:
            row |= {"role": role, "orgSourcedIds": orgs}
        self.users.append({**row, **fields})

    def files(self) -> dict[str, bytes]:
        """Each file's bytes by its name."""
        tables = {"users": (HEADERS[self.version], self.users), "orgs": (ORGS, self.orgs)}
        if self.version == "1.2":
            tables["roles"] = (ROLES, self.roles)
        found = {f"{name}.csv": self._bytes(header, rows) for name, (header, rows) in tables.items()}
        if self.manifest is not None and self.version != "1.0":
            ways = {f"file.{name}": "bulk" for name in tables}
            said = {"manifest.version": "1", "oneroster.version": self.version, **ways, **self.manifest}
            rows = [{"propertyName": key, "value": value} for key, value in said.items()]
            found["manifest.csv"] = self._bytes(["propertyName", "value"], rows, own=False)
        return {**found, **self.over}

    def write(self, *, at: float | None = None) -> Export:
        """Put the files into the folder, in the place of whatever is there; `at` is when, in seconds since 1970."""
        self.clear()
        home = self.path / self.inside
        home.mkdir(parents=True)
        for name, content in self.files().items():
            (home / name).write_bytes(content)
        return self.dated(at)

    def zipped(self, name: str = "export.zip", *, at: float | None = None) -> Path:
        """Put them into the folder as a zip, beside whatever is there."""
        self.path.mkdir(parents=True, exist_ok=True)
        target = self.path / name
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for each, content in self.files().items():
                archive.writestr(f"{self.inside}{each}", content)
        self.dated(at)
        return target

    def dated(self, at: float | None) -> Export:
        """Say of every file that it was written then."""
        for path in self.path.rglob("*") if at is not None else []:
            os.utime(path, (at or 0, at or 0))
        return self

    def clear(self) -> None:
        """Take everything away."""
        with suppress(FileNotFoundError):
            shutil.rmtree(self.path)

    def open(self, **changed: Any) -> OneRosterFilesProvider:
        """A provider for the folder; class attributes may be changed."""
        kind: type[OneRosterFilesProvider] = type("Opened", (OneRosterFilesProvider,), changed)
        return kind(self.folder, {"root": str(self.root)}, {}, {"folder": self.folder})

    def people(self) -> dict[str, Person]:
        """Everybody the provider yields, by id."""
        return {person.external_id: person for person in self.open().people([])}

    def _bytes(self, header: list[str], rows: Iterable[Row], *, own: bool = True) -> bytes:
        out = io.StringIO()
        columns = [*header, *self.extra] if own else header
        writer = csv.writer(out, delimiter=self.delimiter, lineterminator=self.newline, quoting=self.quoting)
        writer.writerow(columns)
        writer.writerows([row.get(column, "") for column in columns] for row in rows)
        return out.getvalue().encode(self.encoding, "surrogateescape")


def lincoln(root: Path, version: str = "1.1") -> Export:
    """A district of two schools with a student, a teacher and a guardian."""
    export = Export(root, version=version)
    export.org("D", "Lincoln USD", "district")
    export.org("1", "North", parentSourcedId="D", identifier="101")
    export.org("2", "South", parentSourcedId="D", identifier="102")
    export.user("0012", "Ana Ruiz", "student", "1", email="ana@lincoln.example", grades="09", identifier="77")
    export.user("T-1", "Ben Lo", "teacher", "1,2", email="ben@lincoln.example")
    export.user("G-1", "Gus Ruiz", "guardian", "1")
    return export


def invented(root: Path, people: int, *, version: str = "1.1", guardians: int = 0) -> Export:
    """A district of any size, as the sandboxes invent it."""
    export = Export(root, version=version)
    roster = InventedRoster(InventedDistrict(people, guardians=guardians))
    for org in roster.orgs():
        export.org(org["sourcedId"], org["name"], org["type"], identifier=org["identifier"])
    for row in map(roster.user_at, range(len(roster))):
        role = row["roles"][0]["role"]
        role = role if version == "1.2" else ROLES_11.get(role, role)
        export.user(
            row["sourcedId"],
            f"{row['givenName']} {row['familyName']}",
            role,
            ",".join(dict.fromkeys(each["org"] for each in row["roles"])),
            email=row["email"],
            grades=",".join(row["grades"]),
            identifier=row["identifier"],
        )
    return export


#: Whom `lincoln` tells of.
BOTH = ["0012", "T-1"]


def ids(export: Export) -> list[str]:
    """Whom an export tells of, in its order."""
    return list(export.people())


def told(export: Export, error: type[SourceError] = Malformed) -> str:
    """What the reading of an export ends with, in words after the source's name; no path is among them."""
    with pytest.raises(error) as caught:
        list(export.open().people([]))
    assert type(caught.value) is error
    assert str(export.root) not in str(caught.value)
    return str(caught.value).removeprefix("OneRoster files: ")
