"""Find a person, why they are as they are, and the schools of a district."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils.timezone import now

from accounts.models import Membership, Pin, Roles, School
from integrations.models import Connection, SchoolLink
from rostering.models import Change, Hold, Issue, Record, Rejection
from tests import factories
from tests.journeys.states import State, submit

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.factories import World

FIND = "/accounts/find/"
RECORD = FIND + "record/{world.record.pk}/"
REFUSAL = FIND + "rejection/{world.rejection.pk}/"
ACCOUNT = FIND + "account/{world.student.pk}/"


def crowd(world: World) -> None:
    """More people than a page holds."""
    for number in range(60):
        factories.record(world.connection, world.link.external_id, first_name=f"AlderKid{number:02}")


def synced(world: World) -> None:
    """Clever gave us the student and says something else now; a pin and a refusal stand."""
    Change.objects.exclude(hold=None).delete()
    Hold.objects.all().delete()
    names = {"first_name": "Jo", "last_name": "Moss", "email": world.student.email}
    record = factories.record(world.connection, world.link.external_id, **names)
    factories.known(world.connection, world.student, record)
    common = {"district": world.district, "user": world.student, "by": world.admin, "why": "Goes by it"}
    Pin.objects.create(field="first_name", until=now() + timedelta(days=30), **common)
    Rejection.objects.filter(pk=world.rejection.pk).update(
        external_id=record.external_id, digest=record.digest, by=world.admin, kind="roles"
    )


def held(world: World) -> None:
    """What Clever wants of the student waits in a hold."""
    record = factories.record(world.connection, world.link.external_id, email=world.student.email)
    factories.known(world.connection, world.student, record)


def switched_off(world: World) -> None:
    """Clever has switched somebody off."""
    Record.objects.filter(pk=world.record.pk).update(active=False)


def disconnected(world: World) -> None:
    """Nothing is read any more, and the student is suspended."""
    Connection.objects.filter(pk=world.connection.pk).update(state="disconnected")
    Membership.objects.filter(user=world.student).update(status="suspended", suspended_by="person")


def many_schools(world: World) -> None:
    """Schools in every state there is."""
    for number in range(60):
        school = factories.school(world.district, f"Alder Elementary {number:02}", purchased=number % 7 != 3)
        if number % 9 != 2:
            factories.link(world.connection, school)
        factories.person(world.district, school, Roles.STUDENT)


def one_school(world: World) -> None:
    """A district of one school."""
    SchoolLink.objects.filter(pk=world.sister_link.pk).delete()
    School.objects.filter(pk=world.sister.pk).update(purchased=False)


def not_linked(world: World) -> None:
    """Clever lists somebody at a school that is linked to none here."""
    Record.objects.filter(pk=world.record.pk).update(roles=[["elsewhere", "student", "9", "7"]])


def unreadable(world: World) -> None:
    """The record of somebody cannot be read."""
    Record.objects.filter(pk=world.record.pk).update(problem="last name")


def by_sync(world: World) -> None:
    """Clever no longer lists the student, and the last sync suspended them."""
    quiet(world)
    factories.known(world.connection, world.student)
    Membership.objects.filter(pk=world.membership.pk).update(status="suspended", suspended_by="sync")
    leaves = {"kind": Change.Kind.SUSPEND, "before": {"status": "active"}, "after": {"status": "suspended"}}
    factories.change(world.run, world.student, world.school, why="absent", **leaves)


def quiet(world: World) -> None:
    """Nothing waits."""
    Change.objects.filter(hold=world.hold).delete()
    Hold.objects.filter(pk=world.hold.pk).delete()


def at_high(page: Page) -> None:
    """Look at Alder High alone."""
    page.locator("details.switch > summary").click()
    page.get_by_role("button", name="Alder High").click()
    page.wait_for_load_state()
    page.goto("/accounts/find/?q=AlderRiley")


def nothing_needed(world: World) -> None:
    """Nothing waits and nobody needs an eye."""
    quiet(world)
    Issue.objects.all().update(closed_at=now(), closed_by=world.run)


WHY = submit("Let the sync try again", Reason="It was a mistake")
STATES = [
    State("find", "how to search", FIND),
    State("find", "several", FIND + "?q=alder"),
    State("find", "many", FIND + "?q=alderkid", given=crowd),
    State("find", "nobody", FIND + "?q=zelda@example.org"),
    State("find", "looks close", FIND + "?q=AlderJordn"),
    State("find", "used elsewhere", FIND + "?q={world.sister_student.email}"),
    State("find", "at another of your schools", FIND, who="district_admin", then=at_high),
    State("find", "not yours", FIND, who="teacher", status=403),
    State("explain", "as it should be, one value kept", ACCOUNT, given=synced),
    State("explain", "on hold", ACCOUNT, given=held),
    State("explain", "by hand", FIND + "account/{world.teacher.pk}/"),
    State("explain", "disconnected and suspended", ACCOUNT, given=disconnected),
    State("explain", "suspended by the sync", ACCOUNT, given=by_sync),
    State("explain", "not there", FIND + "account/9999999/", status=404),
    State("explain_record", "new tonight", RECORD),
    State("explain_record", "switched off", RECORD, given=switched_off),
    State("explain_record", "school not linked", RECORD, who="district_admin", given=not_linked),
    State("explain_record", "unreadable", RECORD, given=unreadable),
    State("explain_record", "asked, no answer", RECORD, then=submit("Re-check now")),
    State("explain_record", "not there", FIND + "record/9999999/", status=404),
    State("let_sync_try", "asked why", REFUSAL),
    State("let_sync_try", "without a reason", REFUSAL, then=submit("Let the sync try again")),
    State("let_sync_try", "may try", REFUSAL, then=WHY),
    State("overview", "nothing needs you", "/accounts/schools/?sort=school", "district_admin", nothing_needed),
    State("overview", "two schools", "/accounts/schools/", who="district_admin"),
    State("overview", "many", "/accounts/schools/", who="district_admin", given=many_schools),
    State("overview", "one school leads on", "/accounts/schools/", who="district_admin", given=one_school),
    State("overview", "not yours", "/accounts/schools/", who="teacher", status=403),
]  # fmt: skip
