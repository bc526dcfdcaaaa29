"""Whose an email or username is, as far as whoever asks may know.

A handle belongs to one person of a district. Of somebody at a school that the reader does
not answer for, nothing is told but that the handle is in use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from django.db import models
from django.db.models import Func, Q, Value

from accounts.access import accounts_of, memberships_at
from accounts.models import Membership, Status, User

if TYPE_CHECKING:
    from accounts.models import School

HERE, SUSPENDED, MINE, ELSEWHERE = "here", "suspended", "mine", "elsewhere"


class InUse(NamedTuple):
    """How a handle is in use: `person` and `membership` only where the reader may know them."""

    how: str
    person: User | None = None
    membership: Membership | None = None


def folded(handle: str) -> str:
    """An email or username as it is compared."""
    return handle.strip(" \t\r\n").lower()


def holder(reader: User, handle: str, district_id: int | None) -> InUse | None:
    """Whose a handle is in a district, anywhere; None if nobody's."""
    email = Func(Value(handle), function="smartpass_login_email", output_field=models.TextField())
    same = Q(login_email=email) if "@" in handle else Q(username=folded(handle))
    found = User.objects.filter(same, district=district_id, deleted_at=None).first()
    if found is None:
        return None
    return InUse(MINE, found) if accounts_of(reader).filter(pk=found.pk).exists() else InUse(ELSEWHERE)


def in_use(reader: User, handle: str, school: School) -> InUse | None:
    """What stands in the way of giving this handle to somebody new at a school; None if nothing."""
    found = holder(reader, handle, school.district_id)
    if found is None or found.person is None:
        return found
    there = memberships_at(reader, found.person).filter(school=school).first()
    if there is None:
        return found
    return InUse(SUSPENDED if there.status == Status.SUSPENDED else HERE, found.person, there)
