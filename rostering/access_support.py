"""As `access`: what only somebody of SmartPass is let to, of every district. Questions about people, and refusals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import get_object_or_404

from accounts.models import User
from rostering.access import only_support
from rostering.models import Issue, Record, Rejection

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from integrations.models import Connection


def same_person_questions(user: User, connection: Connection) -> QuerySet[Issue]:
    """Records of the source that may be accounts we have, and that only a person can tell."""
    only_support(user)
    asked = Issue.objects.filter(connection=connection, code="E-SAME-PERSON")
    return asked.filter(opened_at__isnull=False, closed_at=None).order_by("pk")


def issue_for_support(user: User, issue_id: int) -> Issue:
    """Any issue, for somebody of SmartPass; Http404 for everybody else."""
    only_support(user)
    return get_object_or_404(Issue.objects.select_related("connection", "connection__district"), pk=issue_id)


def rejections_for_support(user: User, connection: Connection) -> QuerySet[Rejection]:
    """What people refused at this connection and is not planned again, newest first."""
    only_support(user)
    standing = Rejection.objects.filter(connection=connection, lifted_at=None)
    return standing.select_related("school", "by").order_by("-at", "-pk")


def rejection_for_support(user: User, rejection_id: int) -> Rejection:
    """Any refusal, for somebody of SmartPass; Http404 for everybody else."""
    only_support(user)
    return get_object_or_404(
        Rejection.objects.select_related("connection", "connection__district", "school"), pk=rejection_id
    )


def account_for_support(user: User, user_id: int | None) -> User:
    """Any living account, for somebody of SmartPass; Http404 for everybody else."""
    only_support(user)
    return get_object_or_404(User, pk=user_id, deleted_at=None)


def record_of(issue: Issue) -> Record | None:
    """What the source last said about the record of an issue, for whoever was let to the issue itself."""
    return Record.objects.filter(connection=issue.connection_id, external_id=issue.external_id).first()
