"""OneRoster files keep the contract of a source: in a folder and in a zip, 1.1 and 1.2."""

from __future__ import annotations

from pathlib import Path

import pytest

from integrations.oneroster_files.provider import OneRosterFilesProvider
from integrations.provider import Provider
from tests.integrations.contract import ProviderContract, Stage
from tests.integrations.exports import Export, invented


class FilesStage(Stage):
    """A district of 250 people in pages of 60."""

    kind = OneRosterFilesProvider
    size = 250

    def __init__(self, export: Export, *, zipped: bool) -> None:
        """Written into its folder."""
        self._export, self._zipped, self._pages = export, zipped, 0
        self._write()
        somebody = export.users[5]
        self.unspeakable = [str(export.root), somebody["familyName"], somebody["email"], somebody["sourcedId"]]

    def open(self) -> Provider:
        """A fresh provider."""
        return self._export.open(page_size=60, turned=staticmethod(self._turned))

    def requests(self) -> int:
        """How many pages were read. The whole of users.csv is looked through before anybody of it is told."""
        return self._pages

    def fail_last_page(self) -> None:
        """The last rows were cut off inside a cell."""
        self._export.over["users.csv"] = self._export.files()["users.csv"][:-40] + b',"cut'
        self._write()

    def refuse(self) -> None:
        """The folder is taken away."""
        self._export.clear()

    def remove(self, external_id: str) -> None:
        """The next export does not have them."""
        self._export.users = [row for row in self._export.users if row["sourcedId"] != external_id]
        self._export.roles = [row for row in self._export.roles if row["userSourcedId"] != external_id]
        self._write()

    def _turned(self) -> None:
        self._pages += 1

    def _write(self) -> None:
        self._export.clear()
        if self._zipped:
            self._export.zipped()
        else:
            self._export.write()


class TestOneRosterFilesContract(ProviderContract):
    """Every test of the contract."""

    provider = OneRosterFilesProvider

    @pytest.fixture(params=[("1.1", False), ("1.1", True), ("1.2", False), ("1.2", True)], ids=str)
    def stage(self, request: pytest.FixtureRequest, tmp_path: Path) -> Stage:
        """A folder with one export."""
        version, zipped = request.param
        return FilesStage(invented(tmp_path, 250, version=version, guardians=20), zipped=zipped)
