"""One account: added by hand, looked at, changed; and a password of one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from django.utils.timezone import now

from accounts.models import Membership, Roles, User
from integrations.models import Link
from rostering.models import Change, Record
from tests import factories
from tests.journeys.states import State, submit

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


def first_password(world: World) -> None:
    """The teacher signs in with a password that somebody else set."""
    User.objects.filter(pk=world.teacher.pk).update(must_change_password=True)


def add(page: Page) -> None:
    """Add somebody new, whom nobody has added yet."""
    page.get_by_label("Student", exact=True).check()
    email = f"{uuid4().hex}@example.org"
    submit("Add account", First_name="Cole", Last_name="Rivera", Email_or_username=email)(page)


def taken(page: Page) -> None:
    """Try an email of somebody at the sister school, of whom nothing may be said."""
    page.get_by_label("Student", exact=True).check()
    submit("Add account", First_name="Cole", Last_name="Rivera", Email_or_username="in.use@example.org")(page)


def in_use(world: World) -> None:
    """Somebody at the sister school has the email."""
    factories.person(world.district, world.sister, Roles.STUDENT, email="in.use@example.org")


STATES = [
    State("add_account", "empty", "/accounts/add/"),
    State("add_account", "which school", "/accounts/add/", who="district_admin"),
    State("add_account", "not yours", "/accounts/add/", who="teacher", status=403),
    State("add_account", "errors", "/accounts/add/", then=submit("Add account")),
    State("add_account", "added", "/accounts/add/", then=add),
    State("add_account", "email in use", "/accounts/add/", given=in_use, then=taken),
    State("account", "by hand", ONE),
    State("account", "managed", ONE, given=managed),
    State("account", "suspended", ONE, given=suspended),
    State("account", "shared with a sister school", ONE, given=shared),
    State("account", "one's own", "/accounts/{world.admin.pk}/"),
    State("account", "not there", "/accounts/9999999/", status=404),
    State("account_source", "by hand", f"{ONE}source/"),
    State("account_source", "managed", f"{ONE}source/", given=managed),
    State("account_source", "suspended", f"{ONE}source/", given=suspended),
    State("account_history", "some", f"{ONE}history/"),
    State("account_history", "many", f"{ONE}history/", given=long_past),
    State("edit_profile", "by hand", f"{ONE}profile/"),
    State("edit_profile", "managed", f"{ONE}profile/", given=managed),
    State("edit_profile", "errors", f"{ONE}profile/", given=managed, then=submit("Change anyway", First_name="")),
    State("edit_membership", "managed", f"{ONE}at/{{world.membership.pk}}/", given=managed),
    State("change_status", "suspended", f"{ONE}at/{{world.membership.pk}}/status/?status=active", given=suspended),
    State("give_access", "some", f"{ONE}access/", who="district_admin"),
    State("protect", "some", f"{ONE}protect/", given=managed),
    State("reset_password", "asked", f"{ONE}password/"),
    State("reset_password", "shown", f"{ONE}password/", then=submit("Reset password")),
    State("delete_account", "asked", f"{ONE}delete/"),
    State("delete_account", "typed wrong", f"{ONE}delete/", then=submit("Delete account", Type="x", Reason="Left")),
    State("change_password", "empty", "/auth/password/new/", who="teacher"),
    State("change_password", "errors", "/auth/password/new/", who="teacher", then=submit("Change password")),
    State("choose_password", "empty", "/auth/password/", who="teacher", given=first_password),
]

#: Buttons without a page of their own.
NO_PAGE = {
    "undo_add": "the button beside a first password",
    "let_sync_decide": "the button of what is kept",
    "ask_access": "the button of an email in use",
}
