"""The notices page: what it shows whom, what marks it as read, and the wish about email."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now

from accounts import tenancy
from accounts.models import AuditEvent, District, Mail, Notice, User
from integrations.models import Connection
from tests import factories
from tests.desk import Desk, desk, supported

__all__ = ["desk", "supported"]

KIND = Notice.Kind
PAGE = "/accounts/notices/"
SEEN = "/accounts/notices/seen/"
WISH = "/accounts/notices/email/"
AUGUST = datetime(2026, 8, 6, 3, 0, tzinfo=UTC)


@pytest.fixture
def world(committed_db: None) -> factories.World:
    del committed_db
    with tenancy.support():
        made = factories.world("Alder")
        District.objects.filter(pk=made.district.pk).update(timezone="America/Los_Angeles")
    return made


def browser(user: User) -> Client:
    client = Client()
    with tenancy.support():
        client.force_login(user)
    return client


def html(client: Client) -> str:
    answer = client.get(PAGE)
    assert answer.status_code == 200
    return answer.content.decode()


def text(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.split("<main", 1)[1])).split())


def items(client: Client) -> list[str]:
    found = re.findall(r"<li>\s*<p class=.told.><span class=.state.*?</li>", html(client), re.DOTALL)
    return [text(f"<main {each}") for each in found]


def bell(page: str) -> str:
    found = re.search(r"Notices: ([^<]+)<", page)
    assert found
    return found[1]


def fresh(user: User) -> User:
    with tenancy.support():
        return User.objects.get(pk=user.pk)


def told(world: factories.World, **fields: object) -> Notice:
    with tenancy.support():
        return factories.notice(world.district, world.school, **fields)


def test_nothing_new(world: factories.World) -> None:
    page = html(browser(world.admin))
    assert "Nothing new" in text(page)
    assert "Mark all as read" not in page
    assert bell(page) == "nothing new"
    assert "<title>Notices · SmartPass</title>" in page


def test_what_waits_stands_first_and_what_is_over_says_so(world: factories.World) -> None:
    old = now() - timedelta(days=9)
    told(world, at=AUGUST, text="281 students wait.")
    told(world, kind=KIND.READY, must_act=False, at=now(), text="You are all set here.")
    told(world, kind=KIND.FAILED, must_act=False, at=old, closed_at=old + timedelta(days=1), text="It failed.")
    page = text(html(browser(world.admin)))
    assert page.index("Waiting for you Waiting for approval") < page.index("News You're all set")
    first, second, third = items(browser(world.admin))
    assert first == (
        "Waiting for approval New Alder High · Wed Aug 5, 11:00 PM Eastern (8:00 PM your time) "
        "281 students wait. Review hold : Waiting for approval, Alder High"
    )
    assert second.startswith("You're all set New Alder High · ")
    assert "You are all set here." in second
    assert third.startswith("Sync failed Alder High · ")
    assert "It failed." in third
    assert "over since" in third
    assert "View : Sync failed" in third


def test_a_school_and_its_sister_read_their_own(world: factories.World) -> None:
    with tenancy.support():
        for school in (world.school, world.sister, None):
            factories.notice(world.district, school)
    mine, theirs, all_of_it = (html(browser(who)) for who in (world.admin, world.sister_admin, world.district_admin))
    assert ("Alder High." in mine, "Alder Middle" in mine, "Alder USD." in mine) == (True, False, False)
    assert ("Alder High" in theirs, "Alder Middle." in theirs) == (False, True)
    assert [bell(page) for page in (mine, theirs, all_of_it)] == ["1 new", "1 new", "3 new"]


def test_looking_changes_nothing_and_a_press_marks_as_read(world: factories.World) -> None:
    told(world)
    client = browser(world.admin)
    for _ in range(2):
        page = html(client)
        assert bell(page) == "1 new"
    until = re.search(r'name="until" value="([^"]+)"', page)
    assert until
    assert 'hx-trigger="load"' in page
    later = told(world, kind=KIND.READY, about="run:9")
    answer = client.post(SEEN, {"until": until[1]})
    assert (answer.status_code, answer.headers["Location"]) == (302, PAGE)
    assert bell(html(client)) == "1 new"
    client.post(SEEN, {"until": later.at.isoformat()})
    page = html(client)
    assert bell(page) == "nothing new"
    assert "Mark all as read" not in page
    assert "New" not in items(client)[0].split()


def test_the_page_marks_itself_as_read_and_the_bell_falls_silent(world: factories.World) -> None:
    notice = told(world)
    client = browser(world.admin)
    answer = client.post(SEEN, {"until": notice.at.isoformat()}, headers={"HX-Request": "true"})
    said = answer.content.decode()
    assert answer.status_code == 200
    assert 'hx-swap-oob="outerHTML:.bell"' in said
    assert said.lstrip().startswith('<a class="bell"')
    assert "nothing new" in said


@pytest.mark.parametrize("until", ["", "yesterday", "2026-13-45T03:00:00Z", "0001-01-01T00:00:00Z", "9" * 500])
def test_a_moment_that_is_none_marks_nothing(world: factories.World, until: str) -> None:
    told(world)
    client = browser(world.admin)
    assert client.post(SEEN, {"until": until}).status_code == 302
    assert bell(html(client)) == "1 new"


def test_only_a_post_marks_or_saves(world: factories.World) -> None:
    client = browser(world.admin)
    assert [client.get(path).status_code for path in (SEEN, WISH)] == [405, 405]


def test_the_wish_is_saved_once_with_its_line_in_the_trail(world: factories.World) -> None:
    client = browser(world.admin)
    assert re.search(r'value="all"[^>]*checked', html(client))
    for _ in range(2):
        answer = client.post(WISH, {"mail": "act"}, follow=True)
        assert "Saved. Email: Only when I must act." in answer.content.decode()
    assert fresh(world.admin).mail == "act"
    assert re.search(r'value="act"[^>]*checked', html(client))
    with tenancy.support():
        lines = AuditEvent.objects.filter(action="mail.wish").values_list("by", "target", "before", "after")
        assert list(lines) == [(world.admin.pk, f"user:{world.admin.pk}", {"mail": "all"}, {"mail": "act"})]


def test_a_wish_that_is_none_is_said_beside_the_choice(world: factories.World) -> None:
    answer = browser(world.admin).post(WISH, {"mail": "hourly"})
    assert answer.status_code == 422
    assert "Something needs a second look" in answer.content.decode()
    assert fresh(world.admin).mail == "all"


def test_who_has_no_email_is_told_that_everything_stands_here(world: factories.World) -> None:
    with tenancy.support():
        User.objects.filter(pk=world.admin.pk).update(email="")
    assert "Your account has no email" in text(html(browser(world.admin)))


def test_teachers_and_students_have_no_notices(world: factories.World) -> None:
    for user in (world.teacher, world.student):
        client = browser(user)
        assert [client.get(PAGE).status_code, client.post(SEEN).status_code] == [403, 403]
        assert client.post(WISH, {"mail": "none"}).status_code == 403


def test_support_goes_to_its_own_pages(desk: Desk) -> None:
    answers = [desk.client.get(PAGE), desk.client.post(SEEN), desk.client.post(WISH, {"mail": "none"})]
    assert [each.headers["Location"] for each in answers] == ["/admin/"] * 3


def test_the_number_of_questions_does_not_grow(world: factories.World) -> None:
    client = browser(world.district_admin)

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            html(client)
        return len(queries)

    told(world)
    with_one = asked()
    for _ in range(60):
        told(world)
    assert asked() == with_one
    assert "Showing 1–50 of 61" in text(html(client))  # noqa: RUF001
    assert "Showing 51–61 of 61" in text(client.get(f"{PAGE}?page=2").content.decode())  # noqa: RUF001


def test_the_bell_asks_one_question_on_any_page(world: factories.World) -> None:
    told(world)
    client = browser(world.admin)
    with CaptureQueriesContext(connection) as queries:
        client.get("/accounts/syncs/")
    assert len([each for each in queries if "accounts_notice" in each["sql"]]) == 1


def test_support_sees_the_outbox_without_its_letters(desk: Desk) -> None:
    with tenancy.support():
        made = factories.world("Alder")
        about = factories.notice(made.district, made.school)
        for tries, sent_at in ((5, None), (1, None), (1, now())):
            Mail.objects.create(
                district=made.district, to=made.admin, notice=about, subject="SmartPass: sync on hold for Alder High",
                body="281 students", tries=tries, sent_at=sent_at,
            )  # fmt: skip
        Connection.objects.filter(pk=made.connection.pk).update(problem="E-LATE")
    front = desk.look("/admin/")
    assert "Emails: 1 given up" in front
    assert "Connections: 1 failed or late" in front
    listed = desk.look("/admin/accounts/mail/")
    assert [listed.count(f">{state}<") for state in ("Given up", "Waiting", "Sent")] == [2, 2, 2]
    assert "281 students" not in listed
    assert "SmartPass: sync on hold for Alder High" in listed
    for state in ("given_up", "waiting", "sent"):
        assert desk.look(f"/admin/accounts/mail/?state={state}").count("sync on hold") == 1
    assert "Alder USD at Clever" in desk.look("/admin/integrations/connection/?problem__isempty=0")
    assert "Alder USD at Clever" not in desk.look("/admin/integrations/connection/?problem__isempty=1")
