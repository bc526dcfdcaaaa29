"""A password of one's own: the first one, and another one later."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.cache import cache
from django.test import Client

from accounts import tenancy
from accounts.models import User
from tests import factories
from tests.accounts.pages import browser, text, words

CHANGE, CHOOSE = "/auth/password/new/", "/auth/password/"
NEW = "three lazy rivers"


@pytest.fixture(autouse=True)
def _fresh_limits(committed_db: None) -> Iterator[None]:
    """Each test starts with no tries."""
    del committed_db
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def world() -> factories.World:
    with tenancy.support():
        return factories.world("Alder")


def change(client: Client, **fields: str) -> str:
    answer = client.post(CHANGE, {"old": factories.PASSWORD, "new": NEW, "again": NEW, **fields}, follow=True)
    return words(answer)


def fits(user: User, password: str) -> bool:
    with tenancy.support():
        return User.objects.get(pk=user.pk).check_password(password)


def test_everybody_changes_their_own(world: factories.World) -> None:
    with tenancy.support():
        staff = factories.staff()
    for who in (world.admin, world.district_admin, world.teacher, world.student, staff):
        client, elsewhere = browser(who), browser(who)
        assert client.get(CHANGE).status_code == 200
        client.post(CHANGE, {"old": factories.PASSWORD, "new": NEW, "again": NEW})
        assert fits(who, NEW)
        assert client.get(CHANGE).status_code == 200
        assert elsewhere.get(CHANGE).headers["Location"].startswith("/auth/login/")


def test_it_says_that_it_was_changed(world: factories.World) -> None:
    assert "Your password was changed." in change(browser(world.teacher))


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"old": "wrong"}, "That is not your present password."),
        ({"old": ""}, "Enter the password you have now."),
        ({"new": ""}, "Choose a new password."),
        ({"again": ""}, "Type the new password once more."),
        ({"new": "short", "again": "short"}, "Use at least 8 characters."),
        ({"new": "password123", "again": "password123"}, "Too easy to guess. Try three unrelated words."),
        ({"new": "1029384756", "again": "1029384756"}, "Too easy to guess."),
        ({"new": "aldertoni", "again": "aldertoni"}, "Too close to your name or email."),
        ({"new": factories.PASSWORD, "again": factories.PASSWORD}, "That is the password you have now."),
        ({"again": "three lazy river"}, "The two don't match."),
    ],
)
def test_what_is_not_right_is_said(fields: dict[str, str], says: str, world: factories.World) -> None:
    assert says in change(browser(world.teacher), **fields)
    assert fits(world.teacher, factories.PASSWORD)


def test_whoever_found_the_session_open_may_not_try_for_long(world: factories.World) -> None:
    client = browser(world.teacher)
    for number in range(5):
        assert "not your present" in change(client, old=f"try {number}")
    assert "Too many tries. Wait 60 seconds" in change(client)
    assert fits(world.teacher, factories.PASSWORD)
    assert "Your password was changed." in change(browser(world.student))


def test_the_first_one_is_asked_for_in_words_for_everybody(world: factories.World) -> None:
    with tenancy.support():
        User.objects.filter(pk=world.student.pk).update(must_change_password=True)
    client = browser(world.student)
    page = text(client, CHOOSE)
    assert "You're using a password your school gave you." in page
    assert "At least 8 characters. Longer is better. Spaces are fine." in page
    assert client.get("/").headers["Location"] == CHOOSE
    assert client.get(CHANGE).headers["Location"].startswith(CHOOSE)


@pytest.mark.parametrize("path", ["/auth/login/", CHOOSE, CHANGE])
def test_passwords_can_be_shown(path: str, world: factories.World) -> None:
    with tenancy.support():
        User.objects.filter(pk=world.student.pk).update(must_change_password=path == CHOOSE)
    client = Client() if path == "/auth/login/" else browser(world.student)
    page = client.get(path).content.decode()
    fields = page.count('type="password"')
    assert fields
    assert page.count("data-show") == page.count('aria-pressed="false"') == fields
    assert "data-busy" in page
