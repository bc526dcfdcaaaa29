"""+Add: an account by hand, and what an email in use means."""

from __future__ import annotations

import re
from typing import Any

import pytest

from accounts import people, tenancy
from accounts.models import AuditEvent, Membership, Roles, User
from rostering.models import SupportRequest
from tests import factories
from tests.accounts.pages import browser, carried, press, text, words

ADD = "/accounts/add/"
COLE: dict[str, Any] = {
    "first_name": "Cole",
    "last_name": "Rivera",
    "handle": "Cole.Rivera@example.org",
    "roles": ["student"],
    "grade": "9",
    "number": "771",
    "password": "",
}


@pytest.fixture
def world(committed_db: None) -> factories.World:
    del committed_db
    with tenancy.support():
        return factories.world("Alder")


def cole(**fields: Any) -> dict[str, Any]:
    return {**COLE, **fields}


def made(**fields: Any) -> User:
    with tenancy.support():
        return User.objects.get(**fields)


def at(user: User) -> list[tuple[str, list[str], str, str, str]]:
    with tenancy.support():
        rows = Membership.objects.filter(user=user).select_related("school").order_by("school__name")
        return [
            (each.school.name if each.school else "", each.roles, each.status, each.grade, each.number) for each in rows
        ]


def test_a_person_is_added_and_the_password_shown_once(world: factories.World) -> None:
    admin = browser(world.admin)
    answer = press(admin, ADD, **cole(school=world.school.pk))
    page = answer.content.decode()
    assert "Cole Rivera can sign in now." in page
    assert "We don't notify them." in page.replace("&#x27;", "'")
    password = re.search(r'id="first-password"[^>]*>([^<]+)<', page)
    assert password
    person = made(login_email="cole.rivera@example.org")
    assert person.check_password(password[1])
    assert person.must_change_password
    assert at(person) == [("Alder High", ["student"], "active", "9", "771")]
    assert answer.headers["Cache-Control"].count("no-store") == 1
    for path in (ADD, f"/accounts/{person.pk}/", f"/accounts/{person.pk}/history/"):
        assert password[1] not in admin.get(path).content.decode()
    with tenancy.support():
        assert password[1] not in str(list(AuditEvent.objects.values()))


def test_a_second_press_adds_nobody(world: factories.World) -> None:
    admin = browser(world.admin)
    form = {**cole(school=world.school.pk), **carried(admin, ADD)}
    assert admin.post(ADD, form).status_code == 200
    again = admin.post(ADD, {**form, "handle": "cole.two@example.org"})
    assert (again.status_code, again.headers["Location"]) == (302, "/accounts/")
    with tenancy.support():
        assert User.objects.filter(first_name="Cole").count() == 1


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"first_name": ""}, "Enter a first name."),
        ({"last_name": " "}, "Enter a last name."),
        ({"first_name": "C" * 81}, "at most 80"),
        ({"handle": ""}, "Enter an email or a username."),
        ({"handle": "cole@"}, "The email 'cole@' isn't complete."),
        ({"handle": "c?"}, "or a username of 3 to 64"),
        ({"handle": "cole rivera"}, "or a username of 3 to 64"),
        ({"roles": []}, "Choose a role."),
        ({"roles": ["assistant", "teacher"]}, "An Assistant can't have another role."),
        ({"roles": ["student", "teacher"]}, "A Student can't have another role at the same school."),
        ({"roles": ["district_admin"]}, "district_admin is not one of the available choices"),
        ({"password": "1234567"}, "Use at least 8 characters."),
    ],
)
def test_what_is_not_right_is_said_and_what_was_typed_kept(
    fields: dict[str, Any], says: str, world: factories.World
) -> None:
    with tenancy.support():
        before = User.objects.count()
    answer = press(browser(world.admin), ADD, **cole(school=world.school.pk, **fields))
    assert says in words(answer)
    assert 'value="771"' in answer.content.decode()
    with tenancy.support():
        assert User.objects.count() == before


