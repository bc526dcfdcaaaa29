"""Stories of a district that delivers OneRoster files: each night its job has written a new export, or has not."""

from __future__ import annotations

from pathlib import Path

from accounts import tenancy
from integrations.models import Connection, ConnectionState
from rostering.models import Run
from tests import factories
from tests.integrations.exports import Export
from tests.rostering.passing import Nights

#: When the first export was written, in seconds since 1970.
BEGAN = 1_790_000_000


class FilesStory(Nights):
    """One district with two schools, North and South, and its folder below `root`."""

    def __init__(self, root: Path, version: str = "1.1", folder: str = "lincoln") -> None:
        """Link both schools of an export in which there is nobody yet."""
        self.export = Export(root, folder=folder, version=version)
        self.export.org("D", "Lincoln USD", "district")
        self.names = {}
        self._days = 0
        with tenancy.support():
            self.district = factories.district()
            self.connection = Connection.objects.create(
                district=self.district,
                kind="oneroster_files",
                tenant=folder,
                tenant_name=folder,
                state=ConnectionState.CONNECTED,
                settings={"folder": folder},
            )
            self.schools = [factories.school(self.district, name) for name in ("North", "South")]
            for place, school in enumerate(self.schools, start=1):
                self.export.org(str(place), school.name, parentSourcedId="D")
                factories.link(self.connection, school, str(place))

    def student(self, name: str, orgs: str = "1", /, key: str = "", **fields: str) -> str:
        """Add a student at these orgs; the sourcedId."""
        return self.somebody(name, "student", orgs, key=key, **{"grades": "09", **fields})

    def students(self, count: int, orgs: str = "1", called: str = "Kid") -> list[str]:
        """Add many students: Kid 01, Kid 02 and so on."""
        return [self.student(f"{called} {number:02}", orgs) for number in range(1, count + 1)]

    def somebody(self, name: str, role: str, orgs: str = "1", /, key: str = "", **fields: str) -> str:
        """Add somebody with one role; the sourcedId."""
        key = key or f"{len(self.names) + 1:04}"
        email = f"{name.lower().replace(' ', '.')}@lincoln.example"
        self.export.user(key, name, role, orgs, **{"email": email, **fields})
        self.names[key] = name
        return key

    def without(self, *keys: str) -> None:
        """The next export does not have these people."""
        self.export.users = [row for row in self.export.users if row["sourcedId"] not in keys]
        self.export.roles = [row for row in self.export.roles if row["userSourcedId"] not in keys]

    def delivered(self) -> None:
        """A day later, the district's job writes its export."""
        self._days += 1
        self.export.write(at=BEGAN + 86_400 * self._days)

    def next_night(self) -> Run:
        """A day later the job has written, and a sync reads it."""
        self.hours_pass(24)
        self.delivered()
        return self.night()
