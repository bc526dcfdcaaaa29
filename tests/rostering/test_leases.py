"""Who may work on a run, and what a worker that lost it can still do: nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path

import pytest
import time_machine
from django.conf import settings as product
from django.db import connection as database
from django.utils.timezone import now
from pytest_django import Settings

from accounts import tenancy
from integrations.models import Connection
from rostering import lease, runs, schedule
from rostering.models import Run, RunState, Trigger
from rostering.sync import perform
from tests.rostering.stories import Story
from tests.rostering.workers import (
    Interrupted,
    all_rows,
    at_once,
    comes_true,
    elsewhere,
    in_the_middle_of_a_step,
    silent,
    superuser,
    taken_over,
)

Rows = Callable[[], dict[str, list[str]]]
#: One sync has at least as many transactions.
TRANSACTIONS = 10


@pytest.fixture
def rows(services_folder: Path) -> Rows:
    """Give what reads every row of the database."""
    return partial(all_rows, services_folder)


@pytest.fixture
def asked(story: Story) -> Run:
    """A sync of a small district that waits for a worker."""
    story.students(12)
    story.teacher("Ben Lo")
    return wanted(story)


def wanted(story: Story) -> Run:
    """Somebody asks for a sync."""
    with tenancy.district(story.district.pk):
        return runs.start(story.link_to_clever(), Trigger.SUPPORT)[0]


def due() -> list[int]:
    with tenancy.support():
        return schedule.due()


def lease_of(run: Run) -> datetime:
    """How long the run's lease lasts."""
    with tenancy.support():
        until = Run.objects.values_list("lease_until", flat=True).get(pk=run.pk)
    assert until is not None
    return until


def walks(story: Story) -> int:
    """How often the whole district was listed."""
    return sum("/users?" in path and "starting_after" not in path and "count" in path for path in story.sandbox.paths())


# One worker


def test_a_task_that_comes_twice_at_once_is_one_run(story: Story, asked: Run) -> None:
    at_once([lambda: perform(asked.pk)] * 2)
    done = story.fresh(asked)
    assert (done.state, done.attempt, walks(story)) == (RunState.DONE, 1, 1)
    assert len(story.people()) == 13


def test_a_task_that_comes_late_changes_nothing(asked: Run, rows: Rows) -> None:
    perform(asked.pk)
    before = rows()
    perform(asked.pk)
    assert elsewhere(lambda: lease.claim(asked.pk)) is None
    assert rows() == before


def test_a_run_that_is_not_due_is_nobodys(story: Story, asked: Run) -> None:
    with tenancy.support():
        Run.objects.filter(pk=asked.pk).update(start_after=now() + timedelta(minutes=1))
    assert story.worked(asked).state == RunState.QUEUED


# A worker that was given up


