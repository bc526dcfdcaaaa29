"""What can happen in the sandbox's districts, and what Clever would tell about it."""

from __future__ import annotations

import pytest
import requests

from integrations.clever.sandbox import CleverSandbox, District
from integrations.clever.sandbox.edits import Edits
from integrations.sandbox.server import WrongCommand
from tests.integrations import shapes
from tests.integrations.asking import Body, ask, ask_json, ids, walk


def everybody(sandbox: CleverSandbox, district: District) -> dict[str, Body]:
    """All users by id."""
    return {user["id"]: user for user in walk(sandbox, district, "/v3.1/users?limit=300")}


def events(sandbox: CleverSandbox, district: District, query: str = "") -> list[tuple[str, str]]:
    """Kind and object of every event, each of the right shape."""
    told = walk(sandbox, district, f"/v3.1/events?limit=1000{query}")
    for event in told:
        shapes.an_event(event)
    assert ids(told) == sorted(ids(told))
    return [(event["type"], event["data"]["object"]["id"]) for event in told]


def test_a_school_is_unshared_and_shared_again(sandbox: CleverSandbox, district: District) -> None:
    """Its row and those who are only there go, others lose that school, sections dangle; the same ids return."""
    before = everybody(sandbox, district)
    world, school = sandbox.world(), district.schools()[0]["id"]
    world.enable_events()
    world.unshare_school(school)
    during = everybody(sandbox, district)
    gone = set(before) - set(during)
    assert gone
    assert school not in ids(walk(sandbox, district, "/v3.1/schools"))
    assert ask(sandbox, f"/v3.1/schools/{school}", district.token).status_code == 404
    assert ask(sandbox, f"/v3.1/users/{min(gone)}", district.token).status_code == 404
    for user in during.values():
        assert not [role for role in user["roles"].values() if school in role.get("schools", ())]
    sections = walk(sandbox, district, "/v3.1/sections?limit=1000")
    assert school not in {section["school"] for section in sections}
    told = events(sandbox, district)
    assert {key for kind, key in told if kind == "users.deleted"} == gone
    assert ("schools.deleted", school) in told
    world.share_school(school)
    assert everybody(sandbox, district) == before
    assert {key for kind, key in events(sandbox, district) if kind == "users.created"} == gone


def test_a_section_names_people_nobody_can_read(sandbox: CleverSandbox, district: District) -> None:
    """An unshared student stays in the list of the section."""
    student = next(district.sections())["students"][0]
    sandbox.world().unshare_user(student)
    assert student in ask_json(sandbox, district, "/v3.1/sections?limit=1")["data"][0]["data"]["students"]
    assert ask(sandbox, f"/v3.1/users/{student}", district.token).status_code == 404
    sandbox.world().share_user(student)
    assert ask(sandbox, f"/v3.1/users/{student}", district.token).status_code == 200


def test_a_role_is_switched_off(sandbox: CleverSandbox, district: District) -> None:
    """Whoever has another role stays with that one."""
    before = everybody(sandbox, district)
    sandbox.world().unshare_role("staff")
    during = everybody(sandbox, district)
    assert {key for key in before if set(before[key]["roles"]) == {"staff"}} == set(before) - set(during)
    assert not [user for user in during.values() if "staff" in user["roles"]]
    assert ask_json(sandbox, district, "/v3.1/users?count=true")["count"] == len(during)
    sandbox.world().share_role("staff")
    assert everybody(sandbox, district) == before


def test_people_change(sandbox: CleverSandbox, district: District) -> None:
    """Renamed, moved, given a role, without an email, deleted and back."""
    world, student = sandbox.world(), district.id_of("student")
    school = district.schools()[2]["id"]
    whole = everybody(sandbox, district)[student]
    world.rename_user(student, first="Zoe", last="New")
    world.move_user(student, school)
    world.set_email(student, None)
    world.set_role(student, "student", {"grade": "12"})
    changed = everybody(sandbox, district)[student]
    assert (changed["name"]["first"], changed["name"]["last"], "email" in changed) == ("Zoe", "New", False)
    assert changed["roles"]["student"]["schools"] == [school]
    assert changed["roles"]["student"]["grade"] == "12"
    assert changed["roles"]["student"]["sis_id"] == whole["roles"]["student"]["sis_id"]
    world.set_role(student, "staff", {"schools": [school], "staff_id": "1"})
    world.set_role(student, "student", None)
    assert set(everybody(sandbox, district)[student]["roles"]) == {"staff"}
    world.delete_user(student)
    assert student not in everybody(sandbox, district)
    world.restore_user(student)
    assert student in everybody(sandbox, district)


