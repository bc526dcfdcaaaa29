"""Support's console: every deed is a page that asks, a POST that does it once, and a line in the trail."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils.timezone import now

from accounts import tenancy
from accounts.models import AuditEvent, District, Membership, School, User
from integrations.models import Connection, SchoolLink
from rostering.models import Change, Hold, Rejection, Run, RunState, Trigger
from rostering.steps.plan import fingerprint
from tests import factories
from tests.desk import Desk, desk, rows, supported, trail, world

__all__ = ["desk", "supported", "world"]


def test_from_nothing_to_a_schools_first_admin(desk: Desk) -> None:
    desk.do("/admin/districts/new/", name="Springfield USD")
    (district,) = rows(District)
    desk.do(f"/admin/districts/{district.pk}/schools/new/", name="Lincoln High", purchased="on")
    (school,) = rows(School)
    assert (school.name, school.purchased) == ("Lincoln High", True)
    given = {"school": school.pk, "first_name": "Dana", "last_name": "Moss", "email": "dana@example.org"}
    answer = desk.do(f"/admin/districts/{district.pk}/first-admin/", **given)
    shown = re.search(r'class="password">([\w-]+)<', answer.content.decode())
    assert shown
    assert "no-store" in answer.headers["Cache-Control"]
    browser = Client()
    browser.post("/auth/login/", {"login": "dana@example.org", "password": shown[1]})
    assert browser.get("/").headers["Location"] == "/auth/password/"
    refused = desk.do(f"/admin/districts/{district.pk}/first-admin/", **given)
    assert "already has an account here" in refused.content.decode()
    assert {line.by_id for line in rows(AuditEvent) if line.action != "staff.create"} == {desk.user.pk}


def test_a_second_press_does_nothing_twice(desk: Desk) -> None:
    for _ in range(3):
        desk.do("/admin/districts/new/", token="same", name="Springfield USD")
    assert len(rows(District)) == 1


def test_a_deed_without_its_token_is_not_done(desk: Desk) -> None:
    answer = desk.client.post("/admin/districts/new/", {"name": "Springfield USD"})
    assert "Press the button once more" in answer.content.decode()
    assert rows(District) == []


def test_linking_a_district_and_a_school(desk: Desk) -> None:
    with tenancy.support():
        district, tenant = factories.district("Alder USD"), factories.tenant("Alder at Clever")
        school = factories.school(district, "Alder Middle")
    assert "Alder at Clever" in desk.look(f"/admin/districts/{district.pk}/sources/clever/?q=alder")
    link = f"/admin/districts/{district.pk}/link/{tenant.pk}/"
    assert "not the same name" in desk.do(link, typed="Birch").content.decode()
    desk.do(link, typed="alder usd")
    (made,) = rows(Connection)
    assert "Ogdenville Middle" in desk.look(f"/admin/connections/{made.pk}/")
    ours = f"/admin/connections/{made.pk}/link/?school={factories.Source.FREE}"
    assert "Type Alder Middle" in desk.do(ours, school=school.pk, typed="Alder High").content.decode()
    assert rows(SchoolLink) == []
    desk.do(ours, school=school.pk, typed="Alder Middle")
    (linked,) = rows(SchoolLink)
    assert (linked.external_id, linked.school_id) == (factories.Source.FREE, school.pk)
    page = desk.look(f"/admin/links/{linked.pk}/unlink/")
    assert "Unlinking suspends no one" in page
    desk.do(f"/admin/links/{linked.pk}/unlink/", typed="Alder Middle")
    assert rows(SchoolLink, active=True) == []


def test_an_upstream_linked_elsewhere_is_refused_in_words(desk: Desk, world: factories.World) -> None:
    with tenancy.support():
        other, tenant = factories.district("Birch USD"), factories.tenant()
        Connection.objects.filter(pk=world.connection.pk).update(tenant=tenant.external_id)
    answer = desk.do(f"/admin/districts/{other.pk}/link/{tenant.pk}/", typed="Birch USD")
    assert "already linked to Alder USD" in answer.content.decode()


def test_a_sync_is_asked_for_once(desk: Desk, world: factories.World) -> None:
    ask = f"/admin/connections/{world.connection.pk}/sync/"
    first, second = desk.do(ask), desk.do(ask)
    assert first.headers["Location"] == second.headers["Location"]
    (started,) = rows(Run, trigger=Trigger.SUPPORT)
    assert (started.asked_by_id, started.why) == (desk.user.pk, "Asked by Ravi")
    assert "already going" in desk.look(second.headers["Location"])
    assert trail("run.start").target == f"run:{started.pk}"
    assert f'hx-get="/admin/runs/{started.pk}/progress/"' in desk.look(f"/admin/runs/{started.pk}/")
    with tenancy.support():
        Run.objects.filter(pk=started.pk).update(state="running", step="fetch", people_read=812, people_expected=1305)
    progress = desk.look(f"/admin/runs/{started.pk}/progress/")
    assert "Read people: 812 people read of about 1305" in progress
    assert "Refresh" in progress
    desk.do(f"/admin/runs/{started.pk}/stop/")
    assert rows(Run, pk=started.pk)[0].state == RunState.STOPPED


def test_a_first_sync_needs_a_fresh_preview_that_was_read(desk: Desk, world: factories.World) -> None:
    with tenancy.support():
        Run.objects.update(applied_at=None)
    refused = desk.do(f"/admin/connections/{world.connection.pk}/sync/").content.decode()
    assert "starts from a preview" in refused
    with tenancy.support():
        seen = factories.run(world.connection, preview=True, applied_at=None, fingerprint="seen")
    page = desk.look(f"/admin/runs/{seen.pk}/")
    let = f"/admin/runs/{seen.pk}/first-sync/?read=seen"
    assert let in page
    assert "Read the list itself first" in desk.do(let.split("?", maxsplit=1)[0], read="on").content.decode()
    assert "The list changed" in desk.do(let, read="on", fingerprint="other").content.decode()
    with tenancy.support():
        Run.objects.filter(pk=seen.pk).update(finished_at=now() - timedelta(minutes=61))
    assert "more than an hour old" in desk.do(let, read="on", fingerprint="seen").content.decode()
    with tenancy.support():
        Run.objects.filter(pk=seen.pk).update(finished_at=now())
    desk.do(let, read="on", fingerprint="seen")
    (first,) = rows(Run, trigger=Trigger.FIRST)
    assert (first.released_preview_id, first.preview) == (seen.pk, False)


def test_a_run_is_read_person_by_person(desk: Desk, world: factories.World) -> None:
    path = f"/admin/runs/{world.run.pk}/changes/"
    both = {world.student.get_full_name(), world.sister_student.get_full_name()}

    def shown(query: str) -> set[str]:
        return {name for name in both if name in desk.look(path + query)}

    assert shown("") == both
    assert shown("?kind=suspend") == {world.student.get_full_name()}
    assert shown(f"?school={world.sister.pk}") == {world.sister_student.get_full_name()}
    assert shown("?q=riley") == {world.sister_student.get_full_name()}
    assert "AlderJordan" in desk.look(f"/admin/runs/{world.run.pk}/issues/")


@pytest.mark.parametrize("many", [1, 40])
def test_pages_ask_the_database_as_often_for_many_as_for_one(
    many: int, desk: Desk, world: factories.World, django_assert_max_num_queries: Any
) -> None:
    with tenancy.support():
        for _ in range(many):
            factories.change(world.run, world.student, world.school)
            factories.issue(world.run, world.student, None)
            factories.run(world.connection)
        admin = Client()
        admin.force_login(world.admin)
    pages = {
        f"/admin/runs/{world.run.pk}/changes/": desk.client,
        f"/admin/runs/{world.run.pk}/issues/": desk.client,
        f"/admin/holds/{world.hold.pk}/": desk.client,
        "/accounts/syncs/": admin,
        f"/accounts/syncs/{world.run.pk}/": admin,
    }
    for page, client in pages.items():
        with django_assert_max_num_queries(32):
            assert client.get(page).status_code == 200


@pytest.mark.parametrize("begins", ["=", "+", "-", "@"])
def test_a_sheet_calculates_nothing(begins: str, desk: Desk, world: factories.World) -> None:
    with tenancy.support():
        User.objects.filter(pk=world.student.pk).update(first_name=f"{begins}HYPERLINK(1)")
    sheet = desk.client.get(f"/admin/runs/{world.run.pk}/changes.csv").content.decode()
    assert f"'{begins}HYPERLINK(1)" in sheet
    assert re.search(rf'(^|,|"){re.escape(begins)}HYPER', sheet, re.MULTILINE) is None


SAID = {"authorised_by": "Dana Moss", "authorised_at": "today 9:40 AM", "authorised_in": "call, reference 5107"}


def real_hold(world: factories.World, **fields: Any) -> Hold:
    """The hold of the world with the name of its list."""
    with tenancy.support():
        name, people = fingerprint(world.run.pk, world.hold.pk)
        Hold.objects.filter(pk=world.hold.pk).update(fingerprint=name, people=people, **fields)
        Membership.objects.filter(user=world.student).update(source_id=world.connection.pk)
    (hold,) = rows(Hold, pk=world.hold.pk)
    assert isinstance(hold, Hold)
    return hold


def status_of(user: User) -> str:
    return str(rows(Membership, user=user)[0].status)


def test_a_hold_is_released_as_it_was_read(desk: Desk, world: factories.World) -> None:
    hold = real_hold(world)
    page = desk.look(f"/admin/holds/{hold.pk}/")
    assert world.student.get_full_name() in page
    release = f"/admin/holds/{hold.pk}/release/?read={hold.fingerprint}"
    assert release in page
    assert "list was rebuilt" in desk.do(release, fingerprint="another", **SAID).content.decode()
    assert status_of(world.student) == "active"
    desk.do(release, fingerprint=hold.fingerprint, **SAID)
    assert status_of(world.student) == "suspended"
    line = trail("hold.release")
    assert line.after["authorisation"] == SAID
    assert line.after["fingerprint"] == hold.fingerprint
    assert "decided already" in desk.do(release, fingerprint=hold.fingerprint, **SAID).content.decode()
    assert "Dana Moss" in desk.look(f"/admin/holds/{hold.pk}/")


def test_a_decision_needs_the_schools_word(desk: Desk, world: factories.World) -> None:
    hold = real_hold(world)
    for missing in SAID:
        said = {**SAID, missing: ""}
        desk.do(f"/admin/holds/{hold.pk}/release/?read=x", fingerprint=hold.fingerprint, **said)
    assert status_of(world.student) == "active"


def test_many_people_need_two_who_agree(desk: Desk, world: factories.World) -> None:
    hold = real_hold(world, needs_second=True)
    release = f"/admin/holds/{hold.pk}/release/?read={hold.fingerprint}"
    first = desk.do(release, fingerprint=hold.fingerprint, **SAID)
    assert "a second person must agree" in desk.look(first.headers["Location"])
    desk.do(release, fingerprint=hold.fingerprint, **SAID)
    assert status_of(world.student) == "active"
    Desk().do(release, fingerprint=hold.fingerprint, **SAID)
    assert status_of(world.student) == "suspended"
    assert len(rows(AuditEvent, action="hold.first_yes")) == 2


def test_a_part_of_a_hold_is_released_and_the_rest_waits(desk: Desk, world: factories.World) -> None:
    with tenancy.support():
        other = factories.person(world.district, world.school, "student", first_name="AlderAsh")
        leaves = {"kind": Change.Kind.SUSPEND, "before": {"status": "active"}, "after": {"status": "suspended"}}
        factories.change(world.run, other, world.school, hold=world.hold, **leaves)
        Membership.objects.filter(user=other).update(source_id=world.connection.pk)
    hold = real_hold(world)
    assert hold.people == 2
    part = f"/admin/holds/{hold.pk}/release/?read={hold.fingerprint}&people={other.pk}"
    assert "1 person" in desk.look(part)
    desk.do(part, fingerprint=hold.fingerprint, **SAID)
    assert (status_of(other), status_of(world.student)) == ("suspended", "active")
    (left,) = rows(Hold, pk=hold.pk)
    assert (left.state, left.people) == (Hold.State.OPEN, 1)


def test_a_rejected_list_changes_nobody_and_can_be_lifted(desk: Desk, world: factories.World) -> None:
    hold = real_hold(world)
    with tenancy.support():
        Rejection.objects.all().delete()
    reject = f"/admin/holds/{hold.pk}/reject/?read={hold.fingerprint}"
    desk.do(reject, fingerprint=hold.fingerprint, **SAID)
    assert status_of(world.student) == "active"
    (kept,) = rows(Rejection)
    assert kept.external_id in desk.look(f"/admin/connections/{world.connection.pk}/refused/")
    desk.do(f"/admin/refused/{kept.pk}/lift/")
    assert rows(Rejection)[0].lifted_at is not None
    assert trail("rejection.lift").why == "Asked by Ravi"
