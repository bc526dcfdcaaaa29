"""The stop switches: for everything, a source, or one connection.

Each function is one transaction with its line in the audit trail.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from accounts import audit
from integrations.models import Connection, StopSwitch

if TYPE_CHECKING:
    from accounts.models import User


@transaction.atomic
def stop_everything(by: User, kind: str, why: str) -> StopSwitch:
    """No run of this source ("" for every source) starts or goes on until the switch is lifted."""
    switch, made = StopSwitch.objects.get_or_create(kind=kind, defaults={"why": why, "by": by})
    if made:
        audit.record(by, "stop", switch, district=None, after={"kind": kind or "everything"}, why=why)
    return switch


@transaction.atomic
def lift_stop(by: User, kind: str, why: str) -> bool:
    """Let runs start again; False if nothing was stopped."""
    switch = StopSwitch.objects.filter(kind=kind).first()
    if switch is None:
        return False
    audit.record(by, "stop.lift", switch, district=None, before={"kind": kind or "everything"}, why=why)
    switch.delete()
    return True


@transaction.atomic
def set_stopped(by: User, connection: Connection, *, stopped: bool, why: str) -> bool:
    """Stop one connection, or let it go on; False if it was so already."""
    if not Connection.objects.filter(pk=connection.pk).exclude(stopped=stopped).update(stopped=stopped):
        return False
    audit.record(
        by,
        "connection.stop" if stopped else "connection.go_on",
        connection,
        district=connection.district_id,
        before={"stopped": not stopped},
        after={"stopped": stopped},
        why=why,
    )
    return True
