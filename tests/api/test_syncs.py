"""Connections, syncs and holds through the API: the key's own part, and a hold decided as it was read."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import tenancy
from accounts.models import AuditEvent, Membership, Roles
from integrations.models import Connection
from rostering.models import Change, Hold, Run, RunState
from rostering.steps.plan import fingerprint
from tests import factories
from tests.api.program import Program, program


def waiting(world: factories.World) -> Hold:
    """The hold with its list named as it is."""
    with tenancy.support():
        row = factories.membership(world.student, world.school)
        Membership.objects.filter(pk=row.pk).update(source_id=world.connection.pk, origin="clever")
        named, people = fingerprint(world.run.pk, world.hold.pk)
        Hold.objects.filter(pk=world.hold.pk).update(fingerprint=named, people=people)
        return Hold.objects.get(pk=world.hold.pk)


def status_of(world: factories.World) -> str:
    with tenancy.support():
        return factories.membership(world.student, world.school).status


def test_a_connection_is_told_with_the_keys_schools(admin: Program, world: factories.World) -> None:
    told = admin.get(f"/connections/{world.connection.pk}/")
    assert told == {
        "id": world.connection.pk,
        "kind": "clever",
        "name": "Alder USD at Clever",
        "state": "connected",
        "status": "On hold",
        "trouble": None,
        "paused_until": None,
        "may_sync": False,
        "may_pause": False,
        "schools": [
            {
                "school": {"id": world.school.pk, "name": "Alder High"},
                "external_id": world.link.external_id,
                "external_name": "Alder High at Clever",
            }
        ],
        "last_run": world.run.pk,
        "last_good_run": world.run.pk,
    }
    assert admin.get("/connections/") == {"results": [told], "next": None}
    with tenancy.support():
        Connection.objects.update(problem="E-SOURCE-DOWN", problem_text="Clever isn't answering.")
    whole = program(world.district_admin).get(f"/connections/{world.connection.pk}/")
    assert [each["school"]["name"] for each in whole["schools"]] == ["Alder High", "Alder Middle"]
    assert whole["trouble"] == {"code": "E-SOURCE-DOWN", "text": "Clever isn't answering."}


def test_a_sync_is_told_as_far_as_it_concerns_the_key(admin: Program, world: factories.World) -> None:
    run = admin.get(f"/runs/{world.run.pk}/")
    assert (run["state"], run["status"], run["counts"], run["held"]) == ("done", "On hold", {"update": 1}, 1)
    sister = program(world.sister_admin).get(f"/runs/{world.run.pk}/")
    assert (sister["status"], sister["counts"], sister["held"]) == ("Completed", {"update": 1}, 0)
    assert program(world.district_admin).get(f"/runs/{world.run.pk}/")["counts"] == {"update": 2}
    assert admin.get("/runs/") == {"results": [run], "next": None}
    with tenancy.support():
        Hold.objects.update(state=Hold.State.REJECTED)
        Run.objects.update(problem="E-SOURCE-DOWN", problem_text="Clever isn't answering.")
    run = admin.get(f"/runs/{world.run.pk}/")
    assert run["status"] == "Completed with warnings"
    assert run["trouble"]["code"] == "E-SOURCE-DOWN"


def test_syncs_come_newest_first_and_are_filtered(admin: Program, world: factories.World) -> None:
    with tenancy.support():
        failed = factories.run(world.connection, state=RunState.FAILED, applied_at=None)
        factories.run(world.connection, preview=True)
    assert [run["id"] for run in admin.get("/runs/")["results"]] == [failed.pk, world.run.pk]
    assert [run["id"] for run in admin.get("/runs/", state="failed")["results"]] == [failed.pk]
    assert admin.get("/runs/", connection=2**40)["results"] == []
    first = admin.get("/runs/", limit=1)
    assert [run["id"] for run in admin.get("/runs/", limit=1, after=first["next"])["results"]] == [world.run.pk]


def test_changes_and_issues_are_those_of_the_keys_schools(admin: Program, world: factories.World) -> None:
    updated, leaves = admin.get(f"/runs/{world.run.pk}/changes/")["results"]
    assert updated["name"] == "AlderJordan Moss"
    assert updated["account"] == world.student.pk
    assert updated["school"] == {"id": world.school.pk, "name": "Alder High"}
    assert updated["differences"] == [{"field": "grade", "before": "9", "after": "10"}]
    assert (updated["hold"], updated["fate"]) == (None, "")
    assert (leaves["hold"], leaves["fate"]) == (world.hold.pk, "Waiting for approval")
    assert admin.get(f"/runs/{world.run.pk}/changes/", kind="suspend")["results"] == [leaves]
    assert admin.get(f"/runs/{world.run.pk}/changes/", school=world.sister.pk)["results"] == []
    assert admin.get(f"/holds/{world.hold.pk}/changes/")["results"] == [leaves]
    (issue,) = admin.get(f"/runs/{world.run.pk}/issues/")["results"]
    assert (issue["code"], issue["name"], issue["severity"]) == ("E-NO-EMAIL", "AlderJordan Moss", "warning")
    assert issue["helps"] == "Add an email in Clever."
    sister = program(world.sister_admin)
    (theirs,) = sister.get(f"/runs/{world.run.pk}/changes/")["results"]
    assert theirs["name"] == "AlderRiley Moss"
    assert sister.get(f"/runs/{world.run.pk}/issues/")["results"] == []
    assert sister.get(f"/runs/{world.run.pk}/holds/")["results"] == []


def test_a_hold_is_released_exactly_as_it_was_read(admin: Program, world: factories.World) -> None:
    waits = waiting(world)
    (listed,) = admin.get("/holds/", state="open")["results"]
    assert listed == admin.get(f"/holds/{waits.pk}/")
    assert admin.get(f"/runs/{world.run.pk}/holds/")["results"] == [listed]
    path = f"/holds/{waits.pk}/release/"
    stale = admin.post(path, {"fingerprint": "0" * 16, "why": "They left."}, status=409)
    assert stale["detail"] == "The list was rebuilt since you read it, so nothing was done. Read it again."
    decision = {"fingerprint": listed["fingerprint"], "why": "They left."}
    first = admin.post(path, decision, Idempotency_Key="1")
    assert first["message"] == "Released. Exactly the list you read was applied."
    assert (first["hold"]["state"], status_of(world)) == ("released", "suspended")
    assert admin.post(path, decision, Idempotency_Key="1") == first
    assert admin.post(path, decision, status=409)["detail"] == "This hold was decided already."
    with tenancy.support():
        line = AuditEvent.objects.get(action="hold.release")
    assert (line.by_id, line.why) == (world.admin.pk, "They left.")
    assert admin.get("/holds/", state="open")["results"] == []


def test_a_hold_is_rejected(admin: Program, world: factories.World) -> None:
    waits = waiting(world)
    decision = {"fingerprint": waits.fingerprint, "why": "They are on a trip.", "kinds": ["suspend"]}
    assert admin.post(f"/holds/{waits.pk}/reject/", decision)["hold"]["state"] == "rejected"
    assert status_of(world) == "active"


def test_part_of_a_hold_may_be_decided(world: factories.World) -> None:
    with tenancy.support():
        leaves: dict[str, Any] = {"kind": "suspend", "before": {"status": "active"}, "after": {"status": "suspended"}}
        other = factories.person(world.district, world.school, Roles.STUDENT, first_name="Kim")
        factories.change(world.run, other, world.school, hold=world.hold, **leaves)
    waits, key = waiting(world), program(world.district_admin)
    decision = {"fingerprint": waits.fingerprint, "why": "Only Kim stays.", "people": [other.pk]}
    nobody = key.post(f"/holds/{waits.pk}/reject/", {**decision, "people": [world.admin.pk]}, status=409)
    assert nobody["detail"] == "Nobody was chosen."
    left = key.post(f"/holds/{waits.pk}/reject/", decision)["hold"]
    assert (left["state"], left["people"]) == ("open", 1)
    assert [row["account"] for row in key.get(f"/holds/{waits.pk}/changes/")["results"]] == [world.student.pk]


def test_two_people_release_what_concerns_many(world: factories.World) -> None:
    waits = waiting(world)
    with tenancy.support():
        Hold.objects.update(needs_second=True)
    decision = {"fingerprint": waits.fingerprint, "why": "They left."}
    path = f"/holds/{waits.pk}/release/"
    first, second = program(world.admin), program(world.district_admin)
    said = first.post(path, decision)
    assert "a second person must agree" in said["message"]
    assert (said["hold"]["state"], said["hold"]["has_first_yes"]) == ("open", True)
    assert first.post(path, decision)["hold"]["state"] == "open"
    assert second.post(path, decision)["hold"]["state"] == "released"


@pytest.mark.parametrize(
    "path", ["/connections/", "/runs/", "/runs/{run}/changes/", "/runs/{run}/issues/", "/runs/{run}/holds/", "/holds/"]
)
def test_a_list_costs_the_same_with_one_and_with_many(path: str, world: factories.World) -> None:
    key, place = program(world.district_admin), path.format(run=world.run.pk)

    def cost() -> tuple[int, int]:
        with CaptureQueriesContext(connection) as asked:
            rows = key.get(place)["results"]
        return len(asked), len(rows)

    key.get(place)
    few, rows = cost()
    with tenancy.support():
        for number in range(5):
            school = factories.school(world.district)
            tie = factories.connection(world.district)
            factories.link(tie, school)
            factories.run(world.connection)
            who = factories.person(world.district, school, Roles.STUDENT)
            Change.objects.filter(pk=factories.change(world.run, who, school).pk).update(run=world.run)
            factories.issue(world.run, who, school)
            factories.hold(world.run, school, reason=f"reason_{number}")
    many, more = cost()
    assert many == few <= 20
    assert more == rows + 5
