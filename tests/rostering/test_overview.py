"""All schools of a district at a glance: what each needs, and whose move it is."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import people, tenancy
from accounts.models import Roles, School
from integrations import linking
from integrations.models import Connection, SchoolLink
from rostering import overview
from rostering.models import Hold, Issue, Run
from tests import factories
from tests.rostering.pages import browser, change, text

SCHOOLS, AT_CLEVER = "/accounts/schools/", "Your Clever admin"


@pytest.fixture
def world(committed_db: None) -> factories.World:
    del committed_db
    with tenancy.support():
        return factories.world("Alder")


def table(world: factories.World) -> dict[str, dict[str, str]]:
    """The file, school by school."""
    answer = browser(world.district_admin).get(f"{SCHOOLS}csv/")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="schools.csv"'
    return {row["School"]: row for row in csv.DictReader(io.StringIO(answer.content.decode()))}


def test_each_school_with_its_numbers(world: factories.World) -> None:
    page = text(browser(world.district_admin), SCHOOLS)
    assert "2 schools of Alder USD. 1 needs you." in page
    found = table(world)
    here, there = found["Alder High"], found["Alder Middle"]
    assert (here["Source"], here["State"], there["State"]) == ("Clever", "On hold", "Connected")
    assert (here["Students"], here["Teachers"], here["Admins"], here["Assistants"]) == ("1", "2", "1", "0")
    assert (here["Needs attention"], here["Holds"]) == ("1", "1")
    assert (here["Whose move it is"], here["Why"]) == ("You", "Review 1 hold")
    assert (there["Needs attention"], there["Holds"]) == ("0", "0")
    assert (there["Whose move it is"], there["Why"]) == ("Nobody", "")
    assert "11:00 PM Eastern" in there["Next sync"]
    assert "Eastern" in there["Last success"]


def test_suspended_people_count_as_nobody_and_the_deleted_need_no_eye(world: factories.World) -> None:
    with tenancy.support():
        people.suspend(None, factories.membership(world.teacher, world.school))
        people.delete_person(None, world.student)
    here = table(world)["Alder High"]
    assert (here["Students"], here["Teachers"], here["Needs attention"]) == ("0", "1", "0")


@pytest.mark.parametrize(
    ("model", "fields", "state", "move", "why"),
    [
        (School, {"purchased": False}, "Shared, not bought", "SmartPass", "Ask SmartPass to add this school"),
        (Connection, {"stopped": True}, "Paused", "SmartPass", "SmartPass has stopped the sync"),
        (Connection, {"state": "needs_attention"}, "Needs attention", AT_CLEVER, "Share your data in Clever again"),
        (Connection, {"state": "setting_up"}, "Setting up", "SmartPass", "Starts the first sync with you"),
        (Connection, {"state": "paused"}, "Paused", "You", "Resume the sync"),
        (Connection, {"state": "disconnected"}, "Disconnected", "You", "Reconnect Clever"),
        (Run, {"state": "running"}, "Sync in progress", "You", "Look at 1 person"),
        (SchoolLink, {"active": False}, "Bought, not shared in Clever", AT_CLEVER, "Share this school with SmartPass"),
        (Issue, {"closed_at": "2026-01-01T00:00Z"}, "Connected", "Nobody", ""),
        (Connection, {"problem": "E-SOURCE-DOWN"}, "Needs attention", "You", "Look at 1 person"),
        (Run, {"removals": "E-INCOMPLETE"}, "Completed with warnings", "You", "Look at 1 person"),
    ],
)  # fmt: skip
def test_whose_move_it_is(
    model: Any, fields: dict[str, Any], state: str, move: str, why: str, world: factories.World
) -> None:
    change(Hold, world.hold.pk, state="rejected")
    rows = {
        School: world.school, Connection: world.connection, Run: world.run, SchoolLink: world.link, Issue: world.issue,
    }  # fmt: skip
    change(model, rows[model].pk, **fields)
    here = table(world)["Alder High"]
    assert (here["State"], here["Whose move it is"], here["Why"]) == (state, move, why)
    assert state in text(browser(world.district_admin), SCHOOLS)
    unharmed = {"Connected", "Sync in progress", "Completed with warnings"}
    runs_tonight = state in unharmed or (model is Connection and state == "Needs attention")
    assert bool(here["Next sync"]) == runs_tonight


def test_a_school_that_was_never_linked_is_there_by_name(world: factories.World) -> None:
    with tenancy.support():
        factories.school(world.district, "Alder Night School")
        factories.school(world.district, "Not bought at all", purchased=False)
        shared = [world.link.external_id, world.sister_link.external_id, "5f9"]
        Run.objects.filter(pk=world.run.pk).update(receipt={"places": shared})
        cache.set(linking._key(world.connection, "names"), {"5f9": "Alder Primary"})
    page = text(browser(world.district_admin), SCHOOLS)
    assert "Alder Night School Your Clever admin Share this school with SmartPass" in page
    assert "Clever also shares Alder Primary, linked to no school here." in page
    assert "Not bought at all" not in page


@pytest.mark.parametrize("sort", sorted(overview.SORTS))
def test_what_needs_the_reader_comes_first_unless_they_sort(sort: str, world: factories.World) -> None:
    with tenancy.support():
        factories.school(world.district, "Aaa School")
    page = text(browser(world.district_admin), SCHOOLS, sort=sort)
    places = [page.index(f"{name} ") for name in ("Alder High", "Aaa School", "Alder Middle")]
    if sort in {"school", "last"}:
        assert places[1] < places[0]
    else:
        assert places[0] < places[1]
    usual, nonsense = (text(browser(world.district_admin), SCHOOLS, sort=each) for each in ("needs", "nonsense"))
    assert nonsense == usual


def test_forty_schools_cost_as_many_questions_as_two(world: factories.World) -> None:
    client = browser(world.district_admin)
    client.get(SCHOOLS)
    with CaptureQueriesContext(connection) as few:
        client.get(SCHOOLS)
    with tenancy.support():
        for number in range(60):
            school = factories.school(world.district, f"School {number:02}")
            factories.link(world.connection, school)
            pupil = factories.person(world.district, school, Roles.STUDENT)
            factories.issue(world.run, pupil, None)
            factories.hold(world.run, school)
    with CaptureQueriesContext(connection) as many:
        first = text(client, SCHOOLS)
    assert len(many) == len(few)
    assert "62 schools of Alder USD. 61 need you." in first
    assert "of 62" in first
    assert "Alder Middle" in text(client, SCHOOLS, page=2)


def test_a_school_is_one_press_away(world: factories.World) -> None:
    client = browser(world.district_admin)
    answer = client.post("/school/", {"school": world.sister.pk, "next": "/accounts/find/"})
    assert answer.headers["Location"] == "/accounts/find/"
    assert "Alder Middle" in client.get(SCHOOLS).content.decode()


def test_one_school_needs_no_overview(committed_db: None) -> None:
    del committed_db
    with tenancy.support():
        district = factories.district("Solo USD")
        factories.link(factories.connection(district), factories.school(district))
        head = factories.person(district, None, Roles.DISTRICT_ADMIN)
        staff = factories.staff()
    assert browser(head).get(SCHOOLS).headers["Location"] == "/accounts/integrations/"
    for path in (SCHOOLS, f"{SCHOOLS}csv/", "/accounts/find/"):
        assert browser(staff).get(path, follow=True).redirect_chain[-1][0] == "/admin/"


def test_a_sheet_calculates_nothing(world: factories.World) -> None:
    change(School, world.school.pk, name="=1+1")
    assert "'=1+1" in table(world)
