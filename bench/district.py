"""Fresh districts in the product's own tables, and syncs of them carried out for real."""

from __future__ import annotations

import time
from dataclasses import dataclass

from accounts import tenancy
from accounts.models import District, School, User
from bench.pages import Pages, played
from bench.sources.source import source_of
from integrations.models import Connection, ConnectionState, SchoolLink
from rostering import runs
from rostering.models import Change, Hold, Run, RunState, Trigger
from rostering.sync import perform

#: A first sync is judged on the preview that support released it from; here nobody reads one.
LIMITS = {"admin_gain_people": 1_000_000}


@dataclass(frozen=True)
class Measured:
    """One run: its seconds in all and in each step, and what it planned."""

    seconds: float
    steps: dict[str, float]
    changes: int


def fresh_connection(pages: Pages, name: str) -> Connection:
    """A district with all its schools linked and nobody in it; an earlier one lets go of the tenant."""
    with tenancy.support():
        Connection.objects.filter(kind=pages.kind, tenant=pages.tenant).update(state=ConnectionState.DISCONNECTED)
        district = District.objects.create(name=f"Bench {name}")
        connection = Connection.objects.create(
            district=district,
            kind=pages.kind,
            tenant=pages.tenant,
            tenant_name=district.name,
            limits=LIMITS,
            state=ConnectionState.CONNECTED,
        )
        schools = School.objects.bulk_create(
            School(district=district, name=f"School {number}", purchased=True) for number in range(len(pages.schools))
        )
        SchoolLink.objects.bulk_create(
            SchoolLink(district=district, connection=connection, school=school, external_id=external_id)
            for school, external_id in zip(schools, pages.schools, strict=True)
        )
    return connection


def sync(connection: Connection) -> Measured:
    """Carry out one sync as a worker does. Raises AssertionError unless it came to its end and held nothing."""
    with tenancy.support():
        run, _ = runs.start(connection, Trigger.SUPPORT)
    began = time.perf_counter()
    perform(run.pk)
    seconds = time.perf_counter() - began
    with tenancy.support():
        run = Run.objects.get(pk=run.pk)
        changes = Change.objects.filter(run=run).count()
        held = Hold.objects.filter(run=run).count()
    if run.state != RunState.DONE or held:
        message = f"the sync ended as {run.state} with {held} holds: {run.problem} {run.problem_text}"
        raise AssertionError(message)
    return Measured(round(seconds, 3), run.seconds, changes)


def first_load(pages: Pages, connection: Connection) -> Measured:
    """Sync a fresh district from files; everybody must be there afterwards."""
    with played(pages):
        done = sync(connection)
    require_everybody(pages, connection)
    return done


def quiet_night(pages: Pages, connection: Connection) -> Measured:
    """Sync a loaded district again from the same files; nothing may change."""
    with played(pages):
        done = sync(connection)
    if done.changes:
        message = f"a quiet night planned {done.changes} changes"
        raise AssertionError(message)
    return done


def ordinary_night(pages: Pages, connection: Connection) -> Measured:
    """Sync a loaded district from files in which a few people have changed."""
    with played(pages):
        done = sync(connection)
    if not 0 < done.changes < pages.people / 10:
        message = f"an ordinary night planned {done.changes} changes"
        raise AssertionError(message)
    return done


def load_over_http(pages: Pages, connection: Connection, url: str) -> Measured:
    """Sync a fresh district from the sandbox that listens at `url`."""
    with source_of(pages.kind).reached_at(url):
        done = sync(connection)
    require_everybody(pages, connection)
    return done


def require_everybody(pages: Pages, connection: Connection) -> None:
    """Raise AssertionError unless the district has exactly the people of its pages."""
    with tenancy.district(connection.district_id):
        people = User.objects.count()
    if people != pages.people:
        message = f"{people} accounts for {pages.people} people"
        raise AssertionError(message)
