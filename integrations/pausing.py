"""A district's own brake: its Admins pause a source's syncs, let them go on, or give the source up.

Another thing than support's stop switch, which stands beside it. Nobody's account changes
by any of this. Each function is one transaction with its line in the audit trail, and
doing it twice changes nothing. Who may is for `access.may_steer` to say.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.timezone import now

from accounts import audit, clock
from accounts.people import NotPossible
from integrations import connecting
from integrations.models import Connection, ConnectionState

if TYPE_CHECKING:
    from accounts.models import User

#: When syncs may start again on the day that was named: after the last night could still be made good.
RESUMES_AT = dt.time(12, 0)
#: Nobody pauses for longer without being asked again.
LONGEST = dt.timedelta(days=366)
#: From where a pause may begin: what is not connected has nothing to pause.
GOES_ON = (ConnectionState.CONNECTED, ConnectionState.NEEDS_ATTENTION)


def end_of(day: dt.date) -> dt.datetime:
    """The moment on this day from which syncs start again by themselves."""
    return dt.datetime.combine(day, RESUMES_AT, clock.EASTERN)


@transaction.atomic
def pause(by: User, connection: Connection, until: dt.date | None, why: str) -> bool:
    """No sync starts or goes on until this day (None: until somebody resumes); False if it was paused already.

    Raises NotPossible where there is nothing to pause, and for a day that is over or far away.
    """
    held = _locked(connection)
    if held.state == ConnectionState.PAUSED:
        return False
    if held.state not in GOES_ON:
        raise NotPossible("There is nothing to pause: no sync runs by itself here.")
    ends = end_of(until) if until else None
    if ends and not now() < ends <= now() + LONGEST:
        raise NotPossible("Choose a day after today, within a year. Leave it empty to pause until somebody resumes.")
    before = _told(held)
    held.state, held.paused_until, held.paused_by = ConnectionState.PAUSED, ends, by
    _keep(held, connection)
    audit.record(by, "connection.pause", held, district=held.district_id, before=before, after=_told(held), why=why)
    return True


@transaction.atomic
def resume(by: User | None, connection: Connection, why: str = "") -> bool:
    """Syncs start again with the next night; False if nothing was paused. `by` is nobody where the pause was over."""
    held = _locked(connection)
    if held.state != ConnectionState.PAUSED:
        return False
    before = _told(held)
    # What was wrong before the pause is taken to be wrong still, until a sync says otherwise.
    held.state = ConnectionState.NEEDS_ATTENTION if held.problem else ConnectionState.CONNECTED
    held.paused_until, held.paused_by = now(), None
    _keep(held, connection)
    audit.record(by, "connection.resume", held, district=held.district_id, before=before, after=_told(held), why=why)
    return True


@transaction.atomic
def disconnect(by: User, connection: Connection, why: str) -> bool:
    """Take nobody from this source any more; False if it was so already.

    Every account stays as it is. The ties of people and schools stay too, so that
    connecting again finds everybody; only a school that is tied to another source
    meanwhile loses its own.
    """
    held = _locked(connection)
    if held.state == ConnectionState.DISCONNECTED:
        return False
    before = _told(held)
    held.state, held.paused_until, held.paused_by = ConnectionState.DISCONNECTED, None, None
    _keep(held, connection)
    connecting.let_go(held)
    audit.record(
        by, "connection.disconnect", held, district=held.district_id, before=before, after=_told(held), why=why
    )
    return True


def resume_those_due() -> list[Connection]:
    """Let go on whatever was paused until a moment that has passed; which connections. For the scheduler."""
    over = Connection.objects.filter(state=ConnectionState.PAUSED, paused_until__lte=now()).order_by("pk")
    return [each for each in over.select_related("district") if resume(None, each, "The pause was set to end then.")]


def _locked(connection: Connection) -> Connection:
    return Connection.objects.select_for_update().get(pk=connection.pk)


def _keep(held: Connection, connection: Connection) -> None:
    held.save(update_fields=["state", "paused_until", "paused_by"])
    connection.state, connection.paused_until = held.state, held.paused_until
    connection.paused_by_id = held.paused_by_id


def _told(connection: Connection) -> dict[str, str | None]:
    until = connection.paused_until
    return {"state": connection.state, "paused_until": until.isoformat() if until else None}
