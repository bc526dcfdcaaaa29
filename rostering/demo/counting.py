"""What a sync did, counted from the tables of accounts and not from its own report.

The two must agree; whoever watches a demo need not take the run's word for it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import connection as database

from accounts.models import Membership, User
from rostering.demo.errors import DemoError
from rostering.models import Issue

if TYPE_CHECKING:
    from rostering.models import Run
    from rostering.summary import Report

DISTRICT = "(the district)"
#: Every column of every row that says who somebody is, times of change included.
DIGEST = "SELECT md5(coalesce(string_agg(md5(r::text), '' ORDER BY id), '')) FROM {table} r WHERE district_id = %s"
TABLES = ("accounts_user", "accounts_membership", "integrations_link")


@dataclass(frozen=True)
class Counted:
    """What came into being, by (school, role) and by role, and the open issues by reason.

    `several` are people at more than one place. Somebody can have an issue at each school.
    """

    memberships: dict[tuple[str, str], int]
    people: dict[str, int]
    several: dict[str, int]
    issues: dict[str, int]


def created_by(run: Run) -> Counted:
    """Count what the tables say this run made, and what they say needs an eye now."""
    made = Membership.objects.filter(source_id=run.connection_id, created_at__gte=run.started_at)
    newcomers = set(User.objects.filter(created_at__gte=run.started_at).values_list("pk", flat=True))
    places: Counter[tuple[str, str]] = Counter()
    roles: dict[int, list[str]] = {}
    for user, school, held in made.values_list("user_id", "school__name", "roles").iterator():
        places.update((school or DISTRICT, role) for role in held)
        if user in newcomers:
            roles.setdefault(user, []).append(" ".join(held))
    people = Counter(role for held in roles.values() for role in set(" ".join(held).split()))
    several = Counter(role for held in roles.values() if len(held) > 1 for role in set(" ".join(held).split()))
    return Counted(dict(places), dict(people), dict(several), _open_issues(run))


def standing(run: Run) -> dict[tuple[str, str], int]:
    """How many memberships this source keeps now, by (school, role)."""
    kept = Membership.objects.filter(source_id=run.connection_id, status="active")
    rows = kept.values_list("school__name", "roles").iterator()
    return dict(Counter((school or DISTRICT, role) for school, held in rows for role in held))


def digest(district_id: int) -> tuple[str, ...]:
    """A name for exactly what stands in the district's users, memberships and links."""
    found = []
    with database.cursor() as cursor:
        for table in TABLES:
            cursor.execute(DIGEST.format(table=table), [district_id])
            found.append(str(cursor.fetchone()[0]))
    return tuple(found)


def compare(counted: Counted, report: Report) -> None:
    """Raise DemoError where the tables and the run's own report differ."""
    said = Counted(
        {(school, role): number for school, role, number in report.memberships},
        {role: people for role, people, _ in report.created},
        {role: several for role, _, several in report.created if several},
        report.issues,
    )
    for what in ("memberships", "people", "several", "issues"):
        ours, theirs = getattr(counted, what), getattr(said, what)
        if ours != theirs:
            raise DemoError(f"The tables and the report differ in {what}: {ours} is there, {theirs} is reported.")


def _open_issues(run: Run) -> dict[str, int]:
    issues = Issue.objects.filter(connection=run.connection_id, opened_at__isnull=False, closed_at=None)
    return dict(Counter(issues.values_list("code", flat=True)))
