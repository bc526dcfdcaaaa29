"""Where an export may lie, what counts of what is in its folder, and what happens while somebody writes there."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from integrations.oneroster_files.provider import OneRosterFilesProvider
from integrations.provider import Changed, Refused, Unreachable
from integrations.records import Tenant
from tests.integrations.exports import BOTH, Export, ids, lincoln, told

DAY = datetime(2026, 9, 1, 4, 0, tzinfo=UTC).timestamp()


# The setting


@pytest.mark.parametrize(("typed", "folder"), [("lincoln", "lincoln"), (" texas//lincoln/ ", "texas/lincoln")])
def test_a_folder_is_always_spelled_the_same(typed: str, folder: str) -> None:
    form = OneRosterFilesProvider.Settings({"folder": typed})
    assert form.is_valid()
    assert form.cleaned_data == {"folder": folder}
    assert OneRosterFilesProvider.upstream(form.cleaned_data) == Tenant(folder, folder)


@pytest.mark.parametrize("typed", ["", "/etc", "..", "a/../b", "./a", "a\\b", ".ssh", "a/.hidden", "a\x00b", "/"])
def test_a_folder_elsewhere_is_refused(typed: str, tmp_path: Path) -> None:
    assert not OneRosterFilesProvider.Settings({"folder": typed}).is_valid()
    export = lincoln(tmp_path).write()
    export.folder = typed
    assert told(export, Refused) == "no folder is set for this district."


# Links


@pytest.mark.parametrize("name", ["lincoln", "lincoln/users.csv"])
def test_no_link_is_followed(name: str, tmp_path: Path) -> None:
    """The district's own job could lay it: to another district's folder, or out of the root."""
    lincoln(tmp_path / "elsewhere").write()
    export = lincoln(tmp_path / "root").write()
    target, link = tmp_path / "elsewhere" / name, tmp_path / "root" / name
    if link.is_dir():
        export.clear()
    else:
        link.unlink()
    link.symlink_to(target)
    assert "link" in told(export, Refused)


def test_no_link_on_the_way_is_followed_either(tmp_path: Path) -> None:
    lincoln(tmp_path / "elsewhere").write()
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "texas").symlink_to(tmp_path / "elsewhere")
    export = Export(tmp_path / "root", folder="texas/lincoln")
    assert told(export, Refused) == "the way to the folder leads through a link, or it is no folder."


def test_a_zip_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    target = lincoln(tmp_path / "elsewhere").zipped()
    export = Export(tmp_path / "root")
    export.path.mkdir(parents=True)
    (export.path / "export.zip").symlink_to(target)
    assert told(export, Refused) == "export.zip is a link, and links are not followed."


def test_the_root_itself_may_be_a_link_of_operators(tmp_path: Path) -> None:
    lincoln(tmp_path / "disk").write()
    (tmp_path / "root").symlink_to(tmp_path / "disk")
    assert ids(Export(tmp_path / "root")) == BOTH


# What lies there


@pytest.mark.parametrize("inside", ["", "export-2026/"])
@pytest.mark.parametrize("zipped", [False, True])
def test_an_export_lies_at_the_top_or_one_folder_down(inside: str, tmp_path: Path, *, zipped: bool) -> None:
    export = lincoln(tmp_path)
    export.inside = inside
    if zipped:
        export.zipped()
    else:
        export.write()
        (export.path / "readme.txt").write_text("From the office")
        (export.path / ".part").write_text("")
    assert ids(export) == BOTH


@pytest.mark.parametrize("zipped", [False, True])
def test_two_folders_down_is_too_deep(tmp_path: Path, *, zipped: bool) -> None:
    export = lincoln(tmp_path)
    export.inside = "a/b/"
    if zipped:
        export.zipped()
        assert told(export) == "the zip file holds no export."
    else:
        export.write()
        assert told(export) == "the export lies too deep, or in one of several folders."


def test_the_newest_of_several_zips_counts(tmp_path: Path) -> None:
    export = lincoln(tmp_path)
    export.zipped("2026-09-01.zip")
    export.user("new", "Kim Day", "student", "1")
    newer = export.zipped("2026-09-02.zip")
    os.utime(tmp_path / "lincoln" / "2026-09-01.zip", (DAY, DAY))
    os.utime(newer, (DAY + 86400, DAY + 86400))
    source = export.open()
    assert [person.external_id for person in source.people([])] == [*BOTH, "new"]
    assert source.receipt.as_of == "2026-09-02T04:00:00.000+00:00"


def test_the_folder_may_be_one_zip(tmp_path: Path) -> None:
    export = lincoln(tmp_path)
    export.zipped("north.ZIP")
    export.folder = "lincoln/north.ZIP"
    assert ids(export) == BOTH


def test_as_of_is_when_the_newest_file_was_written(tmp_path: Path) -> None:
    export = lincoln(tmp_path).write(at=DAY - 100)
    os.utime(export.path / "orgs.csv", (DAY, DAY))
    source = export.open()
    list(source.people([]))
    assert source.receipt.as_of == "2026-09-01T04:00:00.000+00:00"


def test_nothing_has_come_yet(tmp_path: Path) -> None:
    export = lincoln(tmp_path)
    export.path.mkdir(parents=True)
    assert told(export, Unreachable) == "no export has come yet."
    export.manifest = None
    export.write()
    (export.path / "users.csv").unlink()
    assert told(export, Unreachable) == "users.csv has not come yet."


def test_what_is_not_clear_is_not_guessed(tmp_path: Path) -> None:
    export = lincoln(tmp_path).write()
    export.zipped()
    assert told(export) == "there are both CSV files and a zip file. Only one export can count."
    export.write()
    (export.path / "USERS.csv").write_bytes(b"")
    assert told(export) == "two files there differ only in capitals."
    export.write()
    (export.path / "orgs.csv").unlink()
    export.manifest = {"file.orgs": "absent"}
    (export.path / "manifest.csv").write_bytes(export.files()["manifest.csv"])
    assert told(export) == "there is no orgs.csv, so nobody can be told apart by school."


# While somebody writes


@pytest.mark.parametrize(
    "write",
    [
        lambda export: export.write(),
        lambda export: export.clear(),
        lambda export: export.zipped(),
        lambda export: (export.path / "orgs.csv").write_bytes(b"sourcedId,name,type\n"),
        lambda export: (export.path / "manifest.csv").unlink(),
        lambda export: (export.path / "roles.csv").write_bytes(b""),
    ],
)
def test_what_is_written_while_it_is_read_is_worth_nothing(write: Callable[[Export], object], tmp_path: Path) -> None:
    export = lincoln(tmp_path).write(at=DAY)
    source = export.open()
    walk = source.people([])
    next(walk)
    write(export)
    with pytest.raises(Changed, match="was being written while it was read"):
        list(walk)
    with pytest.raises(RuntimeError):
        _ = source.receipt


def test_a_file_that_is_torn_because_it_is_being_written(tmp_path: Path) -> None:
    """What looks damaged is damaged only if nobody was at it."""
    export = lincoln(tmp_path).write(at=DAY)
    whole = export.files()["users.csv"]

    def torn() -> None:
        (export.path / "users.csv").write_bytes(whole + b'9,,,true,1,student,,,"Kim')

    source = export.open(turned=staticmethod(torn), page_size=1)
    with pytest.raises(Changed):
        list(source.people([]))
    assert told(export) == "users.csv, row 5: the row cannot be told from the next one."


def test_a_zip_that_is_written_anew_while_it_is_read(tmp_path: Path) -> None:
    export = lincoln(tmp_path)
    export.zipped(at=DAY)
    walk = export.open().people([])
    next(walk)
    export.zipped(at=DAY + 1)
    with pytest.raises(Changed):
        list(walk)
