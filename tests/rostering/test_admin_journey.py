"""One whole story through the console's pages: from an empty folder to a synced district, a hold and an undo.

Real requests to Clever's sandbox, real commits; the worker is called where the queue would call it.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

from accounts.models import Membership, Status, User
from integrations.clever.sandbox import CleverSandbox
from integrations.models import Link, SchoolLink, UpstreamTenant
from rostering.models import Hold, Run
from tests.desk import Desk, number, rows, worked

SCHOOLS = ("Birch High", "Birch Middle")
SAID = {"authorised_by": "Dana Moss", "authorised_at": "today 9:40 AM", "authorised_in": "call, reference 5107"}


@pytest.fixture
def desk(committed_db: None, clever: CleverSandbox, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Support, with a Clever that has one district of two schools."""
    del committed_db
    cache.clear()
    monkeypatch.setattr("rostering.queue.enqueue", lambda _: None)
    clever.add_district(60, schools=2, seed=7)
    return Desk()


def set_up(desk: Desk) -> tuple[int, int, str]:
    """A district, its schools and their Admin, linked to Clever: its id, its connection's, the password."""
    made = desk.do("/admin/districts/new/", name="Birch County")
    district = number(r"districts/(\d+)/", made.headers["Location"])
    for name in SCHOOLS:
        desk.do(f"/admin/districts/{district}/schools/new/", name=name, purchased="on")
    ids = re.findall(r'schools/(\d+)/purchased/">', desk.look(f"/admin/districts/{district}/"))
    given = {"school": ids[0], "first_name": "Dana", "last_name": "Moss", "email": "dana@example.org"}
    shown = desk.do(f"/admin/districts/{district}/first-admin/", **given).content.decode()
    password = re.search(r'class="password">([\w-]+)<', shown)
    assert password
    desk.client.post(f"/admin/districts/{district}/sources/clever/")
    (tenant,) = rows(UpstreamTenant)
    linked = desk.do(f"/admin/districts/{district}/link/{tenant.pk}/", typed="Birch County")
    connection = number(r"connections/(\d+)/", linked.headers["Location"])
    theirs = re.findall(r"/link/\?school=([\w-]+)", desk.look(f"/admin/connections/{connection}/"))
    for name, ours, place in zip(SCHOOLS, ids, theirs, strict=True):
        desk.do(f"/admin/connections/{connection}/link/?school={place}", school=ours, typed=name)
    assert len(rows(SchoolLink, active=True)) == 2
    return district, connection, password[1]


def first_sync(desk: Desk, connection: int) -> Run:
    """From the preview that was read."""
    preview = worked(desk.do(f"/admin/connections/{connection}/preview/"))
    page = desk.look(f"/admin/runs/{preview.pk}/")
    assert "Preview ready" in page
    assert rows(User, district__isnull=False, first_name="Dana") == rows(User, district__isnull=False)
    let = re.search(r'href="(/admin/runs/\d+/first-sync/\?read=\w+)"', page)
    assert let
    return worked(desk.do(let[1], read="on", fingerprint=preview.fingerprint))


def active() -> int:
    return len(rows(Membership, status=Status.ACTIVE, source_id__isnull=False))


def decide(desk: Desk, what: str, hold: Hold, **part: Any) -> None:
    query = "".join(f"&{name}={value}" for name, value in part.items())
    path = f"/admin/holds/{hold.pk}/{what}/?read={hold.fingerprint}{query}"
    assert desk.do(path, fingerprint=hold.fingerprint, **SAID).status_code == 302


def only_at(school: int) -> list[str]:
    """Clever's ids of the students who are at this school and at no other."""
    at: dict[int, list[int | None]] = {each.user_id: [] for each in rows(Membership, school=school, roles=["student"])}
    for each in rows(Membership, user__in=at):
        at[each.user_id].append(each.school_id)
    return [
        each.external_id for each in rows(Link, user__in=[user for user, schools in at.items() if len(schools) == 1])
    ]


def test_from_nothing_to_a_nightly_district(desk: Desk, clever: CleverSandbox) -> None:
    district, connection, password = set_up(desk)
    first = first_sync(desk, connection)
    assert first.applied_at is not None
    everybody = active()
    assert everybody > 50
    again = worked(desk.do(f"/admin/connections/{connection}/sync/"))
    assert "Nothing" in text_for_dana(password, again.pk)
    assert active() == everybody

    (school,) = [each for each in rows(SchoolLink) if each.school_id][1:]
    for external_id in only_at(school.school_id):
        clever.world().unshare_user(external_id)
    risky = worked(desk.do(f"/admin/connections/{connection}/sync/"))
    (hold,) = rows(Hold, state=Hold.State.OPEN)
    assert active() == everybody
    page = desk.look(f"/admin/holds/{hold.pk}/")
    somebody = number(r'name="people" value="(\d+)"', page)
    decide(desk, "release", hold, people=somebody)
    if hold.needs_second:
        assert active() == everybody
        decide(Desk(), "release", hold, people=somebody)
    assert active() == everybody - 1
    (rest,) = rows(Hold, pk=hold.pk)
    decide(desk, "reject", rest)
    assert rows(Hold, state=Hold.State.OPEN) == []
    assert active() == everybody - 1

    undone = worked(desk.do(f"/admin/runs/{risky.pk}/undo/"))
    assert undone.applied_at is not None
    assert active() == everybody
    quiet = worked(desk.do(f"/admin/connections/{connection}/sync/"))
    assert active() == everybody
    assert rows(Hold, state=Hold.State.OPEN) == []
    assert "Undone" in desk.look(f"/admin/runs/{risky.pk}/")
    assert desk.look(f"/admin/districts/{district}/")
    assert desk.look(f"/admin/runs/{quiet.pk}/")


def text_for_dana(password: str, run: int) -> str:
    """What the school's Admin reads about a run, once they have a password of their own."""
    client = Client()
    client.post("/auth/login/", {"login": "dana@example.org", "password": password})
    new = "three lazy rivers"
    client.post("/auth/password/", {"new": new, "again": new})
    answer = client.get(f"/accounts/syncs/{run}/")
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_silent_source_does_not_take_the_console_down(desk: Desk, settings: Settings) -> None:
    district, connection, _ = set_up(desk)
    cache.clear()
    settings.SOURCE_HOSTS = {"clever": {"api": "http://127.0.0.1:9", "auth": "http://127.0.0.1:9"}}
    page = desk.look(f"/admin/connections/{connection}/")
    assert "(E-SOURCE-DOWN)" in page
    assert "Birch High" in page
    again = desk.client.post(f"/admin/districts/{district}/sources/clever/", follow=True).content.decode()
    assert "The list below is from the last time" in again
    assert len(rows(UpstreamTenant)) == 1