def test_a_lost_lease_writes_nothing_at_any_step(
    story: Story, asked: Run, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    for before in count():
        robbed = Interrupted(monkeypatch, rows)
        robbed.perform(partial(perform, asked.pk), before, partial(taken_over, asked.pk))
        if not robbed.reached:
            break
        assert robbed.after == robbed.before, f"something was written in transaction {before} or later"
        # The other worker is given up, too, and whoever comes next finishes.
        silent(asked.pk)
        assert story.worked(asked).state == RunState.DONE
        story.student(f"Newcomer {before}")
        asked = wanted(story)
    assert before >= TRANSACTIONS
    assert story.fresh(asked).state == RunState.DONE
    assert len(story.people()) == 13 + before


def test_a_stop_in_the_middle_is_the_end(story: Story, asked: Run, rows: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop() -> bool:
        with tenancy.support():
            return runs.stop(asked, by=None, why="Wrong school linked")

    for before in count():
        stopped = Interrupted(monkeypatch, rows)
        stopped.perform(partial(perform, asked.pk), before, stop)
        if story.fresh(asked).state == RunState.DONE:
            break
        assert stopped.after == stopped.before
        assert (story.fresh(asked).state, story.people()) == (RunState.STOPPED, [])
        schedule.sweep()
        assert [table for table in rows() if table.startswith("staged_")] == []
        asked = wanted(story)
    # Too late: everything was applied, and only the report was missing.
    assert stopped.reached
    assert before >= TRANSACTIONS - 1
    assert len(story.people()) == 13


@pytest.mark.parametrize("before", [0, 5, 9])
def test_a_stop_switch_ends_a_run_in_the_middle(
    before: int, story: Story, asked: Run, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    def switch_off() -> None:
        with tenancy.support():
            Connection.objects.filter(district=story.district).update(stopped=True)

    Interrupted(monkeypatch, rows).perform(partial(perform, asked.pk), before, switch_off)
    assert (story.fresh(asked).state, story.people()) == (RunState.STOPPED, [])


# A worker that went silent


def test_a_silent_workers_run_is_taken_over_within_two_minutes(
    story: Story, asked: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(lease, "LASTS", timedelta(seconds=0.3))
        assert elsewhere(lambda: lease.claim(asked.pk)) is not None
    assert due() == []
    assert comes_true(due)
    assert due() == [asked.pk]
    done = story.worked(asked)
    assert (done.state, done.attempt) == (RunState.DONE, 2)
    assert len(story.people()) == 13


def test_the_two_minutes_are_kept_in_the_worst_case() -> None:
    tick = product.CELERY_BEAT_SCHEDULE["rostering.tick"]["schedule"]
    # Killed right after a beat: the lease runs out just after a tick, and the next one finds it.
    assert lease.LASTS.total_seconds() + float(str(tick)) <= 110
    # Yet a worker may miss three beats.
    assert lease.LASTS.total_seconds() > 4 * lease.BEAT_SECONDS


@pytest.mark.parametrize("hours", [-2, 2])
def test_a_worker_whose_clock_is_wrong_keeps_its_lease_like_any_other(hours: int, asked: Run) -> None:
    wrong = partial(time_machine.travel, now() + timedelta(hours=hours))
    with wrong():
        run = lease.claim(asked.pk)
    assert run is not None
    assert timedelta(0) < lease_of(run) - now() <= lease.LASTS
    with wrong(), tenancy.district(run.district_id):
        assert lease.renew(run)
    assert timedelta(0) < lease_of(run) - now() <= lease.LASTS
    assert due() == []


def test_a_worker_in_the_middle_of_a_long_step_keeps_its_run(asked: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(lease, "LASTS", timedelta(seconds=0.1))
        run = lease.claim(asked.pk)
        assert run is not None
    with in_the_middle_of_a_step(run):
        assert comes_true(due)
        assert lease.claim(run.pk) is None
        perform(run.pk)
        ends = now()
    assert due() == []
    # The lease lasts from the step's end, however long ago its transaction began.
    assert lease_of(run) >= ends + lease.LASTS
    with tenancy.district(run.district_id):
        assert lease.renew(run)


def test_a_press_does_not_wait_for_a_worker_in_the_middle_of_a_step(story: Story, asked: Run) -> None:
    run = lease.claim(asked.pk)
    assert run is not None
    with in_the_middle_of_a_step(run), database.cursor() as cursor:
        cursor.execute("SET lock_timeout = '2s'")
        assert wanted(story) == run


def test_a_run_that_kills_its_workers_is_given_up(story: Story, asked: Run) -> None:
    for attempt in range(1, lease.MOST_ATTEMPTS + 1):
        killed = lease.claim(asked.pk)
        assert killed is not None
        assert killed.attempt == attempt
        silent(asked.pk)
    ended = story.worked(asked)
    assert (ended.state, ended.problem, story.people()) == (RunState.FAILED, "E-WORKER", [])
    assert story.link_to_clever().problem == ""


# The heartbeat


@pytest.fixture
def claimed(asked: Run, settings: Settings) -> Run:
    """A run in the hands of a worker whose heart beats fast."""
    settings.HEARTBEAT_SECONDS = 0.05
    run = lease.claim(asked.pk)
    assert run is not None
    return run


def test_the_heart_beats_on_a_connection_of_its_own(claimed: Run) -> None:
    with lease.heartbeat(claimed), tenancy.district(claimed.district_id):
        # This transaction stays open and sees what others commit meanwhile.
        began = lease_of(claimed)
        assert comes_true(lambda: lease_of(claimed) > began + timedelta(seconds=0.1))
    ended = lease_of(claimed)
    assert not comes_true_soon(lambda: lease_of(claimed) > ended)


def test_the_heart_goes_on_when_the_database_was_gone(claimed: Run, services_folder: Path) -> None:
    with lease.heartbeat(claimed), closing(superuser(services_folder)) as ending:
        for _ in range(3):
            with ending.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            database.close()
            assert comes_true(partial(_later, claimed, lease_of(claimed)))


def test_the_heart_stops_with_the_lease(claimed: Run) -> None:
    with lease.heartbeat(claimed):
        taken_over(claimed.pk)
        assert comes_true(lambda: all(thread.name != f"heartbeat-{claimed.pk}" for thread in threading.enumerate()))
        until = lease_of(claimed)
        assert not comes_true_soon(lambda: lease_of(claimed) != until)


def _later(run: Run, than: datetime) -> bool:
    return lease_of(run) > than


def comes_true_soon(question: Callable[[], bool]) -> bool:
    """Whether something becomes true within a few beats."""
    beats = threading.Event()
    return any(question() for _ in range(4) if not beats.wait(0.06))
