"""Adding an account by hand, and whose email it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from accounts.models import Membership, Roles
from tests import factories
from tests.journeys.states import State, after, press, submit

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.factories import World

ADD = "/accounts/add/"
NEW, IN_USE = "cole.rivera@example.org", "in.use@example.org"


def add(email: str) -> Callable[[Page], None]:
    """Fill in the form for a student with this email, and send it."""

    def then(page: Page) -> None:
        if page.get_by_label("School", exact=True).count():
            page.get_by_label("School", exact=True).select_option(label="Alder High")
        page.get_by_label("Student", exact=True).check()
        submit("Add account", First_name="Cole", Last_name="Rivera", Email_or_username=email)(page)

    return then


def at_the_sister(world: World) -> None:
    """Somebody at the sister school has the email."""
    factories.person(world.district, world.sister, Roles.STUDENT, email=IN_USE, first_name="Cole")


def here(world: World) -> None:
    """Somebody of this school has the email."""
    factories.person(world.district, world.school, Roles.STUDENT, email=IN_USE, first_name="Cole")


def suspended(world: World) -> None:
    """Somebody who is suspended here has the email."""
    here(world)
    Membership.objects.filter(user__email=IN_USE).update(status="suspended", suspended_by="person")


STATES = [
    State("add_account", "empty", ADD),
    State("add_account", "which school", ADD, who="district_admin"),
    State("add_account", "not yours", ADD, who="teacher", status=403),
    State("add_account", "errors", ADD, then=submit("Add account")),
    State("add_account", "added", ADD, then=add(NEW)),
    State("add_account", "added and undone", ADD, then=after(add(NEW), press("Undo"))),
    State("add_account", "in use here", ADD, given=here, then=add(IN_USE)),
    State("add_account", "in use, suspended here", ADD, given=suspended, then=add(IN_USE)),
    State("add_account", "in use at a school of yours", ADD, "district_admin", at_the_sister, add(IN_USE)),
    State("add_account", "in use elsewhere", ADD, given=at_the_sister, then=add(IN_USE)),
    State(
        "add_account",
        "access asked for",
        ADD,
        given=at_the_sister,
        then=after(add(IN_USE), press("Ask SmartPass to give access")),
    ),
]
