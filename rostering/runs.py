"""Runs as rows: started, joined, failed, retried and stopped. The rows are the queue."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, TypedDict, Unpack

from django.db import IntegrityError, transaction
from django.db.models.functions import Coalesce, Now

from integrations.models import Connection, ConnectionState
from rostering import queue, telling
from rostering.models import Run, RunState, Trigger

if TYPE_CHECKING:
    import datetime as dt

    from accounts.models import User
    from integrations.provider import SourceError

ACTIVE = (RunState.QUEUED, RunState.RUNNING)
#: A connection that a person paused or gave up: no run changes that.
AT_REST = (ConnectionState.PAUSED, ConnectionState.DISCONNECTED)
LOOKS = 3
PAUSES = (timedelta(minutes=2), timedelta(minutes=10), timedelta(minutes=30), timedelta(minutes=60))


class Details(TypedDict, total=False):
    """What else a run can be asked with.

    By whom and why; as a preview; for a night; of a preview that was read; as the undo
    of another run, or of these schools' part of it; not before a moment.
    """

    by: User | None
    why: str
    preview: bool
    night: dt.date | None
    released_preview: Run | None
    undoes: Run | None
    schools: list[int] | None
    start_after: dt.datetime


def start(connection: Connection, trigger: str, **details: Unpack[Details]) -> tuple[Run, bool]:
    """Queue a run of this connection, or join the one that is already going.

    Returns the run and whether it is a new one. Any number of presses at once make one
    run: the table's own constraint decides, not a look before the insert.
    """
    asked_by, begins = details.pop("by", None), details.pop("start_after", None)
    expected = _expected(connection)
    for _ in range(LOOKS):
        # Only not to wait: an insert beside a run in the middle of a step waits for the step's end.
        going = _in_the_way(connection, details.get("night"))
        if going:
            if trigger in {Trigger.ASKED, Trigger.SUPPORT} and not details.get("preview"):
                _hasten(going)
            return going, False
        run = Run(
            district_id=connection.district_id,
            connection=connection,
            trigger=trigger,
            asked_by=asked_by,
            settings_version=connection.settings_version,
            people_expected=expected,
            # By the clock that says what is due: a web server's may be ahead of it.
            start_after=begins or Now(),
            **details,
        )
        if _insert(run):
            transaction.on_commit(partial(queue.enqueue, run.pk))
            return run, True
    raise RuntimeError("A run can neither be started nor joined.")


def _insert(run: Run) -> bool:
    try:
        with transaction.atomic():
            run.save(force_insert=True)
    except IntegrityError:
        return False
    return True


def _in_the_way(connection: Connection, night: dt.date | None) -> Run | None:
    going = Run.objects.filter(connection=connection, state__in=ACTIVE).first()
    return going or (Run.objects.filter(connection=connection, night=night).first() if night else None)


def _hasten(run: Run) -> None:
    """Somebody asks for it now: a run that waits for its turn of the night, or after a failure, waits no longer."""
    if Run.objects.filter(pk=run.pk, state=RunState.QUEUED, start_after__gt=Now()).update(start_after=Now()):
        transaction.on_commit(partial(queue.enqueue, run.pk))


def _expected(connection: Connection) -> int:
    last = Run.objects.filter(connection=connection, state=RunState.DONE).order_by("-created_at").first()
    return last.people_read if last else 0


def stop(run: Run, *, by: User | None, why: str) -> bool:
    """End a run that has not finished; its worker can write nothing from here on."""
    del by  # The caller's audit entry names the person.
    return bool(
        Run.objects.filter(pk=run.pk, state__in=ACTIVE, applied_at=None).update(
            state=RunState.STOPPED, lease_token=None, lease_until=None, finished_at=Now(), problem_text=why
        )
    )


def stop_those_going(connection: Connection, why: str) -> bool:
    """End the syncs of a connection that go or wait, previews and undos not; whether one is left that may finish.

    One whose worker is in the middle of a step is locked, and nobody waits for it here: it
    finds out by itself before its next step, unless it is writing already.
    """
    going = Run.objects.filter(connection=connection, state__in=ACTIVE, preview=False, undoes=None)
    free = list(going.select_for_update(skip_locked=True).filter(applied_at=None))
    for run in free:
        stop(run, by=None, why=why)
    return going.exists()


def succeed(run: Run) -> None:
    """The connection works: whatever was wrong is over. One that was paused or given up meanwhile stays so."""
    good = {"problem": "", "problem_text": "", "problem_since": None}
    Connection.objects.filter(pk=run.connection_id).update(**good)
    Connection.objects.filter(pk=run.connection_id).exclude(state__in=AT_REST).update(state=ConnectionState.CONNECTED)


def retry_later(run: Run, error: SourceError) -> bool:
    """Put a run whose source does not answer back into the queue, with a growing pause.

    False if it has been tried often enough, or if a person waits for a preview.
    """
    if run.preview or run.trigger == Trigger.UNDO or run.tries >= len(PAUSES):
        return False
    Run.objects.filter(pk=run.pk, lease_token=run.lease_token).update(
        state=RunState.QUEUED,
        step="",
        tries=run.tries + 1,
        start_after=Now() + PAUSES[run.tries],
        lease_token=None,
        lease_until=None,
        problem=error.code,
        problem_text=str(error),
    )
    return True


def fail(run: Run, code: str, text: str, *, reconnect: bool = False, source: bool = True) -> None:
    """Close a run that could not be carried out; nothing was changed.

    `reconnect` says that a person must renew our access, `source` whether the trouble
    lies with the connection at all.
    """
    closed = Run.objects.filter(pk=run.pk, lease_token=run.lease_token, state=RunState.RUNNING).update(
        state=RunState.FAILED, problem=code, problem_text=text, finished_at=Now(), lease_token=None, lease_until=None
    )
    if closed and source:
        broken = Connection.objects.filter(pk=run.connection_id)
        broken.update(problem=code, problem_text=text, problem_since=Coalesce("problem_since", Now()))
        if reconnect:
            broken.exclude(state__in=AT_REST).update(state=ConnectionState.NEEDS_ATTENTION)
    if closed:
        telling.failed(run, code, refused=reconnect)
