"""What the OneRoster sandbox's rows look like, in both versions. Numbers are the points a faithful server keeps."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest

from integrations.oneroster.sandbox import District, OneRosterSandbox
from integrations.oneroster.sandbox.wording import BASES
from tests.integrations.raw import ids, query, read, rows

FIELDS_11 = [
    *("sourcedId", "status", "dateLastModified", "username", "userIds", "enabledUser", "givenName", "familyName"),
    *("middleName", "role", "orgs", "identifier", "email", "sms", "phone", "agents", "grades", "password"),
]
REQUIRED_12 = {"sourcedId", "status", "dateLastModified", "enabledUser", "givenName", "familyName", "roles"}
FLAT = ("orgs", "schools", "users", "students", "teachers", "classes", "courses", "enrollments", "academicSessions")


@pytest.fixture(params=["1.1", "1.2"])
def server(request: pytest.FixtureRequest) -> Iterator[OneRosterSandbox]:
    """A server of either version."""
    with OneRosterSandbox(version=request.param) as made:
        yield made


@pytest.fixture
def district(server: OneRosterSandbox) -> District:
    """250 people, 40 guardians, every oddity."""
    return server.add_district(250, 3, guardians=40, odd=True)


def by_id(server: OneRosterSandbox, district: District) -> dict[str, dict[str, Any]]:
    """Every user."""
    return {row["sourcedId"]: row for row in rows(server, district, "users?limit=10000&sort=sourcedId")}


def orgs_of(user: dict[str, Any]) -> list[str]:
    """The orgs somebody names, in either version."""
    named = user["orgs"] if "orgs" in user else [role["org"] for role in user.get("roles", []) if "org" in role]
    return list(dict.fromkeys(each["sourcedId"] for each in named))


def roles_of(user: dict[str, Any]) -> list[str]:
    """The roles somebody has, in either version."""
    return [user["role"]] if "role" in user else [role["role"] for role in user.get("roles", [])]


@pytest.mark.parametrize("name", [*FLAT, "terms", "gradingPeriods"])
def test_10_11_every_collection_is_there_under_its_type(
    name: str, server: OneRosterSandbox, district: District
) -> None:
    """Students and teachers are `users`, schools `orgs`, terms `academicSessions`; one object has the singular."""
    plural = {"students": "users", "teachers": "users", "schools": "orgs"} | dict.fromkeys(
        ("terms", "gradingPeriods"), "academicSessions"
    )
    body = read(server, district, f"{name}?limit=5&sort=sourcedId").json()
    kind = plural.get(name, name)
    assert list(body) == [kind]
    first = body[kind][0]
    single = read(server, district, f"{name}/{first['sourcedId'].replace(' ', '%20')}").json()
    assert single == {"class" if kind == "classes" else kind.removesuffix("s"): first}


def test_10_what_is_below_an_object(server: OneRosterSandbox, district: District) -> None:
    """Each nested collection holds what belongs to its object, and nothing else."""
    every = by_id(server, district)
    at_school = {key for key, user in every.items() if "2" in orgs_of(user)}
    for role in ("student", "teacher"):
        listed = rows(server, district, f"{role}s?limit=1000&sort=sourcedId")
        assert ids(listed) == [key for key, user in every.items() if role in roles_of(user)]
    students = rows(server, district, "schools/2/students?limit=1000")
    teachers = rows(server, district, "schools/2/teachers?limit=1000")
    assert set(ids(students)) == {key for key in at_school if "student" in roles_of(every[key])}
    assert set(ids(teachers)) == {key for key in at_school if "teacher" in roles_of(every[key])}
    classes = rows(server, district, "schools/2/classes?limit=1000")
    assert classes
    assert {each["school"]["sourcedId"] for each in classes} == {"2"}
    held = ids(rows(server, district, f"classes/{classes[0]['sourcedId']}/students"))
    assert held
    assert set(ids(rows(server, district, f"schools/2/classes/{classes[0]['sourcedId']}/students"))) == set(held)
    assert classes[0]["sourcedId"] in ids(rows(server, district, f"students/{held[0]}/classes"))
    enrolled = rows(server, district, f"schools/2/classes/{classes[0]['sourcedId']}/enrollments?sort=sourcedId")
    teacher = ids(rows(server, district, f"classes/{classes[0]['sourcedId']}/teachers"))
    assert {(each["user"]["sourcedId"], each["role"]) for each in enrolled} == {
        *((each, "student") for each in held),
        *((each, "teacher") for each in teacher),
    }
    course = classes[0]["course"]["sourcedId"]
    assert classes[0]["sourcedId"] in ids(rows(server, district, f"courses/{course}/classes?limit=1000"))
    assert course in ids(rows(server, district, "schools/2/courses"))
    assert set(ids(rows(server, district, "schools/2/terms"))) == {"S1", "S2"}
    assert ids(rows(server, district, "terms/S1/gradingPeriods")) == ["GP1"]
    for wrong in (
        "schools/3/classes/nothing/students",
        "schools/99/students",
        "users/x",
        "nothing",
        "schools/2/pupils",
    ):
        assert read(server, district, wrong).status == 404, wrong
    assert read(server, district, "demographics").status == 403


@pytest.mark.parametrize(
    ("name", "segment"),
    [("id_pipe", "22%7C22"), ("id_slash", "odd%2f1"), ("id_blank", "odd%201"), ("id_percent", "odd%252F1")],
)
def test_10_ids_in_a_path_are_decoded_once(
    name: str, segment: str, server: OneRosterSandbox, district: District
) -> None:
    """An id may hold anything."""
    user = read(server, district, f"users/{segment}").json()["user"]
    assert user["sourcedId"] == district.odd_ids[name]
    if name == "id_slash":
        assert read(server, district, "users/odd/1").status == 404


def test_16_a_row_of_11_says_nothing_with_empty_words() -> None:
    """Every field in every row, booleans as text, no null, no metadata; hrefs name another host."""
    with OneRosterSandbox() as server:
        district = server.add_district(250, 3, guardians=40)
        users = by_id(server, district).values()
        for user in users:
            assert list(user) == FIELDS_11
            assert user["enabledUser"] == "true"
            assert None not in user.values()
            assert len(orgs_of(user)) == len(user["orgs"])
            links = [*user["orgs"], *user["agents"]]
            assert all(each["href"].startswith(f"https://birch1-v2.oneroster.example{BASES['1.1']}/") for each in links)
        assert {user["sms"] for user in users} == {""}
        without = [user for user in users if user["email"] == ""]
        assert {user["grades"][0] for user in without} == {"KG"}
        linked = [user for user in users if user["role"] == "student" and user["agents"]]
        kin = {(user["sourcedId"], each["sourcedId"]) for user in linked for each in user["agents"]}
        family = [user for user in users if user["role"] in {"guardian", "parent", "relative"}]
        assert {(each["sourcedId"], user["sourcedId"]) for user in family for each in user["agents"]} == kin
        assert len(family) == len(kin) == 40


def test_16_a_row_of_12_leaves_out_what_it_does_not_say() -> None:
    """`roles[]` with one primary, no `role` and no `orgs`; absent fields are absent."""
    with OneRosterSandbox(version="1.2") as server:
        district = server.add_district(250, 3, odd=True)
        users = by_id(server, district)
        plain = [user for key, user in users.items() if key not in district.odd_ids.values()]
        for user in plain:
            assert set(user) >= REQUIRED_12
            assert not {"role", "orgs"} & set(user)
            assert [role["roleType"] for role in user["roles"]].count("primary") == 1
            assert user["primaryOrg"] == user["roles"][0]["org"]
            assert not {None, ""} & {str(value) for value in user.values()}
        assert {"email" in user for user in plain} == {True, False}
        assert not {"username", "email", "identifier"} & set(users[district.odd_ids["no_email_no_username"]])
        master = {users[district.odd_ids[f"same_master_{each}"]]["userMasterIdentifier"] for each in ("one", "two")}
        assert master == {"master-1"}


def test_17_the_people_of_a_real_roster(server: OneRosterSandbox, district: District) -> None:
    """One of each, by name."""
    users = by_id(server, district)
    odd = {name: users[key] for name, key in district.odd_ids.items()}
    shown = set(ids(rows(server, district, "orgs?limit=100")))
    assert orgs_of(odd["student_two_schools"]) == ["2", "4"]
    assert orgs_of(odd["teacher_three_schools"]) == ["2", "3", "4"]
    assert [orgs_of(odd[f"staff_{where}"]) for where in ("district", "local", "department")] == [
        ["D1"],
        ["L-7"],
        ["DEP 4"],
    ]
    assert not set(orgs_of(odd["org_unseen"])) & shown
    assert len(set(orgs_of(odd["org_unseen_and_seen"])) & shown) == 1
    assert orgs_of(odd["no_orgs"]) == []
    assert odd["sibling_one"]["email"] == odd["sibling_two"]["email"]
    assert odd["same_identifier_one"]["identifier"] == odd["same_identifier_two"]["identifier"]
    texts = ("a1", "A1", "00123", "123", " 123", "22|22", "odd 1", "odd/1", "odd%2F1", "odd+1", "7_1111")
    assert set(texts) <= set(users)
    assert len(odd["name_long"]["givenName"]) == len(odd["name_long"]["familyName"]) == 300
    assert (odd["suspended"]["enabledUser"], odd["to_be_deleted"]["status"]) == ("false", "tobedeleted")
    words = {word for user in users.values() for word in roles_of(user)}
    common = {"student", "teacher", "aide", "guardian", "parent", "relative", "proctor", "ext:nurse", "Teacher"}
    finer = {"counselor", "principal", "siteAdministrator", "systemAdministrator", "districtAdministrator"}
    assert words == common | ({"administrator"} if server.version == "1.1" else finer)
    assert {row["type"] for row in rows(server, district, "orgs?limit=100")} >= {"local", "department", "district"}


def test_17_all_four_ids_of_a_person_differ(server: OneRosterSandbox, district: District) -> None:
    """sourcedId, identifier and both userIds: whoever takes one for another is found out."""
    user = read(server, district, f"users/{district.id_of('student')}").json()["user"]
    four = [user["sourcedId"], user["identifier"], *(each["identifier"] for each in user["userIds"])]
    assert len(set(four)) == 4


def test_two_districts_share_ids_and_nothing_else(server: OneRosterSandbox) -> None:
    """A sourcedId is its district's own; the credentials say which district is read."""
    one, other = server.add_district(20, seed=1), server.add_district(20, seed=2)
    here, there = by_id(server, one), by_id(server, other)
    assert list(here) == list(there)
    assert all(here[key]["username"] != there[key]["username"] for key in here)


