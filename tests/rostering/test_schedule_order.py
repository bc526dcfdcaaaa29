"""Who syncs by themselves, in which order, and spread over how long."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.conf import settings as product
from django.utils.timezone import now

from accounts import tenancy
from integrations.models import Connection, ConnectionState, StopSwitch
from rostering import queue, schedule, tasks
from rostering.models import RunState
from tests import factories
from tests.rostering.nights import MINUTE, TUESDAY, WEDNESDAY, eastern, nights, synced, tick_at, worked

# Who is left out


@pytest.mark.django_db
@pytest.mark.parametrize(
    "fields",
    [
        {"state": ConnectionState.PAUSED},
        {"state": ConnectionState.DISCONNECTED},
        {"state": ConnectionState.SETTING_UP},
        {"stopped": True},
        {"kind": "stopped source"},
    ],
    ids=lambda fields: " ".join(str(value) for value in fields.values()),
)
def test_who_does_not_sync_by_themselves(fields: dict[str, Any]) -> None:
    left_out, other = synced(**fields), synced(state=ConnectionState.NEEDS_ATTENTION)
    with tenancy.support():
        StopSwitch.objects.create(kind="stopped source", why="Their outage")
    tick_at(eastern(TUESDAY, 23))
    assert nights(left_out) == []
    assert len(nights(other)) == 1


@pytest.mark.django_db
def test_the_first_sync_is_never_the_nights() -> None:
    with tenancy.support():
        tie = factories.connection(factories.district())
        factories.run(tie, applied_at=None, preview=True)
        factories.run(tie, applied_at=None, state=RunState.FAILED)
    tick_at(eastern(TUESDAY, 23))
    assert nights(tie) == []


@pytest.mark.django_db
def test_a_switch_that_stopped_everything_is_caught_up_when_it_is_lifted() -> None:
    tie = synced()
    with tenancy.support():
        StopSwitch.objects.create(kind="", why="Maintenance")
    assert tick_at(eastern(TUESDAY, 23)) == []
    assert nights(tie) == []
    with tenancy.support():
        StopSwitch.objects.all().delete()
    lifted = eastern(WEDNESDAY, 2)
    tick_at(lifted)
    assert nights(tie) == [(TUESDAY, lifted)]


# In which order, and spread over how long


def waiting(of: Connection, people: int, **fields: object) -> int:
    """A run that waits, of which so many people are expected; its id."""
    with tenancy.support():
        rest = {"state": RunState.QUEUED, "people_expected": people, "applied_at": None, "finished_at": None}
        return factories.run(of, **{**rest, **fields}).pk


@pytest.mark.django_db
def test_the_small_do_not_wait_for_the_big() -> None:
    with tenancy.support():
        city, village, hamlet = (factories.district() for _ in range(3))
    of_the_city = [waiting(synced(city), people) for people in (300_000, 90_000, 40_000)]
    of_the_village = [waiting(synced(village), people) for people in (900, 600)]
    of_the_hamlet = [waiting(synced(hamlet), 80)]
    with tenancy.support():
        order = schedule.due()
    # One of each district in turn, the smallest first; within a district the smallest first, too.
    assert order == [
        of_the_hamlet[0], of_the_village[1], of_the_city[2],
        of_the_village[0], of_the_city[1],
        of_the_city[0],
    ]  # fmt: skip


@pytest.mark.django_db
def test_what_is_due() -> None:
    minutes = {"past": now() - MINUTE, "future": now() + MINUTE}
    found = [waiting(synced(), 10, start_after=minutes["past"])]
    waiting(synced(), 20, start_after=minutes["future"])
    waiting(synced(), 30, state=RunState.RUNNING, lease_until=minutes["future"])
    found += [waiting(synced(), 40, state=RunState.RUNNING, lease_until=minutes["past"])]
    waiting(synced(), 50, state=RunState.STOPPED)
    with tenancy.support():
        assert schedule.due() == found


@pytest.mark.django_db
def test_starts_are_spread_and_always_the_same() -> None:
    ties = [synced() for _ in range(8)]
    tick_at(eastern(TUESDAY, 23))
    (first,) = {tuple(nights(tie)[0][1] - eastern(TUESDAY, 23) for tie in ties)}
    worked(eastern(WEDNESDAY, 0))
    tick_at(eastern(WEDNESDAY, 23))
    assert [nights(tie)[1][1] - eastern(WEDNESDAY, 23) for tie in ties] == list(first)
    assert len(set(first)) == len(ties)
    assert all(dt.timedelta(0) <= delay < schedule.SPREAD for delay in first)


# The timetable


@pytest.mark.django_db
def test_each_minute_hands_out_what_is_due(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[int] = []
    monkeypatch.setattr(queue, "enqueue", told.append)
    due, _ = waiting(synced(), 10), waiting(synced(), 10, start_after=now() + MINUTE)
    with time_machine.travel(eastern(TUESDAY, 12), tick=False):
        tasks.tick()
    assert told == [due]


def test_the_timetable_says_once_a_minute() -> None:
    entry = product.CELERY_BEAT_SCHEDULE["rostering.tick"]
    assert (entry["task"], entry["schedule"]) == (tasks.tick.name, 60.0)


# Too late


@pytest.mark.django_db
def test_no_good_sync_for_26_hours_is_an_alarm_of_its_own() -> None:
    late, fine = synced(), synced()
    with tenancy.support():
        for tie, hours in ((late, 27), (fine, 25)):
            tie.runs.update(started_at=now() - dt.timedelta(hours=hours), state=RunState.DONE)
            factories.run(tie, state=RunState.FAILED, started_at=now(), applied_at=None)
    assert schedule.sound_alarms() == [late.pk]
    with tenancy.support():
        late.refresh_from_db()
        assert (late.problem, late.problem_text) == ("E-LATE", "There has been no good sync for 26 hours.")
    assert schedule.sound_alarms() == []
