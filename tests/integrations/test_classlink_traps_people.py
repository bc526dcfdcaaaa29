"""The traps in who somebody is: ids, roles, places, dates and words, in recorded answers of 1.1 and 1.2.

Numbered as in the second part of docs/traps.md; the engine's half of each stands with the engine.
"""

from __future__ import annotations

from typing import Any

import pytest

from integrations.classlink.provider import ClassLinkProvider
from integrations.classlink.sandbox import ClassLinkSandbox, Tenant
from integrations.oneroster.mapping import read
from integrations.records import Person, Role
from tests.integrations.conftest import OpenClassLink
from tests.integrations.oneroster_rows import ABSENT, ORGS, TODAY, user
from tests.integrations.recorded_roster import read_recorded

People = dict[str, Person]


@pytest.fixture(scope="module")
def older() -> People:
    """Everybody in the answers of 1.1."""
    return read_recorded("1p1")[0]


@pytest.fixture(scope="module")
def newer() -> People:
    """Everybody in the answers of 1.2."""
    return read_recorded("1p2")[0]


def roles(people: People, *keys: str) -> list[list[tuple[str | None, str]]]:
    """Places and words of these people."""
    return [[(role.place, role.word) for role in people[key].roles] for key in keys]


def odd(classlink: ClassLinkSandbox, open_classlink: OpenClassLink) -> tuple[People, dict[str, str], ClassLinkProvider]:
    """A tenant with every oddity: its people, the ids of the odd ones, its provider."""
    tenant = classlink.add_district(4, schools=2, odd=True)
    source = open_classlink(tenant)
    return {person.external_id: person for person in source.people([])}, tenant.odd_ids, source


def test_trap_01_a_blank_id_is_nobodys(
    classlink: ClassLinkSandbox, tenant: Tenant, open_classlink: OpenClassLink
) -> None:
    """Two rows without one are two problems; neither is looked up."""
    for key in (tenant.roster.id_at(7), tenant.roster.id_at(8)):
        classlink.world().set_fields(key, {"sourcedId": ""})
    nameless = [person for person in open_classlink(tenant).people([]) if person.external_id == ""]
    assert nameless == [Person("", problem="sourcedId: missing or not text")] * 2


def test_trap_04_capitals_tell_ids_apart(classlink: ClassLinkSandbox, open_classlink: OpenClassLink) -> None:
    """`a1` and `A1` are two people, in the listing and by themselves."""
    people, ids, source = odd(classlink, open_classlink)
    assert (ids["id_lower"], ids["id_upper"]) == ("a1", "A1")
    assert people["a1"] != people["A1"]
    for key in ("a1", "A1"):
        assert source.look_up(key, ["2"]).person == people[key]


def test_trap_05_ids_are_neither_trimmed_nor_numbers(older: People) -> None:
    """A blank before, zeros before, a number in JSON; each is another one."""
    assert {older[key].first_name for key in ("12345", " 12345", "0012345")} == {"Ana", "Yan", "Zoe"}
    assert older["30001"].roles == (Role("2", "student", "10", "4711"),)


@pytest.mark.parametrize("name", ["id_zeros", "id_blank_first", "id_underscore", "id_percent", "id_plus", "id_long"])
def test_trap_05_odd_ids_come_back_as_they_went(
    name: str, classlink: ClassLinkSandbox, open_classlink: OpenClassLink
) -> None:
    """In the listing and asked about."""
    people, ids, source = odd(classlink, open_classlink)
    assert source.look_up(ids[name], ["2"]).person == people[ids[name]]


def test_trap_06_a_pipe_in_an_id_is_part_of_it(classlink: ClassLinkSandbox, open_classlink: OpenClassLink) -> None:
    """An id is never joined with the tenant's, so there is nothing to split."""
    people, ids, source = odd(classlink, open_classlink)
    assert ids["id_pipe"] == "22|22"
    assert source.look_up("22|22", ["2"]).person == people["22|22"]