@pytest.mark.parametrize(
    ("handle", "stored"), [("  COLE.r_1 ", "cole.r_1"), ("Zoe.Nunez@example.org", None), ("a-b", "a-b")]
)
def test_a_username_and_any_letters_will_do(handle: str, stored: str | None, world: factories.World) -> None:
    fields = cole(school=world.school.pk, handle=handle, first_name="Zoë", last_name="Ñandú Łęcki", password="my own 8")
    press(browser(world.admin), ADD, **fields)
    person = made(first_name="Zoë")
    assert person.username == stored
    assert person.check_password("my own 8")


def test_admin_brings_teacher_and_assistant_stands_alone(world: factories.World) -> None:
    for roles, handle in ((["admin"], "one"), (["assistant"], "two")):
        press(browser(world.admin), ADD, **cole(school=world.school.pk, roles=roles, handle=handle * 3))
    assert [row[1] for name in ("oneoneone", "twotwotwo") for row in at(made(username=name))] == [
        ["admin", "teacher"],
        ["assistant"],
    ]


def test_who_looks_at_all_schools_chooses_one(world: factories.World) -> None:
    head = browser(world.district_admin)
    assert "Choose a school" in text(head, ADD)
    assert "Choose a school." in words(press(head, ADD, **cole()))
    press(head, ADD, **cole(school=world.sister.pk))
    assert at(made(first_name="Cole"))[0][0] == "Alder Middle"


def test_a_school_of_others_cannot_be_chosen(world: factories.World) -> None:
    answer = press(browser(world.admin), ADD, **cole(school=world.sister.pk))
    assert "Select a valid choice" in words(answer)
    with tenancy.support():
        assert not User.objects.filter(first_name="Cole").exists()


def test_whoever_is_active_here_is_opened(world: factories.World) -> None:
    answer = press(browser(world.admin), ADD, **cole(school=world.school.pk, handle=world.student.email.upper()))
    assert f"{world.student.first_name} already has an account." in words(answer)
    assert f'href="/accounts/{world.student.pk}/">Open' in answer.content.decode()


def test_whoever_is_suspended_here_is_reactivated(world: factories.World) -> None:
    with tenancy.support():
        people.suspend(None, world.membership)
    admin = browser(world.admin)
    answer = press(admin, ADD, **cole(school=world.school.pk, handle=world.student.email))
    found = re.search(r'href="([^"]+)">Reactivate', answer.content.decode())
    assert found
    page = admin.get(found[1]).content.decode()
    assert re.search(r'value="active"[^>]*checked', page)
    done = press(admin, found[1], status="active", why="Back")
    assert done.headers["Location"] == f"/accounts/{world.student.pk}/"
    assert at(world.student)[0][2] == "active"


def test_whoever_is_at_another_school_of_mine_is_given_access(world: factories.World) -> None:
    with tenancy.support():
        Membership.objects.create(
            district=world.district, user=world.admin, school=world.sister, roles=[Roles.ADMIN, Roles.TEACHER]
        )
    admin = browser(world.admin)
    form = {**cole(school=world.school.pk, handle=world.sister_student.email), **carried(admin, ADD)}
    answer = admin.post(ADD, form)
    assert "Give access to Alder High" in words(answer)
    path = f"/accounts/{world.sister_student.pk}/access/"
    assert f'action="{path}"' in answer.content.decode()
    assert admin.post(path, form).headers["Location"] == f"/accounts/{world.sister_student.pk}/"
    assert at(world.sister_student) == [
        ("Alder High", ["student"], "active", "9", "771"),
        ("Alder Middle", ["student"], "active", "", ""),
    ]
    with tenancy.support():
        assert Membership.objects.get(user=world.sister_student, school=world.school).source_id is None
    again = press(admin, path, **cole(school=world.school.pk))
    assert "Select a valid choice" in words(again)