def test_newcomers_sort_last(sandbox: CleverSandbox, district: District) -> None:
    """A walk in progress can meet them but misses nobody older."""
    school = district.schools()[0]["id"]
    fresh = sandbox.world().add_user(
        {"student": {"school": school, "schools": [school], "sis_id": "n"}}, "Ada", "Kay", "a@b"
    )
    every = list(everybody(sandbox, district))
    assert every[-1] == fresh
    assert ids(
        [row["data"] for row in ask_json(sandbox, district, "/v3.1/users?ending_before=last&limit=1")["data"]]
    ) == [fresh]
    broken = sandbox.world().put_user({"no": "id"})
    assert broken > fresh
    assert len(ask_json(sandbox, district, "/v3.1/users?limit=300")["data"]) == 272


def test_another_sis_id_is_another_id(sandbox: CleverSandbox, district: District) -> None:
    """Nothing points from the one to the other."""
    student = district.id_of("student")
    fresh = sandbox.world().change_sis_id(student, "changed")
    people = everybody(sandbox, district)
    assert student not in people
    assert people[fresh]["roles"]["student"]["sis_id"] == "changed"
    assert student not in {key for key, user in people.items()}


def test_employees_merge_and_split(sandbox: CleverSandbox, district: District) -> None:
    """A new id with both legacy ids, and back to two."""
    world = sandbox.world()
    teacher, staff = district.id_of("teacher"), district.id_of("staff")
    people = everybody(sandbox, district)
    older = {people[teacher]["roles"]["teacher"]["legacy_id"], people[staff]["roles"]["staff"]["legacy_id"]}
    merged = world.merge_users(teacher, staff)
    people = everybody(sandbox, district)
    assert {role["legacy_id"] for role in people[merged]["roles"].values()} == older
    assert not {teacher, staff} & set(people)
    parts = world.split_user(merged)
    people = everybody(sandbox, district)
    assert [set(people[part]["roles"]) for part in parts] == [{"teacher"}, {"staff"}]
    assert len({people[part]["email"] for part in parts}) == 2
    assert merged not in people
    moved = world.change_email(parts[0], "new@school.example")
    assert moved != parts[0]


def test_the_life_of_a_district(sandbox: CleverSandbox, district: District) -> None:
    """`last_sync` stands still while paused or on hold; `launch_date` may lie ahead."""
    world = sandbox.world()

    def seen() -> Body:
        row: Body = ask_json(sandbox, district, f"/v3.1/districts/{district.id}")["data"]
        shapes.a_district(row)
        return row

    world.pause("2026-06-01", "2026-08-20")
    before = seen()
    assert (before["state"], before["pause_end"]) == ("paused", "2026-08-20")
    world.sync()
    assert seen() == before
    world.resume()
    assert "pause_end" not in seen()
    world.hold("A large change.")
    world.sync()
    assert (seen()["state"], seen()["error"]) == ("pending", "A large change.")
    assert seen()["last_sync"] == before["last_sync"]
    world.resume()
    world.sync()
    assert seen()["last_sync"] > before["last_sync"]
    world.set_district(launch_date="2999-01-01")
    assert seen()["launch_date"] == "2999-01-01"
    assert len(everybody(sandbox, district)) == 270


def test_schools_change(sandbox: CleverSandbox, district: District) -> None:
    """Added, renamed, deleted."""
    world = sandbox.world()
    fresh = world.add_school("Zelkova")
    world.rename_school(fresh, "Zelkova High")
    found = {school["id"]: school["name"] for school in walk(sandbox, district, "/v3.1/schools")}
    assert found[fresh] == "Zelkova High"
    world.delete_school(fresh)
    assert fresh not in ids(walk(sandbox, district, "/v3.1/schools"))


def test_events_are_off_until_asked_for(sandbox: CleverSandbox, district: District) -> None:
    """Nothing is recorded of what happened before."""
    world, student = sandbox.world(), district.id_of("student")
    world.delete_user(student)
    assert events(sandbox, district) == []
    world.enable_events()
    world.restore_user(student)
    assert events(sandbox, district) == [("users.created", student)]


