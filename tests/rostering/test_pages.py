"""What a school's Admins see of their source and its syncs."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import unescape

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client

from accounts import clock, tenancy
from accounts.models import District, School, User
from integrations import linking
from integrations.models import Connection, SchoolLink
from rostering.models import Run, RunState
from tests import factories
from tests.test_walls import addresses

AUGUST = datetime(2026, 8, 6, 3, 0, tzinfo=UTC)
NIGHT = "Wed Aug 5, 11:00 PM Eastern"
DASH = "\N{EN DASH}"
PAGES = ("/accounts/integrations/", "/accounts/integrations/clever/", "/accounts/syncs/")


@pytest.fixture
def world(committed_db: None) -> factories.World:
    del committed_db
    cache.clear()
    with tenancy.support():
        made = factories.world("Alder")
        District.objects.filter(pk=made.district.pk).update(timezone="America/Los_Angeles")
    return made


def browser(user: User) -> Client:
    client = Client()
    with tenancy.support():
        client.force_login(user)
    return client


def text(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, path
    words = re.sub(r"<[^>]+>", " ", answer.content.decode().split("<main", 1)[1])
    return " ".join(unescape(words).split()).replace(DASH, "-")


def change(model: type, pk: int, **fields: object) -> None:
    with tenancy.support():
        model.objects.filter(pk=pk).update(**fields)  # type: ignore[attr-defined]


def test_the_mapping_is_told_in_words(world: factories.World) -> None:
    page = text(browser(world.admin), "/accounts/integrations/clever/")
    for line in ("Clever student → Student", "Clever staff → Teacher", "Clever district admin → District admin"):
        assert line in page
    assert "Clever contact → Nobody: not synced" in page
    assert "Alder High at Clever" in page
    assert "Alder Middle" not in page


def test_what_is_not_linked_and_not_bought_is_said(world: factories.World) -> None:
    with tenancy.support():
        factories.school(world.district, "Alder Night School")
        School.objects.filter(pk=world.sister.pk).update(purchased=False)
        shared = [world.link.external_id, world.sister_link.external_id, "5f9"]
        Run.objects.filter(pk=world.run.pk).update(receipt={"places": shared, "as_of": "2026-11-20T09:00:00Z"})
        cache.set(linking._key(world.connection, "names"), {"5f9": "Alder Primary"})
    page = text(browser(world.district_admin), "/accounts/integrations/clever/")
    assert "No: shared but not bought" in page
    assert "Shared by Clever but not linked: Alder Primary." in page
    assert "Bought but not linked: Alder Night School." in page
    assert "Clever's own data is from Fri Nov 20, 4:00 AM Eastern (1:00 AM your time)" in page
    assert "Alder Primary" not in text(browser(world.admin), "/accounts/integrations/clever/")


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"state": "connected"}, "On hold"),
        ({"state": "setting_up"}, "Setting up"),
        ({"state": "needs_attention", "problem": "E-GRANT-REVOKED", "problem_text": "Refused."}, "Needs attention"),
        ({"state": "paused"}, "Paused"),
        ({"stopped": True}, "Paused"),
        ({"state": "disconnected"}, "Disconnected"),
    ],
)
def test_a_connection_has_one_word(fields: dict[str, object], word: str, world: factories.World) -> None:
    change(Connection, world.connection.pk, **fields)
    assert f"Clever {word} " in text(browser(world.admin), "/accounts/integrations/")
    page = text(browser(world.admin), "/accounts/integrations/clever/")
    assert f"Clever {word} " in page
    assert ("Accounts stay as they are" in page) == (word in {"Paused", "Needs attention"})


def test_a_school_without_a_source_is_told_what_happens_next(world: factories.World) -> None:
    with tenancy.support():
        SchoolLink.objects.all().delete()
        Run.objects.filter(pk=world.run.pk).update(state=RunState.DONE)
    admin = browser(world.admin)
    assert "Not set up" in text(admin, "/accounts/integrations/")
    assert "Not set up" in text(admin, "/accounts/integrations/clever/")
    assert "The first sync will appear here. Next:" in text(admin, "/accounts/syncs/")


def test_teachers_and_students_are_told_who_can(world: factories.World) -> None:
    for who in (world.teacher, world.student):
        for page in PAGES:
            answer = browser(who).get(page)
            assert answer.status_code == 403
            assert "Only Admins of a school" in answer.content.decode()


def test_no_page_has_anything_inline(world: factories.World) -> None:
    with tenancy.support():
        staff = factories.staff()
    for client, prefix in ((browser(world.admin), "accounts/"), (browser(staff), "admin/"), (Client(), "auth/")):
        for each in addresses():
            if each.ids or not each.template.startswith(prefix):
                continue
            answer = client.get(each.fill(world))
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
            page = answer.content.decode()
            assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*(src=|application/json))", page), each.name


@pytest.mark.parametrize(
    ("moment", "zone", "words"),
    [
        (AUGUST, "America/New_York", NIGHT),
        (AUGUST, "America/Los_Angeles", f"{NIGHT} (8:00 PM your time)"),
        (AUGUST, "Europe/Berlin", f"{NIGHT} (Thu Aug 6, 5:00 AM your time)"),
        (datetime(2026, 1, 5, 17, 5, tzinfo=UTC), "no/such", "Mon Jan 5, 12:05 PM Eastern"),
    ],
)
def test_times_are_eastern_first(moment: datetime, zone: str, words: str) -> None:
    assert clock.both(moment, zone) == words


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (datetime(2026, 11, 1, 3, 30, tzinfo=UTC), "Sun Nov 1, 11:00 PM Eastern"),
        (datetime(2026, 11, 2, 3, 59, tzinfo=UTC), "tonight 11:00 PM Eastern"),
        (datetime(2026, 3, 8, 12, 0, tzinfo=UTC), "tonight 11:00 PM Eastern"),
    ],
)
def test_the_next_night_is_right_when_clocks_change(moment: datetime, words: str) -> None:
    with time_machine.travel(moment, tick=False):
        assert clock.tonight("America/New_York") == words
