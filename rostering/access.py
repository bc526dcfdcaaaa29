"""The only module that turns (user, id) into a run, a hold, a change or an issue.

A run belongs to a connection, each of its changes to one school: a school admin sees a
run of a connection that serves them, and of it their own schools' part and nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Count, Q
from django.http import Http404
from django.shortcuts import get_object_or_404

from accounts.access import reach_of, schools_of
from accounts.models import User
from integrations.access import connections_of
from rostering.models import Change, Hold, Issue, Rejection, Run

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.models import QuerySet

    from integrations.models import Connection


def runs_of(user: User) -> QuerySet[Run]:
    """The runs of every connection that serves this person, newest first. Previews are support's."""
    runs = Run.objects.select_related("connection", "district", "asked_by").order_by("-created_at", "-pk")
    if reach_of(user).everything:
        return runs
    return runs.filter(connection__in=connections_of(user).values("pk"), preview=False)


def run_for(user: User, run_id: int) -> Run:
    """A run this person may see, or Http404."""
    return get_object_or_404(runs_of(user), pk=run_id)


def changes_of(user: User, run: Run) -> QuerySet[Change]:
    """This person's part of a run: what it does at the schools they answer for."""
    changes = Change.objects.filter(run=run).select_related("school", "hold").order_by("kind", "pk")
    reach = reach_of(user)
    if reach.everything:
        return changes
    mine = Q(school__in=schools_of(user).values("pk"))
    if reach.district_wide:
        mine |= Q(school=None)
    return changes.filter(mine)


def issues_of(user: User, run: Run) -> QuerySet[Issue]:
    """What needed an eye when this run ended, for this person's schools."""
    then = Issue.objects.filter(connection=run.connection_id, opened_by__lte=run.pk).filter(
        Q(closed_by=None) | Q(closed_by__gt=run.pk)
    )
    then = then.select_related("school").order_by("severity", "code", "pk")
    reach = reach_of(user)
    if reach.everything:
        return then
    mine = Q(school__in=schools_of(user).values("pk"))
    if reach.district_wide:
        mine |= Q(school=None)
    return then.filter(mine)


def holds_of(user: User) -> QuerySet[Hold]:
    """The holds on this person's schools, open ones first; District admins also see the district's own."""
    holds = Hold.objects.select_related("connection", "district", "school", "run", "first_yes_by", "decided_by")
    holds = holds.order_by("state", "-refreshed_at", "-pk")
    reach = reach_of(user)
    if reach.everything:
        return holds
    mine = Q(school__in=schools_of(user).values("pk"))
    if reach.district_wide:
        mine |= Q(school=None, district=user.district_id)
    return holds.filter(mine)


def hold_for(user: User, hold_id: int) -> Hold:
    """A hold this person may see, or Http404."""
    return get_object_or_404(holds_of(user), pk=hold_id)


def held_by(hold: Hold) -> QuerySet[Change]:
    """The list of a hold, for whoever was let to the hold itself."""
    return Change.objects.filter(hold=hold, run=hold.run_id).select_related("school", "hold").order_by("kind", "pk")


def counts(changes: QuerySet[Change]) -> dict[str, int]:
    """How many rows there are of each kind that happened, and under "held" how many wait."""
    waiting = Q(hold__state=Hold.State.OPEN)
    refused = Q(hold__state__in=(Hold.State.REJECTED, Hold.State.SUPERSEDED))
    rows = changes.order_by().values_list("kind").annotate(
        happened=Count("pk", filter=~(waiting | refused) | Q(hold=None)), held=Count("pk", filter=waiting)
    )
    found = {kind: 0 for kind in Change.Kind.values} | {"held": 0}
    for kind, happened, held in rows:
        found[kind] = happened
        found["held"] += held
    return found


def names_of(user_ids: Iterable[int]) -> dict[int, str]:
    """What people are called, for rows this person was let to already."""
    people = User.objects.filter(pk__in=set(user_ids)).only("pk", "first_name", "last_name")
    return {each.pk: each.get_full_name() for each in people}


def search(changes: QuerySet[Change], words: str) -> QuerySet[Change]:
    """The rows about people whose names have all these words."""
    for word in words.split()[:8]:
        people = User.objects.filter(Q(first_name__icontains=word) | Q(last_name__icontains=word)).values("pk")
        planned = Q(after__first_name__icontains=word) | Q(after__last_name__icontains=word)
        changes = changes.filter(Q(user_id__in=people) | planned | Q(external_id=word))
    return changes


# For support only: every district's rows.


def runs_for_support(user: User, connection: Connection) -> QuerySet[Run]:
    """A connection's runs and previews, newest first, for somebody of SmartPass."""
    _only_support(user)
    return Run.objects.filter(connection=connection).select_related("asked_by").order_by("-created_at", "-pk")


def was_ever_applied(user: User, connection: Connection) -> bool:
    """Whether any sync of this connection has written accounts yet."""
    _only_support(user)
    return Run.objects.filter(connection=connection, applied_at__isnull=False).exists()


def holds_for_support(user: User, run: Run) -> QuerySet[Hold]:
    """The holds whose list stands in this run."""
    _only_support(user)
    return Hold.objects.filter(run=run).select_related("school").order_by("state", "pk")


def same_person_questions(user: User, connection: Connection) -> QuerySet[Issue]:
    """Records of the source that may be accounts we have, and that only a person can tell."""
    _only_support(user)
    return Issue.objects.filter(connection=connection, code="E-SAME-PERSON", closed_at=None).order_by("pk")


def issue_for_support(user: User, issue_id: int) -> Issue:
    """Any issue, for somebody of SmartPass; Http404 for everybody else."""
    _only_support(user)
    return get_object_or_404(Issue.objects.select_related("connection", "connection__district"), pk=issue_id)


def rejections_for_support(user: User, connection: Connection) -> QuerySet[Rejection]:
    """What people refused at this connection and is not planned again, newest first."""
    _only_support(user)
    standing = Rejection.objects.filter(connection=connection, lifted_at=None)
    return standing.select_related("school", "by").order_by("-at", "-pk")


def rejection_for_support(user: User, rejection_id: int) -> Rejection:
    """Any refusal, for somebody of SmartPass; Http404 for everybody else."""
    _only_support(user)
    return get_object_or_404(
        Rejection.objects.select_related("connection", "connection__district", "school"), pk=rejection_id
    )


def account_for_support(user: User, user_id: int | None) -> User:
    """Any living account, for somebody of SmartPass; Http404 for everybody else."""
    _only_support(user)
    return get_object_or_404(User, pk=user_id, deleted_at=None)


def _only_support(user: User) -> None:
    if not user.is_staff:
        raise Http404
