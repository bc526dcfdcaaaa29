"""Signing in, and where people land who have no pages of their own."""

from __future__ import annotations

from tests.journeys.states import State, submit

STATES = [
    State("account_login", "empty", "/auth/login/", who=""),
    State(
        "account_login",
        "wrong",
        "/auth/login/",
        who="",
        then=submit("Sign in", Email_or_username="dana@example.org", Password="not this one"),
    ),
    State("home", "teacher", "/", who="teacher"),
    State("home", "student", "/", who="student"),
    State("account_inactive", "told", "/auth/inactive/", who=""),
]
