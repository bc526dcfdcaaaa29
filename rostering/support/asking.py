"""A school asks SmartPass for something, and is told by when."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.utils.timezone import now

from accounts import audit
from accounts.people import NotPossible
from rostering.models import SupportRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from accounts.models import School, User
    from integrations.models import Connection

Kind, State = SupportRequest.Kind, SupportRequest.State

#: What we promise: how long an answer takes at most.
SYNC = timedelta(hours=4)
#: Linking a school and its first sync take a few hours, where its source knows us already.
FIRST_SYNC = timedelta(hours=4)
READY = timedelta(hours=4)
ACCESS = timedelta(hours=24)
HELP = timedelta(hours=24)
PROMISED: dict[str, timedelta] = {
    Kind.SYNC: SYNC,
    Kind.FIRST_SYNC: FIRST_SYNC,
    Kind.READY: READY,
    Kind.ACCESS: ACCESS,
    Kind.HELP: HELP,
}
#: So many questions of one school may wait at once.
MOST_OPEN = 20


@transaction.atomic
def ask(  # noqa: PLR0913 - what a request consists of
    by: User,
    kind: str,
    *,
    school: School | None,
    connection: Connection | None = None,
    about: str = "",
    details: Mapping[str, Any] | None = None,
    words: str = "",
    within: timedelta | None = None,
) -> tuple[SupportRequest, bool]:
    """Put a request into the queue, or find the one that waits already; and whether it is a new one.

    `school` is null for what concerns the district; then only District admins see it.
    `within` is the promise where it is not the usual one. Any number of presses at once make
    one request: the table decides.
    """
    if by.district_id is None:
        raise NotPossible("Requests come from schools.")
    waiting = SupportRequest.objects.filter(district_id=by.district_id, school=school).exclude(state=State.ANSWERED)
    what = {"connection": connection, "kind": kind, "about": about}
    same = waiting.filter(**what)
    if same.exists():
        return same.get(), False
    if waiting.count() >= MOST_OPEN:
        raise NotPossible(f"{MOST_OPEN} requests wait already. SmartPass answers those first.")
    made = SupportRequest(
        district_id=by.district_id,
        school=school,
        details=dict(details or {}),
        words=words.strip(),
        asked_by=by,
        due_at=now() + (within or PROMISED[kind]),
        **what,
    )
    if not _insert(made):
        return same.get(), False
    after = {"kind": kind, "about": about, "school": made.school_id}
    audit.record(by, "request.ask", made, district=made.district_id, after=after)
    return made, True


def _insert(made: SupportRequest) -> bool:
    try:
        with transaction.atomic():
            made.save(force_insert=True)
    except IntegrityError:
        return False
    return True
