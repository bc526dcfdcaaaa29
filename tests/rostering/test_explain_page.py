"""Why is this person missing, or like this? The first thing wrong, who can mend it, and nothing of a sister school."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils.timezone import now

from accounts import people, tenancy
from accounts.models import Membership, Pin, Roles, School, User
from integrations.models import Connection, SchoolLink
from rostering.models import Change, Hold, Record, Run
from tests import factories
from tests.digest import digest
from tests.rostering.pages import browser, change, text

AUGUST = now() + timedelta(days=30)


@pytest.fixture
def world(committed_db: None) -> factories.World:
    """The usual district, with somebody whom Clever gave us and who is as they should be."""
    del committed_db
    with tenancy.support():
        made = factories.world("Alder")
        Change.objects.exclude(hold=None).delete()
        Hold.objects.all().delete()
        names = {"first_name": made.student.first_name, "last_name": "Moss", "email": made.student.email}
        record = factories.record(made.connection, made.link.external_id, **names)
        Record.objects.filter(pk=record.pk).update(login=made.student.login_email)
        factories.known(made.connection, made.student, record)
        Membership.objects.filter(user=made.student).update(grade="9", number=record.roles[0][3])
    made.record = record
    return made


def page(world: factories.World, who: User | None = None) -> str:
    return text(browser(who or world.admin), f"/accounts/find/account/{world.student.pk}/")


def of_record(world: factories.World, record: Record, who: User | None = None) -> str:
    return text(browser(who or world.admin), f"/accounts/find/record/{record.pk}/")


def lone(world: factories.World, *places: str, **fields: Any) -> Record:
    """Somebody whom Clever lists and who has no account."""
    with tenancy.support():
        return factories.record(world.connection, *places, **fields)


def test_whoever_is_as_they_should_be(world: factories.World) -> None:
    admin = browser(world.admin)
    before = digest()
    said = text(admin, f"/accounts/find/account/{world.student.pk}/")
    assert digest() == before
    for line in (
        "AlderJordan Moss",
        "Everything is as it should be.",
        "Clever is connected: Yes",
        "First sync finished: Yes",
        "Found in Clever: Yes",
        "Active in Clever: Yes",
        "Has a role in Clever that is synced: Yes",
        "At a school that is synced: Yes",
        "Has an email to sign in by: Yes",
        "Who that is in SmartPass: This account, by the id Clever gave",
        "Nothing waits for approval: Yes",
        "Account at Alder High: Active",
        "Nothing about this person changes.",
        f"Sync #{world.run.pk}",
    ):
        assert line in said
    assert "Who can fix it" not in said
    assert "differs" not in said


@pytest.mark.parametrize(
    ("model", "fields", "says", "owner"),
    [
        (Connection, {"stopped": True}, "SmartPass has stopped syncing with Clever.", "SmartPass"),
        (Connection, {"state": "paused"}, "Syncing with Clever is paused.", "a school Admin"),
        (Connection, {"state": "disconnected"}, "Clever is disconnected.", "a school Admin"),
        (Connection, {"state": "needs_attention"}, "Clever no longer accepts our access.", "your Clever admin"),
        (Run, {"applied_at": None}, "Your school's first sync hasn't finished.", "SmartPass"),
        (Record, {"problem": "No id.", "roles": []}, "The record in Clever can't be read: No id.", "your Clever admin"),
        (Record, {"active": False}, "Clever has switched off this account", "your Clever admin"),
        (Record, {"roles": []}, "Clever gives AlderJordan Moss no role", "your Clever admin"),
        (School, {"purchased": False}, "Alder High is shared, but hasn't bought SmartPass.", "SmartPass"),
        (Record, {"email": "", "login": None}, "Everything is as it should be.", ""),
        (
            Record,
            {"external_id": "another"},
            "Clever doesn't list AlderJordan Moss at your school.",
            "your Clever admin",
        ),
    ],
)
def test_the_first_thing_wrong_is_the_reason(
    model: Any, fields: dict[str, Any], says: str, owner: str, world: factories.World
) -> None:
    rows = {Connection: world.connection, Run: world.run, Record: world.record, School: world.school}
    change(model, rows[model].pk, **fields)
    said = page(world)
    assert says in said
    assert (f"Who can fix it: {owner} ." in said) if owner else ("Who can fix it" not in said)
    assert ("Copy message" in said) == (owner == "your Clever admin" or model is School)


@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("mascot", "Clever calls this person “mascot”, which we don't sync."),
        ("contact", "Clever calls this person “contact”, which gets no account here."),
    ],
)
def test_a_role_that_gives_no_account(word: str, says: str, world: factories.World) -> None:
    record = lone(world, roles=[[world.link.external_id, word, "", ""]])
    said = of_record(world, record)
    assert says in said
    assert "Not checked" in said


def test_somebody_new_arrives_tonight(world: factories.World) -> None:
    said = of_record(world, lone(world, world.link.external_id))
    assert "Not at your school in SmartPass yet." in said
    assert "Who can fix it: nobody: it mends itself tonight ." in said
    assert "Makes an account · Alder High" in said
    assert "Has an account: Not yet" in said


def test_a_place_that_is_not_linked(world: factories.World) -> None:
    record = lone(world, "elsewhere")
    assert browser(world.admin).get(f"/accounts/find/record/{record.pk}/").status_code == 404
    said = of_record(world, record, world.district_admin)
    assert "The school Clever lists them at is shared but not linked yet." in said
    assert "We're ready to sync. Source: Clever." in said


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"status": "suspended", "suspended_by": "person"}, "Suspended here by a person. The sync doesn't lift it."),
        ({"status": "suspended", "suspended_by": "sync"}, "Suspended here by the sync."),
        ({"status": "disabled"}, "Disabled here by a person."),
    ],
)
def test_an_account_that_is_not_active(fields: dict[str, str], says: str, world: factories.World) -> None:
    with tenancy.support():
        member = factories.membership(world.student, world.school)
    change(Membership, member.pk, **fields)
    assert says in page(world)


def test_whoever_left_is_asked_about_before_anything_happens(world: factories.World) -> None:
    change(Record, world.record.pk, external_id="another", login="other@example.org")
    said = page(world, world.district_admin)
    assert "Clever doesn't share AlderJordan Moss with SmartPass." in said
    assert "Suspends them · Alder High" in said
    assert "Clever is asked about them first. Without an answer they stay." in said


def test_an_account_made_by_hand(world: factories.World) -> None:
    said = text(browser(world.admin), f"/accounts/find/account/{world.teacher.pk}/")
    assert "Made by hand; no sync touches it." in said
    assert "In Clever" not in said
    assert "Re-check now" not in said
    with tenancy.support():
        SchoolLink.objects.update(active=False)
    said = text(browser(world.admin), f"/accounts/find/account/{world.teacher.pk}/")
    assert "No source is linked to a school of theirs." in said


def test_values_stand_beside_the_sources_with_who_decided(world: factories.World) -> None:
    with tenancy.support():
        common = {"district": world.district, "user": world.student, "by": world.admin}
        Pin.objects.create(field="first_name", why="Goes by Jo", until=AUGUST, **common)
        Pin.objects.create(field="grade", school=world.school, why="Repeats", **common)
        User.objects.filter(pk=world.student.pk).update(first_name="Jo")
        Membership.objects.filter(user=world.student).update(grade="8")
    said = page(world)
    assert "First name Jo AlderJordan differs Kept by you until" in said
    assert ": Goes by Jo" in said
    assert "Grade 8 9 differs Kept by you: Repeats" in said
    assert "Last name Moss Moss Clever" in said
    assert "Kept by AlderDana Moss: Repeats" in page(world, world.district_admin)


def test_a_protected_person_says_by_whom(world: factories.World) -> None:
    with tenancy.support():
        Pin.objects.create(district=world.district, user=world.student, field="*", by=world.admin, until=AUGUST)
    assert "Protected from sync by You until" in page(world)


def test_what_waits_in_a_hold(world: factories.World) -> None:
    with tenancy.support():
        waits = factories.hold(world.run, world.school)
        factories.change(world.run, world.student, world.school, hold=waits)
    said = page(world)
    assert "Waiting for approval in a hold." in said
    assert "Nothing waits for approval: Waiting" in said


def test_email_used_by_somebody_the_reader_may_not_know(world: factories.World) -> None:
    with tenancy.support():
        other = factories.person(world.district, world.sister, Roles.TEACHER, first_name="Hidden")
    record = lone(world, world.link.external_id, email=other.email, login=other.login_email)
    said = of_record(world, record)
    assert "This email is already used in SmartPass." in said
    assert "Hidden" not in said.replace(other.email, "")
    assert "Hidden Moss already has this email here" in of_record(world, record, world.district_admin)


def test_a_tombstone_names_nobody(world: factories.World) -> None:
    with tenancy.support():
        people.delete_person(None, world.student)
    assert browser(world.admin).get(f"/accounts/find/account/{world.student.pk}/").status_code == 404
    said = of_record(world, world.record)
    assert "A person deleted this account. No sync brings it back." in said
    for hidden in ("AlderJordan", world.record.email, "What the next sync would do", "Re-check now"):
        assert hidden not in said
