"""What somebody is at a school: roles, a status, and both as one number that many people can be counted by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Case, Value, When
from django.db.models.expressions import CombinedExpression

if TYPE_CHECKING:
    from django.db.models.expressions import Combinable, Expression


class Roles(models.TextChoices):
    """What a person can be at a school; the last one is held at the district."""

    STUDENT = "student", "Student"
    TEACHER = "teacher", "Teacher"
    ADMIN = "admin", "Admin"
    ASSISTANT = "assistant", "Assistant"
    DISTRICT_ADMIN = "district_admin", "District admin"


class Status(models.TextChoices):
    """What a membership allows. A sync sets only Active and Suspended."""

    ACTIVE = "active", "Active"
    DISABLED = "disabled", "Disabled"
    SUSPENDED = "suspended", "Suspended"
    DELETED = "deleted", "Deleted"


#: What a membership is, as bits of `Membership.standing`: its roles, and that it stands at all.
ROLE_BITS: dict[str, int] = {role: 1 << place for place, role in enumerate(Roles.values)}
STANDS = 1 << len(ROLE_BITS)
#: Each status has bits of its own, so that those of all of somebody's memberships go into one number.
STATUS_BITS: dict[str, int] = {Status.ACTIVE: 1, Status.DISABLED: 1 << 8, Status.SUSPENDED: 1 << 16}


def standing() -> Expression:
    """The bits of a membership; a deleted one has none. Nearly everybody is a student or a teacher: asked first."""
    roles: Combinable = Value(STANDS)
    for role, bit in ROLE_BITS.items():
        roles = roles + Case(When(roles__contains=[role], then=Value(bit)), default=Value(0))
    plain = (When(roles=[role], then=Value(STANDS + ROLE_BITS[role])) for role in (Roles.STUDENT, Roles.TEACHER))
    status = (When(status=status, then=Value(bit)) for status, bit in STATUS_BITS.items())
    return CombinedExpression(Case(*status, default=Value(0)), "*", Case(*plain, default=roles))