def test_whoever_is_elsewhere_is_asked_for_and_not_told_about(world: factories.World) -> None:
    admin = browser(world.admin)
    form = {**cole(school=world.school.pk, handle=world.sister_student.email), **carried(admin, ADD)}
    answer = admin.post(ADD, form)
    said = words(answer)
    assert "This email is already used in SmartPass." in said
    for secret in (world.sister_student.first_name, world.sister.name, f"/{world.sister_student.pk}/"):
        assert secret not in answer.content.decode().replace(world.sister_student.email, "")
    for _ in range(2):
        asked = admin.post("/accounts/ask-access/", form, follow=True)
        assert "With SmartPass as request #" in words(asked)
    with tenancy.support():
        request = SupportRequest.objects.select_related("school", "asked_by").get(kind=SupportRequest.Kind.ACCESS)
    assert (request.kind, request.school, request.about) == ("access", world.school, world.sister_student.email.lower())
    assert (request.asked_by, request.details["roles"]) == (world.admin, "student")
    assert (request.due_at - request.asked_at).total_seconds() == pytest.approx(24 * 3600, abs=5)


def test_nothing_is_asked_about_an_email_that_is_free_or_seen(world: factories.World) -> None:
    admin = browser(world.admin)
    for handle in ("nobody@example.org", world.student.email, ""):
        asked = admin.post("/accounts/ask-access/", {"school": world.school.pk, "handle": handle})
        assert asked.headers["Location"] == ADD
    assert admin.post("/accounts/ask-access/", {"school": world.sister.pk, "handle": "a@b.org"}).status_code == 404
    assert admin.post("/accounts/ask-access/", {"school": "9" * 40, "handle": "a@b.org"}).status_code == 404
    with tenancy.support():
        assert not SupportRequest.objects.filter(kind=SupportRequest.Kind.ACCESS).exists()


def test_an_email_of_another_district_is_free(world: factories.World) -> None:
    with tenancy.support():
        other = factories.world("Birch")
    press(browser(world.admin), ADD, **cole(school=world.school.pk, handle=other.student.email))
    with tenancy.support():
        assert User.objects.filter(login_email=other.student.login_email).count() == 2


def test_undo_takes_back_who_never_signed_in(world: factories.World) -> None:
    admin = browser(world.admin)
    press(admin, ADD, **cole(school=world.school.pk))
    person = made(first_name="Cole")
    path = f"/accounts/{person.pk}/undo/"
    assert admin.get(path).status_code == 405
    for _ in range(2):
        assert admin.post(path).headers["Location"] == "/accounts/"
    with tenancy.support():
        assert User.objects.get(pk=person.pk).deleted_at is not None
        assert AuditEvent.objects.filter(action="person.delete", target=f"user:{person.pk}").count() == 1


def test_whoever_is_in_use_is_not_taken_back(world: factories.World) -> None:
    admin = browser(world.admin)
    press(admin, ADD, **cole(school=world.school.pk, password="maple river otter 42"))
    person = made(first_name="Cole")
    browser(person)
    page = admin.post(f"/accounts/{person.pk}/undo/", follow=True)
    assert "This account is in use." in words(page)
    page = admin.post(f"/accounts/{world.student.pk}/undo/", follow=True)
    assert "This account is in use." in words(page)
    with tenancy.support():
        assert User.objects.get(pk=person.pk).deleted_at is None


def test_teachers_are_told_who_can_and_support_has_its_own_pages(world: factories.World) -> None:
    for who in (world.teacher, world.student):
        answer = browser(who).get(ADD)
        assert answer.status_code == 403
        assert "Only Admins of a school" in answer.content.decode()
        assert browser(who).post("/accounts/ask-access/", {}).status_code == 403
    with tenancy.support():
        staff = factories.staff()
    assert browser(staff).get(ADD).headers["Location"] == "/admin/"
