"""What can happen in a OneRoster district: the ways of leaving, and what else changes over the years."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from integrations.oneroster.sandbox import District, Edits, OneRosterSandbox
from tests.integrations.raw import ask, ids, query, read, rows

HOUR = datetime(2026, 9, 1, 12, tzinfo=UTC)


@pytest.fixture(params=["1.1", "1.2"])
def server(request: pytest.FixtureRequest) -> Iterator[OneRosterSandbox]:
    """A server of either version; its clock stands still."""
    with OneRosterSandbox(version=request.param) as made:
        made.clock = HOUR.timestamp
        yield made


@pytest.fixture
def district(server: OneRosterSandbox) -> District:
    """250 people in three schools."""
    return server.add_district(250, 3, guardians=10)


@pytest.fixture
def world(server: OneRosterSandbox, district: District) -> Edits:
    """Its edits."""
    return server.world(district)


def everybody(server: OneRosterSandbox, district: District) -> dict[str, dict[str, Any]]:
    """Every user, in the order of ids."""
    found = rows(server, district, "users?limit=10000&sort=sourcedId")
    assert ids(found) == sorted(ids(found))
    return {row["sourcedId"]: row for row in found}


def orgs(user: dict[str, Any]) -> list[str]:
    """Where somebody is."""
    held = user["orgs"] if "orgs" in user else [role["org"] for role in user["roles"] if "org" in role]
    return [each["sourcedId"] for each in held]


def test_19_purged_and_back_under_the_same_id(server: OneRosterSandbox, district: District, world: Edits) -> None:
    """The row is gone from every answer, and comes back as it was."""
    student = district.id_of("student")
    before = everybody(server, district)
    world.remove_user(student)
    assert set(before) - set(everybody(server, district)) == {student}
    assert read(server, district, f"users/{student}").status == 404
    assert read(server, district, "users").headers["x-total-count"] == "259"
    world.restore_user(student)
    after = everybody(server, district)
    assert after[student] | {"dateLastModified": ""} == before[student] | {"dateLastModified": ""}
    assert after[student]["dateLastModified"] == "2026-09-01T12:00:00.000Z"


def test_19_to_be_deleted_or_suspended(server: OneRosterSandbox, district: District, world: Edits) -> None:
    """The row stays; a delta finds it."""
    one, other = district.id_of("student"), district.id_of("student", at=1)
    world.mark_deleted(one)
    world.disable_user(other)
    users = everybody(server, district)
    assert (users[one]["status"], users[one]["enabledUser"]) == ("tobedeleted", "true")
    assert (users[other]["status"], users[other]["enabledUser"]) == ("active", "false")
    delta = query(filter="dateLastModified>'2026-08-15T00:00:00.000Z'", sort="sourcedId")
    assert ids(rows(server, district, f"users?{delta}")) == [one, other]
    world.restore_user(one)
    world.enable_user(other)
    users = everybody(server, district)
    assert {(users[each]["status"], users[each]["enabledUser"]) for each in (one, other)} == {("active", "true")}


def test_19_a_school_that_is_no_longer_shared(server: OneRosterSandbox, district: District, world: Edits) -> None:
    """Those who are nowhere else go with it; the others stay and go on naming it; then all are back."""
    nowhere = world.add_user("aide", None)
    before = everybody(server, district)
    world.unshare_school("2")
    after = everybody(server, district)
    assert "2" not in ids(rows(server, district, "orgs"))
    assert {key for key in before if set(orgs(before[key])) == {"2"}} == set(before) - set(after)
    assert nowhere in after
    both = [key for key in after if "2" in orgs(after[key])]
    assert both
    assert all(len(orgs(after[key])) > 1 for key in both)
    assert {each["school"]["sourcedId"] for each in rows(server, district, "classes?limit=1000")} == {"3", "4"}
    world.reshare_school("2")
    assert everybody(server, district) == before


def test_19_the_same_person_under_another_id(server: OneRosterSandbox, district: District, world: Edits) -> None:
    """A merge's hash, an id of one's own, or everybody's at once."""
    student = district.id_of("student")
    before = everybody(server, district)
    new = world.change_id(student)
    users = everybody(server, district)
    assert student not in users
    assert users[new]["identifier"] == before[student]["identifier"]
    assert len(new) == 32
    world.rename_user(new, first="Zed")
    assert world.change_id(new) != new
    world.change_id(district.id_of("teacher"), "T-1")
    assert "T-1" in everybody(server, district)
    world.change_all_ids("s+")
    last = everybody(server, district)
    assert len(last) == len(before)
    assert all(key.startswith("s+") for key in last)
    assert read(server, district, "users/s%2BT-1").status == 200
    assert sorted(row["identifier"] for row in last.values()) == sorted(row["identifier"] for row in before.values())


def test_19_summer(server: OneRosterSandbox, district: District, world: Edits) -> None:
    """Three of every hundred are left."""
    assert world.keep_percent(3) == 260 - 9
    assert len(everybody(server, district)) == 9


