"""A source paused, resumed and synced through the API, by whoever may."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils.timezone import now

from accounts import tenancy
from accounts.models import AuditEvent
from integrations.models import Connection
from rostering.models import Run, Trigger
from tests import factories
from tests.api.program import Program, program


@pytest.fixture
def whole(world: factories.World) -> Program:
    return program(world.district_admin)


def let_schools_sync(world: factories.World) -> None:
    with tenancy.support():
        Connection.objects.filter(pk=world.connection.pk).update(schools_may_sync=True)
        Run.objects.update(created_at=now() - timedelta(days=1))


def trail() -> list[str]:
    with tenancy.support():
        return list(AuditEvent.objects.order_by("pk").values_list("action", flat=True))


def test_a_source_is_paused_and_resumed(whole: Program, world: factories.World) -> None:
    place = f"/connections/{world.connection.pk}"
    day = (now() + timedelta(days=30)).date()
    paused = whole.post(f"{place}/pause/", {"why": "Schedules are being rebuilt.", "until": day.isoformat()})
    assert paused["message"].startswith("Paused.")
    assert (paused["connection"]["state"], paused["connection"]["status"]) == ("paused", "Paused")
    assert paused["connection"]["paused_until"].startswith(day.isoformat())
    assert whole.post(f"{place}/pause/", {"why": "Again."})["message"] == "It was paused already."
    assert whole.post(f"{place}/resume/")["message"] == "Resumed. The next sync is tonight's."
    assert whole.post(f"{place}/resume/")["message"] == "It was going on already."
    assert whole.get(f"{place}/")["state"] == "connected"
    assert [each for each in trail() if each.startswith("connection.")] == ["connection.pause", "connection.resume"]
    assert whole.refused("post", f"{place}/pause/", {"why": "x", "until": "2000-01-01"}) == (409, "not_possible")


def test_who_does_not_answer_for_every_school_does_not_pause(admin: Program, world: factories.World) -> None:
    for deed in ("pause", "resume"):
        path = f"/connections/{world.connection.pk}/{deed}/"
        assert admin.refused("post", path, {"why": "Now."}) == (403, "not_yours")
    assert admin.get(f"/connections/{world.connection.pk}/")["may_pause"] is False
    assert not [each for each in trail() if each.startswith("connection.")]


def test_a_sync_starts_where_schools_may(admin: Program, world: factories.World) -> None:
    path = f"/connections/{world.connection.pk}/runs/"
    refused = admin.post(path, status=403)
    assert refused["code"] == "not_yours"
    assert refused["detail"] == "SmartPass starts syncs here. Ask for one at Accounts, Integrations."
    let_schools_sync(world)
    run = admin.post(path, status=201, Idempotency_Key="1")
    assert (run["state"], run["trigger"], run["status"]) == ("queued", "asked", "Waiting")
    assert admin.post(path, status=201)["id"] == run["id"]
    with tenancy.support():
        assert Run.objects.filter(trigger=Trigger.ASKED).count() == 1
        assert Run.objects.get(pk=run["id"]).asked_by_id == world.admin.pk
    assert admin.refused("post", path, {"preview": True}) == (400, "not_valid")
