"""An account's own page: what an Admin sees there and changes, and what is refused."""

from __future__ import annotations

import re
from typing import Any

import pytest

from accounts import editing, tenancy
from accounts.models import EmailAlias, Membership, Pin, Roles, User
from tests import factories
from tests.accounts.pages import browser, carried, fresh, member, pinned, press, profile, text, trail, url, words

WHY = "Agreed with the family"


@pytest.fixture
def world(committed_db: None) -> factories.World:
    del committed_db
    with tenancy.support():
        return factories.world("Alder")


def managed(world: factories.World, **fields: Any) -> None:
    """Clever gives the student's name and membership."""
    with tenancy.support():
        User.objects.filter(pk=world.student.pk).update(profile_source=world.connection.pk)
        row = {"source_id": world.connection.pk, "origin": "clever", "origin_label": "Clever", **fields}
        Membership.objects.filter(pk=world.membership.pk).update(**row)


# By hand.


def test_an_account_made_by_hand_is_simply_edited(world: factories.World) -> None:
    admin = browser(world.admin)
    page = text(admin, url(world))
    assert "Managed by" not in page
    assert "Added By hand" in page
    before = world.student.email
    new = {"first_name": "Jo", "email": "Jo.Moss@example.org", "username": "Jo.M"}
    done = press(admin, url(world, "profile"), **profile(world, **new))
    assert done.headers["Location"] == url(world)
    who = fresh(world.student)
    assert (who.first_name, who.email, who.login_email, who.username) == (
        "Jo", "Jo.Moss@example.org", "jo.moss@example.org", "jo.m",
    )  # fmt: skip
    assert who.search == "moss jo jo.moss@example.org jo.m"
    assert pinned(who) == []
    assert trail("person.update") == [
        ({"first_name": "AlderJordan", "email": before, "username": ""}, {**new, "username": "jo.m"}, "")
    ]
    with tenancy.support():
        alias = EmailAlias.objects.get()
    assert (alias.user_id, alias.login_email) == (who.pk, before)
    # Back again: what they sign in by is not a former email too.
    press(admin, url(world, "profile"), **profile(world, email=before))
    with tenancy.support():
        assert [each.login_email for each in EmailAlias.objects.all()] == ["jo.moss@example.org"]


def test_roles_grade_and_number_are_edited(world: factories.World) -> None:
    with tenancy.support():
        theirs = factories.membership(world.teacher, world.school)
    path = f"/accounts/{world.teacher.pk}/at/{theirs.pk}/"
    press(browser(world.admin), path, roles=["admin"], grade="", number="T-1")
    with tenancy.support():
        theirs.refresh_from_db()
    assert (theirs.roles, theirs.number) == (["admin", "teacher"], "T-1")
    assert trail("membership.update") == [
        ({"roles": ["teacher"], "number": ""}, {"roles": ["admin", "teacher"], "number": "T-1"}, "")
    ]
    again = press(browser(world.admin), path, roles=["teacher", "admin"], grade="", number="T-1")
    assert again.status_code == 302
    assert len(trail("membership.update")) == 1


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"first_name": ""}, "Enter a first name."),
        ({"email": "jo@"}, "The email 'jo@' isn't complete."),
        ({"email": ""}, "Keep an email or a username"),
        ({"username": "j"}, "or a username of 3 to 64"),
        ({"email": "TEACHER"}, "AlderToni Moss already has it."),
        ({"email": "SISTER"}, "This email is already used in SmartPass."),
    ],
)
def test_what_cannot_be_saved_is_said(fields: dict[str, str], says: str, world: factories.World) -> None:
    emails = {"TEACHER": world.teacher.email.upper(), "SISTER": world.sister_student.email}
    fields = {name: emails.get(value, value) for name, value in fields.items()}
    answer = press(browser(world.admin), url(world, "profile"), **profile(world, **fields))
    assert says in words(answer)
    assert "Riley" not in words(answer).replace("riley", "")
    assert fresh(world.student).email == world.student.email


# What a source manages.


def test_a_managed_field_is_locked_and_changed_anyway(world: factories.World) -> None:
    managed(world)
    admin = browser(world.admin)
    page = text(admin, url(world))
    assert page.count("Managed by Clever") == 2
    assert page.count("Change anyway") == 2
    refused = press(admin, url(world, "profile"), **profile(world, first_name="Jo"))
    assert "Say why" in words(refused)
    press(admin, url(world, "profile"), **profile(world, first_name="Jo", why=WHY, until="2099-06-30"))
    who = fresh(world.student)
    assert who.first_name == "Jo"
    assert pinned(who) == [("first_name", None, WHY)]
    with tenancy.support():
        pin = Pin.objects.get(field="first_name")
    assert pin.until is not None
    assert pin.until.isoformat() == "2099-07-01T03:59:59+00:00"
    page = text(admin, url(world))
    assert f"“{WHY}” AlderDana Moss" in page
    assert "AlderJordan" not in page.split("History")[0]
    assert trail("pin.set")[0][1] == {"field": "first_name", "why": WHY, "until": "2099-06-30T23:59:59-04:00"}


def test_managed_roles_are_changed_anyway_and_pinned(world: factories.World) -> None:
    managed(world)
    path = url(world, "at", world.membership.pk)
    refused = press(browser(world.admin), path, roles=["teacher"], grade="", number="")
    assert "Say why" in words(refused)
    press(browser(world.admin), path, roles=["teacher"], grade="7", number="", why=WHY)
    assert member(world).roles == ["teacher"]
    assert pinned(world.student) == [("grade", world.school.pk, WHY), ("roles", world.school.pk, WHY)]


