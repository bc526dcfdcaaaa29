"""Runs as a queue: many presses, a source that does not answer, a broker that is away."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection as database
from django.utils.timezone import now
from kombu.exceptions import OperationalError

from accounts import tenancy
from integrations.models import ConnectionState
from rostering import lease, queue, runs, schedule, tasks
from rostering.models import Run, RunState, Trigger
from rostering.steps.fetch import open_staging
from tests.rostering.stories import Story
from tests.rostering.workers import at_once

PRESSES = 50
#: Clever does not answer the roster's first page.
SILENT = {"page_status_at": 1}
MINUTE = timedelta(minutes=1)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Give the runs the workers were told of."""
    ids: list[int] = []
    monkeypatch.setattr(queue, "enqueue", ids.append)
    return ids


@pytest.fixture
def synced(story: Story) -> Story:
    """A district of five that was synced before."""
    story.students(5)
    assert story.night().state == RunState.DONE
    return story


def press(story: Story, trigger: str = Trigger.SUPPORT, **details: Any) -> tuple[Run, bool]:
    """Somebody asks for a run."""
    with tenancy.support():
        return runs.start(story.connection, trigger, **details)


def runs_of(story: Story) -> list[Run]:
    """Every run, oldest first."""
    with tenancy.support():
        return list(Run.objects.filter(connection=story.connection).order_by("pk"))


def due() -> list[int]:
    with tenancy.support():
        return schedule.due()


def staged() -> set[str]:
    """The tables that hold what workers have read."""
    return {name for name in database.introspection.table_names() if name.startswith("staged_")}


def waits(run: Run) -> float:
    """In how many minutes a run may begin."""
    return round((run.start_after - now()) / MINUTE, 1)


# Presses


def test_fifty_presses_at_once_make_one_run(synced: Story, told: list[int]) -> None:
    before = len(runs_of(synced))
    pressed = at_once([lambda: press(synced)] * PRESSES)
    (run,) = runs_of(synced)[before:]
    assert {each.pk for each, _ in pressed} == {run.pk}
    assert [new for _, new in pressed].count(True) == 1
    assert told == [run.pk]


def test_presses_while_a_run_goes_join_it(synced: Story, told: list[int]) -> None:
    first, _ = press(synced)
    for details in ({}, {"preview": True}, {"trigger": Trigger.ASKED}):
        assert press(synced, **details) == (first, False)
    synced.worked(first)
    second, new = press(synced)
    assert (new, second == first, told) == (True, False, [first.pk, second.pk])


@pytest.mark.parametrize("ahead", [timedelta(hours=2), -timedelta(hours=2)])
def test_a_press_counts_whatever_the_web_servers_clock_says(ahead: timedelta, synced: Story) -> None:
    with time_machine.travel(now() + ahead, tick=True):
        run, _ = press(synced)
    assert due() == [run.pk]


def test_a_press_wakes_a_run_that_waits(synced: Story, told: list[int]) -> None:
    nightly, _ = press(synced, Trigger.NIGHTLY, start_after=now() + 15 * MINUTE)
    assert (press(synced, preview=True), due()) == ((nightly, False), [])
    assert (press(synced), due()) == ((nightly, False), [nightly.pk])
    assert told == [nightly.pk, nightly.pk]


def test_a_run_waits_for_the_next_tick_when_the_broker_is_away(
    synced: Story, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def away(*_: object, **__: object) -> None:
        raise OperationalError

    monkeypatch.setattr("celery.current_app.send_task", away)
    run, new = press(synced)
    assert (new, due()) == (True, [run.pk])
    assert f"run {run.pk} waits for the next tick" in caplog.text


# A source that fails


def test_a_source_that_does_not_answer_is_asked_again_with_growing_pauses(synced: Story) -> None:
    synced.student("Riley Fox")
    synced.sandbox.set_faults(SILENT)
    run, pauses = synced.worked(press(synced)[0]), []
    while run.state == RunState.QUEUED:
        assert (run.problem, run.lease_token, due()) == ("E-SOURCE-DOWN", None, [])
        pauses.append(waits(run))
        run = synced.an_hour_later(run)
    assert pauses == [2.0, 10.0, 30.0, 60.0]
    assert (run.state, run.problem, run.attempt) == (RunState.FAILED, "E-SOURCE-DOWN", 5)
    tie = synced.link_to_clever()
    assert (tie.state, tie.problem) == (ConnectionState.CONNECTED, "E-SOURCE-DOWN")
    assert len(synced.people()) == 5


def test_a_source_that_answers_again_is_no_problem_any_more(synced: Story) -> None:
    synced.student("Riley Fox")
    synced.sandbox.set_faults(SILENT)
    run = synced.worked(press(synced)[0])
    synced.sandbox.set_faults({"page_status_at": None})
    done = synced.an_hour_later(run)
    assert (done.state, done.tries, done.problem, done.problem_text) == (RunState.DONE, 1, "", "")
    assert len(synced.people()) == 6
    assert synced.link_to_clever().problem == ""


def test_retries_are_not_taken_for_dead_workers(synced: Story) -> None:
    synced.sandbox.set_faults(SILENT)
    run = synced.worked(press(synced)[0])
    while run.tries < len(runs.PAUSES):
        run = synced.an_hour_later(run)
    with tenancy.support():
        Run.objects.filter(pk=run.pk).update(state=RunState.RUNNING, lease_until=now() - MINUTE)
    synced.sandbox.set_faults({"page_status_at": None})
    assert synced.worked(run).state == RunState.DONE


def test_a_refused_access_is_not_tried_again(synced: Story) -> None:
    synced.world.revoke()
    run = synced.worked(press(synced)[0])
    assert (run.state, run.tries, run.problem, due()) == (RunState.FAILED, 0, "E-GRANT-REVOKED", [])
    tie = synced.link_to_clever()
    assert (tie.state, tie.problem) == (ConnectionState.NEEDS_ATTENTION, "E-GRANT-REVOKED")
    synced.world.reconnect()
    assert synced.night().state == RunState.DONE
    tie = synced.link_to_clever()
    assert (tie.state, tie.problem, tie.problem_since) == (ConnectionState.CONNECTED, "", None)


def test_a_malformed_answer_is_not_tried_again(synced: Story) -> None:
    synced.sandbox.set_faults({"not_json_at": 1})
    run = synced.worked(press(synced)[0])
    assert (run.state, run.tries, run.problem, due()) == (RunState.FAILED, 0, "E-SOURCE-MALFORMED", [])
    assert synced.link_to_clever().state == ConnectionState.CONNECTED


def test_what_a_failed_run_staged_is_swept_up(synced: Story, told: list[int]) -> None:
    synced.sandbox.set_faults({"not_json_at": 1})
    failed = synced.worked(press(synced)[0])
    again, _ = press(synced)
    taken = lease.claim(again.pk)
    assert taken is not None
    with tenancy.district(taken.district_id):
        open_staging(taken)
    assert staged() == {f"staged_{failed.pk}_1", f"staged_{taken.pk}_1"}
    tasks.tick()
    assert staged() == {f"staged_{taken.pk}_1"}
    assert told == [failed.pk, taken.pk]


def test_nobody_waits_an_hour_for_a_preview(synced: Story) -> None:
    synced.sandbox.set_faults(SILENT)
    run = synced.worked(press(synced, preview=True)[0])
    assert (run.state, run.problem, due()) == (RunState.FAILED, "E-SOURCE-DOWN", [])
