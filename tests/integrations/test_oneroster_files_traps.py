"""The traps in OneRoster's CSV files, read row by row.

Numbered as in the table for ClassLink and OneRoster in docs/traps.md.
"""

from __future__ import annotations

import codecs
import csv
from pathlib import Path

import pytest

from integrations.oneroster_files.reading import DELTA
from integrations.provider import Malformed, Unreachable
from integrations.records import Person, Role
from tests.integrations.exports import lincoln, told

ANA = Person("0012", "Ana", "Ruiz", "ana@lincoln.example", roles=(Role("1", "student", "09", "77"),))
BEN = Person("T-1", "Ben", "Lo", "ben@lincoln.example", roles=(Role("1", "teacher"), Role("2", "teacher")))


@pytest.mark.parametrize("version", ["1.0", "1.1", "1.2"])
def test_trap_64_each_version_is_told_by_its_header(version: str, tmp_path: Path) -> None:
    export = lincoln(tmp_path, version).write()
    source = export.open()
    assert list(source.people([])) == [ANA, BEN]
    assert (source.receipt.rows, source.receipt.ignored, source.receipt.announced) == (3, 1, 3)
    assert (source.receipt.closed, source.receipt.places, source.receipt.notes) == (True, ["1", "2"], {})


def test_trap_64_a_header_of_1_0_under_a_manifest_of_1_1(tmp_path: Path) -> None:
    export = lincoln(tmp_path, "1.0")
    for row in export.users:
        row["status"] = "active"
    export.users[1]["status"] = "inactive"
    manifest = b"propertyName,value\nmanifest.version,1.0\noneroster.version,1.1\nfile.users,bulk\nfile.orgs,bulk\n"
    export.over["manifest.csv"] = manifest
    assert export.write().people() == {"0012": ANA, "T-1": BEN._replace(active=False)}


@pytest.mark.parametrize("version", ["1", "1.0"])
def test_trap_64_a_manifest_with_every_cell_in_quotes_and_its_rows_in_any_order(version: str, tmp_path: Path) -> None:
    export = lincoln(tmp_path)
    lines = ["file.orgs", "bulk", "source.systemName", "SIS", "file.users", "bulk", "file.classes", "absent"]
    lines += ["oneroster.version", "1.1", "manifest.version", version]
    pairs = zip(lines[::2], lines[1::2], strict=True)
    text = "\r\n".join(['"propertyName","value"', *(f'"{key}","{value}"' for key, value in pairs)])
    export.over["manifest.csv"] = text.encode()
    export.quoting = csv.QUOTE_ALL
    assert list(export.write().people().values()) == [ANA, BEN]


def test_trap_64_without_a_manifest_the_files_hold_everything(tmp_path: Path) -> None:
    export = lincoln(tmp_path)
    export.manifest = None
    source = export.write().open()
    assert list(source.people([])) == [ANA, BEN]
    assert source.receipt.closed


@pytest.mark.parametrize(
    "habit",
    [
        {"encoding": "utf-8-sig"},
        {"newline": "\n"},
        {"newline": "\r"},
        {"delimiter": ";"},
        {"delimiter": ";", "quoting": csv.QUOTE_ALL, "encoding": "utf-8-sig"},
        {"extra": ["metadata.house", "ext_bus", "ext_bus", "somethingElse"]},
    ],
    ids=str,
)
def test_trap_64_what_spreadsheets_and_exporters_do_to_a_file(habit: dict[str, object], tmp_path: Path) -> None:
    export = lincoln(tmp_path)
    for name, value in habit.items():
        setattr(export, name, value)
    assert list(export.write().people().values()) == [ANA, BEN]


def test_trap_64_capitals_of_a_header_and_of_booleans_do_not_matter(tmp_path: Path) -> None:
    export = lincoln(tmp_path)
    export.users[1]["enabledUser"] = "FALSE"
    name, *rows = export.files()["users.csv"].split(b"\r\n")
    export.over["users.csv"] = b"\r\n".join([name.upper(), *rows])
    assert export.write().people() == {"0012": ANA, "T-1": BEN._replace(active=False)}


def test_trap_64_ids_are_compared_as_they_come(tmp_path: Path) -> None:
    """Zeros that a spreadsheet took away cannot be guessed: those are other people."""
    export = lincoln(tmp_path)
    for identifier in ("12", " 0012", "a-1", "A-1", "x,y|z/ü"):
        export.user(identifier, "Kim Day", "student", "1")
    assert list(export.write().people()) == ["0012", "T-1", "12", " 0012", "a-1", "A-1", "x,y|z/ü"]


def test_trap_64_what_is_no_utf_8(tmp_path: Path) -> None:
    export = lincoln(tmp_path)
    export.user("9", "Zo\udce9 Day", "student", "1")
    assert export.write().people()["9"] == Person(
        "9", problem="users.csv, row 5: text: a character that cannot be stored"
    )
    export.over["users.csv"] = codecs.BOM_UTF16_LE + "sourcedId".encode("utf-16-le")
    assert told(export.write()) == "users.csv is not UTF-8."


