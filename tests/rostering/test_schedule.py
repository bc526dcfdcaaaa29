"""Who runs when: every connection once a night at 11:00 PM Eastern, whatever the scheduler does."""

from __future__ import annotations

import datetime as dt
from threading import Barrier, Thread
from uuid import uuid4

import pytest
import time_machine
from django.db import connection as database
from pytest_django import Settings

from accounts import tenancy
from rostering import schedule
from rostering.models import Run, RunState
from tests.rostering.nights import (
    AUTUMN,
    MINUTE,
    SPRING,
    TUESDAY,
    WEDNESDAY,
    answering,
    eastern,
    everything,
    going,
    nights,
    passes,
    synced,
    tick_at,
    worked,
)
from tests.rostering.workers import in_the_middle_of_a_step

ELEVEN = dt.time(23, 0)


@pytest.fixture
def at_once(settings: Settings) -> None:
    """Nobody's start is put off."""
    settings.NIGHT_SPREAD = dt.timedelta(0)


# Eleven o'clock


@pytest.mark.django_db
@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("weekend", [SPRING, AUTUMN], ids=["spring forward", "fall back"])
def test_every_night_begins_at_eleven_while_clocks_change(weekend: tuple[dt.date, dt.date]) -> None:
    saturday, sunday = weekend
    lincoln, shelby = synced(), synced()
    start, end = eastern(saturday, 21, 30), eastern(sunday + dt.timedelta(days=1), 7)
    for moment in passes(start, end, 10 * MINUTE):
        tick_at(moment)
        worked(moment)
    expected = [(night, dt.datetime.combine(night, ELEVEN, schedule.EASTERN)) for night in weekend]
    assert nights(lincoln) == nights(shelby) == expected
    # 24 hours lie between them on the wall, one more or less in truth.
    (_, first), (_, second) = nights(lincoln)
    assert second.astimezone(dt.UTC) - first.astimezone(dt.UTC) == dt.timedelta(hours=23 if weekend is SPRING else 25)


@pytest.mark.parametrize(
    ("moment", "night"),
    [
        (eastern(TUESDAY, 22, 59), None),
        (eastern(TUESDAY, 23), TUESDAY),
        (eastern(WEDNESDAY, 0), TUESDAY),
        (eastern(WEDNESDAY, 5, 59), TUESDAY),
        (eastern(WEDNESDAY, 6), None),
        (eastern(WEDNESDAY, 12), None),
        (eastern(SPRING[1], 1, 59), SPRING[0]),
        (eastern(SPRING[1], 3), SPRING[0]),
        (eastern(AUTUMN[1], 1, 30), AUTUMN[0]),
        (eastern(AUTUMN[1], 1, 30, again=True), AUTUMN[0]),
    ],
)
def test_which_night_it_is(moment: dt.datetime, night: dt.date | None) -> None:
    assert schedule.tonight(moment.astimezone(dt.UTC)) == night


@pytest.mark.parametrize(
    ("moment", "begins"),
    [
        (eastern(TUESDAY, 22, 59), eastern(TUESDAY, 23)),
        (eastern(TUESDAY, 23), eastern(WEDNESDAY, 23)),
        (eastern(SPRING[0], 12), dt.datetime(2026, 3, 8, 4, 0, tzinfo=dt.UTC)),
        (eastern(SPRING[0], 23, 30), dt.datetime(2026, 3, 9, 3, 0, tzinfo=dt.UTC)),
        (eastern(SPRING[1], 1, 59), dt.datetime(2026, 3, 9, 3, 0, tzinfo=dt.UTC)),
        (eastern(AUTUMN[0], 12), dt.datetime(2026, 11, 1, 3, 0, tzinfo=dt.UTC)),
        (eastern(AUTUMN[1], 1, 30, again=True), dt.datetime(2026, 11, 2, 4, 0, tzinfo=dt.UTC)),
    ],
)
def test_when_the_next_night_begins(moment: dt.datetime, begins: dt.datetime) -> None:
    assert schedule.next_night(moment.astimezone(dt.UTC)) == begins


# When the scheduler was down, late, or there twice


@pytest.mark.django_db
@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("late", [(23, 47), (0, 0), (2, 30), (5, 59)])
def test_a_night_that_was_missed_is_caught_up_at_once(late: tuple[int, int]) -> None:
    tie = synced()
    back = eastern(TUESDAY if late[0] == ELEVEN.hour else WEDNESDAY, *late)
    (named,) = tick_at(back)
    worked(back)
    assert nights(tie) == [(TUESDAY, back)]
    assert answering(TUESDAY) == [named]
    tick_at(back + MINUTE)
    assert nights(tie) == [(TUESDAY, back)]


