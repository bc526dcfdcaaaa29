"""The door: who comes in, who does not, and what it tells."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.db import transaction
from django.test import Client

from accounts import people, signing_in, tenancy
from accounts.models import Membership, Roles, User
from accounts.words import DIGITS, WORDS, first_password
from tests import factories

WRONG = "match. Check both, or ask your office to reset it."


@pytest.fixture(autouse=True)
def _fresh_limits(committed_db: None) -> Iterator[None]:
    """Each test starts with no failed tries."""
    del committed_db
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def world() -> factories.World:
    with tenancy.support():
        return factories.world("Alder")


def sign_in(client: Client, handle: str, password: str = factories.PASSWORD, **extra: str) -> Any:
    return client.post("/auth/login/", {"login": handle, "password": password, **extra})


def who(client: Client) -> str | None:
    return client.session.get("_auth_user_id")


def test_each_lands_where_they_belong(world: factories.World) -> None:
    with tenancy.support():
        support = factories.staff()
    landing = {
        world.admin: "/accounts/",
        world.district_admin: "/accounts/schools/",
        support: "/admin/",
    }
    for person, page in landing.items():
        browser = Client()
        assert sign_in(browser, person.email).url == "/"
        assert browser.get("/").headers["Location"] == page
        assert browser.get(page).status_code == 200
    for person in (world.teacher, world.student):
        browser = Client()
        sign_in(browser, person.email)
        home = browser.get("/").content.decode()
        assert person.get_full_name() in home
        assert world.school.name in home
        assert "Sign out</button>" in home.split("<main")[1]


def test_an_email_is_read_without_case_and_spaces(client: Client, world: factories.World) -> None:
    sign_in(client, f"  {world.teacher.email.upper()} ")
    assert who(client) == str(world.teacher.pk)


def test_a_username_signs_in(client: Client, world: factories.World) -> None:
    with tenancy.support():
        made = people.add_person(
            None,
            world.district,
            school=world.school,
            roles=[Roles.STUDENT],
            first_name="Ash",
            last_name="Lee",
            username="Ash.Lee",
        )
        people.set_password(made.user, factories.PASSWORD)
    sign_in(client, "ash.LEE")
    assert who(client) == str(made.user.pk)


def test_an_unknown_handle_and_a_wrong_password_look_alike(world: factories.World) -> None:
    unknown = sign_in(Client(), "nobody@example.org", "wrong")
    wrong = sign_in(Client(), world.teacher.email, "wrong")
    pages = [each.content.decode() for each in (unknown, wrong)]
    assert all(WRONG in page for page in pages)
    assert len({len(page.replace("nobody@example.org", "").replace(world.teacher.email, "")) for page in pages}) == 1


@pytest.mark.parametrize("handle", ["nobody@example.org", "known", "twice"])
def test_every_handle_costs_as_many_hashes(
    handle: str, world: factories.World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tenancy.support():
        other = factories.world("Birch")
        for of in (world, other):
            people.add_person(
                None,
                of.district,
                school=of.school,
                roles=[Roles.TEACHER],
                first_name="Two",
                last_name="Homes",
                email="twice@example.org",
            )
    made: list[str] = []

    def hashed(*_: object) -> bool:
        made.append("once")
        return False

    monkeypatch.setattr(signing_in, "check_password", hashed)
    monkeypatch.setattr(signing_in, "make_password", hashed)
    known = {"known": world.teacher.email, "twice": "twice@example.org"}.get(handle, handle)
    with transaction.atomic():
        assert signing_in.fitting(known, "wrong") == []
    assert len(made) == signing_in.CHECKS


def test_somebody_of_two_districts_chooses_after_the_password_was_right(client: Client, world: factories.World) -> None:
    with tenancy.support():
        other = factories.world("Birch")
        two = [
            factories.person(of.district, of.school, first_name="Two", email="two@example.org") for of in (world, other)
        ]
    assert "Alder" not in sign_in(Client(), "two@example.org", "wrong").content.decode()
    answer = sign_in(client, "two@example.org")
    assert answer.url == "/auth/district/"
    assert who(client) is None
    page = client.get("/auth/district/").content.decode()
    assert "Alder USD" in page
    assert "Birch USD" in page
    client.post("/auth/district/", {"account": world.admin.pk})
    assert who(client) is None
    client.post("/auth/district/", {"account": two[1].pk})
    assert who(client) == str(two[1].pk)


def test_nobody_chooses_without_a_password(client: Client, world: factories.World) -> None:
    assert client.get("/auth/district/").headers["Location"] == "/auth/login/"
    client.post("/auth/district/", {"account": world.admin.pk})
    assert who(client) is None


@pytest.mark.parametrize("deed", [people.suspend, people.disable])
def test_whoever_is_shut_out_cannot_come_in_and_goes_at_the_next_click(
    deed: Callable[..., bool], client: Client, world: factories.World
) -> None:
    sign_in(client, world.teacher.email)
    assert client.get("/").status_code == 200
    with tenancy.support():
        deed(None, factories.membership(world.teacher, world.school))
    assert client.get("/").headers["Location"] == "/auth/inactive/"
    assert who(client) is None
    assert sign_in(client, world.teacher.email).url == "/auth/inactive/"
    assert who(client) is None
    assert WRONG in sign_in(client, world.teacher.email, "wrong").content.decode()


def test_somebody_suspended_at_one_school_keeps_the_other(client: Client, world: factories.World) -> None:
    with tenancy.support():
        Membership.objects.create(
            district=world.district, user=world.teacher, school=world.sister, roles=[Roles.TEACHER]
        )
        people.suspend(None, factories.membership(world.teacher, world.school))
    sign_in(client, world.teacher.email)
    home = client.get("/").content.decode()
    assert world.sister.name in home
    assert world.school.name not in home


def test_a_deleted_person_is_out_at_the_next_click(client: Client, world: factories.World) -> None:
    email = world.teacher.email
    sign_in(client, email)
    with tenancy.support():
        people.delete_person(None, world.teacher)
    assert client.get("/").headers["Location"].startswith("/auth/")
    assert WRONG in sign_in(Client(), email).content.decode()


def test_the_sixth_try_waits_even_with_the_right_password(client: Client, world: factories.World) -> None:
    for _ in range(5):
        sign_in(client, world.teacher.email, "wrong")
    page = sign_in(client, world.teacher.email).content.decode()
    assert "Wait 300 seconds" in page
    assert who(client) is None
    sign_in(client, world.student.email)
    assert who(client) == str(world.student.pk)


def test_a_whole_school_signs_in_from_one_address(world: factories.World) -> None:
    for _ in range(60):
        browser = Client()
        sign_in(browser, world.student.email)
        assert who(browser) == str(world.student.pk)


def test_signing_in_changes_the_session(client: Client, world: factories.World) -> None:
    session = client.session
    session["before"] = "1"
    session.save()
    before = session.session_key
    client.cookies["sessionid"] = before or ""
    sign_in(client, world.teacher.email)
    assert client.session.session_key not in {None, before}


def test_the_session_holds_no_handle(client: Client, world: factories.World) -> None:
    sign_in(client, world.teacher.email)
    assert world.teacher.email not in str(dict(client.session))


def test_a_password_that_somebody_else_set_must_be_replaced(client: Client, world: factories.World) -> None:
    with tenancy.support():
        made = people.create_first_admin(
            None, world.school, first_name="New", last_name="Head", email="head@example.org"
        )
    sign_in(client, "head@example.org", made.password)
    asked = client.get("/accounts/syncs/").headers["Location"]
    assert asked == "/auth/password/?next=%2Faccounts%2Fsyncs%2F"
    for new, again in [("short", "short"), (made.password, made.password), ("password123", "password123"), ("a", "b")]:
        client.post(asked, {"new": new, "again": again, "next": "/accounts/syncs/"})
        assert client.get("/").status_code == 302
        assert client.get("/").headers["Location"].startswith("/auth/password/")
    done = client.post(asked, {"new": "three lazy rivers", "again": "three lazy rivers", "next": "/accounts/syncs/"})
    assert done.headers["Location"] == "/accounts/syncs/"
    assert client.get("/accounts/syncs/").status_code == 200
    assert WRONG in sign_in(Client(), "head@example.org", made.password).content.decode()


def test_a_new_password_ends_the_other_sessions(client: Client, world: factories.World) -> None:
    elsewhere = Client()
    for browser in (client, elsewhere):
        sign_in(browser, world.teacher.email)
    with tenancy.support():
        User.objects.filter(pk=world.teacher.pk).update(must_change_password=True)
    client.post("/auth/password/", {"new": "three lazy rivers", "again": "three lazy rivers"})
    assert client.get("/").status_code == 200
    assert elsewhere.get("/").headers["Location"].startswith("/auth/login/")


@pytest.mark.parametrize("page", ["/auth/signup/", "/auth/password/reset/", "/auth/email/", "/auth/reauthenticate/"])
def test_what_does_not_exist_yet_is_closed(page: str, client: Client, world: factories.World) -> None:
    assert client.get(page).status_code == 404
    sign_in(client, world.teacher.email)
    assert client.get(page).status_code == 404


def test_nobody_is_sent_elsewhere(client: Client, world: factories.World) -> None:
    answer = sign_in(client, world.teacher.email, next="https://evil.example/")
    assert answer.url == "/"


def test_staff_without_a_role_stay_outside(client: Client) -> None:
    with tenancy.support():
        support = factories.staff()
        User.objects.filter(pk=support.pk).update(staff_role="")
    assert sign_in(client, support.email).url == "/auth/inactive/"


def test_first_passwords_can_be_read_out() -> None:
    made = {first_password() for _ in range(200)}
    assert len(made) == 200
    assert not set("01") & set(DIGITS)
    assert all(word.isalpha() and word.islower() for word in WORDS)
