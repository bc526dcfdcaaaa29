"""What a reader is told about runs and holds they were let to: how many, by whom, and by what name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Case, Count, F, Q, When

from accounts.access import accounts_of
from accounts.models import AuditEvent, Membership, Roles, Status
from rostering.access import issues_seen_by
from rostering.models import Issue

if TYPE_CHECKING:
    from collections.abc import Iterable

    from accounts.models import School, User
    from rostering.models import Hold, Run


def warnings(user: User, runs: Iterable[Run], at: School | None = None) -> dict[int, tuple[int, int]]:
    """For each run: how many of this person's issues stood when it ended, and how many of them are errors."""
    wanted = list(runs)
    ended = Case(When(closed_at=None, then=None), default=F("closed_by"))
    seen = Issue.objects.filter(
        issues_seen_by(user, at), connection__in={run.connection_id for run in wanted}, opened_at__isnull=False
    )
    spans = list(
        seen.values_list("connection", "opened_by", "severity")
        .annotate(ended=ended, number=Count("pk"))
        .values_list("connection", "opened_by", "severity", "ended", "number")
    )
    found = {run.pk: (0, 0) for run in wanted}
    for run in wanted:
        for tie, opened, severity, end, number in spans:
            if tie == run.connection_id and opened <= run.pk and (end is None or end > run.pk):
                every, errors = found[run.pk]
                found[run.pk] = every + number, errors + (number if severity == Issue.Severity.ERROR else 0)
    return found


def called(user: User, people: Iterable[User | None]) -> dict[int, str]:
    """What this person may call whoever did something: by name only those whose account they may open."""
    did = {each.pk: each for each in people if each is not None}
    known = set(accounts_of(user).filter(pk__in=did).values_list("pk", flat=True))
    words = {
        pk: "SmartPass support" if each.is_staff else each.get_full_name() if pk in known else "Another Admin"
        for pk, each in did.items()
    }
    return {**words, user.pk: "You"}


def changed_by_hand(user: User, run: Run, user_ids: Iterable[int]) -> dict[int, str]:
    """Who changed these people since a run was applied, as this person may call them."""
    ids = set(user_ids)
    spots = dict(Membership.objects.filter(user__in=ids).values_list("pk", "user_id"))
    targets = {f"user:{pk}": pk for pk in ids} | {f"membership:{pk}": of for pk, of in spots.items()}
    trail = AuditEvent.objects.filter(district=run.district_id, target__in=targets, at__gt=run.applied_at)
    lines = list(trail.select_related("by").order_by("at"))
    names = called(user, [line.by for line in lines])
    return {targets[line.target]: names[line.by_id] for line in lines if line.by_id}


def deciders_of(hold: Hold) -> int:
    """How many people of the school and the district may decide a hold."""
    mine = Q(school=hold.school_id, roles__contains=[Roles.ADMIN]) if hold.school_id else Q()
    district = Q(school=None, roles__contains=[Roles.DISTRICT_ADMIN])
    admins = Membership.objects.filter(mine | district if mine else district, status=Status.ACTIVE)
    return admins.filter(district=hold.district_id).values("user_id").distinct().count()
