"""The accounts list, what is done to many at once, and the keys to the API."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from accounts import tokens
from accounts.models import Roles
from accounts.protecting import EVERYTHING
from tests import factories
from tests.journeys.states import State, submit

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.factories import World

LIST, KEYS, BULK = "/accounts/", "/accounts/api-access/", "/accounts/bulk/"
NUMBERS = count(1)
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
    """Make a key; each has a name of its own, for a state is opened more than once."""
    submit("Make key", Name=f"Gradebook {next(NUMBERS)}")(page)
    page.get_by_role("heading", name="Your new key").wait_for()


STATES = [
    State("accounts", "some", LIST),
    State("accounts", "many", LIST, given=many),
    State("accounts", "empty", LIST, who="district_admin", given=alone),
    State("accounts", "nobody fits", f"{LIST}?q=zzzz"),
    State("accounts", "not yours", LIST, who="teacher", status=403),
    State("bulk_status", "question", f"{BULK}status/?to=suspended{CHOSEN}"),
    State("bulk_status", "nothing to do", f"{BULK}status/?to=active{CHOSEN}"),
    State("bulk_status", "nobody selected", f"{BULK}status/?to=suspended"),
    State("bulk_status", "not yours", f"{BULK}status/?to=suspended", who="teacher", status=403),
    State("bulk_roles", "question", f"{BULK}roles/?to=add-teacher{CHOSEN}"),
    State("bulk_protect", "question", f"{BULK}protect/?{CHOSEN[1:]}"),
    State("bulk_unprotect", "question", f"{BULK}unprotect/?{CHOSEN[1:]}", given=protected),
    State("bulk_unprotect", "nothing to do", f"{BULK}unprotect/?{CHOSEN[1:]}"),
    State("api_tokens", "empty", KEYS),
    State("api_tokens", "some", KEYS, given=key),
    State("api_tokens", "many", KEYS, who="district_admin", given=keys),
    State("api_tokens", "not yours", KEYS, who="teacher", status=403),
    State("make_token", "question", f"{KEYS}new/"),
    State("make_token", "shown once", f"{KEYS}new/", then=making),
    State("make_token", "name taken", f"{KEYS}new/", given=key, then=submit("Make key", Name="Gradebook")),
    State("revoke_token", "question", KEYS, given=key, then=revoking),
    State("revoke_token", "not there", f"{KEYS}9999999/revoke/", status=404),
]

NO_PAGE = {"export_accounts": "a file"}
