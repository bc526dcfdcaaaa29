"""What is past its time goes, and nothing else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils.timezone import now

from accounts import tenancy
from accounts.models import EmailAlias
from rostering import retention
from rostering.models import Change, Hold, Run
from tests import factories


def _run(world: factories.World, days: float, *, preview: bool = False) -> Run:
    then = now() - timedelta(days=days)
    return Run.objects.create(
        district=world.district,
        connection=world.connection,
        trigger="support",
        preview=preview,
        state="done",
        created_at=then,
        finished_at=then,
    )


def _changes(run: Run, world: factories.World, people: int, hold: Hold | None = None) -> None:
    Change.objects.bulk_create(
        Change(
            district=world.district,
            run=run,
            hold=hold,
            user_id=10_000 + n,
            school=world.school,
            external_id=f"x{n}",
            kind="update",
            before={},
            after={},
        )
        for n in range(people)
    )


def _hold(run: Run, world: factories.World, state: str) -> Hold:
    return Hold.objects.create(
        district=world.district, connection=world.connection, run=run, reason="roles", text="Many.", state=state
    )


@pytest.fixture
def world(committed_db: None) -> factories.World:
    del committed_db
    with tenancy.support():
        return factories.world("Alder")


def _left() -> dict[int, int]:
    with tenancy.support():
        return {run.pk: run.changes.count() for run in Run.objects.order_by("pk")}


def test_a_preview_is_kept_a_day_and_a_run_as_long_as_the_setting_says(world: factories.World) -> None:
    with tenancy.support():
        before = _left()
        old, recent = _run(world, 401), _run(world, 399)
        read, unread = _run(world, 0.5, preview=True), _run(world, 1.5, preview=True)
        for run in (old, recent, read, unread):
            _changes(run, world, 3)
        _hold(unread, world, "preview")
    assert retention.prune() == 2
    assert _left() == {**before, old.pk: 0, recent.pk: 3, read.pk: 3, unread.pk: 0}
    with tenancy.support():
        assert not Hold.objects.filter(run=unread).exists()
    assert retention.prune() == 0


def test_what_waits_for_a_person_waits_however_long(world: factories.World) -> None:
    with tenancy.support():
        old = _run(world, 500)
        _changes(old, world, 2, _hold(old, world, "open"))
        _changes(old, world, 1)
    assert retention.prune() == 1
    assert _left()[old.pk] == 2


def test_a_former_email_ends_with_its_time(world: factories.World) -> None:
    with tenancy.support():
        for name, days in (("past", -1), ("coming", 1)):
            EmailAlias.objects.create(
                district=world.district,
                user=world.admin,
                login_email=f"{name}@alder.example",
                until=now() + timedelta(days=days),
            )
    retention.prune()
    with tenancy.support():
        assert list(EmailAlias.objects.values_list("login_email", flat=True)) == ["coming@alder.example"]
