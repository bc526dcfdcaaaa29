"""Accounts and memberships through the API: narrowed as pages are, paged by id, added once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now

from accounts import people, tenancy
from accounts.models import AuditEvent, Membership, Roles, User
from tests import factories
from tests.api.program import Program, program

NEW = {"first_name": "Jordan", "last_name": "Diaz", "email": "Jordan.Diaz@example.org", "roles": ["student"]}


def ids(answer: dict[str, Any]) -> list[int]:
    return [row["id"] for row in answer["results"]]


def test_an_account_is_told_with_what_it_is_at_the_keys_schools(admin: Program, world: factories.World) -> None:
    with tenancy.support():
        there = Membership.objects.create(
            district=world.district, user=world.student, school=world.sister, roles=[Roles.STUDENT], grade="9"
        )
        here = factories.membership(world.student, world.school)
    told = admin.get(f"/accounts/{world.student.pk}/")
    assert told["first_name"] == "AlderJordan"
    assert told["email"] == world.student.email
    assert told["memberships"] == [
        {
            "id": here.pk,
            "account": world.student.pk,
            "school": {"id": world.school.pk, "name": "Alder High"},
            "roles": ["student"],
            "status": "active",
            "grade": "",
            "number": "",
            "origin": "hand",
            "updated_at": here.updated_at.isoformat().replace("+00:00", "Z"),
        }
    ]
    assert admin.get(f"/memberships/{here.pk}/") == told["memberships"][0]
    whole = program(world.district_admin).get(f"/accounts/{world.student.pk}/")
    assert [each["id"] for each in whole["memberships"]] == [here.pk, there.pk]


def test_lists_hold_the_keys_schools_and_nobody_else(admin: Program, world: factories.World) -> None:
    mine = sorted([world.admin.pk, world.teacher.pk, world.student.pk])
    assert ids(admin.get("/accounts/")) == mine
    assert sorted(row["account"] for row in admin.get("/memberships/")["results"]) == mine
    assert len(ids(program(world.district_admin).get("/accounts/"))) == 6


def test_accounts_are_filtered_by_what_they_are_at_one_school(admin: Program, world: factories.World) -> None:
    with tenancy.support():
        people.suspend(None, factories.membership(world.student, world.school))
    assert ids(admin.get("/accounts/", role="student")) == [world.student.pk]
    assert ids(admin.get("/accounts/", status="suspended")) == [world.student.pk]
    assert ids(admin.get("/accounts/", status="suspended", role="teacher")) == []
    assert ids(admin.get("/accounts/", school=world.school.pk, role="admin")) == [world.admin.pk]
    assert ids(admin.get("/accounts/", school=world.sister.pk)) == []
    assert ids(admin.get("/accounts/", q="moss ALDERJ")) == [world.student.pk]
    assert ids(admin.get("/accounts/", q="100%_")) == []
    assert [row["account"] for row in admin.get("/memberships/", status="suspended")["results"]] == [world.student.pk]
    assert [row["account"] for row in admin.get("/memberships/", account=world.admin.pk)["results"]] == [world.admin.pk]
    assert ids(admin.get("/memberships/", account=world.sister_student.pk)) == []


def test_what_changed_since_is_found(admin: Program, world: factories.World) -> None:
    old, mark = now() - timedelta(days=2), now() - timedelta(days=1)
    with tenancy.support():
        User.objects.update(updated_at=old)
        Membership.objects.update(updated_at=old)
        Membership.objects.filter(user=world.student).update(updated_at=mark)
        User.objects.filter(pk=world.teacher.pk).update(updated_at=now())
    found = admin.get("/accounts/", updated_since=mark.isoformat())
    assert ids(found) == sorted([world.student.pk, world.teacher.pk])
    assert admin.get("/accounts/", updated_since=(now() + timedelta(days=1)).isoformat())["results"] == []


def test_a_list_comes_in_pages_by_id(admin: Program, world: factories.World) -> None:
    first = admin.get("/accounts/", limit=2)
    second = admin.get("/accounts/", limit=2, after=first["next"])
    assert ids(first) + ids(second) == sorted([world.admin.pk, world.teacher.pk, world.student.pk])
    assert first["next"] == ids(first)[-1]
    assert second["next"] is None
    assert admin.get("/accounts/", limit=3)["next"] is None


@pytest.mark.parametrize("path", ["/accounts/", "/memberships/"])
def test_a_list_costs_the_same_with_one_and_with_many(path: str, world: factories.World) -> None:
    key = program(world.district_admin)

    def cost() -> tuple[int, int]:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            rows = key.get(path)["results"]
        assert not any("COUNT(" in query["sql"] for query in asked.captured_queries)
        return len(asked), len(rows)

    key.get(path)
    few, rows = cost()
    with tenancy.support():
        for _ in range(20):
            factories.person(world.district, world.school, Roles.STUDENT)
    many, more = cost()
    assert many == few <= 12
    assert more == rows + 20


def test_somebody_is_added_and_their_first_password_is_told_once(admin: Program, world: factories.World) -> None:
    body = {**NEW, "school": world.school.pk, "grade": "9"}
    answer = admin.ask("post", "/accounts/", body)
    assert answer.status_code == 201
    made = answer.json()
    assert answer.headers["Location"] == f"/api/v1/accounts/{made['id']}/"
    with tenancy.support():
        user = User.objects.get(pk=made["id"])
        line = AuditEvent.objects.get(action="person.create", target=f"user:{user.pk}")
    assert user.check_password(made["first_password"])
    assert user.must_change_password
    assert line.by_id == world.admin.pk
    told = admin.get(f"/accounts/{user.pk}/")
    assert {**told, "first_password": made["first_password"]} == made
    assert admin.refused("post", "/accounts/", body) == (409, "not_possible")
    problem = admin.post("/accounts/", body, status=409)
    assert problem["detail"] == "This email already has an account here."


@pytest.mark.parametrize(
    ("changed", "field", "code"),
    [
        ({"roles": []}, "roles", "min_length"),
        ({"roles": ["district_admin"]}, "roles.0", "invalid_choice"),
        ({"email": "jordan"}, "email", "invalid"),
        ({"email": ""}, "email", "blank"),
        ({"first_name": "x" * 201}, "first_name", "max_length"),
        ({"first_name": "J\x00"}, "first_name", "null_characters_not_allowed"),
        ({"first_name": "J\ud800"}, "first_name", "surrogate_characters_not_allowed"),
        ({"school": "here"}, "school", "invalid"),
        ({"school": 2**70}, "school", "max_value"),
        ({"password": "maple river"}, "password", "unknown"),
    ],
)
def test_what_is_wrong_with_a_request_is_said_field_by_field(
    changed: dict[str, Any], field: str, code: str, admin: Program, world: factories.World
) -> None:
    problem = admin.post("/accounts/", {**NEW, "school": world.school.pk, **changed}, status=400)
    assert problem["code"] == "not_valid"
    assert [(each["field"], each["code"]) for each in problem["errors"]] == [(field, code)]


def test_nobody_is_added_without_a_handle_or_with_roles_that_do_not_fit(admin: Program, world: factories.World) -> None:
    nameless = {**NEW, "school": world.school.pk}
    nameless.pop("email")
    problem = admin.post("/accounts/", nameless, status=400)
    assert problem["errors"][0]["message"] == "Give an email or a username."
    both = {**NEW, "school": world.school.pk, "roles": ["student", "teacher"]}
    assert admin.refused("post", "/accounts/", both) == (409, "not_possible")
    assert admin.post("/accounts/", {**nameless, "username": "Jordan.D"}, status=201)["username"] == "jordan.d"


def test_nobody_is_added_at_a_school_the_key_does_not_reach(admin: Program, world: factories.World) -> None:
    theirs = admin.ask("post", "/accounts/", {**NEW, "school": world.sister.pk})
    nowhere = admin.ask("post", "/accounts/", {**NEW, "school": 2**40})
    assert theirs.status_code == nowhere.status_code == 404
    assert theirs.content == nowhere.content
