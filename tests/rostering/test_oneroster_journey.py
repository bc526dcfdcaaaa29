"""A school's own OneRoster server, from the address that support types to a second night on which nothing changed.

Real requests to the sandbox of a server, real commits; the worker is called where the queue would call it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.core.cache import cache

from accounts.models import Membership, Status, User
from integrations import registry
from integrations.models import Connection
from integrations.oneroster.sandbox import OneRosterSandbox
from rostering.models import Change, Hold
from tests.desk import Desk, number, rows, worked
from tests.integrations.sis import on_paper

WAYS = {"1.1": "oauth1-sha256", "1.2": "oauth2"}


@pytest.fixture(params=sorted(WAYS))
def server(request: pytest.FixtureRequest) -> Iterator[OneRosterSandbox]:
    """A server of either version with a district of two schools."""
    with OneRosterSandbox(version=request.param) as sandbox:
        sandbox.add_district(60, schools=2, seed=7, guardians=10)
        yield sandbox


@pytest.fixture
def desk(committed_db: None, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Support, and no queue."""
    del committed_db
    cache.clear()
    monkeypatch.setattr("rostering.queue.enqueue", lambda _: None)
    return Desk()


def set_up(desk: Desk, server: OneRosterSandbox) -> int:
    """A district of one school that is opened by its address and key, and linked; the connection's id."""
    made = desk.do("/admin/districts/new/", name="Birch County")
    district = number(r"districts/(\d+)/", made.headers["Location"])
    desk.do(f"/admin/districts/{district}/schools/new/", name="Birch High", purchased="on")
    school = number(r'schools/(\d+)/purchased/">', desk.look(f"/admin/districts/{district}/"))
    paper = on_paper(server, auth=WAYS[server.version])
    opened = desk.do(f"/admin/districts/{district}/sources/sis/open/", **paper)
    connection = number(r"connections/(\d+)/", opened.headers["Location"])
    page = desk.look(f"/admin/connections/{connection}/")
    assert "2 schools of OneRoster without a school of ours" in page
    place = re.findall(r"/link/\?school=([^\"]+)\"", page)[0]
    desk.do(f"/admin/connections/{connection}/link/?school={place}", school=school, typed="Birch High")
    return connection


def everybody() -> list[tuple[str, str, str]]:
    """Who came from the source: roles, status, and the school's or the district's."""
    found = rows(Membership, source_id__isnull=False)
    return sorted((" ".join(sorted(each.roles)), each.status, "school" if each.school_id else "") for each in found)


def test_from_an_address_to_a_quiet_night(desk: Desk, server: OneRosterSandbox) -> None:
    connection = set_up(desk, server)
    preview = worked(desk.do(f"/admin/connections/{connection}/preview/"))
    page = desk.look(f"/admin/runs/{preview.pk}/")
    assert "Preview ready" in page
    assert rows(User, district__isnull=False) == []
    let = re.search(r'href="(/admin/runs/\d+/first-sync/\?read=\w+)"', page)
    assert let
    first = worked(desk.do(let[1], read="on", fingerprint=preview.fingerprint))
    came = everybody()
    assert first.applied_at is not None
    assert {roles for roles, _, _ in came} >= {"student", "teacher"}
    assert {status for _, status, _ in came} == {Status.ACTIVE}
    assert len(came) == len(rows(Change, run=first.pk))
    assert rows(Membership, origin="sis", origin_label="") == []

    again = worked(desk.do(f"/admin/connections/{connection}/sync/"))
    assert again.people_read == first.people_read
    assert (everybody(), rows(Change, run=again.pk), rows(Hold)) == (came, [], [])
    (tie,) = rows(Connection, pk=connection)
    assert (tie.state, tie.problem) == ("connected", "")


def test_a_key_that_is_taken_back_and_a_new_one(desk: Desk, server: OneRosterSandbox) -> None:
    """The night says so and touches nobody; support types the new key, and the next one goes on."""
    connection = set_up(desk, server)
    preview = worked(desk.do(f"/admin/connections/{connection}/preview/"))
    let = re.search(r'href="(/admin/runs/\d+/first-sync/[^"]+)"', desk.look(f"/admin/runs/{preview.pk}/"))
    assert let
    worked(desk.do(let[1], read="on", fingerprint=preview.fingerprint))
    came = everybody()

    (district,) = server.districts.values()
    district.secret = "a-new-secret"
    server.doors.forget_tokens()
    worked(desk.do(f"/admin/connections/{connection}/sync/"))
    (tie,) = rows(Connection, pk=connection)
    assert (tie.state, tie.problem) == ("needs_attention", "E-GRANT-REVOKED")
    assert everybody() == came

    paper = on_paper(server, auth=WAYS[server.version])
    assert desk.do(f"/admin/connections/{connection}/settings/", **paper).status_code == 302
    worked(desk.do(f"/admin/connections/{connection}/sync/"))
    (tie,) = rows(Connection, pk=connection)
    assert (tie.state, tie.problem, everybody()) == ("connected", "", came)
    assert registry.secrets_of(tie) == {"secret": "a-new-secret"}
