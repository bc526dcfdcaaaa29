"""What a sync holds back: read, approved, kept, by one person or two."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.utils.timezone import now

from accounts.models import Membership, Roles
from rostering.models import Change, Hold
from rostering.steps.plan import fingerprint
from tests import factories
from tests.journeys.states import State, both, chosen, press

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.factories import World

HOLDS, HOLD = "/accounts/holds/", "/accounts/holds/{world.hold.pk}/"
DECIDE = "/accounts/holds/decide/?hold={world.hold.pk}.{world.hold.fingerprint}"
LEAVES: dict[str, Any] = {
    "kind": Change.Kind.SUSPEND,
    "before": {"status": "active"},
    "after": {"status": "suspended"},
    "why": "gone",
}


def ended(state: str, **fields: Any) -> Callable[[World], None]:
    """The hold was decided by the Admin, or is over."""

    def given(world: World) -> None:
        by = {} if state == Hold.State.SUPERSEDED else {"decided_by": world.admin, "decided_at": now(), **fields}
        Hold.objects.filter(pk=world.hold.pk).update(state=state, **by)

    return given


def listed(world: World, **fields: Any) -> None:
    """The hold says of itself what its rows are."""
    name, people = fingerprint(world.run.pk, world.hold.pk)
    Hold.objects.filter(pk=world.hold.pk).update(fingerprint=name, people=people, **fields)
    world.hold.refresh_from_db()


def leaving(number: int, **fields: Any) -> Callable[[World], None]:
    """So many students would be suspended, by the list as it is."""

    def given(world: World) -> None:
        Change.objects.filter(hold=world.hold).delete()
        for each in range(number):
            who = factories.person(world.district, world.school, Roles.STUDENT, last_name=f"Fox{each:02}")
            Membership.objects.filter(user=who).update(source_id=world.connection.pk)
            factories.change(world.run, who, world.school, hold=world.hold, **LEAVES)
        listed(world, text=f"{number} of 90 students would be suspended.", **fields)

    return given


def promoted(world: World) -> None:
    """Beside those who would leave, some would become Admins."""
    leaving(3)(world)
    for number in range(2):
        who = factories.person(world.district, world.school, Roles.TEACHER, last_name=f"Hale{number:02}")
        new = {"kind": Change.Kind.ROLES, "before": {"roles": "teacher"}, "after": {"roles": "admin teacher"}}
        factories.change(world.run, who, world.school, hold=world.hold, **new)
    listed(world, text="3 of 90 students would be suspended, and 2 people would become Admins.")


def at_the_district(world: World) -> None:
    """The hold reaches over both schools."""
    leaving(3)(world)
    for number in range(2):
        who = factories.person(world.district, world.sister, Roles.STUDENT, last_name=f"Reed{number:02}")
        factories.change(world.run, who, world.sister, hold=world.hold, **LEAVES)
    Change.objects.filter(hold=None).delete()
    listed(world, school=None, reason="suspend_district", text="5 of 130 students would be suspended.")


def several(world: World) -> None:
    """Both schools have one, and two people must agree to the other."""
    WAITS(world)
    factories.hold(world.run, world.sister, people=612, needs_second=True, text="612 of 900 students would leave.")


def said_yes(who: str) -> Callable[[World], None]:
    """Somebody said yes, and another must."""

    def given(world: World) -> None:
        leaving(3, needs_second=True)(world)
        first = {"first_yes_by": getattr(world, who), "first_yes_for": world.hold.fingerprint}
        Hold.objects.filter(pk=world.hold.pk).update(**first)

    return given


def alone(world: World) -> None:
    """Two must agree, and there is one Admin."""
    leaving(3, needs_second=True)(world)
    Membership.objects.filter(user=world.district_admin).update(status="suspended", suspended_by="person")


def approve(page: Page) -> None:
    """Approve all of it."""
    page.get_by_role("link", name="Approve: suspend 3 students").click()
    press("Suspend 3 students")(page)


def some(page: Page) -> None:
    """Go back, choose the first two, and ask for those."""
    page.get_by_role("link", name="Cancel").click()
    for number in range(2):
        page.get_by_label("Choose Dana Fox").nth(number).check()
    press("Approve those chosen")(page)


def keep(page: Page) -> None:
    """Keep everyone."""
    page.get_by_role("link", name="Keep everyone").click()
    press("Keep 3 students as they are")(page)


decided = ended(Hold.State.REJECTED, decision="They only moved to another class")
WAITS, MANY, SECOND = leaving(3), leaving(60), leaving(3, needs_second=True)
RELEASED = both(WAITS, ended(Hold.State.RELEASED, decision="They graduated"))
STATES = [
    State("holds", "some", HOLDS),
    State("holds", "empty", HOLDS, given=decided),
    State("holds", "decided", f"{HOLDS}?show=decided", given=decided),
    State("holds", "none chosen", f"{HOLDS}?chosen=none"),
    State("holds", "several", HOLDS, who="district_admin", given=several),
    State("holds", "chosen", HOLDS, who="district_admin", given=several, then=chosen("hold")),
    State("holds", "not yours", HOLDS, who="teacher", status=403),
    State("hold", "waits", HOLD, given=WAITS),
    State("hold", "decided", HOLD, given=decided),
    State("hold", "many", HOLD, given=MANY),
    State("hold", "needs second", HOLD, given=SECOND),
    State("hold", "first yes", HOLD, given=said_yes("district_admin")),
    State("hold", "your yes", HOLD, given=said_yes("admin")),
    State("hold", "nobody else may", HOLD, given=alone),
    State("hold", "of several kinds", HOLD, given=promoted),
    State("hold", "at several schools", HOLD, who="district_admin", given=at_the_district),
    State("hold", "chosen", HOLD, given=WAITS, then=chosen("people")),
    State("hold", "released", HOLD, given=RELEASED),
    State("hold", "no longer needed", HOLD, given=ended(Hold.State.SUPERSEDED)),
    State("hold", "approved", HOLD, given=WAITS, then=approve),
    State("hold", "approved, second yes awaited", HOLD, given=SECOND, then=approve),
    State("hold", "kept", HOLD, given=WAITS, then=keep),
    State("approve_hold", "rebuilt since", f"{HOLD}approve/?read=before", given=WAITS),
    State("approve_hold", "those chosen", f"{HOLD}approve/", given=WAITS, then=some),
    State("approve_hold", "needs second", f"{HOLD}approve/", given=SECOND),
    State("hold", "nobody fits", f"{HOLD}?q=nobody"),
    State("hold", "not there", f"{HOLDS}9999999/", status=404),
    State("approve_hold", "question", f"{HOLD}approve/", given=WAITS),
    State("approve_hold", "many", f"{HOLD}approve/", given=MANY),
    State("keep_hold", "question", f"{HOLD}keep/", given=WAITS),
    State("decide_holds", "approve", f"{DECIDE}&decision=approve", given=WAITS),
    State("decide_holds", "keep", f"{DECIDE}&decision=keep", given=WAITS),
    State("decide_holds", "kept", f"{DECIDE}&decision=keep", given=WAITS, then=press("Keep everyone in 1 hold")),
]

NO_PAGE = {"hold_sheet": "a file"}
