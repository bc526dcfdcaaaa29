"""What of an account an Admin may not see or do; its password and its end."""

from __future__ import annotations

import re
from contextlib import closing
from threading import Barrier, Thread

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import editing, people, tenancy
from accounts.models import Membership, Roles, User
from tests import factories
from tests.accounts.pages import browser, carried, fresh, press, profile, text, trail, url, words

WHY = "Agreed with the family"


@pytest.fixture
def world(committed_db: None) -> factories.World:
    del committed_db
    with tenancy.support():
        return factories.world("Alder")


# Password and end.


def test_a_new_password_is_shown_once_and_ends_sessions(world: factories.World) -> None:
    theirs, admin = browser(world.student), browser(world.admin)
    assert theirs.get("/").status_code == 200
    form = carried(admin, url(world, "password"))
    page = admin.post(url(world, "password"), form)
    shown = re.search(r'id="first-password"[^>]*>([^<]+)<', page.content.decode())
    assert shown
    assert fresh(world.student).check_password(shown[1])
    assert fresh(world.student).must_change_password
    assert theirs.get("/").headers["Location"].startswith("/auth/login/")
    assert admin.post(url(world, "password"), form).status_code == 302
    assert fresh(world.student).check_password(shown[1])
    assert trail("person.password") == [({}, {}, "")]


def test_without_a_handle_there_is_no_password(world: factories.World) -> None:
    with tenancy.support():
        User.objects.filter(pk=world.student.pk).update(login_email=None, email="")
    admin = browser(world.admin)
    assert "Reset password" not in text(admin, url(world))
    assert "no email or username" in words(press(admin, url(world, "password")))
    assert "your own account" in words(press(admin, f"/accounts/{world.admin.pk}/password/"))


def test_deleting_asks_for_the_email(world: factories.World) -> None:
    admin, path = browser(world.admin), url(world, "delete")
    assert "This cannot be undone." in text(admin, path)
    assert "Nothing was deleted." in words(press(admin, path, typed="alder", why=WHY))
    assert fresh(world.student).deleted_at is None
    form = {**carried(admin, path), "typed": world.student.email.upper(), "why": WHY}
    for _ in range(2):
        assert admin.post(path, form).headers["Location"] == "/accounts/"
    assert fresh(world.student).deleted_at is not None
    assert [line[2] for line in trail("person.delete")] == [WHY]
    assert admin.get(url(world)).status_code == 404


def test_of_two_admins_who_suspend_each_other_one_stays(world: factories.World) -> None:
    with tenancy.support():
        other = factories.person(world.district, world.school, Roles.ADMIN, first_name="Sam")
        rows = {who.pk: factories.membership(who, world.school) for who in (world.admin, other)}
    start, ends = Barrier(2), []

    def suspend(by: User, whom: User) -> None:
        row = rows[whom.pk]
        with closing(connection), tenancy.district(world.district.pk):
            start.wait(10)
            try:
                editing.change_status(by, row, editing.version(row), "suspended", WHY)
                ends.append("suspended")
            except people.NotPossible as refused:
                ends.append(str(refused))

    both = [Thread(target=suspend, args=pair) for pair in ((world.admin, other), (other, world.admin))]
    for each in both:
        each.start()
    for each in both:
        each.join(30)
    assert sorted(ends) == sorted(["suspended", editing.LAST_ADMIN])


# Sister schools.


def at_both(world: factories.World) -> None:
    with tenancy.support():
        Membership.objects.create(
            district=world.district, user=world.student, school=world.sister, roles=[Roles.TEACHER], number="SECRET-7"
        )


def test_of_somebody_at_two_schools_an_admin_sees_and_changes_their_own_half(world: factories.World) -> None:
    at_both(world)
    with tenancy.support():
        factories.pin(world.student, world.sister, "roles", why="SECRET reason", by=world.sister_admin)
        factories.pin(world.student, None, "last_name", why="Maiden name", by=world.sister_admin)
    admin = browser(world.admin)
    page = admin.get(url(world)).content.decode()
    for secret in ("SECRET", "Alder Middle", "Sasha", "Reset password"):
        assert secret not in page
    assert "“Maiden name”" in page
    assert "Another Admin" in page
    assert "A District admin can delete this account" in page
    for path in ("delete", "password"):
        assert admin.get(url(world, path)).status_code == 404
    refused = press(admin, url(world, "profile"), **profile(world, first_name="Jo", email="mine@example.org"))
    assert refused.status_code == 302
    assert (fresh(world.student).first_name, fresh(world.student).email) == ("Jo", world.student.email)
    assert "Everything, everywhere" not in text(admin, url(world, "protect"))
    assert "Select a valid choice" in words(press(admin, url(world, "protect"), what="*", why=WHY))
    with tenancy.support():
        other = Membership.objects.get(user=world.student, school=world.sister)
        whole = factories.pin(world.student, None, "*", by=world.sister_admin)
    assert admin.get(url(world, "at", other.pk)).status_code == 404
    assert admin.post(url(world, "pins", whole.pk)).status_code == 404
    head = text(browser(world.district_admin), url(world))
    assert "SECRET" in head
    assert "Reset password" in head


def test_a_district_admins_sign_in_is_not_a_schools_to_change(world: factories.World) -> None:
    with tenancy.support():
        Membership.objects.create(
            district=world.district, user=world.district_admin, school=world.school, roles=[Roles.TEACHER]
        )
    admin, path = browser(world.admin), f"/accounts/{world.district_admin.pk}/"
    assert "District" not in text(admin, path).replace("A District admin can", "")
    for deed in ("password", "delete"):
        assert admin.get(f"{path}{deed}/").status_code == 404


def test_nobody_else_finds_anything(world: factories.World) -> None:
    with tenancy.support():
        other, staff = factories.world("Birch"), factories.staff()
    for who in (world.sister_admin, world.teacher, world.student, other.admin, other.district_admin, staff):
        assert browser(who).get(url(world)).status_code == 404


def test_a_page_asks_as_much_of_the_database_for_many_rows(world: factories.World) -> None:
    head = browser(world.district_admin)
    with tenancy.support():
        people.disable(world.admin, world.membership, "Moved")
    head.get(url(world))

    def asked(path: str) -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert head.get(path).status_code == 200
        return len(queries)

    few = {path: asked(path) for path in (url(world), url(world, "history"), url(world, "protect"))}
    with tenancy.support():
        for number in range(12):
            school = factories.school(world.district, f"Alder {number}")
            factories.link(world.connection, school)
            made = Membership.objects.create(
                district=world.district, user=world.student, school=school, roles=[Roles.TEACHER]
            )
            factories.pin(world.student, school, "roles", by=world.admin)
            factories.change(world.run, world.student, school)
            people.suspend(world.admin, made, "Moved")
    assert {path: asked(path) for path in few} == few