@pytest.mark.parametrize(
    ("switches", "field", "value"),
    [
        ({"booleans": "boolean"}, "enabledUser", True),
        ({"booleans": "number"}, "enabledUser", 1),
        ({"booleans": "upper"}, "enabledUser", "TRUE"),
        ({"absent": "null"}, "sms", None),
        ({"absent": "empty"}, "sms", ""),
        ({"absent": "missing"}, "sms", "not there"),
    ],
)
def test_servers_differ_in_how_they_say_it(
    switches: dict[str, Any], field: str, value: Any, server: OneRosterSandbox, district: District
) -> None:
    """Booleans as text, as booleans or numbers; nothing as "", null or silence."""
    server.set_faults(switches)
    user = read(server, district, f"users/{district.id_of('teacher')}").json()["user"]
    assert user.get(field, "not there") == value
    assert type(user.get(field, "not there")) is type(value)


def test_15_only_the_fields_asked_for(server: OneRosterSandbox, district: District) -> None:
    """In one list or several parameters; unknown names are ignored."""
    for said in ("fields=sourcedId,givenName,shoeSize", "fields=sourcedId&fields=givenName"):
        found = {tuple(row) for row in rows(server, district, f"users?limit=1000&{said}")}
        # One of the odd people has no given name, which 1.2 leaves out.
        assert found - {("sourcedId",)} == {("sourcedId", "givenName")}
    one = read(server, district, f"users/{district.id_of('teacher')}?fields=status").json()
    assert one == {"user": {"status": "active"}}