@pytest.mark.parametrize(
    ("manifest", "text"),
    [
        ({"manifest.version": "2"}, "manifest.csv names a version that SmartPass does not know."),
        ({"oneroster.version": "2.0"}, "manifest.csv names a version that SmartPass does not know."),
        ({"file.users": "some"}, "manifest.csv does not say whether users.csv is bulk, delta or absent."),
        ({"file.users": "absent"}, "manifest.csv says that users.csv is absent, and it is there."),
    ],
)
def test_trap_64_a_manifest_that_says_nothing_usable(manifest: dict[str, str], text: str, tmp_path: Path) -> None:
    export = lincoln(tmp_path)
    export.manifest = manifest
    assert told(export.write()) == text


def test_trap_64_a_file_of_the_manifest_that_has_not_come(tmp_path: Path) -> None:
    export = lincoln(tmp_path).write()
    (export.path / "users.csv").unlink()
    with pytest.raises(Unreachable, match=r"says that users.csv is bulk, and it has not come yet"):
        list(export.open().people([]))


def test_trap_65_a_filled_status_in_a_file_that_holds_everything(tmp_path: Path) -> None:
    export = lincoln(tmp_path)
    export.users[1]["status"] = "active"
    problem = "users.csv, row 3: status is filled, and users.csv holds everything (bulk)"
    assert export.write().people() == {"0012": ANA, "T-1": Person("T-1", problem=problem)}


def test_trap_65_an_empty_status_in_a_file_of_changes(tmp_path: Path) -> None:
    export = lincoln(tmp_path)
    export.manifest = {"file.users": "delta"}
    export.users[0]["status"] = "tobedeleted"
    problem = "users.csv, row 3: status is empty, and users.csv holds changes only (delta)"
    assert export.write().people() == {"0012": ANA._replace(active=False), "T-1": Person("T-1", problem=problem)}


def test_trap_65_the_same_in_roles_and_orgs(tmp_path: Path) -> None:
    export = lincoln(tmp_path, "1.2")
    export.roles[2]["status"] = "active"
    export.orgs[2]["status"] = "active"
    source = export.write().open()
    problem = "users.csv, row 3: roles.csv, row 4: status is filled, and roles.csv holds everything (bulk)"
    assert list(source.people([])) == [ANA, Person("T-1", problem=problem)]
    assert (source.receipt.places, source.receipt.notes) == (["1"], {"says": "1 row of orgs.csv could not be read."})


def test_trap_66_changes_only_end_no_listing_and_say_so(tmp_path: Path) -> None:
    export = lincoln(tmp_path)
    export.manifest = {"file.users": "delta"}
    for row in export.users:
        row["status"] = "active"
    source = export.write().open()
    assert list(source.people([])) == [ANA, BEN]
    assert (source.receipt.closed, source.receipt.notes) == (False, {"open": DELTA})
    assert not source.receipt.proven(set())


def test_trap_66_roles_that_changed_do_not_say_what_anybody_is(tmp_path: Path) -> None:
    export = lincoln(tmp_path, "1.2")
    export.manifest = {"file.users": "delta", "file.roles": "delta"}
    assert told(export.write()) == (
        "roles.csv holds only what changed (delta), which does not say all that somebody is. Export everything (bulk)."
    )
    with pytest.raises(Malformed):
        export.open().check()


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_trap_67_roles_of_microsoft_school_data_sync_are_refused_in_words(version: str, tmp_path: Path) -> None:
    export = lincoln(tmp_path, version)
    header = b"userSourcedId,orgSourcedId,role,sessionSourcedId,grade,isPrimary,roleStartDate,roleEndDate"
    export.over["roles.csv"] = header + b"\r\n0012,1,student,,9,true,,\r\n"
    export.manifest = {"file.roles": "bulk"}
    text = (
        "roles.csv is in the format of Microsoft School Data Sync. "
        "SmartPass reads OneRoster: export OneRoster 1.1 or 1.2."
    )
    assert told(export.write()) == text
    with pytest.raises(Malformed) as caught:
        export.open().check()
    assert str(caught.value) == f"OneRoster files: {text}"


def test_trap_67_users_without_any_roles_are_no_oneroster(tmp_path: Path) -> None:
    export = lincoln(tmp_path, "1.2")
    export.manifest = None
    export.write()
    (export.path / "roles.csv").unlink()
    assert told(export) == "users.csv has no column role."


def test_trap_68_several_orgs_in_one_cell(tmp_path: Path) -> None:
    export = lincoln(tmp_path)
    export.user("s", "Kim Day", "student", "1, 2", grades="05,06")
    assert export.write().people()["s"].roles == (Role("1", "student", "05"), Role("2", "student", "05"))


def test_trap_68_an_unknown_org_is_reported_and_the_other_kept(tmp_path: Path) -> None:
    export = lincoln(tmp_path)
    export.user("s", "Kim Day", "student", "1,404")
    source = export.write().open()
    (kim,) = (person for person in source.people([]) if person.external_id == "s")
    assert kim.roles == (Role("1", "student"), Role("404", "student"))
    assert source.receipt.notes == {"says": "1 record of users.csv at a school that orgs.csv does not have."}


def test_trap_69_a_formula_is_a_text(tmp_path: Path) -> None:
    export = lincoln(tmp_path)
    export.user("f", "x", "student", "1", givenName='=HYPERLINK("x";"y")', familyName="+1", email="@cmd")
    told = export.write().people()["f"]
    assert (told.first_name, told.last_name, told.email) == ('=HYPERLINK("x";"y")', "+1", "@cmd")