def test_trap_07_four_ids_and_only_one_of_them_counts(older: People) -> None:
    """`sourcedId` is who somebody is, `identifier` the number people know; `userIds` and `username` are not read."""
    assert older["12345"] == Person(
        "12345", "Ana", "Ruiz", "ana.ruiz@lincoln.example", roles=(Role("2", "student", "11", "N12345"),)
    )


def test_trap_11_rows_that_say_they_are_one_person_are_one(newer: People) -> None:
    """By the id they share, with the roles of those who are active and the ids of all."""
    assert newer["u18"] == Person(
        "u18",
        "Quin",
        "Xu",
        "quin@lincoln.example",
        roles=(Role("S-2", "student", "10", "N18"), Role("S-1", "aide", "", "N19")),
        legacy_ids=("u17", "u19"),
    )
    assert {"u17", "u19"} & set(newer) == set()
    assert newer["u20"].legacy_ids == ()


def test_trap_11_the_receipt_counts_each_person_once() -> None:
    """Three rows that are one person are two rows ignored, as guardians are."""
    people, source = read_recorded("1p2")
    assert (source.receipt.rows, source.receipt.ignored) == (20, 3 + 2)
    assert len(people) == 15


def test_trap_11_rows_that_say_nothing_are_several_people(
    classlink: ClassLinkSandbox, open_classlink: OpenClassLink
) -> None:
    """The same identifier proves nothing; the engine tells of the email they share."""
    people, ids, _ = odd(classlink, open_classlink)
    pair = [people[ids[f"same_identifier_{which}"]] for which in ("one", "two")]
    assert [role.number for person in pair for role in person.roles] == ["twice", "twice"]


def test_trap_30_a_role_counts_while_it_is_held(newer: People) -> None:
    """One ended in June, one begins in 2999; who has no other one has none."""
    assert roles(newer, "u7", "u8") == [[("S-2", "teacher")], []]


MATRIX: list[tuple[Any, bool]] = [
    *(("true", True), ("false", False), (True, True), (False, False), (1, True), (0, False)),
    *(("TRUE", True), ("FALSE", False), (ABSENT, True), ("", True), (None, True)),
]


@pytest.mark.parametrize(("value", "active"), MATRIX)
def test_trap_32_false_is_not_true(value: Any, active: bool) -> None:  # noqa: FBT001
    """Words, booleans, numbers, capitals, nothing."""
    person = read(user(enabledUser=value), ORGS, TODAY)
    assert person is not None
    assert (person.active, person.problem) == (active, "")


@pytest.mark.parametrize("booleans", ["text", "boolean", "number", "upper"])
def test_trap_32_whatever_the_server_writes(
    booleans: str, classlink: ClassLinkSandbox, tenant: Tenant, open_classlink: OpenClassLink
) -> None:
    """One of 250 is suspended, in each way to say so."""
    classlink.world().disable_user(tenant.roster.id_at(7))
    classlink.set_faults({"booleans": booleans})
    inactive = [person.external_id for person in open_classlink(tenant).people([]) if not person.active]
    assert inactive == [tenant.roster.id_at(7)]


def test_trap_33_nobody_is_a_student_for_want_of_a_word(older: People, newer: People) -> None:
    """No role, an empty one, both forms, an unknown word, capitals; an entry without a word is a problem."""
    assert roles(older, "20012", "20013", "20015", "20011") == [[], [], [("2", "teacher")], [("2", "ext:nurse")]]
    assert roles(older, "20014", "20001") == [[("3", "teacher")], [("2", "teacher"), ("3", "teacher")]]
    assert roles(newer, "u9", "u10") == [[("S-1", "ext:nurse")], []]
    assert newer["u11"] == Person("u11", problem="roles: an entry without a role")


