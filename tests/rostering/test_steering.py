"""A school's own brake and accelerator: ask for a sync, pause, look ahead, resume, disconnect."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.utils.timezone import now

from accounts import tenancy
from accounts.models import AuditEvent, Notice
from integrations import pausing
from integrations.models import Connection, ConnectionState, SchoolLink, StopSwitch
from rostering import lease, runs, schedule, steering
from rostering.models import Change, Run, RunState, SupportRequest, Trigger
from tests import factories
from tests.desk import rows
from tests.rostering.pages import CLEVER, browser, plain, press, read

pytestmark = pytest.mark.usefixtures("quiet")


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """No worker is told of runs."""
    monkeypatch.setattr("rostering.queue.enqueue", lambda _: None)


@pytest.fixture
def world(committed_db: None) -> factories.World:
    del committed_db
    cache.clear()
    with tenancy.support():
        return factories.world("Alder")


def change(world: factories.World, **fields: Any) -> None:
    with tenancy.support():
        Connection.objects.filter(pk=world.connection.pk).update(**fields)


def tie(world: factories.World) -> Connection:
    (found,) = rows(Connection, pk=world.connection.pk)
    assert isinstance(found, Connection)
    return found


def address(world: factories.World, deed: str) -> str:
    return f"/accounts/connections/{world.connection.pk}/{deed}/"


def asked(world: factories.World) -> list[Run]:
    return rows(Run, connection=world.connection, trigger=Trigger.ASKED)


def test_many_presses_start_one_sync(world: factories.World) -> None:
    change(world, schools_may_sync=True)
    assert "The sync has started." in press(world.admin, address(world, "sync"))
    for who in (world.admin, world.sister_admin, world.district_admin):
        assert "A sync is going already. This is it." in press(who, address(world, "sync"))
    (run,) = asked(world)
    assert (run.preview, run.asked_by_id) == (False, world.admin.pk)
    (line,) = rows(AuditEvent, action="run.start")
    assert (line.by_id, line.target) == (world.admin.pk, f"run:{run.pk}")


def test_one_sync_in_a_quarter_of_an_hour(world: factories.World) -> None:
    change(world, schools_may_sync=True)
    with tenancy.support():
        factories.run(world.connection, trigger=Trigger.ASKED, created_at=now() - timedelta(minutes=14))
    page = press(world.admin, address(world, "sync"))
    assert "A sync was started a few minutes ago. The next one can be started after" in page
    assert len(asked(world)) == 1
    with tenancy.support():
        Run.objects.filter(trigger=Trigger.ASKED).update(created_at=now() - timedelta(minutes=16))
    assert "The sync has started." in press(world.admin, address(world, "sync"))
    assert len(asked(world)) == 2


@pytest.mark.parametrize("may", ["start one", ""])
@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"state": "paused"}, "Syncs are paused. Resume them first."),
        ({"state": "disconnected"}, "This source is disconnected."),
        ({"stopped": True}, "Syncs are switched off by SmartPass support."),
    ],
)
def test_no_sync_while_it_rests(fields: dict[str, Any], words: str, may: str, world: factories.World) -> None:
    change(world, schools_may_sync=bool(may), **fields)
    assert words in press(world.admin, address(world, "sync"))
    assert asked(world) == []
    assert rows(SupportRequest, kind="sync") == []


def test_a_school_that_may_not_start_one_asks_once(world: factories.World) -> None:
    assert "Sent to SmartPass: request #" in press(world.admin, address(world, "sync"))
    (request,) = rows(SupportRequest, kind="sync")
    assert (request.school_id, request.connection_id) == (world.school.pk, world.connection.pk)
    assert timedelta(hours=3) < request.due_at - now() <= timedelta(hours=4)
    page = press(world.admin, address(world, "sync"))
    assert f"This waits already: request #{request.pk}." in page
    assert f"Request #{request.pk} : Sync now, waiting. You have an answer by" in page
    press(world.sister_admin, address(world, "sync"))
    press(world.district_admin, address(world, "sync"))
    found = rows(SupportRequest, kind="sync")
    assert [each.school_id for each in found] == [world.school.pk, world.sister.pk, None]
    assert f"#{found[1].pk}" not in read(world.admin, "/accounts/integrations/")


def test_before_the_first_sync_it_is_the_first_that_is_asked_for(world: factories.World) -> None:
    change(world, schools_may_sync=True, state=ConnectionState.SETTING_UP)
    with tenancy.support():
        Run.objects.all().update(applied_at=None, state=RunState.FAILED)
    press(world.admin, address(world, "sync"))
    assert len(rows(SupportRequest, kind="first_sync")) == 1
    assert asked(world) == []
    assert "Waiting for SmartPass" in read(world.admin, "/accounts/integrations/")


def test_pausing_ends_what_waits_and_starts_nothing(world: factories.World) -> None:
    with tenancy.support():
        run, _ = runs.start(world.connection, Trigger.NIGHTLY)
    until = (now() + timedelta(days=10)).date()
    page = press(world.district_admin, address(world, "pause"), until=until.isoformat(), why="New year")
    assert "Paused. Every account stays as it is." in page
    paused = tie(world)
    assert (paused.state, paused.paused_by_id) == (ConnectionState.PAUSED, world.district_admin.pk)
    assert paused.paused_until == pausing.end_of(until)
    (stopped,) = rows(Run, pk=run.pk)
    assert (stopped.state, stopped.problem_text) == (RunState.STOPPED, lease.PAUSED)
    (line,) = rows(AuditEvent, action="connection.pause")
    assert (line.why, line.before["state"], line.after["state"]) == ("New year", "connected", "paused")
    assert "It was paused already." in press(world.district_admin, address(world, "pause"), why="again")
    assert len(rows(AuditEvent, action="connection.pause")) == 1


@pytest.mark.parametrize("days", [-1, 400])
def test_a_pause_ends_in_the_future(days: int, world: factories.World) -> None:
    until = (now() + timedelta(days=days)).date().isoformat()
    assert "Choose a day after today" in press(world.district_admin, address(world, "pause"), until=until, why="x")
    assert tie(world).state == ConnectionState.CONNECTED


def test_a_sync_that_goes_stops_before_its_next_step(world: factories.World) -> None:
    with tenancy.support():
        run, _ = runs.start(world.connection, Trigger.NIGHTLY)
    taken = lease.claim(run.pk)
    assert taken is not None
    change(world, state=ConnectionState.PAUSED)
    with pytest.raises(lease.SwitchedOff, match="paused"):
        lease.still_ours(taken)
    # What was applied is still reported; a preview and an undo change nothing by themselves.
    taken.applied_at = now()
    lease.still_ours(taken)
    taken.applied_at, taken.preview = None, True
    lease.still_ours(taken)
    change(world, state=ConnectionState.DISCONNECTED)
    taken.preview = False
    with pytest.raises(lease.SwitchedOff, match="disconnected"):
        lease.still_ours(taken)


@pytest.mark.parametrize("state", [ConnectionState.PAUSED, ConnectionState.DISCONNECTED])
def test_no_run_ends_a_pause(state: str, world: factories.World) -> None:
    change(world, state=state, problem="E-SOURCE-DOWN")
    with tenancy.support():
        runs.succeed(world.run)
    assert (tie(world).state, tie(world).problem) == (state, "")
    with tenancy.support():
        Run.objects.filter(pk=world.run.pk).update(state=RunState.RUNNING)
        runs.fail(world.run, "E-GRANT-REVOKED", "Refused.", reconnect=True)
    assert (tie(world).state, tie(world).problem) == (state, "E-GRANT-REVOKED")


def test_only_who_answers_for_all_of_it_may_pause(world: factories.World) -> None:
    for deed in ("pause", "resume", "disconnect", "preview", "preview/progress", "preview/names"):
        page = browser(world.admin).get(address(world, deed), follow=True)
        assert "A District admin can do this" in page.content.decode(), deed
    press(world.admin, address(world, "pause"), why="mine")
    press(world.admin, address(world, "disconnect"), typed="Clever", why="mine")
    assert tie(world).state == ConnectionState.CONNECTED
    assert "To pause, resume or disconnect, ask a District admin" in read(world.admin, CLEVER)
    with tenancy.support():
        SchoolLink.objects.filter(school=world.sister).update(active=False)
    assert "Paused." in press(world.admin, address(world, "pause"), why="mine")


def test_a_pause_that_is_over_ends_by_itself(world: factories.World) -> None:
    change(world, state=ConnectionState.PAUSED, paused_until=now() + timedelta(minutes=1))
    schedule.tick()
    assert tie(world).state == ConnectionState.PAUSED
    change(world, paused_until=now() - timedelta(minutes=1))
    schedule.tick()
    schedule.tick()
    assert tie(world).state == ConnectionState.CONNECTED
    (line,) = rows(AuditEvent, action="connection.resume")
    assert line.by_id is None
    told = rows(Notice, kind=Notice.Kind.RESUMED, closed_at=None)
    assert [each.school_id for each in told] == [world.school.pk, world.sister.pk, None]
    assert "The pause of Clever for Alder High is over. The next sync is" in told[0].text
    # That there was no sync for days is no alarm now.
    with tenancy.support():
        Run.objects.all().update(started_at=now() - timedelta(days=9))
    assert schedule.sound_alarms() == []
    change(world, paused_until=now() - timedelta(hours=27))
    assert schedule.sound_alarms() == [world.connection.pk]


def test_looking_ahead_and_resuming(world: factories.World) -> None:
    change(world, state=ConnectionState.PAUSED, paused_by=world.district_admin)
    assert "A preview reads everybody and compares" in read(world.district_admin, address(world, "resume"))
    assert "Preview is going" in press(world.district_admin, address(world, "preview"))
    press(world.district_admin, address(world, "preview"))
    (run,) = asked(world)
    assert run.preview
    progress = browser(world.district_admin).get(address(world, "preview/progress"))
    assert (progress.status_code, "hx-get" in progress.content.decode()) == (200, True)
    with tenancy.support():
        Run.objects.filter(pk=run.pk).update(state=RunState.DONE, finished_at=now())
        factories.change(run, world.student, world.school)
        factories.change(run, world.sister_student, world.sister, kind=Change.Kind.SUSPEND)
    progress = browser(world.district_admin).get(address(world, "preview/progress"))
    assert (progress.status_code, "hx-get" in progress.content.decode()) == (286, False)
    assert "1 Suspended" in plain(progress.content.decode()) or "1 Updated" in plain(progress.content.decode())
    names = read(world.district_admin, address(world, "preview/names"))
    assert "AlderJordan" in names
    assert "AlderRiley" in names
    assert "Resumed. The next sync is tonight's." in press(world.district_admin, address(world, "resume"))
    assert "It was going on already." in press(world.district_admin, address(world, "resume"))
    assert tie(world).state == ConnectionState.CONNECTED
    assert len(rows(AuditEvent, action="connection.resume")) == 1


def test_a_preview_tells_an_admin_of_their_own_schools(world: factories.World) -> None:
    change(world, state=ConnectionState.PAUSED)
    with tenancy.support():
        SchoolLink.objects.filter(school=world.sister).update(active=False)
        run = factories.run(world.connection, preview=True, applied_at=None)
        factories.change(run, world.student, world.school)
        factories.change(run, world.sister_student, world.sister, kind=Change.Kind.SUSPEND)
    page = read(world.admin, address(world, "resume"))
    assert "1 Updated" in page
    assert "Suspended" not in page
    assert "AlderRiley" not in read(world.admin, address(world, "preview/names"))


def test_a_preview_that_failed_does_not_hold_anybody_back(world: factories.World) -> None:
    change(world, state=ConnectionState.PAUSED, problem="E-SOURCE-DOWN")
    with tenancy.support():
        factories.run(
            world.connection,
            preview=True,
            applied_at=None,
            state=RunState.FAILED,
            problem_text="Clever isn't answering.",
        )
    page = read(world.district_admin, address(world, "resume"))
    assert "The preview did not end well: Clever isn't answering. Nothing was changed." in page
    press(world.district_admin, address(world, "resume"))
    assert tie(world).state == ConnectionState.NEEDS_ATTENTION


def test_nothing_is_looked_at_where_nothing_is_paused(world: factories.World) -> None:
    assert "Nothing is paused." in press(world.district_admin, address(world, "preview"))
    change(world, state=ConnectionState.PAUSED)
    with tenancy.support():
        StopSwitch.objects.create(kind="clever", why="A test")
    assert lease.SWITCHED_OFF in press(world.district_admin, address(world, "preview"))
    assert asked(world) == []


def test_support_starts_nothing_at_rest_either(world: factories.World) -> None:
    change(world, state=ConnectionState.PAUSED)
    with tenancy.support():
        paused = Connection.objects.get(pk=world.connection.pk)
        assert "paused" in steering.why_no_sync(paused)
        staff = factories.staff()
    client = browser(staff)
    assert client.get(address(world, "sync")).status_code == 404
    assert client.post(address(world, "resume"), {"token": "x"}).status_code == 404
