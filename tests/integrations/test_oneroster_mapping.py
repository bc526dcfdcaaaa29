"""A OneRoster user in our words: every field, both versions, every way of missing."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.oneroster.mapping import FAMILY, read
from integrations.records import Person, Role
from tests.integrations.oneroster_rows import ABSENT, HALL, HOME, ORGS, ROOM, TODAY, A, B, held, newer, ref, user


def seen(row: dict[str, Any]) -> list[tuple[str | None, str]]:
    """The places and words of a row that can be read."""
    person = read(row, ORGS, TODAY)
    assert person is not None
    assert not person.problem
    return [(role.place, role.word) for role in person.roles]


def test_a_student_of_either_version() -> None:
    """Every field we use, and nothing else."""
    ana = Person("12345", "Ana", "Ruiz", "ana@school.example", roles=(Role(A, "student", "04", "n1"),))
    assert read(user(), ORGS, TODAY) == ana
    assert read(newer(held("student", A)), ORGS, TODAY) == ana


def test_the_newer_form_decides_where_both_are_there() -> None:
    """And an empty one says nothing."""
    assert seen(user(roles=[held("teacher", B)])) == [(B, "teacher")]
    assert seen(user(roles=[])) == [(A, "student")]
    assert seen(user(roles=None)) == [(A, "student")]


@pytest.mark.parametrize("role", [ABSENT, None, "", " ", []])
def test_no_role_is_no_student(role: Any) -> None:
    """Whoever is listed without one is unreadable: reported and kept. Who is switched off is just that."""
    assert read(user(role=role), ORGS, TODAY) == Person("12345", problem="role: missing")
    gone = read(user(role=role, status="tobedeleted"), ORGS, TODAY)
    assert gone is not None
    assert (gone.problem, gone.active, gone.roles) == ("", False, ())


def test_a_role_that_has_ended_is_said_and_not_missing() -> None:
    """OneRoster gives it an end date; that takes it away."""
    ended = read(newer({**held("student", A), "endDate": "2020-06-30"}), ORGS, TODAY)
    assert ended is not None
    assert (ended.problem, ended.roles) == ("", ())


@pytest.mark.parametrize(
    ("role", "words"),
    [
        ("Teacher", ["teacher"]),
        ("DISTRICTADMINISTRATOR", ["districtAdministrator"]),
        ("ext:Nurse", ["ext:Nurse"]),
        ("teacher, aide", ["teacher", "aide"]),
        (["teacher", "ext:coach"], ["teacher", "ext:coach"]),
    ],
)
def test_words_keep_their_spelling_or_their_own(role: Any, words: list[str]) -> None:
    """A word that OneRoster does not have stays as it came."""
    assert [word for _, word in seen(user(role=role))] == words


@pytest.mark.parametrize("word", sorted(FAMILY))
def test_family_is_nobody(word: str) -> None:
    """In either version, in any capitals; beside a role of their own only that role is kept."""
    assert read(user(role=word.upper()), ORGS, TODAY) is None
    assert read(newer(held(word, A), held("parent", B)), ORGS, TODAY) is None
    assert seen(newer(held(word, A), held("aide", B))) == [(B, "aide")]


@pytest.mark.parametrize(
    ("orgs", "places"),
    [
        ([ref(A), ref(B), ref(A)], [A, B]),
        ([ref(HOME), ref(B)], [B]),
        ([ref(HOME)], [""]),
        ([ref(HALL), ref(ROOM)], [""]),
        ([], [""]),
        (ABSENT, [""]),
        ([ref("unseen")], ["unseen"]),
        ([ref(HOME), ref("unseen")], ["unseen"]),
        ([A, B], [A, B]),
        (f"{A},{B}", [A, B]),
        (f"{A}, {B}", [A, B]),
        (ref(B), [B]),
        ([2, {"sourcedId": 3}], [A, B]),
        ([{"href": "x", "sourcedId": "", "type": "org"}, ref(B)], [B]),
    ],
)
def test_orgs_in_every_form(orgs: Any, places: list[str]) -> None:
    """Schools, what is no school, what we are not shown, nothing."""
    assert [place for place, _ in seen(user(role="teacher", orgs=orgs))] == places
    if orgs is not ABSENT:
        assert [place for place, _ in seen(user(role="teacher", orgs=ABSENT, orgSourcedIds=orgs))] == places


def test_an_id_with_a_comma_is_one_id() -> None:
    """Where it is known."""
    assert seen_in({"a,b": "school"}, user(orgs="a,b")) == ["a,b"]
    assert seen_in({}, user(orgs=["a,b"])) == ["a,b"]


def seen_in(orgs: dict[str, str], row: dict[str, Any]) -> list[str | None]:
    """The places of a row among these orgs."""
    person = read(row, orgs, TODAY)
    assert person is not None
    return [role.place for role in person.roles]


def test_administrators() -> None:
    """At a school, of the district, of neither; of both in the older form they are the school's."""
    assert seen(user(role="administrator")) == [(A, "administrator")]
    assert seen(user(role="administrator", orgs=[ref(HOME)])) == [(None, "districtAdministrator")]
    assert seen(user(role="administrator", orgs=[ref(HOME), ref(A)])) == [(A, "administrator")]
    assert seen(user(role="administrator", orgs=[ref(HALL)])) == [("", "administrator")]
    assert seen(user(role="districtAdministrator", orgs=[ref(A)])) == [(None, "districtAdministrator")]
    assert seen(newer(held("systemAdministrator", HOME), held("principal", A))) == [
        (None, "systemAdministrator"),
        (A, "principal"),
    ]