@pytest.mark.django_db
@pytest.mark.parametrize("late", [(6, 0), (12, 0), (22, 59)])
def test_nothing_is_caught_up_by_day(late: tuple[int, int]) -> None:
    tie = synced()
    assert tick_at(eastern(WEDNESDAY, *late)) == []
    assert nights(tie) == []


@pytest.mark.django_db
def test_a_tick_that_comes_twice_changes_nothing() -> None:
    tie = synced()
    moment = eastern(TUESDAY, 23, 1)
    first = tick_at(moment)
    rows = everything()
    assert tick_at(moment) == first
    assert everything() == rows
    assert len(nights(tie)) == 1


def test_two_schedulers_at_the_same_moment_make_one_run_each(committed_db: None) -> None:
    del committed_db
    ties = [synced() for _ in range(20)]
    both = Barrier(2)
    failures: list[BaseException] = []

    def ticking() -> None:
        try:
            both.wait()
            schedule.tick()
        except BaseException as error:  # noqa: BLE001  (told to the test's own thread)
            failures.append(error)
        finally:
            database.close()

    with time_machine.travel(eastern(TUESDAY, 23, 1), tick=False):
        threads = [Thread(target=ticking) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert failures == []
    assert [len(nights(tie)) for tie in ties] == [1] * len(ties)


# What goes already


@pytest.mark.django_db
@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("state", [RunState.RUNNING, RunState.QUEUED])
@pytest.mark.parametrize("since", [(22, 50), (23, 0)])
def test_a_sync_that_goes_at_eleven_answers_for_the_night(since: tuple[int, int], state: RunState) -> None:
    tie = synced()
    with going(tie, eastern(TUESDAY, *since), state=state) as asked:
        tick_at(eastern(TUESDAY, 23, 1))
        assert answering(TUESDAY) == [asked.pk]
    tick_at(eastern(WEDNESDAY, 1))
    assert answering(TUESDAY) == [asked.pk]


@pytest.mark.django_db
@pytest.mark.usefixtures("at_once")
def test_a_sync_that_is_over_does_not_answer_for_the_night() -> None:
    tie = synced()
    with going(tie, eastern(TUESDAY, 22, 50)):
        pass
    tick_at(eastern(TUESDAY, 23))
    assert nights(tie) == [(TUESDAY, eastern(TUESDAY, 23))]


@pytest.mark.django_db
@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("kind", ["preview", "undo", "last night's"])
def test_what_is_no_sync_of_tonight_only_puts_it_off(kind: str) -> None:
    tie = synced()
    undo = {"undoes_id": everything()[0]["id"], "trigger": "undo"}
    fields = {"preview": {"preview": True}, "undo": undo, "last night's": {"night": TUESDAY - dt.timedelta(days=1)}}
    with going(tie, eastern(TUESDAY, 22, 50), **fields[kind]) as other:
        tick_at(eastern(TUESDAY, 23))
        assert answering(TUESDAY) == []
    tick_at(eastern(TUESDAY, 23, 10))
    assert nights(tie)[-1] == (TUESDAY, eastern(TUESDAY, 23, 10))
    assert answering(TUESDAY) != [other.pk]


@pytest.mark.django_db
def test_a_night_that_failed_is_not_begun_again() -> None:
    tie = synced()
    tick_at(eastern(TUESDAY, 23))
    with tenancy.support():
        Run.objects.filter(night=TUESDAY).update(state=RunState.FAILED)
    tick_at(eastern(WEDNESDAY, 3))
    assert len(nights(tie)) == 1


def test_the_night_does_not_wait_for_a_worker_in_the_middle_of_a_step(committed_db: None) -> None:
    del committed_db
    busy, other = synced(), synced()
    with going(busy, eastern(TUESDAY, 22, 50), lease_token=uuid4()) as asked:
        with in_the_middle_of_a_step(asked), database.cursor() as cursor:
            cursor.execute("SET lock_timeout = '2s'")
            tick_at(eastern(TUESDAY, 23))
            assert (nights(busy), len(nights(other))) == ([], 1)
        tick_at(eastern(TUESDAY, 23, 1))
        assert asked.pk in answering(TUESDAY)
