"""Who may work on a run: a lease, renewed by a heartbeat on a connection of its own.

A worker that stops beating loses the run to another within two minutes, and can write
nothing any more, because every write begins by showing the lease's token. The database's
clock is the only one that counts: workers' own clocks need not agree.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

from django.conf import settings
from django.db import Error, connection
from django.db.models import F, Q
from django.db.models.functions import Coalesce, Now

from accounts import tenancy
from integrations.models import Connection, ConnectionState, StopSwitch
from rostering.models import Run, RunState

if TYPE_CHECKING:
    from collections.abc import Iterator

#: With the minute until the next tick, a silent worker's run is taken over within two.
LASTS = timedelta(seconds=45)
BEAT_SECONDS = 10.0
MOST_ATTEMPTS = 5


class Lost(Exception):
    """Another worker has this run now, or a person stopped it: write nothing more."""


class SwitchedOff(Exception):
    """Support stopped it, or the district paused its source or gave it up; the message says which."""


SWITCHED_OFF = "Syncs are switched off by SmartPass support."
PAUSED = "Syncs of this source were paused, so this one ended."
GIVEN_UP = "This source was disconnected, so this sync ended."


def claim(run_id: int) -> Run | None:
    """Take a run that is due, or whose worker went silent; None if there is nothing to take.

    A row that is locked belongs to a worker in the middle of a step, however long it takes.
    """
    due = Q(state=RunState.QUEUED, start_after__lte=Now()) | Q(state=RunState.RUNNING, lease_until__lt=Now())
    with tenancy.support():
        if not Run.objects.select_for_update(skip_locked=True).filter(due, pk=run_id).exists():
            return None
        Run.objects.filter(pk=run_id).update(
            state=RunState.RUNNING,
            attempt=F("attempt") + 1,
            lease_token=uuid4(),
            lease_until=Now() + LASTS,
            started_at=Coalesce("started_at", Now()),
            step="fetch",
            # What stopped an earlier try is over, or will be said again.
            problem="",
            problem_text="",
        )
        return Run.objects.select_related("connection__district").get(pk=run_id)


def show(run: Run, **progress: str | int) -> None:
    """Begin a write: locks the run's row under our token, and keeps `progress` in it.

    Raises `Lost` or `SwitchedOff`. What was applied already is still reported.
    """
    if not renew(run, **progress):
        raise Lost
    if run.applied_at is None:
        why = _switched_off(run)
        if why:
            raise SwitchedOff(why)


def _switched_off(run: Run) -> str:
    """Why this run may not go on; empty if it may. A preview and an undo go on while a source is paused."""
    if StopSwitch.objects.filter(kind__in=("", run.connection.kind)).exists():
        return SWITCHED_OFF
    stopped, state = Connection.objects.values_list("stopped", "state").get(pk=run.connection_id)
    if stopped:
        return SWITCHED_OFF
    if run.preview or run.undoes_id:
        return ""
    return {ConnectionState.PAUSED: PAUSED, ConnectionState.DISCONNECTED: GIVEN_UP}.get(ConnectionState(state), "")


def renew(run: Run, **progress: str | int) -> bool:
    """Lengthen the lease from this moment; whether it is still ours."""
    mine = Run.objects.filter(pk=run.pk, lease_token=run.lease_token, lease_token__isnull=False)
    return bool(mine.update(lease_until=Now() + LASTS, **progress))


def still_ours(run: Run) -> None:
    """As `show`, in a transaction of its own: for work that writes nothing for a while."""
    with tenancy.district(run.district_id):
        show(run)


@contextmanager
def heartbeat(run: Run) -> Iterator[None]:
    """Renew the lease while the block runs."""
    done = threading.Event()
    thread = threading.Thread(target=_beat, args=(run, done), name=f"heartbeat-{run.pk}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join(timeout=BEAT_SECONDS)


def _beat(run: Run, done: threading.Event) -> None:
    every = getattr(settings, "HEARTBEAT_SECONDS", BEAT_SECONDS)
    try:
        while not done.wait(every):
            try:
                with tenancy.district(run.district_id):
                    # Locked: our own worker is in the middle of a step, and renews when it ends.
                    free = Run.objects.select_for_update(skip_locked=True).filter(pk=run.pk)
                    if free.exists() and not renew(run):
                        return
            except Error:
                # The database may be restarting; the next beat tries again on a new connection.
                connection.close()
    finally:
        connection.close()
