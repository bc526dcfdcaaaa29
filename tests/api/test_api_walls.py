"""The first wall before the API: somebody else's row answers exactly like one that does not exist.

Walks every address of the API with every method, and with somebody else's ids in path, query and body.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

from accounts import tenancy, tokens
from accounts.api.schema import document
from accounts.models import User
from tests import factories
from tests.api.program import Program, key_of
from tests.api.test_description import operations
from tests.digest import digest
from tests.test_walls import METHODS, NOBODY, Address, addresses

#: What an address may ask for, and the row of a world that answers to it.
ROWS: dict[str, Callable[[Any], int]] = {
    "account_id": lambda world: world.student.pk,
    "membership_id": lambda world: factories.membership(world.student, world.school).pk,
    "connection_id": lambda world: world.connection.pk,
    "run_id": lambda world: world.run.pk,
    "hold_id": lambda world: world.hold.pk,
}
#: Addresses that a sister school's Admin reaches: a connection serves them too, and of a run they see their part.
#: What is done to a connection: a sister school reaches it, and may not do it.
STEERED = {"pause_connection", "resume_connection", "start_run"}
SHARED = {*STEERED, "connection", "run", "run_changes", "run_issues", "run_holds", "run_undo"}


def _decision(world: Any) -> dict[str, Any]:
    return {"fingerprint": world.hold.fingerprint, "why": "They left."}


#: What a request that changes something says of a world's rows.
BODIES: dict[str, Callable[[Any], dict[str, Any]]] = {
    "accounts_add": lambda world: {
        "first_name": "Kim",
        "last_name": "Lo",
        "email": "kim.lo@example.org",
        "school": world.school.pk,
        "roles": ["student"],
    },
    "accounts_change": lambda _: {"last_name": "Diaz-Lo", "why": "Married."},
    "memberships_change": lambda _: {"grade": "10", "status": "suspended", "why": "On leave."},
    "connections_pause": lambda _: {"why": "Schedules are being rebuilt."},
    "connections_resume": lambda _: {},
    "connections_sync": lambda _: {},
    "holds_release": _decision,
    "holds_reject": _decision,
    "runs_undo": lambda _: {"why": "The wrong list was shared."},
}
#: Names by which a query or a body takes an id, and the row it could be.
IDS: dict[str, Callable[[Any], int]] = {
    "account": lambda world: world.student.pk,
    "connection": lambda world: world.connection.pk,
    "school": lambda world: world.school.pk,
    "people": lambda world: world.student.pk,
    "schools": lambda world: world.school.pk,
}


@pytest.fixture
def worlds(world: factories.World, other: factories.World, settings: Settings) -> tuple[Any, Any]:
    settings.API_A_MINUTE = {"reads": 10_000, "writes": 10_000}
    return world, other


@pytest.fixture
def actors(worlds: tuple[Any, Any]) -> dict[str, Program]:
    world, other = worlds
    who = {"elsewhere": other.admin, "elsewhere_district": other.district_admin, "sister": world.sister_admin}
    return {name: Program(key_of(user).shown) for name, user in who.items()}


def ids_of(world: Any) -> dict[str, int]:
    with tenancy.support():
        return {name: row(world) for name, row in ROWS.items()}


def place(address: Address, world: Any, *, missing: bool = False) -> str:
    values = dict.fromkeys(ROWS, NOBODY) if missing else ids_of(world)
    return "/" + address.template.format(**values).removeprefix("api/v1/")


def bodies(address: Address, method: str, world: Any) -> list[dict[str, Any]]:
    """What to send there: nothing where nothing is read, else every body that could do something."""
    where = f"{method.upper()} /{address.template.removeprefix('api/v1/')}"
    fitting = [BODIES[name](world) for name, (known, _) in operations().items() if known == where and name in BODIES]
    return fitting or [{}]


def answer(key: Program, method: str, path: str, body: dict[str, Any]) -> tuple[int, bytes]:
    given = key.ask(method, path, None if method in {"get", "head"} else body)
    return given.status_code, given.content


def test_every_request_that_changes_something_has_a_body_here() -> None:
    changing = {name for name, (where, _) in operations().items() if not where.startswith("GET")}
    assert changing == BODIES.keys()


def test_the_owner_reaches_every_row(worlds: tuple[Any, Any]) -> None:
    world, _ = worlds
    key = Program(key_of(world.admin).shown)
    for each in addresses(of_the_api=True):
        asked = f"?account={world.student.pk}" if each.name == "explain" else ""
        if each.name != "schema" and key.ask("get", f"{place(each, world)}{asked}").status_code not in {200, 405}:
            pytest.fail(each.name)


@pytest.mark.parametrize("who", ["elsewhere", "elsewhere_district", "sister"])
def test_another_ones_row_is_like_no_row(who: str, worlds: tuple[Any, Any], actors: dict[str, Program]) -> None:
    world, _ = worlds
    key, before = actors[who], digest()
    different, walked = [], 0
    for each in addresses(of_the_api=True):
        if not each.ids or (who == "sister" and each.name in SHARED):
            continue
        for method in METHODS:
            for body in bodies(each, method, world):
                theirs = answer(key, method, place(each, world), body)
                nothing = answer(key, method, place(each, world, missing=True), body)
                walked += 1
                if theirs != nothing or theirs[0] not in {404, 405}:
                    different.append((each.name, method, theirs, nothing))
    assert different == []
    assert walked > len(METHODS) * 5
    assert digest() == before


@pytest.mark.parametrize("who", ["elsewhere", "elsewhere_district", "sister"])
def test_ids_in_queries_and_bodies_tell_nothing(who: str, worlds: tuple[Any, Any], actors: dict[str, Program]) -> None:
    world, other = worlds
    key, mine, before = actors[who], world if who == "sister" else other, digest()
    tried, told = 0, []
    for name, (where, operation) in operations().items():
        method, template = where.split()
        path = template.format(**ids_of(mine))
        # A sister school's Admin knows the connection, which serves them too.
        foreign = IDS.keys() - ({"connection"} if who == "sister" else set())
        for one in foreign & _taken(operation):
            tried += 1
            theirs, nothing = (_ask(key, method, path, name, mine, one, value) for value in (IDS[one](world), NOBODY))
            if theirs != nothing or b"Alder High" in theirs[1] or b"AlderJordan" in theirs[1]:
                told.append((name, one, theirs, nothing))
    assert told == []
    assert tried > 8
    assert digest() == before


def _taken(operation: dict[str, Any]) -> set[str]:
    """The names that an operation knows in its query and its body."""
    names = {each["name"] for each in operation.get("parameters", []) if each["in"] == "query"}
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    if "$ref" in body:
        names |= _schemas()[body["$ref"].rsplit("/", 1)[-1]].get("properties", {}).keys()
    return names


def _schemas() -> dict[str, Any]:
    schemas: dict[str, Any] = json.loads(document())["components"]["schemas"]
    return schemas


def _ask(key: Program, method: str, path: str, name: str, mine: Any, one: str, value: int) -> tuple[int, bytes]:
    if method == "GET":
        given = key.client.get(f"/api/v1{path}", {one: value}, headers=key.headers)
    else:
        given = key.ask(method.lower(), path, {**BODIES[name](mine), one: [value] if one.endswith("s") else value})
    return given.status_code, given.content


def test_a_sister_school_reads_nothing_of_this_one(worlds: tuple[Any, Any], actors: dict[str, Program]) -> None:
    world, _ = worlds
    seen = []
    for each in addresses(of_the_api=True):
        if each.name == "schema":
            continue
        for query in ({}, {"limit": 500}):
            given = actors["sister"].client.get(f"/api/v1{place(each, world)}", query, headers=actors["sister"].headers)
            words = (world.student.first_name, world.school.name, world.student.email, world.link.external_id)
            seen += [(each.name, word) for word in words if word.encode() in given.content]
    assert seen == []
    text = actors["sister"].ask("get", f"/runs/{world.run.pk}/changes/").content.decode()
    assert world.sister_student.first_name in text


def test_of_a_hold_over_two_schools_each_reads_its_own_rows(
    worlds: tuple[Any, Any], actors: dict[str, Program]
) -> None:
    world, _ = worlds
    with tenancy.support():
        theirs = factories.hold(world.run, world.sister, reason="suspend_week")
        for at in (world.school, world.sister):
            factories.change(world.run, world.student, at, hold=theirs, kind="create")
    rows = actors["sister"].get(f"/holds/{theirs.pk}/changes/")["results"]
    assert [row["school"]["id"] for row in rows] == [world.sister.pk]


@pytest.mark.parametrize("who", ["nobody", "revoked", "teacher", "student", "session"])
def test_without_a_key_that_opens_something_every_address_is_the_same(who: str, worlds: tuple[Any, Any]) -> None:
    world, _ = worlds
    shown = {
        "revoked": lambda: _revoked(world.admin),
        "teacher": lambda: key_of(world.teacher).shown,
        "student": lambda: key_of(world.student).shown,
    }
    program = Program(shown[who]() if who in shown else "")
    if who == "session":
        with tenancy.support():
            program.client.force_login(world.admin)
    before, answers = digest(), set()
    for each in addresses(of_the_api=True):
        if each.name == "schema":
            continue
        for method in METHODS:
            if method == "head":
                continue
            for missing in (False, True):
                path = place(each, world, missing=missing)
                answers |= {answer(program, method, path, body) for body in bodies(each, method, world)}
    assert {status for status, _ in answers} == {401}
    assert len(answers) == 1
    assert digest() == before


def _revoked(user: User) -> str:
    made = key_of(user, "Revoked")
    with tenancy.support():
        tokens.revoke(user, made.token)
    return made.shown


def test_the_schema_is_the_only_address_without_a_key(committed_db: None) -> None:
    del committed_db
    cache.clear()
    open_to_all = [
        each.name
        for each in addresses(of_the_api=True)
        if not each.ids and Client().get(f"/{each.template}").status_code != 401
    ]
    assert open_to_all == ["schema"]