def test_trap_34_family_is_nobody(
    older: People, newer: People, classlink: ClassLinkSandbox, open_classlink: OpenClassLink
) -> None:
    """More guardians than students: none comes through; one who teaches is a teacher."""
    assert [key for key in older if key.startswith("G")] == []
    assert {"u14", "u15", "u16"} & set(newer) == set()
    assert roles(newer, "u13") == [[("S-1", "teacher")]]
    tenant = classlink.add_district(people=20, guardians=60)
    source = open_classlink(tenant)
    assert len(list(source.people([]))) == 20
    assert (source.receipt.rows, source.receipt.ignored) == (80, 60)
    assert source.look_up(tenant.roster.id_at(25), ["2"]).state == "out_of_scope"


def test_trap_35_staff_have_many_words(older: People, newer: People) -> None:
    """All of them mean something here."""
    words = [role.word for key in ("20002", "20003", "20004", "20005") for role in older[key].roles]
    assert words == ["aide", "proctor", "administrator", "districtAdministrator"]
    words = [role.word for key in ("u3", "u4", "u5", "u6") for role in newer[key].roles]
    assert [word for word in words if not ClassLinkProvider.role_defaults[word]] == []
    assert set(words) == {
        *("counselor", "teacher", "principal", "districtAdministrator", "siteAdministrator", "systemAdministrator")
    }


def test_trap_36_student_here_and_aide_there(newer: People) -> None:
    """Two memberships; the main org decides which comes first, and without one the primary role."""
    assert newer["u2"].roles == (Role("S-1", "student", "12", "N2"), Role("S-2", "aide", "", "N2"))
    assert roles(newer, "u3") == [[("S-2", "counselor"), ("S-1", "teacher")]]


def test_trap_37_who_has_no_school_is_at_none(older: People, newer: People) -> None:
    """A department, a complex, no org at all, one we are not shown, a type of 1.2's own."""
    places = {key: [role.place for role in older[key].roles] for key in ("20007", "20008", "20009", "20010")}
    assert places == {"20007": [""], "20008": [""], "20009": ["88"], "20010": [""]}
    assert roles(newer, "u12") == [[("", "teacher")]]


@pytest.mark.parametrize("absent", ["empty", "missing", "null"])
def test_trap_38_nothing_is_one_thing(
    absent: str, classlink: ClassLinkSandbox, tenant: Tenant, open_classlink: OpenClassLink
) -> None:
    """Empty, absent or null: the same people."""
    classlink.world().rename_user(tenant.roster.id_at(7), first="")
    expected = list(open_classlink(tenant).people([]))
    classlink.set_faults({"absent": absent})
    assert list(open_classlink(tenant).people([])) == expected
    assert next(person for person in expected if person.external_id == tenant.roster.id_at(7)).first_name == ""


def test_trap_39_grades_are_words(older: People) -> None:
    """A list, a text, a number without its zero, several, a sentence, none."""
    said = {key: older[key].roles[0].grade for key in ("20016", "20017", "20018", "20019", "20020", "20021", "20023")}
    assert list(said.values()) == ["9", "Ninth grade", "", "PS", "05", "KG", "PK"]


def test_trap_40_dates_decide_nothing_but_roles(
    classlink: ClassLinkSandbox, tenant: Tenant, open_classlink: OpenClassLink
) -> None:
    """`dateLastModified` in any form, or none, is the same person."""
    key = tenant.roster.id_at(7)
    expected = open_classlink(tenant).look_up(key, [])
    for written in ("2025-11-24T19:35:01Z", "2025-11-24T19:35:01.000Z", "2017-05-06 08:01:05", "yesterday", None):
        classlink.world().set_fields(key, {"dateLastModified": written})
        assert open_classlink(tenant).look_up(key, []) == expected


def test_trap_41_references_in_every_form(older: People) -> None:
    """Objects, plain ids, a text with commas, the flattened name."""
    places = {key: [role.place for role in older[key].roles] for key in ("12346", "20017", "20018", "20019")}
    assert places == {"12346": ["2", "3"], "20017": ["2", "3"], "20018": ["3"], "20019": ["3"]}
