"""Who runs when: every connection once a night at 11:00 PM Eastern, and whatever is due.

Nothing here trusts the scheduler's own clock: that a night's run exists is a row with
the night's date, so a missed, late or doubled tick changes nothing.
"""

from __future__ import annotations

import datetime as dt
import logging
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import F, Max, Q, Window
from django.db.models.functions import Now, RowNumber
from django.utils.timezone import now

from accounts import tenancy
from integrations import pausing
from integrations.models import Connection, ConnectionState, StopSwitch
from rostering import runs, sql, telling
from rostering.models import Run, RunState, Trigger

if TYPE_CHECKING:
    from django.db.models import QuerySet

logger = logging.getLogger(__name__)

EASTERN = ZoneInfo("America/New_York")
STARTS = dt.time(23, 0)
CATCHES_UP_UNTIL = dt.time(6, 0)
SPREAD = dt.timedelta(minutes=20)
AT_ONCE = 100
LATE_AFTER = dt.timedelta(hours=26)
LATE, LATE_TEXT = "E-LATE", "There has been no good sync for 26 hours."


def tick() -> list[int]:
    """End the pauses that are over, queue tonight's runs that are missing, name those that are due, fairly ordered."""
    with tenancy.support():
        for connection in pausing.resume_those_due():
            telling.resumed(connection)
        night = tonight()
        if night:
            _queue_night(night)
        return due()


def tonight(moment: dt.datetime | None = None) -> dt.date | None:
    """The night whose runs are to be made now: the Eastern date of its 11 PM; None by day."""
    local = (moment or now()).astimezone(EASTERN)
    if local.time() >= STARTS:
        return local.date()
    if local.time() < CATCHES_UP_UNTIL:
        return local.date() - dt.timedelta(days=1)
    return None


def next_night(moment: dt.datetime | None = None) -> dt.datetime:
    """When the next nightly sync begins, on the Eastern wall clock."""
    local = (moment or now()).astimezone(EASTERN)
    date = local.date() if local.time() < STARTS else local.date() + dt.timedelta(days=1)
    return dt.datetime.combine(date, STARTS, EASTERN)


def _queue_night(night: dt.date) -> None:
    begins = dt.datetime.combine(night, STARTS, EASTERN)
    for connection in _nightly().exclude(runs__night=night).order_by("pk"):
        going = Run.objects.filter(connection=connection, state__in=runs.ACTIVE)
        if not going.exists():
            runs.start(connection, Trigger.NIGHTLY, night=night, start_after=max(begins + _offset(connection), now()))
        else:
            _join(going, night)


def _join(going: QuerySet[Run], night: dt.date) -> None:
    """A sync that goes already, because a person asked for it, answers for the night; a preview does not."""
    asked = going.filter(preview=False, undoes=None, night=None)
    # One whose worker is in the middle of a step is locked, and nobody waits for it here.
    free = list(asked.select_for_update(skip_locked=True).values_list("pk", flat=True))
    Run.objects.filter(pk__in=free).update(night=night)


def _nightly() -> QuerySet[Connection]:
    """Connections that sync by themselves: not paused or stopped, and past their first sync."""
    if StopSwitch.objects.filter(kind="").exists():
        return Connection.objects.none()
    return (
        Connection.objects.filter(
            state__in=(ConnectionState.CONNECTED, ConnectionState.NEEDS_ATTENTION),
            stopped=False,
            runs__applied_at__isnull=False,
        )
        .exclude(kind__in=StopSwitch.objects.values("kind"))
        .distinct()
    )


def _offset(connection: Connection) -> dt.timedelta:
    """Spreads the starts: always the same small delay for the same connection."""
    spread = getattr(settings, "NIGHT_SPREAD", SPREAD)
    return dt.timedelta(seconds=connection.pk * 7919 % max(int(spread.total_seconds()), 1))


def due() -> list[int]:
    """Runs that wait or whose worker went silent: one a district in turn, the small ones first."""
    waiting = Q(state=RunState.QUEUED, start_after__lte=Now()) | Q(state=RunState.RUNNING, lease_until__lt=Now())
    turn = Window(RowNumber(), partition_by=F("district_id"), order_by=[F("people_expected"), F("start_after")])
    found = Run.objects.filter(waiting).annotate(turn=turn).order_by("turn", "people_expected", "start_after")
    return list(found.values_list("pk", flat=True)[:AT_ONCE])


def sound_alarms() -> list[int]:
    """Mark the connections that had no good sync for 26 hours and say nothing of it yet; which they are.

    Counted from the start of the last good run, which also ends the alarm, or from the end of a pause.
    """
    over = now() - LATE_AFTER
    good = Q(runs__state=RunState.DONE, runs__preview=False, runs__undoes=None)
    with tenancy.support():
        begun = _nightly().filter(problem="").annotate(begun=Max("runs__started_at", filter=good))
        begun = begun.filter(Q(paused_until=None) | Q(paused_until__lt=over), begun__lt=over)
        since = dict(begun.values_list("pk", "begun"))
        late = Connection.objects.filter(pk__in=since)
        late.update(problem=LATE, problem_text=LATE_TEXT, problem_since=now())
        for connection in late.select_related("district"):
            telling.late(connection, since[connection.pk])
    for connection_id in since:
        logger.error("connection %s had no good sync for 26 hours", connection_id)
    return list(since)


def sweep() -> None:
    """Drop what was staged for runs that ended without a report: failed, stopped or given up."""
    with tenancy.support():
        staged = {row["run"] for row in sql.rows("fetch.staged_for", {})}
        ended = Run.objects.filter(pk__in=staged).exclude(state__in=runs.ACTIVE)
        for run_id, district_id in list(ended.values_list("pk", "district_id")):
            with tenancy.district(district_id):
                sql.run("fetch.drop", {"run": run_id})
