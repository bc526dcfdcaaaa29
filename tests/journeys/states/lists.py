"""The accounts list, what is done to many at once, and the keys to the API."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils.timezone import now

from accounts import tokens
from accounts.models import Membership, Roles
from accounts.protecting import EVERYTHING
from rostering.models import Run, RunState
from tests import factories
from tests.journeys.states import State, after, chosen, notices, opened, press, submit

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.factories import World

LIST, KEYS, BULK = "/accounts/", "/accounts/api-access/", "/accounts/bulk/"
CHOSEN = "&ids={world.membership.pk}"


def many(world: World) -> None:
    """More students than a page holds."""
    for number in range(55):
        factories.person(world.district, world.school, Roles.STUDENT, last_name=f"Fox{number:02}")


def key(world: World) -> None:
    """The Admin has a key."""
    tokens.make(world.admin, "Gradebook")


def keys(world: World) -> None:
    """The Admins have as many keys as one may have."""
    for number in range(tokens.MOST):
        tokens.make(world.admin, f"Program {number}")


def protected(world: World) -> None:
    """Somebody is protected from the sync."""
    factories.pin(world.student, world.school, EVERYTHING, by=world.admin)


def alone(world: World) -> None:
    """A district admin whose schools have nobody yet."""
    new = factories.district("Birch USD")
    factories.school(new, "Birch High")
    world.district_admin = factories.person(new, None, Roles.DISTRICT_ADMIN)


def revoking(page: Page) -> None:
    """Ask to revoke the key."""
    page.get_by_role("link", name="Revoke").first.click()
    page.wait_for_load_state()


def making(page: Page) -> None:
    """Make a key."""
    submit("Make key", Name="Gradebook")(page)
    page.get_by_role("heading", name="Your new key").wait_for()


def hidden(world: World) -> None:
    """Some are suspended and some disabled, and somebody has two roles."""
    for number, status in enumerate(("suspended", "suspended", "disabled")):
        who = factories.person(world.district, world.school, Roles.STUDENT, last_name=f"Fox{number:02}")
        by = "person" if status == "suspended" else ""
        Membership.objects.filter(user=who).update(status=status, suspended_by=by)


def late(world: World) -> None:
    """There has been no good sync for two days."""
    ago = now() - timedelta(days=2)
    Run.objects.filter(pk=world.run.pk).update(created_at=ago, started_at=ago, finished_at=ago, applied_at=ago)


def first_sync(world: World) -> None:
    """The first sync goes."""
    Run.objects.filter(pk=world.run.pk).update(state=RunState.RUNNING, step="fetch", applied_at=None, finished_at=None)


def admins(world: World) -> None:
    """Two teachers more."""
    for number in range(2):
        factories.person(world.district, world.school, Roles.TEACHER, last_name=f"Fox{number:02}")


def unprotected(world: World) -> None:
    """Nobody is protected."""
    world.pin.delete()


ALL = "&all=1&role=teacher"
STATES = [
    State("accounts", "some", LIST),
    State("accounts", "by sign-in, all schools", f"{LIST}?sort=-sign_in", who="district_admin"),
    State("accounts", "selected", LIST, then=chosen("ids")),
    State("accounts", "change status", LIST, then=after(chosen("ids"), opened("Change status"))),
    State("accounts", "change roles", LIST, then=after(chosen("ids"), opened("Change roles"))),
    State("accounts", "add menu", LIST, then=opened("+Add")),
    State("accounts", "some hidden", LIST, given=hidden),
    State("accounts", "any status", f"{LIST}?status=any", given=hidden),
    State("accounts", "protected", f"{LIST}?protected=1"),
    State("accounts", "nobody of a role", f"{LIST}?role=assistant"),
    State("accounts", "late", LIST, given=late),
    State("accounts", "first sync goes", LIST, given=first_sync),
    State("accounts", "new notices", LIST, given=notices.some),
    State("accounts", "school switcher", LIST, who="district_admin", then=opened("School:")),
    State("accounts", "own menu", LIST, then=opened("Your account")),
    State("accounts", "many", LIST, given=many),
    State("accounts", "empty", LIST, who="district_admin", given=alone),
    State("accounts", "nobody fits", f"{LIST}?q=zzzz"),
    State("accounts", "not yours", LIST, who="teacher", status=403),
    State("bulk_status", "question", f"{BULK}status/?to=suspended{CHOSEN}"),
    State("bulk_status", "many", f"{BULK}status/?to=suspended&all=1&role=student", given=many),
    State("bulk_status", "done", f"{BULK}status/?to=suspended{CHOSEN}", then=press("Suspend 1 account")),
    State("bulk_status", "nothing to do", f"{BULK}status/?to=active{CHOSEN}"),
    State("bulk_status", "nobody selected", f"{BULK}status/?to=suspended"),
    State("bulk_status", "not yours", f"{BULK}status/?to=suspended", who="teacher", status=403),
    State("bulk_roles", "question", f"{BULK}roles/?to=add-admin{ALL}", given=admins),
    State("bulk_roles", "nothing to do", f"{BULK}roles/?to=add-teacher{CHOSEN}"),
    State("bulk_protect", "question", f"{BULK}protect/?{CHOSEN[1:]}", given=unprotected),
    State("bulk_protect", "errors", f"{BULK}protect/?{CHOSEN[1:]}", given=unprotected, then=press("Protect 1 account")),
    State("bulk_unprotect", "question", f"{BULK}unprotect/?{CHOSEN[1:]}", given=protected),
    State("bulk_unprotect", "nothing to do", f"{BULK}unprotect/?{CHOSEN[1:]}", given=unprotected),
    State("api_tokens", "empty", KEYS),
    State("api_tokens", "some", KEYS, given=key),
    State("api_tokens", "many", KEYS, who="district_admin", given=keys),
    State("api_tokens", "not yours", KEYS, who="teacher", status=403),
    State("make_token", "question", f"{KEYS}new/"),
    State("make_token", "shown once", f"{KEYS}new/", then=making),
    State("make_token", "name taken", f"{KEYS}new/", given=key, then=submit("Make key", Name="Gradebook")),
    State("make_token", "as many as one may have", f"{KEYS}new/", given=keys, then=submit("Make key", Name="One more")),
    State("revoke_token", "question", KEYS, given=key, then=revoking),
    State("revoke_token", "revoked", KEYS, given=key, then=after(revoking, press("Revoke key"))),
    State("revoke_token", "not there", f"{KEYS}9999999/revoke/", status=404),
]

NO_PAGE = {"export_accounts": "a file"}
