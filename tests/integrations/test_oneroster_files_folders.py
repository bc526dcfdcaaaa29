"""Where an export may lie, what a folder or a zip may hold, and what happens while somebody writes there."""

from __future__ import annotations

import os
import struct
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from integrations.oneroster_files import export as exporting
from integrations.oneroster_files.provider import OneRosterFilesProvider
from integrations.provider import Changed, Malformed, Refused, SourceError, Unreachable
from integrations.records import Person, Tenant
from tests.integrations.exports import Export, lincoln

DAY = datetime(2026, 9, 1, 4, 0, tzinfo=UTC).timestamp()


def told(export: Export, error: type[SourceError] = Malformed) -> str:
    """What the reading ends with, in words after the source's name."""
    with pytest.raises(error) as caught:
        list(export.open().people([]))
    assert type(caught.value) is error
    assert str(export.root) not in str(caught.value)
    return str(caught.value).removeprefix("OneRoster files: ")


def ids(export: Export) -> list[str]:
    return list(export.people())


BOTH = ["0012", "T-1"]


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


# Zips


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


# Rows


def test_rows_that_do_not_fit_the_header_are_nobodys(tmp_path: Path) -> None:
    export = lincoln(tmp_path)
    lines = export.files()["users.csv"].split(b"\r\n")
    lines[2:2] = [b"", lines[1][:12], lines[1] + b",more", lines[1].replace(b"0012", b"0013") + b",,", b"," * 17]
    export.over["users.csv"] = b"\r\n".join(lines)
    source = export.write().open()
    uneven = "more or fewer cells than the header"
    found = list(source.people([]))
    assert [(person.external_id, person.problem) for person in found] == [
        ("0012", ""),
        ("", f"users.csv, row 4: {uneven}"),
        ("", f"users.csv, row 5: {uneven}"),
        ("0013", ""),
        ("T-1", ""),
    ]
    assert (source.receipt.rows, source.receipt.announced) == (6, 6)


@pytest.mark.parametrize(
    ("row", "number"),
    [
        ('9,,,true,1,student,,,"Kim,Day,,,,,,,,', 5),
        ('9,,,true,1,student,,,"Kim" "K",Day,,,,,,,,', 5),
        ('9,,,true,1,student,,,"Kim\n10,,,true,1,student"', 5),
    ],
)
def test_a_quote_that_is_not_closed_swallows_nobody(row: str, number: int, tmp_path: Path) -> None:
    export = lincoln(tmp_path)
    export.over["users.csv"] = (
        export.files()["users.csv"] + row.encode() + b"\r\n11,,,true,1,student,,,Ed,Orr,,,,,,,,\r\n"
    )
    assert told(export.write()) == f"users.csv, row {number}: the row cannot be told from the next one."


def test_a_line_break_inside_a_cell_is_only_text(tmp_path: Path) -> None:
    export = lincoln(tmp_path)
    export.user("k", "Kim Day", "student", "1", familyName="Day\r\nOrr")
    assert export.write().people()["k"].last_name == "Day\r\nOrr"


def test_one_id_in_several_rows(tmp_path: Path) -> None:
    """The same row twice is one person; two different ones are not guessed about."""
    export = lincoln(tmp_path)
    export.users += [dict(export.users[0]), {**export.users[1], "givenName": "Benno"}, dict(export.users[0])]
    source = export.write().open()
    found = {person.external_id: person for person in source.people([])}
    assert list(found) == BOTH
    assert found["0012"].first_name == "Ana"
    assert found["T-1"] == Person("T-1", problem="users.csv, rows 3 and 6: two people with one sourcedId")
    assert (source.receipt.rows, source.receipt.ignored) == (6, 4)
    assert source.receipt.notes == {"says": "1 record of users.csv came more than once, and counted once."}


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        ("users.csv", b"", "users.csv has no column sourcedId."),
        ("users.csv", b"name;email\n", "users.csv has no column sourcedId."),
        ("users.csv", b"sourcedId,givenName,familyName,role,Role,orgSourcedIds\n", "users.csv names a column twice."),
        ("users.csv", b'"sourcedId,givenName\n', "users.csv has no header."),
        ("orgs.csv", b"sourcedId,name\n1,North\n", "orgs.csv has no column type."),
        ("manifest.csv", b"file.users,bulk\n", "manifest.csv has no column propertyName."),
    ],
)
def test_a_header_that_is_none(name: str, content: bytes, text: str, tmp_path: Path) -> None:
    export = lincoln(tmp_path)
    export.over[name] = content
    assert told(export.write()) == text


def test_a_role_that_fits_no_header_is_nobodys_and_stops(tmp_path: Path) -> None:
    export = lincoln(tmp_path, "1.2")
    export.over["roles.csv"] = export.files()["roles.csv"] + b"x,,\r\n"
    assert told(export.write()) == "roles.csv, row 6: more or fewer cells than the header."


def test_records_of_1_2_that_say_they_are_one_person(tmp_path: Path) -> None:
    export = lincoln(tmp_path, "1.2")
    export.user("k-2", "Kim Day", "aide", "2", userMasterIdentifier="M1")
    export.user("k-1", "Kim Day", "student", "1", userMasterIdentifier="M1")
    source = export.write().open()
    (*_, kim) = source.people([])
    assert (kim.external_id, kim.legacy_ids) == ("k-1", ("k-2",))
    assert [(role.place, role.word) for role in kim.roles] == [("1", "student"), ("2", "aide")]
    assert (source.receipt.rows, source.receipt.ignored) == (5, 2)


def test_the_main_school_and_dates_of_1_2(tmp_path: Path) -> None:
    export = lincoln(tmp_path, "1.2")
    export.user("k", "Kim Day", "teacher", "1,2", primaryOrgSourcedId="2", preferredGivenName="Kimmy")
    export.roles[-2]["endDate"] = "2999-01-01"
    export.roles += [{**export.roles[-1], "role": "principal", "endDate": "2020-06-30"}]
    kim = export.write().people()["k"]
    assert [(role.place, role.word) for role in kim.roles] == [("2", "teacher"), ("1", "teacher")]


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
