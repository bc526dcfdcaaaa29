"""Where an account comes from and what happened to it, as each reader may know it; and nights after an edit."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils.timezone import now

from accounts import editing, people, pins, tenancy
from accounts.models import Membership, Roles, User
from accounts.pins import Keep
from integrations.models import Connection, Link, SchoolLink, StopSwitch
from rostering import explain
from rostering.models import Change, Record
from tests import factories
from tests.accounts.pages import browser, text

ID = "5f3a9c0d12ab34cd56ef7890"
WHY = "Agreed with the family"


@pytest.fixture
def world(committed_db: None) -> factories.World:
    del committed_db
    with tenancy.support():
        made = factories.world("Alder")
        given_by_clever(made)
    return made


def given_by_clever(world: factories.World) -> None:
    """Clever gives the student, and said so in its last list."""
    student, tie = world.student, world.connection
    User.objects.filter(pk=student.pk).update(profile_source=tie.pk)
    Membership.objects.filter(pk=world.membership.pk).update(
        source_id=tie.pk, origin="clever", origin_label="Clever", grade="10", number="4471"
    )
    Link.objects.create(district=world.district, connection=tie, user=student, external_id=ID)
    Record.objects.create(
        district=world.district, connection=tie, external_id=ID, first_name=student.first_name,
        last_name=student.last_name, email=student.email, login=student.login_email, active=True, problem="",
        roles=[[world.link.external_id, "student", "10", "4471"]], legacy=[], digest=1,
    )  # fmt: skip


def source(world: factories.World) -> str:
    return f"/accounts/{world.student.pk}/source/"


def past(world: factories.World) -> str:
    return f"/accounts/{world.student.pk}/history/"


def change(model: Any, **fields: Any) -> None:
    with tenancy.support():
        model.objects.all().update(**fields)


# Where it comes from.


def test_a_synced_account_names_its_source(world: factories.World) -> None:
    with tenancy.support():
        made = factories.run(world.connection)
        first = {"kind": Change.Kind.CREATE, "before": {}, "after": {"roles": "student", "status": "active"}}
        factories.change(world.run, world.student, world.school, **first)
    page = text(browser(world.admin), source(world))
    for line in (
        "Clever · Alder USD at Clever",
        "From Alder High at Clever → Alder High",
        f"in sync #{world.run.pk} Last confirmed",
        f"in sync #{made.pk} Checked again Tonight 11:00 PM Eastern",
        f"Reference {ID}",
        "Tonight's sync would change nothing.",
    ):
        assert line in page or line.replace("Tonight 11", "tonight 11") in page, line


def test_a_hand_made_account_was_never_synced(world: factories.World) -> None:
    page = text(browser(world.admin), f"/accounts/{world.teacher.pk}/source/")
    assert "Never synced: added by hand." in page


def test_the_sources_value_stands_beside_what_is_kept(world: factories.World) -> None:
    with tenancy.support():
        Membership.objects.filter(pk=world.membership.pk).update(number="9", grade="12")
        User.objects.filter(pk=world.student.pk).update(first_name="Jo")
        factories.pin(world.student, None, "first_name")
        factories.pin(world.student, world.school, "roles")
        factories.pin(world.student, world.school, "*")
    page = text(browser(world.admin), source(world))
    kept = page.split("Protected from sync")[1].split("Tonight")[0]
    for line in (
        "First name Jo AlderJordan",
        "Number at Alder High 9 4471",
        "Roles at Alder High Student Student",
        "Grade at Alder High 12 10",
    ):
        assert line in kept
    assert "Status at" not in kept


def test_tonight_is_told_and_can_be_kept_from_happening(world: factories.World) -> None:
    with tenancy.support():
        Membership.objects.filter(pk=world.membership.pk).update(roles=["teacher"], grade="12")
    admin = browser(world.admin)
    page = text(admin, source(world))
    assert "Role changed at Alder High Roles: Teacher → Student Keep my change : Roles" in page
    assert "Grade: 12 → 10 Keep my change : Grade" in page
    link = f"/accounts/{world.student.pk}/protect/?what=roles%3A{world.membership.pk}"
    assert link in admin.get(source(world)).content.decode()
    assert "selected>Roles at Alder High" in admin.get(link).content.decode()


@pytest.mark.parametrize(
    ("model", "fields", "says"),
    [
        (Connection, {"state": "disconnected"}, "Clever is disconnected. Accounts stay as they are."),
        (Connection, {"state": "paused"}, "The syncs of Clever are paused."),
        (Connection, {"state": "setting_up"}, "Clever is being set up."),
        (Connection, {"stopped": True}, "SmartPass stopped the syncs of Clever for now."),
        (SchoolLink, {"active": False}, "No school of theirs is linked to Clever any more."),
    ],
)
def test_why_tonight_does_not_look(model: Any, fields: dict[str, Any], says: str, world: factories.World) -> None:
    change(model, **fields)
    page = text(browser(world.admin), source(world))
    assert f"Not tonight. {says}" in page
    assert "Tonight's sync would" not in page


def test_a_pause_that_ends_today_is_none_tonight(world: factories.World) -> None:
    change(Connection, state="paused", paused_until=now() + timedelta(days=9))
    assert "are paused until" in text(browser(world.admin), source(world))
    change(Connection, state="paused", paused_until=now())
    assert "Not tonight" not in text(browser(world.admin), source(world))
    with tenancy.support():
        StopSwitch.objects.create(kind="clever", why="Wrong data")
    assert "SmartPass stopped" in text(browser(world.admin), source(world))


def test_who_is_not_in_the_last_list_is_said(world: factories.World) -> None:
    change(Record, active=False)
    assert "Switched off in Clever. ( sync #" in text(browser(world.admin), source(world))
    change(Record, active=True, problem="no name")
    assert "The record in Clever can't be read." in text(browser(world.admin), source(world))
    with tenancy.support():
        Record.objects.all().delete()
    assert "Not in Clever's last list." in text(browser(world.admin), source(world))


def test_a_suspension_by_the_sync_has_its_date_and_reason(world: factories.World) -> None:
    with tenancy.support():
        Membership.objects.filter(pk=world.membership.pk).update(status="suspended", suspended_by="sync")
        leaves = {"kind": Change.Kind.SUSPEND, "before": {"status": "active"}, "after": {"status": "suspended"}}
        factories.change(world.run, world.student, world.school, why="inactive", **leaves)
    page = text(browser(world.admin), source(world))
    assert "Suspended at Alder High since" in page
    assert f"in sync #{world.run.pk} : switched off in Clever." in page


def test_what_needs_an_eye_is_said_to_those_it_concerns(world: factories.World) -> None:
    with tenancy.support():
        for code, at in (("E-NO-EMAIL", None), ("E-HELD", world.school), ("E-ROLE-CONFLICT", world.sister)):
            row = factories.issue(world.run, world.student, at, code=code)
            type(row).objects.filter(pk=row.pk).update(external_id=ID)
    page = text(browser(world.admin), source(world))
    assert "No email in Clever, so they can't sign in by email. Add an email in Clever." in page
    assert "Waiting for approval in a hold. Review the hold." in page
    assert "Student and staff" not in page


# What happened.


def test_what_syncs_and_people_did_is_one_list(world: factories.World) -> None:
    with tenancy.support():
        staff = factories.staff()
        world.membership.refresh_from_db()
        people.suspend(world.admin, world.membership, "Moved away")
        people.reactivate(staff, world.membership, "Asked by the school")
        pins.pin(world.admin, world.student, world.school, "roles", Keep(WHY))
        editing.reset_password(world.district_admin, world.student)
    page = text(browser(world.admin), past(world))
    happened = [
        "Another Admin Password reset",
        f"AlderDana Moss Protected from sync: roles at Alder High “{WHY}”",
        "SmartPass support Reactivated at Alder High Status: Suspended → Active “Asked by the school”",
        "AlderDana Moss Suspended at Alder High Status: Active → Suspended “Moved away”",
        f"Sync #{world.run.pk} Updated at Alder High Grade: 9 → 10",
        "SmartPass Added by hand Roles: Student",
    ]
    places = [page.find(line) for line in happened]
    assert -1 not in places, happened[places.index(-1)]
    assert places == sorted(places)


def test_what_waited_and_what_was_not_done_is_not_history(world: factories.World) -> None:
    page = text(browser(world.admin), past(world))
    assert "Suspended" not in page
    with tenancy.support():
        hold = world.hold
        type(hold).objects.filter(pk=hold.pk).update(state="released", decided_by=world.admin, decided_at=now())
    page = text(browser(world.admin), past(world))
    assert f"Sync #{world.run.pk}, approved by AlderDana Moss Suspended at Alder High" in page


def test_an_undo_is_named(world: factories.World) -> None:
    with tenancy.support():
        undo = factories.run(world.connection, undoes=world.run)
        factories.change(undo, world.student, world.school, before={"grade": "10"}, after={"grade": "9"})
    assert f"Undo of sync #{world.run.pk} Updated at Alder High Grade: 10 → 9" in text(
        browser(world.admin), past(world)
    )


def test_twenty_five_a_page(world: factories.World) -> None:
    with tenancy.support():
        for _ in range(40):
            factories.change(world.run, world.student, world.school)
    admin = browser(world.admin)
    part = admin.get(past(world), headers={"HX-Request": "true"})
    assert part.content.decode().count("<li>") == 25
    assert "<main" not in part.content.decode()
    assert "HX-Request" in part.headers["Vary"]
    assert "of 42" in text(admin, past(world))
    assert admin.get(f"{past(world)}?page=2").content.decode().count("<li>") >= 17
    assert admin.get(f"{past(world)}?page=nonsense").status_code == 200


# A sister school's is not theirs.


def test_a_sister_schools_part_is_nowhere(world: factories.World) -> None:
    with tenancy.support():
        there = Membership.objects.create(
            district=world.district, user=world.student, school=world.sister, roles=[Roles.STUDENT],
            source_id=world.connection.pk, origin="clever", origin_label="Clever", grade="3",
        )  # fmt: skip
        people.disable(world.sister_admin, there, "SECRET reason")
        factories.change(world.run, world.student, world.sister, before={}, after={"number": "SECRET"})
        factories.pin(world.student, world.sister, "grade", why="SECRET pin")
        Record.objects.update(
            roles=[[world.link.external_id, "student", "10", "4471"], [world.sister_link.external_id, "staff", "", "S"]]
        )
        who = User.objects.get(pk=world.student.pk)
        told = explain.explain(world.connection, user=who)
        editing.change_person(world.sister_admin, who, editing.version(who), {"last_name": "Bell"}, Keep("Married"))
    assert {row["school_id"] for row in told.tonight} == {world.sister.pk}
    admin = browser(world.admin)
    for path in (source(world), past(world)):
        page = admin.get(path).content.decode()
        for secret in ("SECRET", "Alder Middle", "Sasha"):
            assert secret not in page, (path, secret)
    assert "Another Admin Edited Last name: Moss → Bell “Married”" in text(admin, past(world))
    assert "SECRET" in text(browser(world.district_admin), past(world))
    # How somebody was added at a school of others, or what its own syncs did, is not theirs either.
    sister = text(browser(world.sister_admin), past(world))
    assert "SECRET reason" in sister
    assert "Added by hand" not in sister
    assert "Alder High" not in sister
    assert "Role changed at Alder Middle" in text(browser(world.district_admin), source(world))


def test_nobody_else_reads_it(world: factories.World) -> None:
    with tenancy.support():
        other, staff = factories.world("Birch"), factories.staff()
    for who in (world.sister_admin, world.teacher, world.student, other.admin, other.district_admin, staff):
        for path in (source(world), past(world)):
            assert browser(who).get(path).status_code == 404
