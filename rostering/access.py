"""The only module that turns (user, id) into a run, a hold, a change or an issue.

A run belongs to a connection, each of its changes to one school: a school admin sees a
run of a connection that serves them, and of it their own schools' part and nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import BooleanField, Case, Count, Exists, OuterRef, Q, When
from django.http import Http404
from django.shortcuts import get_object_or_404

from accounts.access import memberships_at, memberships_of, reach_of, schools_of
from accounts.models import User
from integrations.access import connections_of, school_links_of
from integrations.models import Connection, Link, SchoolLink, StopSwitch
from rostering.models import Change, Hold, Issue, Run, RunState
from rostering.undo import HAPPENED, UNDONE

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from django.db.models import QuerySet

    from accounts.models import School


def runs_of(user: User, at: School | None = None) -> QuerySet[Run]:
    """The runs of every connection that serves this person (or `at`), newest first, with `undone`: their part's word.

    Previews are support's, and the undo of other schools' part is theirs.
    """
    runs = Run.objects.select_related("connection", "district", "asked_by").annotate(undone=undone(user, at))
    runs = runs.order_by("-created_at", "-pk")
    if reach_of(user).everything:
        return runs
    runs = runs.filter(connection__in=connections_of(user).values("pk"), preview=False)
    part = part_of(user, at)
    if part is None:
        return runs
    if at is not None:
        runs = runs.filter(connection__in=SchoolLink.objects.filter(school=at).values("connection_id"))
    return runs.filter(Q(schools=None) | Q(schools__overlap=part))


def part_of(user: User, at: School | None = None) -> list[int] | None:
    """The schools whose part of a run this person decides; None for all of it."""
    reach = reach_of(user)
    if at is not None:
        mine = at.pk in reach.own_schools or schools_of(user, at).exists()
        return [at.pk] if mine else []
    return None if reach.everything or reach.district_wide else sorted(reach.own_schools)


def sees_all_of(user: User, connection: Connection) -> bool:
    """Whether every linked school is this person's, so that numbers of the whole listing tell nothing of others."""
    part = part_of(user)
    return (
        part is None
        or not SchoolLink.objects.filter(connection=connection, active=True).exclude(school__in=part).exists()
    )


def undone(user: User, at: School | None = None) -> Case:
    """Of a run: whether nothing of this person's part of it stands any more."""
    undos = Run.objects.filter(undoes=OuterRef("pk"), applied_at__isnull=False)
    whole = undos.filter(schools=None).exclude(Exists(undos))
    mine = Change.objects.filter(HAPPENED, changes_seen_by(user, at), run=OuterRef("pk"))
    stands = mine.alias(gone=UNDONE).filter(gone=False)
    return Case(
        # Asked in this order: most runs have no undo, and an undo of everything asks nothing of the rows.
        When(~Exists(undos), then=False),
        When(Exists(whole), then=True),
        When(~Exists(mine), then=False),
        When(Exists(stands), then=False),
        default=True,
        output_field=BooleanField(),
    )


def run_for(user: User, run_id: int) -> Run:
    """A run this person may see, or Http404."""
    return get_object_or_404(runs_of(user), pk=run_id)


def changes_of(user: User, run: Run, at: School | None = None) -> QuerySet[Change]:
    """This person's part of a run: what it does at the schools they answer for, or at one of them."""
    mine = Change.objects.filter(changes_seen_by(user, at), run=run)
    return mine.select_related("school", "hold").order_by("kind", "pk")


def rows_with(ids: Collection[int]) -> QuerySet[Change]:
    """Change rows by ids that this person was let to already, in order."""
    return Change.objects.filter(pk__in=ids).select_related("school", "hold").order_by("kind", "pk")


def changes_seen_by(user: User, at: School | None = None) -> Q:
    """Which change rows are this person's to see: those at their schools; a District admin's also at the district."""
    reach = reach_of(user)
    if at is None and (reach.everything or reach.district_wide):
        # Every run they were let to is of their district, whole.
        return Q()
    return Q(school__in=part_of(user, at))


def seen_by(user: User, changes: QuerySet[Change]) -> QuerySet[Change]:
    """Of these changes the ones at the schools this person answers for."""
    return changes.filter(changes_seen_by(user))


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


def issues_of(user: User, run: Run, at: School | None = None) -> QuerySet[Issue]:
    """What needed an eye when this run ended, for this person's schools and their people."""
    # A preview's own findings were never opened; it saw them all the same.
    then = Issue.objects.filter(connection=run.connection_id, opened_by__lte=run.pk).filter(
        Q(opened_at__isnull=False) | Q(opened_by=run), Q(closed_at=None) | Q(closed_by__gt=run.pk)
    )
    return then.filter(issues_seen_by(user, at)).select_related("school").order_by("severity", "code", "pk")


