"""What a school's Admins ask of a source: a sync now, a pause, going on again, or its end.

Each function is one transaction. What cannot be done is refused in words (NotPossible).
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.timezone import now

from accounts import audit, clock
from accounts.access import zone_of
from accounts.people import NotPossible
from integrations import pausing
from integrations.access import stopped_kinds
from integrations.models import Connection, ConnectionState
from rostering import lease, runs, telling
from rostering.models import Run, SupportRequest, Trigger
from rostering.support import asking

if TYPE_CHECKING:
    import datetime as dt

    from accounts.models import School, User

#: A school may start one sync of a source in this time.
EVERY = timedelta(minutes=15)


@transaction.atomic
def sync_now(by: User, connection: Connection) -> tuple[Run, bool]:
    """Start a sync where SmartPass lets schools do that; joins the one that is going."""
    # Locked, so that of two who press at once the second one finds the first one's run.
    held = Connection.objects.select_for_update().get(pk=connection.pk)
    why = why_no_sync(held)
    if why:
        raise NotPossible(why)
    if not held.schools_may_sync:
        raise NotPossible("SmartPass starts a sync for you when you ask for it.")
    if not _was_synced(held):
        raise NotPossible("Your first sync hasn't finished. SmartPass starts it with you.")
    going = Run.objects.filter(connection=held, state__in=runs.ACTIVE).first()
    if going and going.preview:
        raise NotPossible("A preview is going. Ask again when it has ended, in a few minutes.")
    if not going:
        _not_too_often(by, held)
    run, started = runs.start(held, Trigger.ASKED, by=by)
    if started:
        audit.record(by, "run.start", run, district=run.district_id)
    return run, started


def why_no_sync(connection: Connection) -> str:
    """Why there can be no sync of this connection now, whoever asks; empty if there can."""
    if connection.state == ConnectionState.DISCONNECTED:
        return "This source is disconnected. Ask SmartPass to connect it again."
    if connection.stopped or stopped_kinds() & {"", connection.kind}:
        return lease.SWITCHED_OFF
    if connection.state == ConnectionState.PAUSED:
        return "Syncs are paused. Resume them first."
    return ""


def _was_synced(connection: Connection) -> bool:
    return Run.objects.filter(connection=connection, applied_at__isnull=False).exists()


def _not_too_often(by: User, connection: Connection) -> None:
    asked = Run.objects.filter(connection=connection, trigger=Trigger.ASKED, preview=False)
    last = asked.order_by("-created_at").first()
    if last and now() - last.created_at < EVERY:
        after = clock.both(last.created_at + EVERY, zone_of(by))
        raise NotPossible(f"A sync was started a few minutes ago. The next one can be started after {after}.")


@transaction.atomic
def ask_for_sync(by: User, connection: Connection, at: School | None) -> tuple[Run | SupportRequest, bool]:
    """Start a sync where schools may, or else ask SmartPass for one; and whether that is new.

    `at` is the school that asks. Raises NotPossible where there can be no sync now.
    """
    if connection.schools_may_sync and _was_synced(connection):
        return sync_now(by, connection)
    why = why_no_sync(connection)
    if why:
        raise NotPossible(why)
    kind = SupportRequest.Kind.SYNC if _was_synced(connection) else SupportRequest.Kind.FIRST_SYNC
    return asking.ask(by, kind, school=at, connection=connection)


@transaction.atomic
def ask_to_reconnect(by: User, connection: Connection, at: School | None) -> tuple[SupportRequest, bool]:
    """Ask SmartPass to take people from this source again; finds the request that waits."""
    if connection.state != ConnectionState.DISCONNECTED:
        raise NotPossible("It is not disconnected.")
    details = {"what": f"Connect {connection} again"}
    return asking.ask(by, SupportRequest.Kind.READY, school=at, connection=connection, details=details)


@transaction.atomic
def pause(by: User, connection: Connection, until: dt.date | None, why: str) -> str:
    """Pause a source and end the sync that is going; what to tell whoever did."""
    if not pausing.pause(by, connection, until, why):
        return "It was paused already."
    return _told("Paused.", writing=runs.stop_those_going(connection, lease.PAUSED))


@transaction.atomic
def disconnect(by: User, connection: Connection, why: str) -> str:
    """Give a source up and end the sync that is going; what to tell whoever did."""
    if not pausing.disconnect(by, connection, why):
        return "It was disconnected already."
    telling.let_go(connection)
    return _told("Disconnected.", writing=runs.stop_those_going(connection, lease.GIVEN_UP))


def _told(deed: str, *, writing: bool) -> str:
    if writing:
        return f"{deed} A sync was going: it ends at its next step, unless it is writing its last changes already."
    return f"{deed} Every account stays as it is."


@transaction.atomic
def look_ahead(by: User, connection: Connection) -> tuple[Run, bool]:
    """Start a preview of what resuming would do; joins one that is going, or finds one that is still fresh."""
    held = Connection.objects.select_for_update().get(pk=connection.pk)
    if held.state != ConnectionState.PAUSED:
        raise NotPossible("Nothing is paused.")
    if held.stopped or stopped_kinds() & {"", held.kind}:
        raise NotPossible(lease.SWITCHED_OFF)
    run, started = runs.start(held, Trigger.ASKED, by=by, preview=True)
    if not run.preview:
        raise NotPossible("The sync that was going when you paused is still ending. Try again in a minute.")
    if started:
        audit.record(by, "run.preview", run, district=run.district_id)
    return run, started
