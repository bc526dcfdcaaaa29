"""Undo through the API: the key's own part of a sync, once."""

from __future__ import annotations

from accounts import tenancy
from accounts.models import AuditEvent
from rostering.models import Run, Trigger
from tests import factories
from tests.api.program import Program, program


def undos() -> list[Run]:
    with tenancy.support():
        return list(Run.objects.filter(trigger=Trigger.UNDO))


def test_a_school_undoes_its_own_part(admin: Program, world: factories.World) -> None:
    path = f"/runs/{world.run.pk}/undo/"
    foreseen = admin.get(path)
    assert foreseen["possible"] is True
    assert foreseen["refusal"] == ""
    made = admin.post(path, {"why": "The wrong list was shared."}, status=201, Idempotency_Key="1")
    assert (made["trigger"], made["undoes"], made["state"]) == ("undo", world.run.pk, "queued")
    assert admin.post(path, {"why": "The wrong list was shared."}, status=201)["id"] == made["id"]
    (run,) = undos()
    assert (run.schools, run.asked_by_id) == ([world.school.pk], world.admin.pk)
    with tenancy.support():
        assert AuditEvent.objects.filter(action="run.undo").count() == 1


def test_a_district_undoes_one_school_or_all(world: factories.World) -> None:
    key, path = program(world.district_admin), f"/runs/{world.run.pk}/undo/"
    key.post(path, {"why": "One school.", "schools": [world.sister.pk]}, status=201)
    assert undos()[0].schools == [world.sister.pk]
    with tenancy.support():
        Run.objects.filter(trigger=Trigger.UNDO).delete()
    key.post(path, {"why": "All."}, status=201)
    assert undos()[0].schools is None


def test_no_school_undoes_another_ones_part(admin: Program, world: factories.World) -> None:
    path = f"/runs/{world.run.pk}/undo/"
    for school in (world.sister.pk, 2**40):
        assert admin.refused("post", path, {"why": "x", "schools": [school]}) == (404, "not_found")
    assert undos() == []


def test_what_cannot_be_undone_says_why(admin: Program, world: factories.World) -> None:
    with tenancy.support():
        Run.objects.update(applied_at=None)
    path = f"/runs/{world.run.pk}/undo/"
    assert admin.get(path)["refusal"] == "This sync changed nothing that could be undone."
    refused = admin.post(path, {"why": "x"}, status=409)
    assert refused["detail"] == "This sync changed nothing that could be undone."
