"""Puts into the database what a connection remembers of earlier nights: records, refusals, suspensions."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import connection, models
from django.utils.timezone import now

from rostering import sql
from rostering.models import Answer, Change, Record, Rejection, Run
from rostering.steps import fetch
from tests.simulation.scripted import person
from tests.simulation.world import Before, Staged, World

if TYPE_CHECKING:
    from tests.simulation.loading import Loaded


def remembered(world: World, place: Loaded) -> list[list[models.Model]]:
    """Everything remembered, table by table."""
    return [_records(world, place), _refusals(world, place), *_past(world, place), *_before(world, place)]


def _records(world: World, place: Loaded) -> list[models.Model]:
    """What the source said in the last listing."""
    return [_record(place, record) for record in world.last]


def _record(place: Loaded, record: Staged) -> Record:
    said = person(record)
    login, digest = _derived(record)
    return Record(
        district_id=place.district,
        connection_id=place.connection,
        external_id=said.external_id,
        first_name=said.first_name,
        last_name=said.last_name,
        email=said.email,
        login=login,
        active=said.active,
        problem=said.problem,
        roles=[list(role) for role in said.roles],
        legacy=list(said.legacy_ids),
        digest=digest,
    )


def _refusals(world: World, place: Loaded) -> list[models.Model]:
    """What people said no to, with the digest of what the source said then."""
    return [
        Rejection(
            district_id=place.district,
            connection_id=place.connection,
            external_id=refusal.external_id,
            school_id=place.school(refusal.school),
            kind="update",
            after={},
            digest=None if refusal.record is None else _derived(refusal.record)[1],
            settings_version=1 if refusal.same_settings else 0,
            lifted_at=now() if refusal.lifted else None,
        )
        for refusal in world.refusals
    ]


def _derived(record: Staged) -> tuple[str | None, int]:
    """The sign-in e-mail and the digest the engine would stage with this record, by its own expressions."""
    statement = sql.text("fetch.stage", "staged_0_0")
    digest = statement[statement.rindex("hashtextextended(") : statement.rindex("FROM incoming")]
    columns = "external_id, first_name, last_name, email, active, problem, roles, legacy"
    values = next(fetch._lines([person(record)]))
    with connection.cursor() as cursor:
        incoming = f"(VALUES (%s, %s, %s, %s, %s::boolean, %s, %s, %s)) AS incoming({columns})"
        cursor.execute(f"SELECT smartpass_login_email(email), {digest} FROM {incoming}", values)  # noqa: S608  (both are our own)
        login, named = cursor.fetchone()
    return login, int(named)


def _past(world: World, place: Loaded) -> list[list[models.Model]]:
    """What earlier syncs suspended: a finished run for each, with its one row."""
    runs = [
        Run(
            id=place.base + position,
            district_id=place.district,
            connection_id=place.connection,
            trigger="nightly",
            state="done",
            applied_at=now() - timedelta(days=past.days),
        )
        for position, past in enumerate(world.past)
    ]
    changes = [
        Change(
            district_id=place.district,
            run_id=place.base + position,
            user_id=place.users[past.user],
            school_id=place.school(past.school),
            external_id="",
            kind="suspend",
            before={"status": "active"},
            after={"status": "suspended"},
            why="absent",
        )
        for position, past in enumerate(world.past)
    ]
    return [[*runs], [*changes]]


def _before(world: World, place: Loaded) -> list[list[models.Model]]:
    """Earlier syncs of a source that cannot be asked, with what each said of those who were missing."""
    first = place.base + len(world.past)
    runs = [_earlier(place, first + position, sync, position % 3) for position, sync in enumerate(world.before)]
    answers = [
        Answer(district_id=place.district, run_id=first + position, external_id=external_id, state=state)
        for position, sync in enumerate(world.before)
        for external_id, state in sync.kept.items()
    ]
    return [[*runs], [*answers]]


def _earlier(place: Loaded, number: int, sync: Before, way: int) -> Run:
    """A sync that is done. One that does not count does not in one of three ways."""
    when = now() - timedelta(hours=sync.hours)
    run = Run(id=number, district_id=place.district, connection_id=place.connection, trigger="nightly", state="done")
    run.applied_at, run.created_at, run.receipt = when, when, {"as_of": sync.moment}
    if not sync.counts:
        run.removals = "The last page did not say that it was the last." if way == 0 else ""
        run.preview, run.undoes_id = way == 1, number if way == 2 else None
    return run