@pytest.mark.parametrize("until", ["2020-01-01", "soon"])
def test_an_end_lies_ahead(until: str, world: factories.World) -> None:
    answer = press(browser(world.admin), url(world, "protect"), what="*", why=WHY, until=until)
    assert "This day is over" in words(answer) or "Write the day like" in words(answer)
    assert pinned(world.student) == []


def test_everything_is_protected_and_left_to_the_sync_again(world: factories.World) -> None:
    admin = browser(world.admin)
    assert "Say why" in words(press(admin, url(world, "protect"), what="*"))
    press(admin, url(world, "protect"), what="*", why=WHY)
    press(admin, url(world, "protect"), what="*", why=WHY)
    assert pinned(world.student) == [("*", None, WHY)]
    assert len(trail("pin.set")) == 1
    with tenancy.support():
        pin = Pin.objects.get(field="*")
    path = url(world, "pins", pin.pk)
    assert f'action="{path}"' in admin.get(url(world)).content.decode()
    assert admin.get(path).status_code == 405
    assert admin.post(path).headers["Location"] == url(world)
    assert pinned(world.student) == []
    assert admin.post(path).status_code == 404
    assert trail("pin.remove") == [({"field": "*", "why": WHY, "until": ""}, {}, "")]


# Status.


def test_a_status_changes_with_a_reason(world: factories.World) -> None:
    admin, path = browser(world.admin), url(world, "at", world.membership.pk, "status")
    for status, word in (("disabled", "Disabled"), ("suspended", "Suspended"), ("active", "Active")):
        done = press(admin, path, status=status, why=WHY)
        assert f"is {word} at Alder High." in words(admin.get(done.headers["Location"]))
        assert member(world).status == status
    assert [line[2] for line in trail("membership.suspended")] == [WHY]
    assert "Hidden from everyone" not in text(admin, url(world))


def test_a_reactivation_that_the_sync_takes_back_says_so(world: factories.World) -> None:
    managed(world, status="suspended", suspended_by="sync")
    admin, path = browser(world.admin), url(world, "at", world.membership.pk, "status")
    assert "because Clever suspended this account" in text(admin, url(world))
    assert "tonight's sync suspends it again" in text(admin, path)
    done = press(admin, path, status="active", why="")
    assert "tonight's sync suspends it again" in words(admin.get(done.headers["Location"]))
    assert pinned(world.student) == []
    managed(world, status="suspended", suspended_by="sync")
    assert "Say why" in words(press(admin, path, status="active", why="", keep_it="on"))
    done = press(admin, path, status="active", why=WHY, keep_it="on", until="2099-06-30")
    assert "suspends it again" not in words(admin.get(done.headers["Location"]))
    assert pinned(world.student) == [("status", world.school.pk, WHY)]
    assert member(world).status == "active"


def test_nobody_shuts_themselves_out_nor_the_last_admin(world: factories.World) -> None:
    with tenancy.support():
        own = factories.membership(world.admin, world.school)
    path = f"/accounts/{world.admin.pk}/at/{own.pk}/"
    own_page = text(browser(world.admin), f"/accounts/{world.admin.pk}/")
    assert "Delete account" not in own_page
    assert "Change password" in own_page
    head = browser(world.district_admin)
    for client, says in ((browser(world.admin), "your own account"), (head, editing.LAST_ADMIN)):
        assert says in words(press(client, f"{path}status/", status="suspended", why=WHY))
    for client, says in ((browser(world.admin), "Admin from yourself"), (head, editing.LAST_ADMIN)):
        assert says in words(press(client, path, roles=["teacher"], grade="", number=""))
    gone = press(head, f"/accounts/{world.admin.pk}/delete/", typed=world.admin.email, why=WHY)
    assert editing.LAST_ADMIN in words(gone)
    with tenancy.support():
        factories.person(world.district, world.school, Roles.ADMIN, first_name="Sam")
    press(head, path, roles=["teacher"], grade="", number="")
    with tenancy.support():
        own.refresh_from_db()
    assert own.roles == ["teacher"]


# Two at once.


def test_the_second_of_two_editors_is_told_and_loses_nothing(world: factories.World) -> None:
    first, second = browser(world.admin), browser(world.district_admin)
    page = url(world, "profile")
    theirs = carried(second, page)
    press(first, page, **profile(world, first_name="Jo"))
    typed = profile(world, first_name="Josephine", last_name="Moss-Bell")
    answer = second.post(page, {**theirs, **typed})
    told = words(answer)
    assert "Somebody changed this account while you were at it." in told
    assert "First name Jo Last name Moss" in told
    assert 'value="Josephine"' in answer.content.decode()
    assert fresh(world.student).first_name == "Jo"
    seen = re.search(r'name="seen" value="([^"]+)"', answer.content.decode())
    token = re.search(r'name="token" value="(\w+)"', answer.content.decode())
    assert seen and token  # noqa: PT018
    second.post(page, {**typed, "seen": seen[1], "token": token[1]})
    assert (fresh(world.student).first_name, fresh(world.student).last_name) == ("Josephine", "Moss-Bell")


def test_the_second_is_told_about_roles_and_status_too(world: factories.World) -> None:
    first, second = browser(world.admin), browser(world.district_admin)
    edit, status = url(world, "at", world.membership.pk), url(world, "at", world.membership.pk, "status")
    seen = carried(second, edit), carried(second, status)
    press(first, edit, roles=["teacher"], grade="", number="")
    answer = second.post(edit, {**seen[0], "roles": ["assistant"], "grade": "", "number": ""})
    assert "Roles Teacher" in words(answer)
    assert re.search(r'value="assistant"[^>]*checked', answer.content.decode())
    answer = second.post(status, {**seen[1], "status": "disabled", "why": ""})
    assert "Somebody changed this account" in words(answer)
    assert member(world).status == "active"
