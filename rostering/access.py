"""The only module that turns (user, id) into a run, a hold, a change or an issue.

A run belongs to a connection, each of its changes to one school: a school admin sees a
run of a connection that serves them, and of it their own schools' part and nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Count, Exists, OuterRef, Q
from django.http import Http404
from django.shortcuts import get_object_or_404

from accounts.access import memberships_at, memberships_of, reach_of, schools_of
from accounts.models import User
from integrations.access import connections_of, school_links_of
from integrations.models import Connection, Link, SchoolLink, StopSwitch
from rostering.models import Change, Hold, Issue, Record, Rejection, Run, RunState

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.models import QuerySet

    from accounts.models import School


def runs_of(user: User) -> QuerySet[Run]:
    """The runs of every connection that serves this person, newest first, with `undone`.

    Previews are support's.
    """
    undone = Run.objects.filter(undoes=OuterRef("pk"), applied_at__isnull=False)
    runs = Run.objects.select_related("connection", "district", "asked_by").annotate(undone=Exists(undone))
    runs = runs.order_by("-created_at", "-pk")
    if reach_of(user).everything:
        return runs
    return runs.filter(connection__in=connections_of(user).values("pk"), preview=False)


def run_for(user: User, run_id: int) -> Run:
    """A run this person may see, or Http404."""
    return get_object_or_404(runs_of(user), pk=run_id)


def changes_of(user: User, run: Run) -> QuerySet[Change]:
    """This person's part of a run: what it does at the schools they answer for."""
    mine = Change.objects.filter(_changes_seen_by(user), run=run)
    return mine.select_related("school", "hold").order_by("kind", "pk")


def _changes_seen_by(user: User) -> Q:
    reach = reach_of(user)
    if reach.everything:
        return Q()
    mine = Q(school__in=schools_of(user).values("pk"))
    return mine | Q(school=None) if reach.district_wide else mine


def seen_by(user: User, changes: QuerySet[Change]) -> QuerySet[Change]:
    """Of these changes the ones at the schools this person answers for."""
    return changes.filter(_changes_seen_by(user))


def connections_behind(user: User, account: User) -> QuerySet[Connection]:
    """The sources that gave somebody's memberships, or their name, as far as this person may know."""
    owning = memberships_at(user, account).filter(source_id__isnull=False).values("source_id")
    naming = Q(pk=account.profile_source, pk__in=connections_of(user).values("pk"))
    return Connection.objects.filter(Q(pk__in=owning) | naming).order_by("pk")


def links_of(connection: Connection, account: User) -> list[Link]:
    """The lasting ids by which a source knows somebody, for whoever was let to both."""
    roster = Link.objects.filter(connection=connection, user=account, kind=Link.Kind.ROSTER)
    return list(roster.order_by("external_id"))


def places_of(user: User, connection: Connection) -> dict[int, list[SchoolLink]]:
    """By school: which of this person's schools the connection reads, and from which of its own."""
    found: dict[int, list[SchoolLink]] = {}
    for each in school_links_of(user, connection):
        found.setdefault(each.school_id, []).append(each)
    return found


def last_good_run(connection: Connection) -> Run | None:
    """The last sync of a connection that came to its end."""
    good = Run.objects.filter(connection=connection, state=RunState.DONE, preview=False, undoes=None)
    return good.order_by("-created_at", "-pk").first()


def stop_switch(connection: Connection) -> bool:
    """Whether SmartPass stopped this connection, its source, or everything."""
    return connection.stopped or StopSwitch.objects.filter(kind__in=("", connection.kind)).exists()


def issues_of(user: User, run: Run) -> QuerySet[Issue]:
    """What needed an eye when this run ended, for this person's schools and their people."""
    # A preview's own findings were never opened; it saw them all the same.
    then = Issue.objects.filter(connection=run.connection_id, opened_by__lte=run.pk).filter(
        Q(opened_at__isnull=False) | Q(opened_by=run), Q(closed_at=None) | Q(closed_by__gt=run.pk)
    )
    return then.filter(issues_seen_by(user)).select_related("school").order_by("severity", "code", "pk")


def with_warnings(user: User, runs: QuerySet[Run]) -> QuerySet[Run]:
    """Runs with `warned`: whether somebody of this person's schools needed an eye then."""
    then = Issue.objects.filter(
        Q(closed_at=None) | Q(closed_by__gt=OuterRef("pk")),
        issues_seen_by(user),
        connection=OuterRef("connection_id"),
        opened_by__lte=OuterRef("pk"),
        opened_at__isnull=False,
    )
    return runs.annotate(warned=Exists(then))


def issues_seen_by(user: User, at: School | None = None) -> Q:
    """Which issues are this person's to see: their schools', and their people's."""
    reach = reach_of(user)
    if reach.everything:
        return Q()
    here = Q(school__in=schools_of(user, at).values("pk"))
    if reach.district_wide and at is None:
        return here | Q(school=None)
    # What belongs to the person and not to one school is the business of every school they are at.
    return here | Q(school=None, user_id__in=memberships_of(user, at).values("user_id"))


def holds_of(user: User) -> QuerySet[Hold]:
    """The holds on this person's schools, open ones first; District admins also see the district's own."""
    holds = Hold.objects.select_related(
        "connection", "district", "school", "run", "run__connection", "first_yes_by", "decided_by"
    )
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


def held_kinds(hold: Hold) -> list[tuple[str, int]]:
    """What a hold's rows do, and how many do it."""
    return list(held_by(hold).order_by("kind").values_list("kind").annotate(number=Count("pk")))


def counts(user: User, runs: Iterable[Run]) -> dict[int, dict[str, int]]:
    """For each run: how many rows of this person's part happened, by kind, and under "held" how many wait."""
    ids = [run.pk for run in runs]
    waiting = Q(hold__state__in=(Hold.State.OPEN, Hold.State.PREVIEW))
    done = Q(hold__state=Hold.State.RELEASED) | Q(hold=None, run__applied_at__isnull=False)
    done |= Q(hold=None, run__preview=True)
    rows = (
        Change.objects.filter(_changes_seen_by(user), run__in=ids)
        .values_list("run", "kind")
        .annotate(happened=Count("pk", filter=done), held=Count("pk", filter=waiting))
    )
    found = {run_id: dict.fromkeys([*Change.Kind.values, "held"], 0) for run_id in ids}
    for run_id, kind, happened, held in rows:
        found[run_id][kind] = happened
        found[run_id]["held"] += held
    return found


def issue_counts(user: User, run: Run) -> list[tuple[str, int]]:
    """How many people this person may see have which reason code, the most frequent first."""
    codes = issues_of(user, run).order_by().values_list("code").annotate(number=Count("pk"))
    return sorted(codes, key=lambda row: (-row[1], row[0]))


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
    asked = Issue.objects.filter(connection=connection, code="E-SAME-PERSON")
    return asked.filter(opened_at__isnull=False, closed_at=None).order_by("pk")


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


def record_of(issue: Issue) -> Record | None:
    """What the source last said about the record of an issue, for whoever was let to the issue itself."""
    return Record.objects.filter(connection=issue.connection_id, external_id=issue.external_id).first()


def _only_support(user: User) -> None:
    if not user.is_staff:
        raise Http404