def test_people_change(server: OneRosterSandbox, district: District, world: Edits) -> None:
    """Names, addresses, grades, schools and roles."""
    student, teacher = district.id_of("student"), district.id_of("teacher")
    world.rename_user(student, "New", "Name")
    world.set_email(student, "new@example.net")
    world.set_username(student, "newname")
    world.set_grades(student, ["12"])
    world.move_user(student, "4")
    world.set_roles(teacher, [{"role": "principal", "org": "3"}, {"role": "teacher", "org": "4"}])
    users = everybody(server, district)
    told = [users[student][field] for field in ("givenName", "familyName", "email", "username", "grades")]
    assert told == ["New", "Name", "new@example.net", "newname", ["12"]]
    assert orgs(users[student]) == ["4"]
    assert orgs(users[teacher]) == ["3", "4"]
    if server.version == "1.1":
        assert users[teacher]["role"] == "administrator"
    else:
        assert [role["role"] for role in users[teacher]["roles"]] == ["principal", "teacher"]
    head = district.id_of("districtAdministrator")
    world.move_user(head, "4")
    assert orgs(everybody(server, district)[head]) == ["D1"]


def test_people_arrive(server: OneRosterSandbox, district: District, world: Edits) -> None:
    """Behind the others, before them, at no org, or as any row at all."""
    last = world.add_user("student", "2", "Ann", "Lee", "ann@example.net")
    first = world.add_user_first("teacher", "3")
    nowhere = world.add_user("aide", None)
    world.put_user("0 any|id", {"givenName": "", "roles": []})
    users = everybody(server, district)
    assert next(iter(users)) == first
    assert users[last]["email"] == "ann@example.net"
    assert users["0 any|id"]["familyName"] == "Person"
    assert len(users) == 264
    if server.version == "1.1":
        assert users[nowhere]["orgs"] == []


def test_fields_may_be_anything(server: OneRosterSandbox, district: District, world: Edits) -> None:
    """Over the version's own wording, or left out."""
    student = district.id_of("student")
    world.set_fields(student, {"enabledUser": 0, "role": "Student", "orgs": "2,3"})
    world.drop_fields(student, ["status", "grades"])
    user = everybody(server, district)[student]
    assert (user["enabledUser"], user["role"], user["orgs"]) == (0, "Student", "2,3")
    assert not {"status", "grades"} & set(user)


def test_one_person_in_several_rows(server: OneRosterSandbox, district: District, world: Edits) -> None:
    """One for each org, with another id and everything else the same."""
    world.set_roles(district.id_of("teacher"), [{"role": "teacher", "org": each} for each in ("2", "3")])
    made = world.split_user(district.id_of("teacher"))
    users = everybody(server, district)
    assert [orgs(users[each]) for each in made] == [["2"], ["3"]]
    assert len({users[each]["identifier"] for each in made}) == 1


def test_schools_change(server: OneRosterSandbox, district: District, world: Edits) -> None:
    """A new one, another name, one that is gone while people name it, an org that is no school."""
    school = world.add_school("New School")
    world.rename_school("2", "Old School")
    world.remove_school("3")
    world.add_org("L1", "Complex", "local")
    found = {row["sourcedId"]: row for row in rows(server, district, "orgs")}
    assert (found[school]["name"], found["2"]["name"]) == ("New School", "Old School")
    assert "3" not in found
    assert "L1" not in ids(rows(server, district, "schools"))
    assert any("3" in orgs(user) for user in everybody(server, district).values())


def test_every_edit_is_another_revision(district: District, world: Edits) -> None:
    """Even one that changes nothing to be seen."""
    seen = [district.revision]
    for edit in (world.touch, lambda: world.add_school("A"), lambda: world.remove_user(district.id_of("student"))):
        edit()
        seen.append(district.revision)
    assert seen == sorted(set(seen))


def test_edits_over_http(server: OneRosterSandbox, district: District) -> None:
    """By verb; what is unknown or impossible is refused and changes nothing."""

    def do(verb: str, **args: Any) -> tuple[int, Any]:
        body = json.dumps({"do": verb, "args": args}).encode()
        answer = ask(server, "/_sandbox/world", method="POST", body=body)
        return answer.status, answer.json().get("done")

    student = district.id_of("student")
    assert do("districts") == (200, [{"id": "birch1", "name": "Birch County Schools"}])
    assert do("remove_user", user=student) == (200, None)
    assert len(everybody(server, district)) == 259
    assert do("restore_user", user=student, district="birch1") == (200, None)
    for verb, args in (
        ("do", {}),
        ("_put", {}),
        ("fly", {}),
        ("remove_user", {"user": "nobody"}),
        ("remove_user", {"user": student, "district": "nowhere"}),
        ("unshare_school", {"school": "99"}),
    ):
        assert do(verb, **args)[0] == 400, verb
    assert len(everybody(server, district)) == 260
    with pytest.raises(ValueError, match="already here"):
        server.add_district(5)
