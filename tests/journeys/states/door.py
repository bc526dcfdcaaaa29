"""Signing in, and where people land who have no pages of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accounts.models import Membership, Roles, User
from tests import factories
from tests.journeys.states import State, after, press, submit

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.factories import World

SHARED = "dana.moss@example.org"
SIGN_IN = submit("Sign in", Email_or_username=SHARED, Password=factories.PASSWORD)


def twice(world: World) -> None:
    """Somebody with one email and password in two districts."""
    factories.person(world.district, world.school, email=SHARED)
    other = factories.district("Birch USD")
    factories.person(other, factories.school(other, "Birch High"), email=SHARED)


def many_tries(page: Page) -> None:
    """Type a wrong password until no more tries are taken."""
    for _ in range(6):
        submit("Sign in", Email_or_username="dana@example.org", Password="not this one")(page)


def first_password(world: World) -> None:
    """The teacher signs in with a password that somebody else set."""
    User.objects.filter(pk=world.teacher.pk).update(must_change_password=True)


def suspended(world: World) -> None:
    """The student may not sign in any more."""
    User.objects.filter(pk=world.student.pk).update(email=SHARED, login_email=SHARED)
    Membership.objects.filter(user=world.student).update(status="suspended", suspended_by="person")


def two_schools(world: World) -> None:
    """The teacher teaches at the sister school too."""
    Membership.objects.create(district=world.district, user=world.teacher, school=world.sister, roles=[Roles.TEACHER])


NEW = {"New_password": "three lazy rivers", "New_password_again": "three lazy rivers"}
CHANGE, CHOOSE = "/auth/password/new/", "/auth/password/"
STATES = [
    State("account_login", "empty", "/auth/login/", who=""),
    State(
        "account_login",
        "wrong",
        "/auth/login/",
        who="",
        then=submit("Sign in", Email_or_username="dana@example.org", Password="not this one"),
    ),
    State("account_login", "nothing typed", "/auth/login/", who="", then=submit("Sign in")),
    State("account_login", "too many tries", "/auth/login/", who="", then=many_tries),
    State("choose_district", "choice", "/auth/login/", who="", given=twice, then=SIGN_IN),
    State(
        "choose_district", "none chosen", "/auth/login/", who="", given=twice, then=after(SIGN_IN, press("Continue"))
    ),
    State("account_logout", "question", "/auth/logout/", who="teacher"),
    State("change_password", "empty", CHANGE, who="teacher"),
    State("change_password", "errors", CHANGE, who="teacher", then=submit("Change password")),
    State(
        "change_password",
        "changed",
        CHANGE,
        who="teacher",
        then=submit("Change password", Present_password=factories.PASSWORD, **NEW),
    ),
    State("choose_password", "empty", CHOOSE, who="teacher", given=first_password),
    State(
        "choose_password",
        "errors",
        CHOOSE,
        who="teacher",
        given=first_password,
        then=submit("Save and continue", New_password="short", New_password_again="other"),
    ),
    State(
        "choose_password",
        "chosen",
        CHOOSE,
        who="teacher",
        given=first_password,
        then=submit("Save and continue", **NEW),
    ),
    State("home", "teacher at two schools", "/", who="teacher", given=two_schools),
    State("home", "teacher", "/", who="teacher"),
    State("home", "student", "/", who="student"),
    State("account_inactive", "told", "/auth/login/", who="", given=suspended, then=SIGN_IN),
]
