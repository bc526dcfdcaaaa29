"""How requests are read and refused, done once, and counted."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

from accounts import access, people, tenancy
from accounts.models import User
from tests import factories
from tests.api.program import BASE, Program, key_of

NEW = {"first_name": "Jordan", "last_name": "Diaz", "email": "jordan.diaz@example.org", "roles": ["student"]}


def new(world: factories.World, **changed: Any) -> dict[str, Any]:
    return {**NEW, "school": world.school.pk, **changed}


def people_called(name: str) -> int:
    with tenancy.support():
        return User.objects.filter(first_name=name).count()


def test_a_refusal_has_one_shape(admin: Program) -> None:
    answer = admin.ask("get", "/accounts/9/")
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json() == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "code": "not_found",
        "detail": "There is no such thing, or your key does not reach it.",
        "errors": [],
    }
    assert admin.ask("get", "/no/such/thing/").content == answer.content
    assert admin.refused("put", "/accounts/", {}) == (405, "no_such_method")
    assert admin.refused("options", "/accounts/") == (405, "no_such_method")


@pytest.mark.parametrize(
    ("body", "kind", "refusal"),
    [
        ("{", "application/json", (400, "unreadable")),
        ("[" * 60_000, "application/json", (400, "unreadable")),
        ('{"first_name": NaN}', "application/json", (400, "unreadable")),
        ("[]", "application/json", (400, "not_valid")),
        ("null", "application/json", (400, "not_valid")),
        (" " * 70_000, "application/json", (413, "too_long")),
        ("first_name=Jordan", "application/x-www-form-urlencoded", (415, "not_json")),
        ("<a/>", "text/xml", (415, "not_json")),
        ("\xff\xfe", "application/json", (400, "unreadable")),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(body: str, kind: str, refusal: tuple[int, str], admin: Program) -> None:
    answer = admin.client.post(f"{BASE}/accounts/", body.encode("latin-1"), content_type=kind, headers=admin.headers)
    assert (answer.status_code, answer.json()["code"]) == refusal


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=501", "limit=x", "after=-1", "role=boss", "nonsense=1", "limit=2&limit=3", "q=%00"]
)
def test_a_query_that_nobody_understands_is_refused(query: str, admin: Program) -> None:
    answer = admin.client.get(f"{BASE}/accounts/?{query}", headers=admin.headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "not_valid")
    assert answer.json()["errors"][0]["field"] == query.partition("=")[0]


def test_what_breaks_is_told_as_a_problem_and_rolled_back(
    world: factories.World, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = Program(key_of(world.admin).shown, raises=False)
    monkeypatch.setattr(people, "first_password", lambda: 1 / 0)
    assert key.refused("post", "/accounts/", new(world)) == (500, "broken")
    monkeypatch.undo()
    monkeypatch.setattr(access, "reach_of", lambda _: 1 / 0)
    assert Client(raise_request_exception=False).get("/no-such-page/").headers["Content-Type"].startswith("text/html")


def test_a_request_sent_twice_is_done_once(admin: Program, world: factories.World) -> None:
    first = admin.ask("post", "/accounts/", new(world), Idempotency_Key="export 7")
    again = admin.ask("post", "/accounts/", dict(reversed(new(world).items())), Idempotency_Key="export 7")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again.headers["Location"] == first.headers["Location"]
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert people_called("Jordan") == 1
    other = new(world, first_name="Kim")
    assert admin.refused("post", "/accounts/", other, Idempotency_Key="export 7") == (422, "other_request")
    # Without it the same is asked anew, and refused by the rule itself.
    assert admin.refused("post", "/accounts/", new(world)) == (409, "not_possible")


def test_a_refusal_is_not_remembered(admin: Program, world: factories.World) -> None:
    both = new(world, roles=["student", "teacher"])
    for _ in range(2):
        assert admin.refused("post", "/accounts/", both, Idempotency_Key="1") == (409, "not_possible")
    assert admin.refused("post", "/accounts/", new(world), Idempotency_Key="x" * 256) == (400, "not_valid")
    assert admin.post("/accounts/", new(world), status=201, Idempotency_Key="1")["id"]


def test_the_first_password_cannot_be_read_from_the_cache(admin: Program, world: factories.World) -> None:
    made = admin.post("/accounts/", new(world), status=201, Idempotency_Key="1")
    kept = str(cache._cache)  # type: ignore[attr-defined]
    assert "api:once:" in kept
    assert made["first_password"] not in kept
    assert "Jordan" not in kept


def test_another_keys_idempotency_key_is_another_one(world: factories.World) -> None:
    for number, name in enumerate(("One", "Two")):
        key = Program(key_of(world.admin, name).shown)
        body = new(world, email=f"jordan.{number}@example.org")
        assert key.post("/accounts/", body, status=201, Idempotency_Key="same")["id"]
    assert people_called("Jordan") == 2


def test_while_the_first_request_is_not_over_the_same_one_waits(
    world: factories.World, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = key_of(world.admin).shown
    refusals = []
    add = people.add_person

    def slow(*args: Any, **kwargs: Any) -> Any:
        with monkeypatch.context() as quick:
            quick.setattr(people, "add_person", add)
            refusals.append(Program(shown).refused("post", "/accounts/", new(world), Idempotency_Key="1"))
        return add(*args, **kwargs)

    monkeypatch.setattr(people, "add_person", slow)
    assert Program(shown).post("/accounts/", new(world), status=201, Idempotency_Key="1")
    assert refusals == [(409, "being_done")]
    assert people_called("Jordan") == 1


def test_a_key_may_ask_so_often_a_minute(world: factories.World, settings: Settings) -> None:
    settings.API_A_MINUTE = {"reads": 3, "writes": 1}
    key, second = Program(key_of(world.admin, "One").shown), Program(key_of(world.admin, "Two").shown)
    with time_machine.travel(1_790_000_010, tick=False) as clock:
        for _ in range(3):
            key.get("/me/")
        answer = key.ask("get", "/me/")
        assert (answer.status_code, answer.json()["code"]) == (429, "too_many")
        wait = int(answer.headers["Retry-After"])
        assert 0 < wait <= 61
        assert second.get("/me/")
        assert key.post("/accounts/", new(world), status=201)
        assert key.refused("post", "/accounts/", new(world)) == (429, "too_many")
        clock.shift(wait)
        assert key.get("/me/")
