"""What a school asks of SmartPass, once, with the time by which an answer is promised."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.utils.timezone import now

from accounts import audit
from accounts.people import district_of
from rostering.models import SupportRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from accounts.models import School, User
    from integrations.models import Connection

#: How long SmartPass takes at most to answer what is asked.
SYNC = timedelta(hours=4)
FIRST_SYNC = READY = timedelta(hours=24)
ACCESS = timedelta(hours=24)
HELP = timedelta(hours=24)

PROMISES: dict[str, timedelta] = {
    SupportRequest.Kind.SYNC: SYNC,
    SupportRequest.Kind.FIRST_SYNC: FIRST_SYNC,
    SupportRequest.Kind.READY: READY,
    SupportRequest.Kind.ACCESS: ACCESS,
    SupportRequest.Kind.HELP: HELP,
}


@transaction.atomic
def ask(
    by: User,
    kind: str,
    *,
    school: School | None = None,
    connection: Connection | None = None,
    about: str = "",
    details: Mapping[str, Any] | None = None,
    words: str = "",
) -> tuple[SupportRequest, bool]:
    """Ask SmartPass for something; the request, and whether it is new.

    One that waits already is found and left as it is, whoever asked.
    """
    waiting = SupportRequest.objects.filter(
        district=by.district_id, school=school, connection=connection, kind=kind, about=about
    ).exclude(state=SupportRequest.State.ANSWERED)
    found = waiting.first()
    if found:
        return found, False
    try:
        with transaction.atomic():
            made = SupportRequest.objects.create(
                district_id=district_of(by),
                school=school,
                connection=connection,
                kind=kind,
                about=about,
                details=dict(details or {}),
                words=words.strip(),
                asked_by=by,
                due_at=now() + PROMISES[kind],
            )
    except IntegrityError:
        # Somebody pressed at the same moment.
        return waiting.get(), False
    audit.record(by, "request.ask", made, district=made.district_id, after={"kind": kind})
    return made, True
