"""What an export says of itself, and which of OneRoster's versions its files are in.

The header of a file decides what its columns mean; the manifest, where there is one, whether
a file holds everything or only what changed. Neither is guessed from what the rows look like.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from integrations.oneroster_files.export import Export
from integrations.oneroster_files.table import Table, table
from integrations.oneroster_files.words import ABSENT, BULK, DELTA, MANIFEST, ORGS, ROLES, SOURCE, USERS
from integrations.provider import Malformed, Unreachable

#: OneRoster 1.1 and 1.2 have manifests of version 1.0; real exports write 1.
MANIFESTS = frozenset({"", "1", "1.0"})
VERSIONS = frozenset({"", "1.0", "1.1", "1.2"})
#: Columns that only 1.0's users.csv has.
OLD = frozenset({"userid", "agents"})
#: Columns that only Microsoft SDS's roles.csv has.
SDS = frozenset({"sessionsourcedid", "isprimary", "rolestartdate", "roleenddate"})


@dataclass(frozen=True, slots=True)
class Manifest:
    """How an export's files are to be read: `ways` says ``bulk``, ``delta`` or ``absent`` of each."""

    ways: dict[str, str] = field(default_factory=dict)
    there: bool = True

    def way(self, name: str) -> str:
        """How this file is to be read. Without a manifest, which 1.0 does not have, it holds everything."""
        return self.ways.get(name, BULK)

    @property
    def changes_only(self) -> list[str]:
        """The files that hold only what changed."""
        return sorted(name for name, way in self.ways.items() if way == DELTA)


def read_manifest(export: Export) -> Manifest:
    """What the manifest says of the files that are read, held against what is there."""
    if MANIFEST not in export:
        return Manifest({name: BULK for name in (USERS, ORGS, ROLES) if name in export}, there=False)
    with table(export, MANIFEST) as listed:
        listed.must_have("propertyName", "value")
        key, value = listed.columns["propertyname"], listed.columns["value"]
        said = {cells[key].strip().lower(): cells[value].strip().lower() for _, cells in listed.rows() if cells}
    if said.get("manifest.version", "") not in MANIFESTS or said.get("oneroster.version", "") not in VERSIONS:
        raise Malformed(f"{SOURCE}: {MANIFEST} names a version that SmartPass does not know.")
    return Manifest({name: way for name in (USERS, ORGS, ROLES) if (way := _way(export, said, name)) != ABSENT})


def _way(export: Export, said: dict[str, str], name: str) -> str:
    way = said.get(f"file.{name.removesuffix('.csv')}", "")
    there = name in export
    if not way and not there:
        return ABSENT
    if way not in {BULK, DELTA, ABSENT}:
        raise Malformed(f"{SOURCE}: {MANIFEST} does not say whether {name} is bulk, delta or absent.")
    if way == ABSENT and there:
        raise Malformed(f"{SOURCE}: {MANIFEST} says that {name} is absent, and it is there.")
    if way != ABSENT and not there:
        raise Unreachable(f"{SOURCE}: {MANIFEST} says that {name} is {way}, and it has not come yet.")
    return way


@dataclass(frozen=True, slots=True)
class Dialect:
    """Which version users.csv is in: 1.0 (`old`), 1.1, or 1.2 (`split`: what people are stands in roles.csv)."""

    old: bool
    split: bool


def dialect(manifest: Manifest, users: Table) -> Dialect:
    """Told by the header of users.csv, and by whether there is a roles.csv. Raises `Malformed` for no version."""
    users.must_have("sourcedId", "givenName", "familyName")
    split = ROLES in manifest.ways
    if not split:
        users.must_have("role", "orgSourcedIds")
    old = bool(OLD & users.columns.keys()) or (not manifest.there and "enableduser" not in users.columns)
    return Dialect(old=old and not split, split=split)


def must_be_oneroster(roles: Table) -> None:
    """Raises `Malformed` for the roles.csv of another format, which has the same name."""
    if SDS & roles.columns.keys():
        raise Malformed(
            f"{SOURCE}: {ROLES} is in the format of Microsoft School Data Sync. SmartPass reads OneRoster: "
            "export OneRoster 1.1 or 1.2."
        )
    roles.must_have("userSourcedId", "role", "orgSourcedId")


def wrong_status(name: str, way: str, status: str, *, old: bool) -> str:
    """Why a row's status says something else than its file; "" if it does not.

    OneRoster: empty in a file that holds everything, filled in one that holds changes. In 1.0
    it is always filled.
    """
    if way == DELTA and not status.strip():
        return f"status is empty, and {name} holds changes only (delta)"
    if way == BULK and status.strip() and not old:
        return f"status is filled, and {name} holds everything (bulk)"
    return ""
