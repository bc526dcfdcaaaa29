"""Accounts and memberships changed through the API, by the rules of their pages."""

from __future__ import annotations

import pytest

from accounts import tenancy
from accounts.models import AuditEvent, Membership, Pin, Roles, User
from tests import factories
from tests.api.program import Program, program


def place(world: factories.World, who: User | None = None) -> str:
    with tenancy.support():
        return f"/memberships/{factories.membership(who or world.student, world.school).pk}/"


def managed(world: factories.World) -> None:
    """The student is the source's."""
    with tenancy.support():
        User.objects.filter(pk=world.student.pk).update(profile_source=world.connection.pk)
        Membership.objects.filter(user=world.student).update(source_id=world.connection.pk)
        Pin.objects.all().delete()


def pinned() -> list[str]:
    with tenancy.support():
        return sorted(Pin.objects.values_list("field", flat=True))


def test_a_name_and_an_email_are_changed(admin: Program, world: factories.World) -> None:
    path = f"/accounts/{world.student.pk}/"
    changed = admin.patch(path, {"last_name": "Diaz", "email": "jordan.diaz@example.org"})
    assert (changed["last_name"], changed["email"]) == ("Diaz", "jordan.diaz@example.org")
    assert changed["first_name"] == "AlderJordan"
    assert admin.get(path) == changed
    assert admin.get("/accounts/", q="diaz")["results"] == [changed]
    with tenancy.support():
        line = AuditEvent.objects.get(action="person.update")
    assert (line.by_id, line.after["last_name"]) == (world.admin.pk, "Diaz")


def test_what_a_source_manages_is_changed_with_a_reason_and_kept(admin: Program, world: factories.World) -> None:
    managed(world)
    path = f"/accounts/{world.student.pk}/"
    assert admin.patch(path, {"last_name": "Diaz"}, status=409)["code"] == "not_possible"
    assert admin.patch(path, {"last_name": "Diaz", "why": "Married."})["last_name"] == "Diaz"
    assert pinned() == ["last_name"]
    assert admin.patch(place(world), {"grade": "10"}, status=409)["code"] == "not_possible"
    assert admin.patch(place(world), {"grade": "10", "why": "Skipped a year."})["grade"] == "10"
    assert pinned() == ["grade", "last_name"]


def test_who_read_an_older_version_changes_nothing(admin: Program, world: factories.World) -> None:
    for path in (f"/accounts/{world.student.pk}/", place(world)):
        read = admin.get(path)["updated_at"]
        body = {"last_name": "Diaz"} if "accounts" in path else {"grade": "10"}
        admin.patch(path, {**body, "updated_at": read})
        body = {"last_name": "Lo"} if "accounts" in path else {"grade": "11"}
        assert admin.patch(path, {**body, "updated_at": read}, status=409)["code"] == "not_possible"


def test_roles_and_status_change_together_or_not_at_all(admin: Program, world: factories.World) -> None:
    path = place(world)
    changed = admin.patch(path, {"number": "4711", "status": "suspended", "why": "On leave."})
    assert (changed["number"], changed["status"]) == ("4711", "suspended")
    mine = place(world, world.admin)
    refused = admin.patch(mine, {"number": "1", "status": "suspended", "why": "x"}, status=409)
    assert refused["detail"] == "This is your own account. Ask another Admin."
    assert admin.get(mine)["number"] == ""
    assert admin.patch(path, {"roles": ["student", "teacher"]}, status=409)["code"] == "not_possible"


def test_a_status_is_kept_from_the_sync_where_that_is_said(admin: Program, world: factories.World) -> None:
    managed(world)
    assert admin.patch(place(world), {"status": "suspended"})["status"] == "suspended"
    assert pinned() == []
    problem = admin.patch(place(world), {"status": "active", "keep": True}, status=400)
    assert problem["errors"][0]["field"] == "why"
    assert admin.patch(place(world), {"status": "active", "keep": True, "why": "Back."})["status"] == "active"
    assert pinned() == ["status"]


@pytest.mark.parametrize("field", ["email", "username"])
def test_nobody_changes_the_sign_in_of_whom_another_school_answers_for(
    field: str, admin: Program, world: factories.World
) -> None:
    with tenancy.support():
        Membership.objects.create(
            district=world.district, user=world.student, school=world.sister, roles=[Roles.STUDENT]
        )
    path = f"/accounts/{world.student.pk}/"
    value = {"email": "jordan@example.org", "username": "jordan"}[field]
    assert admin.patch(path, {field: value}, status=403)["code"] == "not_yours"
    assert admin.patch(path, {"last_name": "Diaz"})["last_name"] == "Diaz"
    assert program(world.district_admin).patch(path, {field: value})[field] == value
