"""What a sync must not change about somebody, because a person said so, and why.

Each function is one transaction with its line in the audit trail. Which field belongs to
the person and which to one membership is the sync's own rule, so it stands here once.
"""

from __future__ import annotations

from datetime import date, datetime, time
from typing import TYPE_CHECKING, NamedTuple

from django.db import transaction

from accounts import audit, clock
from accounts.models import Membership, Pin
from accounts.people import NotPossible, district_of

if TYPE_CHECKING:
    from accounts.models import School, User

#: Fields of the person; the others belong to a membership.
OF_THE_PERSON = ("first_name", "last_name", "email")
#: Of those, what is harmless: nobody signs in by it.
NAMES = ("first_name", "last_name")
OF_A_MEMBERSHIP = ("roles", "status", "grade", "number")
EVERYTHING = "*"

LABELS = {
    "first_name": "First name",
    "last_name": "Last name",
    "email": "Email",
    "roles": "Roles",
    "status": "Status",
    "grade": "Grade",
    "number": "Number",
    EVERYTHING: "Everything",
}


class Keep(NamedTuple):
    """Why something is kept from the sync, and until when (None: until somebody says otherwise)."""

    why: str
    until: datetime | None = None


def end_of(day: date | None, zone: str) -> datetime | None:
    """The last second of a day in somebody's zone: what "until" that day means."""
    return datetime.combine(day, time(23, 59, 59), clock.zone(zone)) if day else None


@transaction.atomic
def pin(by: User | None, person: User, school: School | None, field: str, keep: Keep) -> Pin:
    """Keep a field (or "*") as it is, at one school or, with `school` null, for the person everywhere.

    A pin that stands already takes the new reason and end. Raises NotPossible without a reason.
    """
    if not keep.why.strip():
        raise NotPossible("Say why, so that others know whether to keep it.")
    held = Pin.objects.select_for_update().filter(user=person, school=school, field=field).first()
    before = _said(held) if held else {}
    row = held or Pin(district_id=district_of(person), user=person, school=school, field=field)
    row.by, row.why, row.until = by, keep.why.strip(), keep.until
    if before and before == _said(row):
        return row
    row.save()
    audit.record(by, "pin.set", _target(row), district=row.district_id, before=before, after=_said(row), why=keep.why)
    return row


@transaction.atomic
def unpin(by: User | None, row: Pin) -> bool:
    """Let the sync decide again; False if it does already."""
    held = Pin.objects.select_for_update().filter(pk=row.pk).first()
    if held is None:
        return False
    held.delete()
    row.district_id = held.district_id
    audit.record(by, "pin.remove", _target(row), district=row.district_id, before=_said(row))
    return True


def _said(row: Pin) -> dict[str, str]:
    return {"field": row.field, "why": row.why, "until": row.until.isoformat() if row.until else ""}


def _target(row: Pin) -> User | Membership:
    """Whose history a pin belongs to: the membership's where it is about one, for a sister school to see none of it."""
    if row.school_id is None:
        return row.user
    return Membership.objects.filter(user=row.user_id, school=row.school_id).first() or row.user
