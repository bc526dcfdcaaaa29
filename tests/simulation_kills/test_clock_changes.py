"""The weekends on which clocks change, with the real scheduler and worker killed at 10:59 PM.

Their clocks show another time and run on at their usual pace; only what nobody has to
watch is left out, by starting them again later.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from rostering.schedule import EASTERN
from tests.simulation_kills.ground import CELERY, Ground
from tests.simulation_kills.place import DATABASE
from tests.simulation_kills.processes import ENDED, Process, until

pytestmark = pytest.mark.long
WEEKEND = "weekend"
#: Districts that are synced each night, each with so many people.
DISTRICTS, PEOPLE = 3, 40
TICK = 1.0
FINISHED = "SELECT count(*) FROM rostering_run WHERE night = %s AND state = 'done'"
NIGHTS = """
    SELECT connection_id, night, count(*) FROM rostering_run WHERE night IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2
"""
BEGUN = "SELECT start_after FROM rostering_run WHERE night = %s"


class Weekend:
    """Three districts in a database, and moments on their people's clocks."""

    def __init__(self, ground: Ground, database: str) -> None:
        """The database is a copy of the prepared one."""
        self.ground = ground
        self.database = database

    @contextmanager
    def from_(self, moment: dt.datetime) -> Iterator[Process]:
        """Scheduler and worker start when clocks show this moment, and are killed at the end."""
        ahead = str((moment - dt.datetime.now(dt.UTC)).total_seconds())
        given, options = self.ground.given(self.database), ("--tick", str(TICK), "--ahead", ahead)
        with Process(given, *CELERY, "beat", *options), Process(given, *CELERY, "worker", *options) as worker:
            yield worker

    def finished(self, night: dt.date) -> bool:
        """Whether everybody's run of a night is done."""
        return self.ground.all(self.database, FINISHED, night) == [(DISTRICTS,)]

    def begun(self, night: dt.date) -> list[dt.datetime]:
        """When the runs of a night were to begin."""
        return [found for (found,) in self.ground.all(self.database, BEGUN, night) if isinstance(found, dt.datetime)]

    def runs(self) -> list[tuple[object, ...]]:
        """How many runs each connection and night has."""
        return self.ground.all(self.database, NIGHTS)


@pytest.fixture(scope="module")
def prepared(ground: Ground) -> list[str]:
    """Prepare the database: three small districts, synced once; the connections' ids."""
    ground.servers.copy(DATABASE, WEEKEND)
    towns = [ground.sandbox.add_district(PEOPLE, seed=seed) for seed in range(11, 11 + DISTRICTS)]
    return [ground.connect(WEEKEND, each, [row["id"] for row in each.schools()]) for each in towns]


def last(month: int, sunday: int) -> dt.date:
    """The last such Sunday of the year (1 for the month's first) that lies some days back."""
    today = dt.datetime.now(EASTERN).date()
    for year in (today.year, today.year - 1):
        first = dt.date(year, month, 1)
        day = first + dt.timedelta(days=(6 - first.weekday()) % 7 + 7 * (sunday - 1))
        if day < today - dt.timedelta(days=5):
            return day
    raise AssertionError


def ticks_until(worker: Process, moment: dt.datetime) -> dt.datetime:
    """Wait until the worker has carried out a tick at this moment or later; when that was."""
    while (line := worker.next_line()) != ENDED:
        word, _, when = line.partition(" ")
        if word == "tick" and (ticked := dt.datetime.fromisoformat(when)) >= moment:
            return ticked
    raise AssertionError("the worker is gone")


@pytest.mark.parametrize(("month", "sunday"), [(3, 2), (11, 1)], ids=["spring forward", "fall back"])
def test_every_night_has_one_run(month: int, sunday: int, ground: Ground, prepared: list[str]) -> None:
    changes = last(month, sunday)
    eve, monday = changes - dt.timedelta(days=1), changes + dt.timedelta(days=1)
    assert at(changes, 12) - at(eve, 12) != dt.timedelta(days=1)
    with ground.servers.copy_of(WEEKEND, f"weekend_{month}") as database:
        weekend = Weekend(ground, database)
        killed_at_10_59(weekend, eve)
        # Nobody was there at eleven.
        with weekend.from_(at(eve, 23, 4)):
            until(lambda: weekend.finished(eve), "Saturday's night is caught up")
        assert all(at(eve, 23) <= moment <= at(eve, 23, 20) for moment in weekend.begun(eve))
        # Clocks change while they run.
        with weekend.from_(at(changes, 1, 59, 55)) as worker:
            ticks_until(worker, at(changes, 1, 59, 55) + dt.timedelta(seconds=10))
        killed_at_10_59(weekend, changes)
        with weekend.from_(at(monday, 3, 30)):
            until(lambda: weekend.finished(changes), "Sunday's night is caught up")
        with weekend.from_(at(monday, 5, 59, 50)) as worker:
            ticks_until(worker, at(monday, 6, 0, 3))
        assert weekend.runs() == [(int(each), night, 1) for each in prepared for night in (eve, changes)]


def killed_at_10_59(weekend: Weekend, night: dt.date) -> None:
    """Scheduler and worker work until a minute before eleven; that night has no run."""
    with weekend.from_(at(night, 22, 58, 57)) as worker:
        ticked = ticks_until(worker, at(night, 22, 59))
    assert ticked < at(night, 23)
    assert weekend.begun(night) == []


def at(day: dt.date, hour: int, minute: int = 0, second: int = 0) -> dt.datetime:
    """A moment on the Eastern wall clock, in UTC: moments of one zone are compared as if clocks never changed."""
    return dt.datetime.combine(day, dt.time(hour, minute, second), EASTERN).astimezone(dt.UTC)
