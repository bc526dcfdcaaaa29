"""Turns (user, id) into a request to SmartPass: a school's own, and for support everybody's."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from django.db.models import Q
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.timezone import now

from accounts.access import reach_of, schools_of
from rostering.models import Run, SupportRequest

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from accounts.models import District, School, User

State = SupportRequest.State


class Waiting(NamedTuple):
    """How many requests wait for support, and how many of them for longer than was promised."""

    number: int
    late: int


def requests_of(user: User, at: School | None = None) -> QuerySet[SupportRequest]:
    """What this person's schools (or `at`) asked, newest first; District admins also see what the district asked."""
    requests = SupportRequest.objects.select_related("school", "asked_by").order_by("-asked_at", "-pk")
    reach = reach_of(user)
    if reach.everything or not reach.administers:
        return requests.none()
    mine = Q(school__in=schools_of(user, at).values("pk"))
    if reach.district_wide and at is None:
        mine |= Q(school=None, district=user.district_id)
    return requests.filter(mine)


def open_requests_of(user: User, at: School | None = None) -> QuerySet[SupportRequest]:
    """Those that wait for an answer."""
    return requests_of(user, at).exclude(state=State.ANSWERED)


# For support only: every district's rows.


def request_for_support(user: User, request_id: int) -> SupportRequest:
    """Any request, for somebody of SmartPass; Http404 for everybody else."""
    _only_support(user)
    found = SupportRequest.objects.select_related(
        "district", "school", "connection", "connection__district", "asked_by", "taken_by", "answered_by"
    )
    return get_object_or_404(found, pk=request_id)


def waiting(user: User) -> Waiting:
    """The length of the queue, for somebody of SmartPass."""
    _only_support(user)
    open_ = SupportRequest.objects.exclude(state=State.ANSWERED)
    return Waiting(open_.count(), open_.filter(due_at__lt=now()).count())


def asked_about(user: User, district: District, about: str) -> QuerySet[SupportRequest]:
    """What a district's schools asked about something and wait for, for somebody of SmartPass."""
    _only_support(user)
    asked = SupportRequest.objects.exclude(state=State.ANSWERED).filter(district=district, about=about)
    return asked.select_related("school", "district").order_by("pk")


def last_run_for(user: User, asked: SupportRequest) -> Run | None:
    """The newest run of what a request is about, for somebody of SmartPass."""
    _only_support(user)
    return Run.objects.filter(connection=asked.connection_id).order_by("-created_at", "-pk").first()


def _only_support(user: User) -> None:
    if not user.is_staff:
        raise Http404
