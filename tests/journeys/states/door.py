"""Signing in, and where people land who have no pages of their own."""

from __future__ import annotations

from tests import factories
from tests.factories import World
from tests.journeys.states import State, submit

SHARED = "dana.moss@example.org"


def twice(world: World) -> None:
    """Somebody with one email and password in two districts."""
    factories.person(world.district, world.school, email=SHARED)
    other = factories.district("Birch USD")
    factories.person(other, factories.school(other, "Birch High"), email=SHARED)


STATES = [
    State("account_login", "empty", "/auth/login/", who=""),
    State(
        "account_login",
        "wrong",
        "/auth/login/",
        who="",
        then=submit("Sign in", Email_or_username="dana@example.org", Password="not this one"),
    ),
    State(
        "choose_district",
        "choice",
        "/auth/login/",
        who="",
        given=twice,
        then=submit("Sign in", Email_or_username=SHARED, Password=factories.PASSWORD),
    ),
    State("home", "teacher", "/", who="teacher"),
    State("home", "student", "/", who="student"),
    State("account_inactive", "told", "/auth/inactive/", who=""),
]
