"""Runs as rows: started, joined, failed, retried and stopped. The rows are the queue."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils.timezone import now

from integrations.models import Connection, ConnectionState
from rostering import queue
from rostering.models import Run, RunState, Trigger

if TYPE_CHECKING:
    import datetime

    from accounts.models import User
    from integrations.provider import SourceError

ACTIVE = (RunState.QUEUED, RunState.RUNNING)
PAUSES = (timedelta(minutes=2), timedelta(minutes=10), timedelta(minutes=30), timedelta(minutes=60))


def start(
    connection: Connection, trigger: str, *, by: User | None = None, why: str = "", preview: bool = False,
    night: datetime.date | None = None, released_preview: Run | None = None, undoes: Run | None = None,
    start_after: datetime.datetime | None = None,
) -> tuple[Run, bool]:
    """Queue a run of this connection, or join the one that is already going.

    Returns the run and whether it is a new one. Any number of presses at once make one
    run: the table's own constraint decides, not a look before the insert.
    """
    run = Run(
        district_id=connection.district_id, connection=connection, trigger=trigger, preview=preview, night=night,
        asked_by=by, why=why, released_preview=released_preview, undoes=undoes, settings_version=connection.settings_version,
        start_after=start_after or now(), people_expected=_expected(connection),
    )
    if _insert(run):
        transaction.on_commit(lambda: queue.enqueue(run.pk))
        return run, True
    going = Run.objects.filter(connection=connection, state__in=ACTIVE).first()
    if going or night:
        return going or Run.objects.get(connection=connection, night=night), False
    # The run that was in the way ended between our two looks.
    return start(connection, trigger, by=by, why=why, preview=preview, released_preview=released_preview,
                 undoes=undoes)


def _insert(run: Run) -> bool:
    try:
        with transaction.atomic():
            run.save(force_insert=True)
    except IntegrityError:
        return False
    return True


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


def succeed(run: Run) -> None:
    """The connection works: whatever was wrong is over."""
    Connection.objects.filter(pk=run.connection_id).exclude(state=ConnectionState.DISCONNECTED).update(
        state=ConnectionState.CONNECTED, problem="", problem_text="", problem_since=None
    )


def retry_later(run: Run, error: SourceError) -> bool:
    """Put a run whose source does not answer back into the queue, with a growing pause.

    False if it has been tried often enough, or if a person waits for a preview.
    """
    if run.preview or run.trigger == Trigger.UNDO or run.tries >= len(PAUSES):
        return False
    Run.objects.filter(pk=run.pk, lease_token=run.lease_token).update(
        state=RunState.QUEUED, step="", tries=run.tries + 1, start_after=Now() + PAUSES[run.tries],
        lease_token=None, lease_until=None, problem=error.code, problem_text=str(error),
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
        connection = Connection.objects.get(pk=run.connection_id)
        connection.problem, connection.problem_text = code, text
        connection.problem_since = connection.problem_since or now()
        if reconnect:
            connection.state = ConnectionState.NEEDS_ATTENTION
        connection.save(update_fields=["problem", "problem_text", "problem_since", "state"])
