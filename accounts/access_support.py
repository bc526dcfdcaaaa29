"""As `access`, for somebody of SmartPass: every district's rows, and Http404 for everybody else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import Http404
from django.shortcuts import get_object_or_404

from accounts.models import AuditEvent, District, Mail, Membership, Roles, School, Status, User
from accounts.models.notices import GIVEN_UP

if TYPE_CHECKING:
    from django.db.models import QuerySet


def district_for_support(user: User, district_id: int) -> District:
    """Any district, for somebody of SmartPass; Http404 for everybody else."""
    _only_support(user)
    return get_object_or_404(District, pk=district_id)


def school_for_support(user: User, school_id: int) -> School:
    """Any school, for somebody of SmartPass; Http404 for everybody else."""
    _only_support(user)
    return get_object_or_404(School.objects.select_related("district"), pk=school_id)


def schools_in(user: User, district: District) -> QuerySet[School]:
    """The schools of a district, for somebody of SmartPass."""
    _only_support(user)
    return School.objects.filter(district=district).order_by("name")


def admins_in(user: User, district: District) -> QuerySet[Membership]:
    """Who may approve things in a district: its Admins and District admins, for somebody of SmartPass."""
    _only_support(user)
    return (
        Membership.objects.filter(
            district=district, status=Status.ACTIVE, roles__overlap=[Roles.ADMIN, Roles.DISTRICT_ADMIN]
        )
        .select_related("user", "school")
        .order_by("school__name", "pk")
    )


def trail_of(user: User, target: str) -> QuerySet[AuditEvent]:
    """What people did to one thing (kind:id), newest first, for somebody of SmartPass."""
    _only_support(user)
    return AuditEvent.objects.filter(target=target).select_related("by").order_by("-at")


def given_up(user: User) -> str:
    """How many e-mails no mail server took, in words for the front page; empty for none. For somebody of SmartPass."""
    _only_support(user)
    number = Mail.objects.filter(GIVEN_UP).count()
    return f"{number:,} given up" if number else ""


def _only_support(user: User) -> None:
    if not user.is_staff:
        raise Http404
