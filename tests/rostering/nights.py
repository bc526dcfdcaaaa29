"""Nights for the tests of the schedule: connections that sync by themselves, moments, and time that passes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import time_machine

from accounts import tenancy
from accounts.models import District
from integrations.models import Connection
from rostering import schedule
from rostering.models import Run, RunState
from tests import factories

LONG_AGO = dt.datetime(2026, 1, 5, 12, 0, tzinfo=dt.UTC)
TUESDAY = dt.date(2026, 9, 15)
WEDNESDAY = TUESDAY + dt.timedelta(days=1)
MINUTE = dt.timedelta(minutes=1)
#: Saturday and Sunday of the weekends on which clocks change.
SPRING = (dt.date(2026, 3, 7), dt.date(2026, 3, 8))
AUTUMN = (dt.date(2026, 10, 31), dt.date(2026, 11, 1))


def eastern(day: dt.date, hour: int, minute: int = 0, *, again: bool = False) -> dt.datetime:
    """A moment on the Eastern wall clock; `again` is the second time the clock shows it."""
    return dt.datetime.combine(day, dt.time(hour, minute, fold=int(again)), schedule.EASTERN)


def synced(of: District | None = None, **fields: Any) -> Connection:
    """A connection that works and was synced long ago."""
    with tenancy.support():
        tie = factories.connection(of or factories.district())
        factories.run(tie, **dict.fromkeys(("created_at", "started_at", "applied_at", "finished_at"), LONG_AGO))
        Connection.objects.filter(pk=tie.pk).update(**fields)
        tie.refresh_from_db()
    return tie


def tick_at(moment: dt.datetime) -> list[int]:
    """The scheduler ticks at this moment; the runs it names."""
    with time_machine.travel(moment, tick=False):
        return schedule.tick()


def passes(start: dt.datetime, end: dt.datetime, every: dt.timedelta) -> Iterator[dt.datetime]:
    """Each moment a scheduler ticks at, in real time whatever the clocks on the wall show."""
    moment = start.astimezone(dt.UTC)
    while moment < end:
        yield moment
        moment += every


def worked(moment: dt.datetime) -> None:
    """Workers finish at once whatever has begun by now."""
    with tenancy.support():
        begun = Run.objects.filter(state=RunState.QUEUED, start_after__lte=moment)
        begun.update(state=RunState.DONE, started_at=moment, applied_at=moment, finished_at=moment)


def nights(of: Connection) -> list[tuple[dt.date, dt.datetime]]:
    """The nights a connection's runs answer for, and the Eastern wall clock at which each begins."""
    with tenancy.support():
        found = Run.objects.filter(connection=of).exclude(night=None).order_by("pk")
        return [(run.night, run.start_after.astimezone(schedule.EASTERN)) for run in found if run.night]


def everything() -> list[dict[str, Any]]:
    """Every run there is, with all its fields."""
    with tenancy.support():
        return [dict(row) for row in Run.objects.order_by("pk").values()]


def answering(night: dt.date) -> list[int]:
    """The runs that answer for a night."""
    return [row["id"] for row in everything() if row["night"] == night]


@contextmanager
def going(of: Connection, since: dt.datetime, **fields: Any) -> Iterator[Run]:
    """A run somebody asked for goes since then, and is done at the end of the block."""
    rest = {"trigger": "support", "state": RunState.RUNNING, "started_at": since, "created_at": since}
    with tenancy.support():
        run = factories.run(of, **{**rest, "applied_at": None, "finished_at": None, **fields})
    yield run
    with tenancy.support():
        Run.objects.filter(pk=run.pk).update(state=RunState.DONE, finished_at=since)