@pytest.mark.parametrize(
    ("said", "test"),
    [
        ("familyName='Lo'", lambda user: user["familyName"] == "Lo"),
        ("familyName!='Lo'", lambda user: user["familyName"] != "Lo"),
        ("familyName>'Ruiz'", lambda user: user["familyName"] > "Ruiz"),
        ("familyName>='Ruiz'", lambda user: user["familyName"] >= "Ruiz"),
        ("familyName<'Lo'", lambda user: user["familyName"] < "Lo"),
        ("familyName<='Lo'", lambda user: user["familyName"] <= "Lo"),
        ("familyName~'ar'", lambda user: "ar" in user["familyName"]),
        ("grades='05' AND givenName='Noor'", lambda user: user["grades"] == ["05"] and user["givenName"] == "Noor"),
        (
            "givenName='Noor' OR grades='05' AND givenName='Ana'",
            lambda user: user["givenName"] == "Noor" or (user["grades"] == ["05"] and user["givenName"] == "Ana"),
        ),
        ("orgs.sourcedId='3'", lambda user: "3" in orgs_of(user)),
        ("dateLastModified>'2026-08-01T06:00:00Z'", lambda _: False),
        ("dateLastModified>='2026-08-01T06:00:00Z'", lambda _: True),
    ],
)
def test_15_filters(said: str, test: Any) -> None:
    """Seven operators, AND tighter than OR, dotted paths, dates by their moment."""
    with OneRosterSandbox() as server:
        district = server.add_district(1500, 3)
        found = rows(server, district, f"users?{query(limit=10000, sort='sourcedId', filter=said)}")
        every = by_id(server, district)
        assert ids(found) == [key for key, user in every.items() if test(user)]
        answer = read(server, district, f"users?{query(limit=1, filter=said)}")
        assert answer.headers["x-total-count"] == str(len(found))


@pytest.mark.parametrize(
    "raw",
    ["filter=role='student'", "filter=role%3Dstudent", "filter=shoe%3D%275%27", "filter=dateLastModified%3E%27x%27"],
)
def test_15_what_is_no_filter_is_refused(raw: str, server: OneRosterSandbox, district: District) -> None:
    """Not percent-encoded, without quotes, on an unknown field, with a date that is none."""
    answer = read(server, district, f"users?{raw}")
    assert answer.status == 400
    assert b"imsx_codeMajor" in answer.body


def test_a_large_district_costs_no_memory() -> None:
    """300,000 people are computed a page at a time."""
    with OneRosterSandbox() as server:
        tracemalloc.start()
        district = server.add_district(300_000, 60, guardians=300_000)
        answer = read(server, district, "users?limit=1000&offset=299000&sort=sourcedId")
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert answer.headers["x-total-count"] == "600000"
        assert answer.json()["users"][0]["sourcedId"] == "1299000"
        assert peak < 20_000_000
