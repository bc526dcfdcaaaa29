"""The cards of the sources: one word, one main button, whose move is next, and numbers of one's own schools."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import DatabaseError
from django.utils.timezone import now

from accounts import tenancy
from accounts.models import Membership, Roles
from integrations.models import Connection, ConnectionState, SchoolLink, StopSwitch
from rostering.models import Hold, Issue, Run, RunState
from tests import factories
from tests.rostering.pages import CLEVER, INTEGRATIONS, browser, card, queries, read


@pytest.fixture
def world(committed_db: None) -> factories.World:
    del committed_db
    cache.clear()
    with tenancy.support():
        made = factories.world("Alder")
        Hold.objects.all().update(state=Hold.State.REJECTED)
        Issue.objects.all().update(closed_at=now(), closed_by=made.run)
        came = [made.admin, made.teacher, made.student, made.sister_student]
        Membership.objects.filter(user__in=came).update(source_id=made.connection.pk)
    return made


def change(world: factories.World, **fields: Any) -> None:
    with tenancy.support():
        Connection.objects.filter(pk=world.connection.pk).update(**fields)


def clever(world: factories.World) -> str:
    return card(world.admin, str(world.connection.pk))


def test_connected(world: factories.World) -> None:
    page = clever(world)
    assert page.startswith("Clever Connected Takes your students and staff from Clever")
    assert "1 student 2 teachers 1 admin" in page
    assert "1 is counted twice" in page
    assert "Next sync tonight 11:00 PM Eastern" in page or "Next sync" in page
    assert "Needs attention Nobody Next move Nobody's: we check again tonight" in page
    assert f"[{CLEVER}] Clever settings" in page
    assert f"[/accounts/syncs/{world.run.pk}/] View last sync" in page
    assert f"[/accounts/connections/{world.connection.pk}/sync/] Ask for a sync now" in page


def test_schools_that_may_start_one_see_it(world: factories.World) -> None:
    change(world, schools_may_sync=True)
    assert "Sync now" in clever(world)


def test_who_needs_attention_is_counted_at_my_schools(world: factories.World) -> None:
    with tenancy.support():
        for _ in range(3):
            factories.issue(world.run, world.student, world.school)
        factories.issue(world.run, world.sister_student, world.sister)
    assert "Completed with warnings" in clever(world)
    assert f"[/accounts/syncs/{world.run.pk}/?tab=attention] Review 3 people" in clever(world)
    sister = card(world.sister_admin, str(world.connection.pk))
    assert "Review 1 person" in sister
    assert "1 student" in sister
    assert "teacher" not in sister
    whole = card(world.district_admin, str(world.connection.pk))
    assert "Review 4 people" in whole
    assert "2 students 2 teachers 1 admin" in whole
    assert "Alder High, Alder Middle" in whole


def test_the_switcher_narrows_it(world: factories.World) -> None:
    client = browser(world.district_admin)
    client.post("/school/", {"school": world.sister.pk, "next": INTEGRATIONS})
    page = client.get(INTEGRATIONS).content.decode()
    assert "<b>1</b>student<" in page
    assert "Alder High" not in page.split("<main", 1)[1]


@pytest.mark.parametrize(
    ("fields", "word", "button", "move"),
    [
        ({"state": "needs_attention", "problem_text": "Refused."}, "Needs attention", "Fix connection", "Yours"),
        ({"problem": "E-SOURCE-DOWN", "problem_text": "Down."}, "Needs attention", "Fix connection", "Yours"),
        ({"state": "disconnected"}, "Disconnected", "Reconnect", "Yours"),
        ({"state": "paused"}, "Paused", "Clever settings", "A District admin's"),
        ({"stopped": True}, "Paused", "Message us", "SmartPass'"),
        ({"state": "setting_up"}, "Setting up", "Ask for the first sync", "Yours"),
    ],
)
def test_each_state_has_a_button_and_a_next_move(
    fields: dict[str, Any], word: str, button: str, move: str, world: factories.World
) -> None:
    change(world, **fields)
    page = clever(world)
    assert page.startswith(f"Clever {word}")
    assert button in page
    assert f"Next move {move}" in page
    if word not in {"Setting up", "Needs attention"}:
        assert "Ask for a sync now" not in page


def test_holds_and_running_syncs(world: factories.World) -> None:
    with tenancy.support():
        factories.hold(world.run, world.school, people=281)
    assert "On hold" in clever(world)
    assert "281 changes wait for approval. Nothing of it has happened." in clever(world)
    assert "On hold" not in card(world.sister_admin, str(world.connection.pk))
    with tenancy.support():
        run = factories.run(world.connection, state=RunState.RUNNING, applied_at=None, finished_at=None)
    page = browser(world.admin).get(INTEGRATIONS).content.decode()
    assert f'hx-select="#card-{world.connection.pk}"' in page
    assert f"[/accounts/syncs/{run.pk}/] Watch" in clever(world)
    with tenancy.support():
        Run.objects.filter(pk=run.pk).update(state=RunState.DONE)
    assert "hx-select" not in browser(world.admin).get(INTEGRATIONS).content.decode()


def test_support_stopped_everything(world: factories.World) -> None:
    with tenancy.support():
        StopSwitch.objects.create(kind="", why="A test")
    assert "SmartPass support has stopped syncs." in clever(world)


def test_paused_says_by_whom_and_until(world: factories.World) -> None:
    change(world, state="paused", paused_by=world.district_admin, paused_until=now() + timedelta(days=3))
    page = card(world.district_admin, str(world.connection.pk))
    assert "Paused by AlderRavi Moss until" in page
    assert f"[/accounts/connections/{world.connection.pk}/resume/] Resume" in page
    assert "Paused by your district until" in clever(world)
    assert "AlderRavi" not in clever(world)


def test_no_source_yet(world: factories.World) -> None:
    with tenancy.support():
        SchoolLink.objects.all().delete()
    for kind, name in (("clever", "Clever"), ("classlink", "ClassLink")):
        page = card(world.admin, kind)
        assert page.startswith(f"{name} Not set up")
        assert f"[{INTEGRATIONS}{kind}/] Setup {name}" in page
        assert f"Set up {name} Not set up" in read(world.admin, f"{INTEGRATIONS}{kind}/")
    for kind, name in (("gsuite", "G Suite"), ("spreadsheet", "Spreadsheet")):
        other = card(world.admin, kind)
        assert other.startswith(f"{name} Not set up")
        assert f"[/accounts/integrations/ask/{kind}/] Ask SmartPass" in other


def test_what_is_not_used_says_what_is(world: factories.World) -> None:
    page = card(world.admin, "classlink")
    assert page.startswith("ClassLink Not used")
    assert "Your school rosters with Clever." in page
    assert "[/accounts/integrations/ask/classlink/] Ask SmartPass" in page
    own = read(world.admin, f"{INTEGRATIONS}classlink/")
    assert "Set up ClassLink Not used Your school rosters with Clever." in own
    assert "Send us these identifiers" not in own
    change(world, state=ConnectionState.DISCONNECTED)
    assert "rosters with" not in card(world.admin, "classlink")


def test_a_card_that_fails_leaves_the_others(world: factories.World, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any) -> Any:
        raise DatabaseError

    monkeypatch.setattr("rostering.views.cards.sources", fails)
    assert "Can't be shown This card can't be shown right now." in card(world.admin, "clever")
    assert card(world.admin, "gsuite").startswith("G Suite Not used")


def test_the_number_of_questions_does_not_grow(world: factories.World) -> None:
    before = [queries(world.district_admin, path) for path in (INTEGRATIONS, CLEVER)]
    with tenancy.support():
        for _ in range(4):
            tie = factories.connection(world.district)
            school = factories.school(world.district)
            factories.link(tie, school)
            run = factories.run(tie)
            factories.issue(run, None, school)
            factories.hold(run, school)
            pupil = factories.person(world.district, school, Roles.STUDENT)
            Membership.objects.filter(user=pupil).update(source_id=tie.pk)
            factories.request(world.district_admin, school, kind="sync", connection=tie)
    assert [queries(world.district_admin, path) for path in (INTEGRATIONS, CLEVER)] == before


def test_only_admins(world: factories.World) -> None:
    for who in (world.teacher, world.student):
        assert browser(who).get(INTEGRATIONS).status_code == 403
        assert browser(who).get("/help/").status_code == 403
        assert browser(who).get("/accounts/integrations/ask/gsuite/").status_code == 403
    for kind in ("nothing", "ask", "sis"):
        for path in (f"ask/{kind}/", f"{kind}/", f"{kind}/ready/"):
            assert browser(world.admin).get(INTEGRATIONS + path).status_code == 404


def test_what_support_opened_has_a_card_and_a_page(world: factories.World) -> None:
    assert 'id="card-sis"' not in browser(world.admin).get(INTEGRATIONS).content.decode()
    change(world, state=ConnectionState.DISCONNECTED)
    with tenancy.support():
        SchoolLink.objects.update(active=False)
        tie = factories.connection(world.district, kind="sis")
        factories.link(tie, world.school)
    page = card(world.admin, str(tie.pk))
    assert page.startswith("OneRoster Connected Takes your students and staff from OneRoster")
    assert f"[{INTEGRATIONS}sis/] OneRoster settings" in page
    own = read(world.admin, f"{INTEGRATIONS}sis/")
    assert "In OneRoster In SmartPass Synced People from OneRoster Alder High at OneRoster Alder High Yes" in own
    assert "OneRoster site administrator → Admin, Teacher" in own
    assert "Your school rosters with OneRoster." in card(world.admin, "classlink")
    with tenancy.support():
        Connection.objects.filter(pk=tie.pk).update(state=ConnectionState.NEEDS_ATTENTION, problem_text="Refused.")
    assert "Ask whoever looks after OneRoster in your district" in read(world.admin, f"{INTEGRATIONS}sis/")
    with tenancy.support():
        Connection.objects.filter(pk=tie.pk).update(state=ConnectionState.SETTING_UP)
        SchoolLink.objects.filter(connection=tie).update(active=False)
    assert "[/help/#ask] Message us" in card(world.district_admin, str(tie.pk))


def test_a_district_may_take_its_other_schools_from_another_source(world: factories.World) -> None:
    with tenancy.support():
        factories.school(world.district, "Alder Night School")
    page = card(world.district_admin, "classlink")
    assert page.startswith("ClassLink Not used")
    assert f"[{INTEGRATIONS}classlink/] Setup ClassLink" in page
    assert "Send us these identifiers" in read(world.district_admin, f"{INTEGRATIONS}classlink/")
    assert "Ask SmartPass" in card(world.admin, "classlink")
