"""What the accounts list says of syncs: the last, the next, and that one is overdue."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils.timezone import now

from accounts import tenancy
from accounts.models import User
from integrations.models import Connection, SchoolLink
from rostering.models import Hold, Issue, Run, RunState
from tests import factories

PATH = "/accounts/last-sync/"


@pytest.fixture
def world(committed_db: None) -> factories.World:
    del committed_db
    cache.clear()
    with tenancy.support():
        made = factories.world("Alder")
        Hold.objects.update(state=Hold.State.REJECTED)
    return made


def browser(user: User) -> Client:
    client = Client()
    with tenancy.support():
        client.force_login(user)
    return client


def line(user: User) -> str:
    answer = browser(user).get(PATH)
    assert answer.status_code == 200
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())


def test_the_last_and_the_next_in_a_line(world: factories.World) -> None:
    said = line(world.admin)
    assert re.match(r"Last sync: Today \d+:\d\d [AP]M, completed with 1 warning · View the last sync \. Next: ", said)
    assert said.endswith("11:00 PM Eastern.")
    assert f'href="/accounts/syncs/{world.run.pk}/"' in browser(world.admin).get(PATH).content.decode()
    assert "completed ·" in line(world.sister_admin)
    with tenancy.support():
        Issue.objects.all().delete()
    assert ", completed ·" in line(world.admin)


def test_a_sync_that_goes_can_be_watched(world: factories.World) -> None:
    with tenancy.support():
        going = factories.run(world.connection, state=RunState.RUNNING, applied_at=None, finished_at=None)
    assert line(world.admin).endswith("View the last sync . A sync is in progress · Watch the sync .")
    assert f'href="/accounts/syncs/{going.pk}/"' in browser(world.admin).get(PATH).content.decode()
    with tenancy.support():
        Run.objects.filter(pk=world.run.pk).update(preview=True)
    assert line(world.admin) == "The first sync is in progress · Watch the sync ."


def test_a_run_that_failed_or_waits_is_named(world: factories.World) -> None:
    with tenancy.support():
        factories.run(world.connection, state=RunState.FAILED, applied_at=None, problem="E-SOURCE-DOWN")
    assert ", failed ·" in line(world.admin)
    with tenancy.support():
        Run.objects.filter(state=RunState.FAILED).update(state=RunState.RUNNING)
        Hold.objects.update(state=Hold.State.OPEN)
    assert ", on hold ·" in line(world.admin)


def test_overdue_is_said_above_the_list(world: factories.World) -> None:
    assert "26 hours" not in line(world.admin)
    with tenancy.support():
        Run.objects.update(started_at=now() - timedelta(hours=27), created_at=now() - timedelta(hours=27))
        Connection.objects.update(problem_text="Clever isn't answering.")
    said = line(world.admin)
    assert "there has been no good sync with Clever for more than 26 hours. Clever isn't answering." in said
    assert '<div id="late" hx-swap-oob="true">' in browser(world.admin).get(PATH).content.decode()
    with tenancy.support():
        Connection.objects.update(stopped=True)
    said = line(world.admin)
    assert "26 hours" not in said
    assert said.endswith("Next: when it is resumed.")


def test_without_a_source_or_a_sync(world: factories.World) -> None:
    with tenancy.support():
        Issue.objects.all().delete()
        lone = factories.school(world.district)
        admin = factories.person(world.district, lone, "admin")
    assert line(admin) == "No source is connected. Integrations"
    with tenancy.support():
        fresh = factories.connection(world.district)
        factories.link(fresh, lone)
    assert line(admin).startswith("No sync yet. Next: ")
    assert line(world.district_admin).count("Next:") == 2
    with tenancy.support():
        SchoolLink.objects.filter(school=lone).update(active=False)
        Connection.objects.filter(pk=fresh.pk).update(state="disconnected")
    assert line(world.district_admin).count("Next:") == 1


def test_only_admins_are_told(world: factories.World) -> None:
    assert browser(world.teacher).get(PATH).status_code == 403
    with tenancy.support():
        staff = factories.staff()
    assert browser(staff).get(PATH).content == b""