def test_the_main_org_comes_first_and_then_what_is_primary() -> None:
    """Whatever the order of the roles."""
    aide, student = held("aide", B, roleType="secondary"), held("student", A)
    assert seen(newer(aide, student)) == [(A, "student"), (B, "aide")]
    assert seen(newer(student, aide, primaryOrg=ref(B))) == [(B, "aide"), (A, "student")]
    assert seen(newer(student, aide, primaryOrg=ref(HOME))) == [(A, "student"), (B, "aide")]


@pytest.mark.parametrize(
    ("dates", "counts"),
    [
        ({}, True),
        ({"beginDate": TODAY}, True),
        ({"beginDate": "2026-09-16"}, False),
        ({"endDate": "2026-09-16"}, True),
        ({"endDate": TODAY}, False),
        ({"beginDate": "2026-08-01T00:00:00.000Z", "endDate": "2027-06-11T00:00:00Z"}, True),
        ({"beginDate": "", "endDate": None}, True),
    ],
)
def test_a_role_counts_while_it_is_held(dates: dict[str, Any], counts: bool) -> None:  # noqa: FBT001
    """From its first day to the day before its last one, which OneRoster excludes."""
    assert seen(newer(held("teacher", A, **dates))) == ([(A, "teacher")] if counts else [])


def test_a_grade_is_a_students() -> None:
    """A teacher's grades are those they teach."""
    person = read(newer(held("student", A), held("aide", B)), ORGS, TODAY)
    assert person is not None
    assert [role.grade for role in person.roles] == ["04", ""]


@pytest.mark.parametrize(
    ("grades", "grade"),
    [
        (["KG"], "KG"),
        (["05", "11", "10"], "05"),
        (["", None, "9"], "9"),
        ("Ninth grade", "Ninth grade"),
        ("05,11", "05"),
        ([9], "9"),
        (9, "9"),
        ([], ""),
        ("", ""),
        (None, ""),
        (ABSENT, ""),
    ],
)
def test_grades(grades: Any, grade: str) -> None:
    """The first one, in the source's own words."""
    person = read(user(grades=grades), ORGS, TODAY)
    assert person is not None
    assert person.roles[0].grade == grade


@pytest.mark.parametrize("value", ["true", "TRUE", True, 1, "1", "", None, ABSENT])
def test_enabled(value: Any) -> None:
    """Missing means yes: 1.1 does not insist on it."""
    person = read(user(enabledUser=value), ORGS, TODAY)
    assert person is not None
    assert person.active


@pytest.mark.parametrize(
    "fields",
    [{"enabledUser": value} for value in ("false", "FALSE", "False", False, 0, "0")]
    + [{"status": value} for value in ("tobedeleted", "ToBeDeleted", "inactive")],
)
def test_not_active(fields: dict[str, Any]) -> None:
    """Suspended, or to be deleted: the record is there and its person is not to be let in."""
    person = read(user(**fields), ORGS, TODAY)
    assert person == read(user(), ORGS, TODAY)._replace(active=False)  # type: ignore[union-attr]


@pytest.mark.parametrize("identifier", ["00123", " 123", "123 ", "a|b", "a/b", "Å", "x" * 255])
def test_ids_stay_as_they_are(identifier: str) -> None:
    """Byte for byte; a number is its digits."""
    assert read(user(sourcedId=identifier), ORGS, TODAY).external_id == identifier  # type: ignore[union-attr]
    assert read(user(sourcedId=123), ORGS, TODAY).external_id == "123"  # type: ignore[union-attr]


@pytest.mark.parametrize("value", [ABSENT, None, "", "  "])
def test_missing_is_one_thing(value: Any) -> None:
    """Absent, null, empty, blank."""
    row = user(givenName=value, familyName=value, email=value, identifier=value, grades=value)
    assert read(row, ORGS, TODAY) == Person("12345", roles=(Role(A, "student"),))


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"sourcedId": ABSENT}, "sourcedId: missing or not text"),
        ({"sourcedId": ""}, "sourcedId: missing or not text"),
        ({"sourcedId": True}, "sourcedId: missing or not text"),
        ({"sourcedId": "x" * 256}, "sourcedId: longer than OneRoster allows"),
        ({"givenName": ["Ana"]}, "givenName: not text"),
        ({"email": {}}, "email: not text"),
        ({"identifier": 1.5}, "identifier: not text"),
        ({"role": 7}, "role: not a word"),
        ({"roles": ["", 7]}, "roles: not a word"),
        ({"roles": [{"org": ref(A)}]}, "roles: an entry without a role"),
        ({"orgs": [[A]]}, "orgs: not a reference"),
        ({"roles": [held("teacher", A, beginDate="8/1/2026")]}, "roles.beginDate: not a date"),
        ({"enabledUser": "maybe"}, "enabledUser: neither true nor false"),
        ({"enabledUser": []}, "enabledUser: neither true nor false"),
        ({"status": "pending"}, "status: not a word of OneRoster"),
        ({"familyName": "a\0"}, "text: a character that cannot be stored"),
        ({"role": "\ud800"}, "text: a character that cannot be stored"),
    ],
)
def test_a_wrong_field_spoils_this_record_only(fields: dict[str, Any], problem: str) -> None:
    """It is named, its value is not, and nothing else of the record is trusted."""
    person = read(user(**fields), ORGS, TODAY)
    assert person is not None
    assert person == Person("" if problem.startswith("sourcedId") else "12345", problem=problem)
