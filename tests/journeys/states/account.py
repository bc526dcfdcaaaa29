"""One account: looked at, changed, protected, deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.timezone import now

from accounts import tenancy
from accounts.models import Membership, Pin, Roles, User
from integrations.models import Link
from rostering.models import Change, Record
from tests import factories
from tests.journeys.states import State, part, press, submit

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.factories import World

ONE = "/accounts/{world.student.pk}/"
ID = "5f3a9c0d12ab34cd56ef7890"


def managed(world: World) -> None:
    """Clever gives the student, and an Admin keeps a field from it."""
    student, tie = world.student, world.connection
    User.objects.filter(pk=student.pk).update(profile_source=tie.pk, last_login=now())
    row = {"source_id": tie.pk, "origin": "clever", "origin_label": "Clever", "grade": "10", "number": "4471"}
    Membership.objects.filter(pk=world.membership.pk).update(**row)
    Link.objects.create(district=world.district, connection=tie, user=student, external_id=ID)
    Record.objects.create(
        district=world.district, connection=tie, external_id=ID, first_name="Jordan", last_name=student.last_name,
        email=student.email, login=student.login_email, active=True, problem="",
        roles=[[world.link.external_id, "student", "11", "4471"]], legacy=[], digest=1,
    )  # fmt: skip
    factories.pin(student, None, "first_name", by=world.admin)


def suspended(world: World) -> None:
    """Clever no longer has the student."""
    managed(world)
    Record.objects.all().delete()
    Membership.objects.filter(pk=world.membership.pk).update(status="suspended", suspended_by="sync")
    leaves = {"kind": Change.Kind.SUSPEND, "before": {"status": "active"}, "after": {"status": "suspended"}}
    factories.change(world.run, world.student, world.school, why="absent", **leaves)


def shared(world: World) -> None:
    """The student is at the sister school too, which this Admin does not see."""
    Membership.objects.create(
        district=world.district, user=world.student, school=world.sister, roles=[Roles.STUDENT], grade="3"
    )


def long_past(world: World) -> None:
    """More has happened than one page holds."""
    for _ in range(60):
        factories.change(world.run, world.student, world.school)


def disabled(world: World) -> None:
    """The student may not sign in for now."""
    Membership.objects.filter(pk=world.membership.pk).update(status="disabled")


def nothing_kept(world: World) -> None:
    """Clever gives the student, and decides all of it."""
    managed(world)
    Pin.objects.all().delete()


def no_handle(world: World) -> None:
    """There is nothing to sign in by."""
    User.objects.filter(pk=world.student.pk).update(email="", login_email=None, username=None)


def meanwhile(page: Page) -> None:
    """Somebody else saves the same account while the form is open."""
    with tenancy.support():
        User.objects.filter(first_name="AlderJordan").update(last_name="Moss-Diaz", updated_at=now())
    submit("Save", First_name="Jo")(page)


def active_again(page: Page) -> None:
    """Reactivate, for good."""
    page.get_by_label("Active", exact=False).first.check()
    page.get_by_label("Keep my change").check()
    submit("Save", Why="Still here")(page)


def delete(page: Page) -> None:
    """Delete the account."""
    label = page.get_by_text("to delete this account").inner_text()
    submit("Delete account", Type=label.split()[1], Reason="Left")(page)


LATER = part("**/source/", 204)
AT = f"{ONE}at/{{world.membership.pk}}/"
STATUS = f"{AT}status/"
STATES = [
    State("account", "by hand", ONE),
    State("account", "managed", ONE, given=managed),
    State("account", "suspended", ONE, given=suspended),
    State("account", "shared with a sister school", ONE, given=shared),
    State("account", "managed, nothing kept", ONE, given=nothing_kept),
    State("account", "disabled", ONE, given=disabled),
    State("account", "no way to sign in", ONE, given=no_handle),
    State("account", "for a district admin", ONE, who="district_admin", given=shared),
    State("account", "a part on its way", ONE, given=managed, then=LATER),
    State("account", "a part failed", ONE, given=managed, then=part("**/history/", 404)),
    State("account", "let the sync decide", ONE, given=managed, then=press("Let the sync decide First name")),
    State("account", "one's own", "/accounts/{world.admin.pk}/"),
    State("account", "not there", "/accounts/9999999/", status=404),
    State("account_source", "by hand", f"{ONE}source/"),
    State("account_source", "managed", f"{ONE}source/", given=managed),
    State("account_source", "suspended", f"{ONE}source/", given=suspended),
    State("account_history", "some", f"{ONE}history/"),
    State("account_history", "many", f"{ONE}history/", given=long_past),
    State("account_history", "last page", f"{ONE}history/?page=2", given=long_past),
    State("edit_profile", "by hand", f"{ONE}profile/"),
    State("edit_profile", "managed", f"{ONE}profile/", given=managed),
    State("edit_profile", "errors", f"{ONE}profile/", given=managed, then=submit("Change anyway", First_name="")),
    State("edit_profile", "changed meanwhile", f"{ONE}profile/", then=meanwhile),
    State("edit_profile", "saved", f"{ONE}profile/", then=submit("Save", First_name="Jo")),
    State("edit_membership", "by hand", AT),
    State("edit_membership", "managed", AT, given=managed),
    State("edit_membership", "errors", AT, given=managed, then=submit("Change anyway", Grade="12")),
    State("edit_membership", "saved", AT, then=submit("Save", Grade="12")),
    State("change_status", "question", STATUS),
    State("change_status", "suspended", f"{STATUS}?status=active", given=suspended),
    State("change_status", "active again", f"{STATUS}?status=active", given=suspended, then=active_again),
    State("give_access", "question", f"{ONE}access/", who="district_admin"),
    State("give_access", "errors", f"{ONE}access/", who="district_admin", then=submit("Give access")),
    State("protect", "question", f"{ONE}protect/", given=managed),
    State("protect", "errors", f"{ONE}protect/", given=managed, then=submit("Protect")),
    State("protect", "protected", f"{ONE}protect/", given=managed, then=submit("Protect", Why="Goes by it")),
    State("reset_password", "asked", f"{ONE}password/"),
    State("reset_password", "shown", f"{ONE}password/", then=submit("Reset password")),
    State("delete_account", "asked", f"{ONE}delete/"),
    State("delete_account", "typed wrong", f"{ONE}delete/", then=submit("Delete account", Type="x", Reason="Left")),
    State("delete_account", "errors", f"{ONE}delete/", then=submit("Delete account")),
    State("delete_account", "deleted", f"{ONE}delete/", then=delete),
]

#: Buttons without a page of their own.
NO_PAGE = {
    "undo_add": "the button beside a first password",
    "let_sync_decide": "the button of what is kept",
    "ask_access": "the button of an email in use",
}
