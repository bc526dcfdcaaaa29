"""Rows and headers that are not as they should be, and what 1.2 says of people."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest

from integrations.records import Person
from tests.integrations.exports import BOTH, lincoln, told


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


def test_one_identifier_for_everybody_makes_nobody_somebody_else(tmp_path: Path) -> None:
    """Filled with one word by a careless export: a student would become a principal."""
    export = lincoln(tmp_path, "1.2")
    export.user("k-1", "Kim Day", "student", "1", userMasterIdentifier="N/A")
    export.user("p-1", "Pat Boss", "principal", "2", userMasterIdentifier="N/A")
    export.user("k-2", "kim DAY", "aide", "2", userMasterIdentifier="N/A")
    found = export.write().people()
    told = {key: (found[key].legacy_ids, [role.word for role in found[key].roles]) for key in ("k-1", "p-1")}
    assert told == {"k-1": (("k-2",), ["student", "aide"]), "p-1": ((), ["principal"])}
    assert list(found) == [*BOTH, "k-1", "p-1"]


@pytest.mark.parametrize("piece", [b"a", b'"\n",'])
def test_a_row_without_an_end_is_not_read_to_its_end(piece: bytes, tmp_path: Path) -> None:
    """A zip of some kilobytes can hold gigabytes of one row: one line, or cells with line breaks in them."""
    export = lincoln(tmp_path)
    export.over["users.csv"] = export.files()["users.csv"] + piece * (32 * 2**20 // len(piece))
    export.zipped()
    tracemalloc.start()
    assert told(export) == "users.csv, row 5: the row cannot be told from the next one."
    _, worst = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert worst < 24 * 2**20


def test_the_main_school_and_dates_of_1_2(tmp_path: Path) -> None:
    export = lincoln(tmp_path, "1.2")
    export.user("k", "Kim Day", "teacher", "1,2", primaryOrgSourcedId="2", preferredGivenName="Kimmy")
    export.roles[-2]["endDate"] = "2999-01-01"
    export.roles += [{**export.roles[-1], "role": "principal", "endDate": "2020-06-30"}]
    kim = export.write().people()["k"]
    assert [(role.place, role.word) for role in kim.roles] == [("2", "teacher"), ("1", "teacher")]
