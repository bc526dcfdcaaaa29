"""What a zip may hold that a district delivers: everything is looked at before anything of it is believed."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from integrations.oneroster_files import export as exporting
from tests.integrations.exports import BOTH, ids, lincoln, told


@pytest.mark.parametrize("name", ["/users.csv", "../users.csv", "a/../../users.csv", "C:/users.csv", "a\\users.csv"])
def test_a_name_that_leads_out_of_a_zip(name: str, tmp_path: Path) -> None:
    export = lincoln(tmp_path)
    with zipfile.ZipFile(export.zipped(), "a") as archive:
        archive.writestr("x", b"")
        archive.filelist[-1].filename = name
    assert told(export) == "the zip file holds a name that leads out of it."


def changed(path: Path, change: Callable[[bytearray], None]) -> None:
    """A zip with some of its bytes changed."""
    content = bytearray(path.read_bytes())
    change(content)
    path.write_bytes(content)


def each(content: bytearray, mark: bytes) -> Iterator[int]:
    """Where a zip's headers of this kind begin."""
    at = content.find(mark)
    while at >= 0:
        yield at
        at = content.find(mark, at + 1)


def test_an_encrypted_zip(tmp_path: Path) -> None:
    export = lincoln(tmp_path)

    def encrypted(content: bytearray) -> None:
        for at in each(content, b"PK\x01\x02"):
            content[at + 8] |= 1

    changed(export.zipped(), encrypted)
    assert told(export) == "the zip file is encrypted."


def test_a_zip_that_unpacks_to_more_than_may_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "LARGEST", 5_000_000)
    export = lincoln(tmp_path)
    export.over["users.csv"] = b"sourcedId,givenName\n" + b"0" * 6_000_000
    assert export.zipped().stat().st_size < 20_000
    assert told(export) == "the export is larger than may be read."
    export.write()
    assert told(export) == "the export is larger than may be read."


def test_a_zip_that_lies_about_how_much_it_unpacks_to(tmp_path: Path) -> None:
    export = lincoln(tmp_path)
    export.over["users.csv"] = export.files()["users.csv"] + b"x" * 1_000_000

    def small(content: bytearray) -> None:
        for at in each(content, b"PK\x01\x02"):
            struct.pack_into("<I", content, at + 24, 300)

    changed(export.zipped(), small)
    assert told(export) == "the zip file is damaged or not whole."


@pytest.mark.parametrize("keep", [0, 100, -30])
def test_a_zip_of_which_only_a_part_came(keep: int, tmp_path: Path) -> None:
    export = lincoln(tmp_path)
    path = export.zipped()
    path.write_bytes(path.read_bytes()[:keep])
    assert told(export) == "the zip file is damaged or not whole."


def test_other_oddities_of_zips(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    export = lincoln(tmp_path)
    with zipfile.ZipFile(export.zipped(), "a") as archive:
        archive.writestr("Users.csv", b"")
    assert told(export) == "the zip file holds users.csv twice."
    with zipfile.ZipFile(export.zipped(), "a") as archive:
        archive.writestr("old/users.csv", b"")
    assert told(export) == "the zip file holds several exports."
    with zipfile.ZipFile(export.zipped(), "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("users.csv", b"")
    assert told(export) == "the zip file is packed in an unusual way."
    export.zipped()
    monkeypatch.setattr(exporting, "MEMBERS", 2)
    assert told(export) == "the zip file holds more than 2 files."


def test_what_a_mac_adds_to_a_zip_is_not_meant(tmp_path: Path) -> None:
    export = lincoln(tmp_path)
    with zipfile.ZipFile(export.zipped(), "a") as archive:
        archive.writestr("__MACOSX/users.csv", b"")
    assert ids(export) == BOTH
