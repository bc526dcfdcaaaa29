"""A Clever user in our words: every field, every way of missing, anything at all."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from integrations.clever.mapping import CONTACT, ROLE_WORDS, read, read_place
from integrations.records import Person, Place, Role

HOME = "5f0000010000000000000000"
SCHOOL, OTHER = "600000010000000000000000", "600000010000000000000001"


def user(**fields: Any) -> dict[str, Any]:
    """Ana, a student in grade 4, with these fields instead."""
    student = {"school": SCHOOL, "schools": [SCHOOL], "grade": "4", "student_number": "n1", "sis_id": "s1"}
    ana = {"id": "64a", "district": HOME, "name": {"first": "Ana", "middle": "L", "last": "Ruiz"}}
    return {**ana, "email": "ana@school.example", "roles": {"student": student}, **fields}


def student(**fields: Any) -> dict[str, Any]:
    """Ana with these fields in her student role."""
    return user(roles={"student": {**user()["roles"]["student"], **fields}})


def test_a_student() -> None:
    """Every field we use, and nothing else."""
    data = student(credentials={"district_username": " ana.r "}, legacy_id="64a", dob="2/11/2015", extra=[1])
    roles = (Role(SCHOOL, "student", "4", "n1"),)
    assert read(data, HOME) == Person("64a", "Ana", "Ruiz", "ana@school.example", roles=roles)


def test_an_employee_of_three_roles_in_any_order_of_keys() -> None:
    """Teacher first, the primary school first, older ids in the order of the roles."""
    teacher = {"school": OTHER, "schools": [SCHOOL, OTHER], "teacher_number": "t7", "legacy_id": "5a1"}
    staff = {"schools": [SCHOOL], "staff_id": "S-1", "legacy_id": "5a2", "credentials": {"district_username": "ana"}}
    held = {"district_admin": {"legacy_id": "5a3"}, "staff": staff, "teacher": teacher}
    expected = Person(
        "64a",
        "Ana",
        "Ruiz",
        "ana@school.example",
        roles=(
            Role(OTHER, "teacher", "", "t7"),
            Role(SCHOOL, "teacher", "", "t7"),
            Role(SCHOOL, "staff", "", "S-1"),
            Role(None, "district_admin"),
        ),
        legacy_ids=("5a1", "5a2", "5a3"),
    )
    assert read(user(roles=held), HOME) == expected
    assert read(user(roles=dict(reversed(held.items()))), HOME) == expected


def test_a_guardian_is_nobody() -> None:
    """And a guardian with another role is that role."""
    assert read(user(roles={"contact": {"phone": "1"}}), HOME) is None
    both = read(user(roles={"contact": {}, "staff": {"schools": [SCHOOL]}}), HOME)
    assert both is not None
    assert both.roles == (Role(SCHOOL, "staff"),)


def test_an_unknown_role_keeps_its_word() -> None:
    """With its schools, or without any."""
    held = {"volunteer": {"schools": [SCHOOL]}, "auditor": {}}
    person = read(user(roles=held), HOME)
    assert person is not None
    assert person.roles == (Role(None, "auditor"), Role(SCHOOL, "volunteer"))


@pytest.mark.parametrize("missing", [{}, {"roles": None}, {"roles": {}}, {"roles": {"student": None}}])
def test_somebody_without_a_role(missing: dict[str, Any]) -> None:
    """Is a person all the same."""
    data = user()
    del data["roles"]
    assert read({**data, **missing}, HOME) == Person("64a", "Ana", "Ruiz", "ana@school.example")


ABSENT = object()


@pytest.mark.parametrize("value", [ABSENT, None, "", "  "])
def test_missing_is_one_thing(value: Any) -> None:
    """Absent, null and empty, in every field that may be missing."""

    def but(fields: dict[str, Any], *names: str) -> dict[str, Any]:
        kept = {key: each for key, each in fields.items() if key not in names}
        return kept if value is ABSENT else {**kept, **dict.fromkeys(names, value)}

    role = but({"school": SCHOOL}, "grade", "student_number", "legacy_id")
    role["credentials"] = but({}, "district_username")
    name = but({}, "first", "last", "middle")
    found = read({**but({"id": "64a"}, "email"), "name": name, "roles": {"student": role}}, HOME)
    assert found == Person("64a", roles=(Role(SCHOOL, "student"),))


@pytest.mark.parametrize("value", [ABSENT, None])
def test_missing_objects(value: Any) -> None:
    """No name, no credentials, no schools."""
    role = {} if value is ABSENT else {"credentials": value, "schools": value, "school": value}
    data: dict[str, Any] = {"id": "64a", "roles": {"student": role}}
    assert read(data if value is ABSENT else {**data, "name": value}, HOME) == Person(
        "64a", roles=(Role("", "student"),)
    )


@pytest.mark.parametrize("word", ["student", "teacher", "staff"])
def test_a_role_without_a_school_names_no_place(word: str) -> None:
    """An empty place and never None, which would mean the whole district."""
    person = read(user(roles={word: {"schools": []}}), HOME)
    assert person is not None
    assert person.roles == (Role("", word),)


def test_a_district_admin_stands_for_the_district_whatever_is_listed() -> None:
    """Schools beside the role would narrow nothing."""
    person = read(user(roles={"district_admin": {"schools": [SCHOOL], "school": SCHOOL}}), HOME)
    assert person is not None
    assert person.roles == (Role(None, "district_admin"),)


def test_the_primary_school_comes_first_even_unlisted() -> None:
    """And empty ids in the list are nothing."""
    person = read(student(school=OTHER, schools=[SCHOOL, "", SCHOOL]), HOME)
    assert person is not None
    assert [role.place for role in person.roles] == [OTHER, SCHOOL]


@pytest.mark.parametrize("grade", ["Kindergarten", "PreKindergarten", "13", "Ungraded", "Year 4", "0", "07"])
def test_a_grade_stays_a_text(grade: str) -> None:
    """Exactly as given."""
    person = read(student(grade=grade), HOME)
    assert person is not None
    assert person.roles[0].grade == grade


@pytest.mark.parametrize("name", ["A" * 300, "👩‍🏫 李", "مريم", "O'Neill\tJr", "=1+1", "e\u0301"])
def test_names_arrive_whole(name: str) -> None:
    """Any length, any script."""
    person = read(user(name={"first": f"  {name} ", "last": name}), HOME)
    assert person is not None
    assert (person.first_name, person.last_name) == (name, name)


@pytest.mark.parametrize(
    ("data", "field"),
    [
        (user(name=[]), "name"),
        (user(name={"first": 7}), "name.first"),
        (user(name={"last": ["x"]}), "name.last"),
        (user(email=7), "email"),
        (user(roles=[]), "roles"),
        (user(roles={"student": "yes"}), "roles.student"),
        (student(grade=4), "grade"),
        (student(student_number=7), "student_number"),
        (student(school=7), "school"),
        (student(school=False), "school"),
        (student(schools=SCHOOL), "schools"),
        (student(schools=[7]), "schools"),
        (student(schools=[None]), "schools"),
        (student(legacy_id=7), "legacy_id"),
        (user(district="another"), "district"),
        (user(email="a\0b"), "text"),
        (user(name={"last": "half \ud800"}), "text"),
        (student(grade="\udcff"), "text"),
        (student(schools=["\0"]), "text"),
        (user(roles={"odd\0word": {}}), "text"),
    ],
)
def test_a_wrong_field_spoils_this_record_only(data: dict[str, Any], field: str) -> None:
    """The field is named, its value is not, and nothing else of the record is trusted."""
    person = read(data, HOME)
    assert person is not None
    assert person == Person("64a", problem=person.problem)
    assert person.problem.split(":")[0] == field
    assert "7" not in person.problem
    assert "another" not in person.problem.removeprefix("district: not the district that was asked for")


@pytest.mark.parametrize("identifier", [None, "", 7, [], "\0", "\ud800"])
def test_a_record_without_an_id(identifier: Any) -> None:
    """Unreadable, under no id."""
    person = read(user(id=identifier, email=7), HOME)
    assert person is not None
    assert person.problem
    assert person.external_id == ""


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=[])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
LIKELY = st.sampled_from([HOME, SCHOOL, "4", " Ana ", "", None, 7, "\0", "\ud800"])
VALUE = LIKELY | JSON
ROLE = st.fixed_dictionaries(
    {},
    optional={
        "school": VALUE,
        "schools": st.lists(VALUE, max_size=3) | VALUE,
        "grade": VALUE,
        "student_number": VALUE,
        "teacher_number": VALUE,
        "staff_id": VALUE,
        "legacy_id": VALUE,
        "credentials": VALUE | st.fixed_dictionaries({"district_username": VALUE}),
    },
)
WORDS = st.sampled_from([*ROLE_WORDS, CONTACT, "volunteer"]) | st.text(max_size=3)
USER = st.fixed_dictionaries(
    {},
    optional={
        "id": VALUE,
        "district": st.just(HOME) | VALUE,
        "email": VALUE,
        "name": VALUE | st.fixed_dictionaries({}, optional={"first": VALUE, "last": VALUE}),
        "roles": VALUE | st.dictionaries(WORDS, ROLE | VALUE, max_size=4),
    },
)


@settings(max_examples=500, deadline=None)
@given(data=USER | st.dictionaries(st.text(max_size=8), JSON, max_size=4))
def test_any_json_object_is_read_without_raising(data: dict[str, Any]) -> None:
    """To nobody, to a person with a problem and an id at most, or to texts a database takes."""
    person = read(data, HOME)
    if person is None:
        assert data["roles"].get(CONTACT) is not None
        return
    if person.problem:
        assert person == Person(person.external_id, problem=person.problem)
        person.problem.encode()
    else:
        assert person.external_id == data["id"]
    texts = [*person[:4], *person.legacy_ids, *(part for role in person.roles for part in role if part is not None)]
    assert all(type(text) is str for text in texts)
    assert "\0" not in "".join(texts)
    "".join(texts).encode()


@settings(max_examples=200, deadline=None)
@given(data=USER)
def test_the_order_of_keys_says_nothing(data: dict[str, Any]) -> None:
    """The same record, its keys the other way round."""

    def turned(value: Any) -> Any:
        return {key: turned(value[key]) for key in reversed(value)} if isinstance(value, dict) else value

    one, other = read(data, HOME), read(turned(data), HOME)
    if one is not None and one.problem:
        assert other is not None
        assert other.problem
    else:
        assert one == other


@pytest.mark.parametrize(
    ("data", "place"),
    [
        ({"id": SCHOOL, "name": " Alder ", "school_number": "12"}, Place(SCHOOL, "Alder", "school", "12")),
        ({"id": SCHOOL}, Place(SCHOOL, SCHOOL)),
        ({"id": SCHOOL, "name": None, "school_number": 7}, Place(SCHOOL, SCHOOL)),
        ({"id": SCHOOL, "name": "a\0"}, Place(SCHOOL, SCHOOL)),
        ({"id": ""}, None),
        ({"id": 7, "name": "Alder"}, None),
        ({}, None),
    ],
)
def test_schools(data: dict[str, Any], place: Place | None) -> None:
    """A school without a name is shown by its id; one without an id is none."""
    assert read_place(data) == place