def warned(user: User, at: School | None = None) -> Exists:
    """Of a run: whether somebody of this person's schools needed an eye then."""
    return Exists(
        Issue.objects.filter(
            Q(closed_at=None) | Q(closed_by__gt=OuterRef("pk")),
            issues_seen_by(user, at),
            connection=OuterRef("connection_id"),
            opened_by__lte=OuterRef("pk"),
            opened_at__isnull=False,
        )
    )


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


def holds_of(user: User, at: School | None = None) -> QuerySet[Hold]:
    """The holds on this person's schools, open ones first; District admins also see the district's own."""
    holds = Hold.objects.select_related(
        "connection", "district", "school", "run", "run__connection", "first_yes_by", "decided_by"
    )
    holds = holds.order_by("state", "-refreshed_at", "-pk")
    reach = reach_of(user)
    if reach.everything:
        return holds
    mine = Q(school__in=schools_of(user, at).values("pk"))
    if reach.district_wide and at is None:
        mine |= Q(school=None, district=user.district_id)
    return holds.filter(mine).exclude(state=Hold.State.PREVIEW)


def hold_for(user: User, hold_id: int) -> Hold:
    """A hold this person may see, or Http404."""
    return get_object_or_404(holds_of(user), pk=hold_id)


def held_by(hold: Hold, user: User | None = None) -> QuerySet[Change]:
    """The list of a hold, for whoever was let to the hold itself; of it what this person may see (null: all).

    A newcomer's rows wait together, so that a school's hold may hold what happens at another one.
    """
    seen = changes_seen_by(user) if user else Q()
    rows = Change.objects.filter(seen, hold=hold, run=hold.run_id)
    return rows.select_related("school", "hold").order_by("kind", "pk")


def waiting_in(changes: QuerySet[Change]) -> QuerySet[Change]:
    """Of these rows the ones that wait for a person."""
    return changes.filter(hold__state=Hold.State.OPEN)


def held_kinds(hold: Hold, user: User | None = None) -> list[tuple[str, int]]:
    """What a hold's rows do, and how many do it."""
    return list(held_by(hold, user).order_by("kind").values_list("kind").annotate(number=Count("pk")))


def counts(user: User, runs: Iterable[Run], at: School | None = None) -> dict[int, dict[str, int]]:
    """For each run: how many rows of this person's part happened, by kind, and under "held" how many wait."""
    listed = list(runs)
    # The rows are counted from an index alone, so that their holds are looked up once each and not once a row.
    mine = Change.objects.filter(changes_seen_by(user, at), run__in=[run.pk for run in listed])
    rows = list(mine.values_list("run", "kind", "hold").annotate(number=Count("pk")))
    # No hold has the id 0: the question is asked even if nothing is held, so that there are always as many.
    states = dict(Hold.objects.filter(pk__in={0, *(hold for _, _, hold, _ in rows if hold)}).values_list("pk", "state"))
    done = {run.pk for run in listed if run.preview or run.applied_at}
    found = {run.pk: dict.fromkeys([*Change.Kind.values, "held"], 0) for run in listed}
    for run_id, kind, hold, number in rows:
        if states.get(hold) == Hold.State.RELEASED or (hold is None and run_id in done):
            found[run_id][kind] += number
        elif states.get(hold) in {Hold.State.OPEN, Hold.State.PREVIEW}:
            found[run_id]["held"] += number
    return found


def issue_counts(user: User, run: Run, at: School | None = None) -> list[tuple[str, int]]:
    """How many people this person may see have which reason code, the most frequent first."""
    codes = issues_of(user, run, at).order_by().values_list("code").annotate(number=Count("pk"))
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
    only_support(user)
    return Run.objects.filter(connection=connection).select_related("asked_by").order_by("-created_at", "-pk")


def was_ever_applied(user: User, connection: Connection) -> bool:
    """Whether any sync of this connection has written accounts yet."""
    only_support(user)
    return Run.objects.filter(connection=connection, applied_at__isnull=False).exists()


def holds_for_support(user: User, run: Run) -> QuerySet[Hold]:
    """The holds whose list stands in this run."""
    only_support(user)
    return Hold.objects.filter(run=run).select_related("school").order_by("state", "pk")


def only_support(user: User) -> None:
    """Http404 for everybody who is not of SmartPass."""
    if not user.is_staff:
        raise Http404