def test_events_tell_what_was_and_are_told_again(sandbox: CleverSandbox, district: District) -> None:
    """Several of one object, oldest first, with and without previous attributes, the same on re-reading."""
    world, student = sandbox.world(), district.id_of("student")
    first_name = everybody(sandbox, district)[student]["name"]["first"]
    world.enable_events(previous=True)
    world.rename_user(student, first="One")
    world.enable_events(previous=False)
    world.rename_user(student, first="Two")
    world.rename_user(student, first="Two")
    world.delete_user(student)
    told = walk(sandbox, district, "/v3.1/events")
    assert [event["type"] for event in told] == ["users.updated", "users.updated", "users.deleted"]
    assert told[0]["data"]["previous_attributes"]["name"]["first"] == first_name
    assert "previous_attributes" not in told[1]["data"]
    assert told[2]["data"]["object"]["name"]["first"] == "Two"
    assert walk(sandbox, district, "/v3.1/events") == told
    assert walk(sandbox, district, f"/v3.1/events?starting_after={told[0]['id']}") == told[1:]
    one = ask_json(sandbox, district, f"/v3.1/events/{told[0]['id']}")
    assert shapes.a_single(one, "v3.1", "events") == told[0]


def test_events_are_narrowed_and_forgotten(sandbox: CleverSandbox, district: District) -> None:
    """By school, by record type, after thirty days."""
    world, now = sandbox.world(), [1_800_000_000.0]
    sandbox.clock = lambda: now[0]
    world.enable_events()
    one, other = district.schools()[0]["id"], district.schools()[1]["id"]
    student = world.add_user({"student": {"school": one, "schools": [one], "sis_id": "1"}})
    world.rename_school(other, "Renamed")
    world.set_district(name="Renamed")
    assert [kind for kind, _ in events(sandbox, district)] == ["users.created", "schools.updated", "districts.updated"]
    assert events(sandbox, district, "&record_type=schools&record_type=users") == [
        ("users.created", student),
        ("schools.updated", other),
    ]
    assert events(sandbox, district, f"&school={other}") == [("schools.updated", other)]
    now[0] += 31 * 86_400
    assert events(sandbox, district) == []


def test_access_comes_and_goes(sandbox: CleverSandbox, district: District) -> None:
    """Revoked, connected under another token, rotated."""
    world, first = sandbox.world(), district.token
    world.revoke()
    assert ask(sandbox, "/v3.1/users", first).status_code == 401
    world.reconnect()
    second = district.token
    assert ask(sandbox, "/v3.1/users", first).status_code == 401
    assert ask(sandbox, "/v3.1/users", second).status_code == 200
    world.rotate_token()
    assert ask(sandbox, "/v3.1/users", second).status_code == 401
    assert len({first, second, district.token}) == 3


def test_the_world_is_changed_over_http(sandbox: CleverSandbox, district: District) -> None:
    """Every verb by name, errors in words, nothing of it in the log."""

    def do(verb: str, **args: object) -> requests.Response:
        return requests.post(f"{sandbox.url}/_sandbox/world", json={"do": verb, "args": args}, timeout=5)

    student = district.id_of("student")
    assert do("districts").json() == {"done": [{"id": district.id, "name": district.row["name"]}]}
    assert do("rename_user", user=student, first="Http").status_code == 200
    assert do("delete_user", user=student, district=district.id).status_code == 200
    assert len(do("add_user", roles={}).json()["done"]) == 24
    wrong: dict[str, Body] = {
        "nonsense": {},
        "_put": {"key": "a", "row": {}},
        "do": {},
        "rename_user": {"user": "nobody"},
        "sync": {"wrong": 1},
        "hold": {"district": "nobody"},
    }
    for verb, args in wrong.items():
        assert do(verb, **args).status_code == 400
    assert sandbox.log == []
    with pytest.raises(WrongCommand):
        Edits(district).do("__init__", {})


def test_the_log_and_the_switches_over_http(sandbox: CleverSandbox, district: District) -> None:
    """What was asked and with what kind of token; an unknown switch is refused, null takes one back."""
    ask(sandbox, "/v3.1/users?limit=1", district.token)
    ask(sandbox, "/oauth/authorize?client_id=a&state=hidden&code=hidden")
    log = requests.get(f"{sandbox.url}/_sandbox/log", timeout=5).json()
    assert log[0] == {"method": "GET", "path": "/v3.1/users", "query": "limit=1", "status": 200, "token": "district"}
    assert "hidden" not in str(log)
    assert district.token not in str(log)

    def switch(body: object) -> requests.Response:
        return requests.post(f"{sandbox.url}/_sandbox/faults", json=body, timeout=5)

    assert switch({"page_401_from": 3}).json() == {"page_401_from": 3}
    assert switch({"page_401_from": None, "count": False}).json() == {"count": False}
    assert switch({"page_402_from": 3}).status_code == 400
    assert switch([1]).status_code == 400
    assert sandbox.faults == {"count": False}
    assert requests.get(f"{sandbox.url}/_sandbox/nonsense", timeout=5).status_code == 404
