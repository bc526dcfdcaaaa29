"""What people are told, and which of it they want by email."""

from __future__ import annotations

from datetime import timedelta

from django.utils.timezone import now
from playwright.sync_api import Page

from accounts.models import Notice, User
from tests import factories
from tests.factories import World
from tests.journeys.states import State

KIND = Notice.Kind
TEXTS = {
    KIND.HOLD: "We paused part of tonight's sync for Alder High: 281 of 1,142 (25 %) students would be suspended.",
    KIND.RECONNECT: "Clever no longer accepts SmartPass' access for Alder High. Accounts stay as they are.",
    KIND.READY: "Alder High is rostered: 1,142 students, 87 teachers, 6 Admins. 4 people need attention.",
    KIND.UNDONE: "Ravi Patel undid sync #78 for Alder High: 12 people are as before.",
    KIND.FIXED: "Clever and SmartPass are in step again for Alder High.",
}


def some(world: World) -> None:
    """Two things wait, and there are news of which one is over."""
    for kind, text in TEXTS.items():
        act = kind in {KIND.HOLD, KIND.RECONNECT}
        factories.notice(world.district, world.school, kind=kind, text=text, must_act=act)
    then = now() - timedelta(days=3)
    late = {"kind": KIND.LATE, "must_act": False, "text": "There has been no good sync for Alder High for 26 hours."}
    factories.notice(world.district, world.school, at=then, closed_at=then + timedelta(hours=9), **late)


def many(world: World) -> None:
    """More than a page of them, at two schools and at the district."""
    for number in range(60):
        factories.notice(world.district, (world.school, world.sister, None)[number % 3])


def no_email(world: World) -> None:
    """Nobody can be written to."""
    User.objects.filter(pk=world.admin.pk).update(email="")


def save(page: Page) -> None:
    """Choose another wish."""
    page.get_by_label("Only when I must act").check()
    page.get_by_role("button", name="Save").click()


STATES = [
    State("notices", "empty", "/accounts/notices/"),
    State("notices", "some", "/accounts/notices/", given=some),
    State("notices", "many", "/accounts/notices/", who="district_admin", given=many),
    State("notices", "last page", "/accounts/notices/?page=2", who="district_admin", given=many),
    State("notices", "no email", "/accounts/notices/", given=no_email),
    State("notices", "wish saved", "/accounts/notices/", given=some, then=save),
    State("notices", "not yours", "/accounts/notices/", who="teacher", status=403),
]
