"""Syncs, what they hold back, and the way back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.timezone import now

from accounts import audit
from accounts.models import Membership, Roles
from rostering.models import Change, Hold, Issue, Run, RunState, Trigger
from rostering.steps.plan import fingerprint
from tests import factories
from tests.factories import World
from tests.journeys.states import State

ALL, ONE = "/accounts/syncs/", "/accounts/syncs/{world.run.pk}/"
HOLDS, HOLD = "/accounts/holds/", "/accounts/holds/{world.hold.pk}/"
DECIDE = "/accounts/holds/decide/?hold={world.hold.pk}.{world.hold.fingerprint}"


def none(world: World) -> None:
    """No sync yet."""
    Run.objects.filter(pk=world.run.pk).update(preview=True)


def decided(world: World) -> None:
    """Everyone was kept."""
    Hold.objects.filter(pk=world.hold.pk).update(state=Hold.State.REJECTED)


def is_so(**fields: Any) -> Callable[[World], None]:
    """The sync is like this."""

    def given(world: World) -> None:
        Run.objects.filter(pk=world.run.pk).update(**fields)

    return given


def many_runs(world: World) -> None:
    """More syncs than a page holds."""
    for _ in range(60):
        factories.run(world.connection)


def many_changes(world: World) -> None:
    """More changes than a page holds."""
    for _ in range(60):
        factories.change(world.run, world.student, world.school)


def leaving(number: int, **fields: Any) -> Callable[[World], None]:
    """So many students would be suspended, by the list as it is."""

    def given(world: World) -> None:
        Change.objects.filter(hold=world.hold).delete()
        leaves = {"kind": Change.Kind.SUSPEND, "before": {"status": "active"}, "after": {"status": "suspended"}}
        for each in range(number):
            who = factories.person(world.district, world.school, Roles.STUDENT, last_name=f"Fox{each:02}")
            Membership.objects.filter(user=who).update(source_id=world.connection.pk)
            factories.change(world.run, who, world.school, hold=world.hold, why="gone", **leaves)
        name, people = fingerprint(world.run.pk, world.hold.pk)
        text = f"{number} of 90 students would be suspended."
        Hold.objects.filter(pk=world.hold.pk).update(fingerprint=name, people=people, text=text, **fields)
        world.hold.refresh_from_db()

    return given


def changed_since(world: World) -> None:
    """What the sync did to one person stands, and another was changed since."""
    Membership.objects.filter(user=world.student).update(grade="10", source_id=world.connection.pk)
    other = factories.person(world.district, world.school, Roles.STUDENT, first_name="Cy")
    factories.change(world.run, other, world.school)
    audit.record(world.admin, "person.grade", factories.membership(other, world.school), district=world.district.pk)


def undone(world: World) -> None:
    """The sync was undone."""
    decided(world)
    factories.run(world.connection, undoes=world.run, trigger=Trigger.UNDO)


def eyes(world: World) -> None:
    """Several people need an eye, for two reasons."""
    for _ in range(3):
        factories.issue(world.run, world.student, world.school, "E-ROLE-CONFLICT")
    Issue.objects.filter(code="E-ROLE-CONFLICT").update(severity="error")


def nobody_needs(world: World) -> None:
    """Nobody needs an eye and nothing waits."""
    decided(world)
    Issue.objects.all().update(closed_at=now(), closed_by=world.run)


RECEIPT = {"pages": 2, "rows": 7, "announced": 7, "closed": True, "places": ["a"], "as_of": "2026-11-20T09:00:00Z"}
READ = is_so(receipt=RECEIPT, people_read=1305, seconds={"fetch": 61.4, "plan": 1.0})
GOING = is_so(
    state=RunState.RUNNING, step="fetch", people_read=812, people_expected=1305, applied_at=None, finished_at=None
)
WAITS, MANY = leaving(3), leaving(60)
FAILED = is_so(
    state=RunState.FAILED, step="fetch", problem="E-SOURCE-DOWN",
    problem_text="Clever isn't answering.", applied_at=None,
)  # fmt: skip

STATES = [
    State("syncs", "some", ALL),
    State("syncs", "empty", ALL, given=none),
    State("syncs", "many", ALL, given=many_runs),
    State("syncs", "failed", ALL, given=FAILED),
    State("syncs", "not yours", ALL, who="teacher", status=403),
    State("sync", "on hold", ONE),
    State("sync", "done", ONE, given=decided),
    State("sync", "failed", ONE, given=FAILED),
    State("sync", "going", ONE, given=GOING),
    State("sync", "queued", ONE, given=is_so(state=RunState.QUEUED, applied_at=None, finished_at=None)),
    State("sync", "stopped", ONE, given=is_so(state=RunState.STOPPED, step="plan", applied_at=None)),
    State("sync", "undone", ONE, given=undone),
    State("sync", "incomplete", ONE, given=is_so(removals="announced 9 and gave 8")),
    State("sync", "many", ONE, given=many_changes),
    State("sync", "nobody fits", f"{ONE}?q=nobody"),
    State("sync", "attention", f"{ONE}?tab=attention", given=eyes),
    State("sync", "nobody needs attention", f"{ONE}?tab=attention", given=nobody_needs),
    State("sync", "waiting", f"{ONE}?tab=waiting", given=WAITS),
    State("sync", "nothing waits", f"{ONE}?tab=waiting", given=nobody_needs),
    State("sync", "details", f"{ONE}?tab=details", who="district_admin", given=READ),
    State("sync", "not there", "/accounts/syncs/9999999/", status=404),
    State("undo", "question", f"{ONE}undo/", given=changed_since),
    State("undo", "nothing", f"{ONE}undo/"),
    State("undo", "not there", "/accounts/syncs/9999999/undo/", status=404),
    State("holds", "some", HOLDS),
    State("holds", "empty", HOLDS, given=decided),
    State("holds", "decided", f"{HOLDS}?show=decided", given=decided),
    State("holds", "none chosen", f"{HOLDS}?chosen=none"),
    State("holds", "not yours", HOLDS, who="teacher", status=403),
    State("hold", "waits", HOLD, given=WAITS),
    State("hold", "decided", HOLD, given=decided),
    State("hold", "many", HOLD, given=MANY),
    State("hold", "needs second", HOLD, given=leaving(3, needs_second=True)),
    State("hold", "nobody fits", f"{HOLD}?q=nobody"),
    State("hold", "not there", f"{HOLDS}9999999/", status=404),
    State("approve_hold", "question", f"{HOLD}approve/", given=WAITS),
    State("approve_hold", "many", f"{HOLD}approve/", given=MANY),
    State("keep_hold", "question", f"{HOLD}keep/", given=WAITS),
    State("decide_holds", "approve", f"{DECIDE}&decision=approve", given=WAITS),
    State("decide_holds", "keep", f"{DECIDE}&decision=keep", given=WAITS),
]

NO_PAGE = {
    "sync_progress": "a part of sync that is asked for again",
    "sync_sheet": "a file",
    "hold_sheet": "a file",
    "last_sync_line": "a part of accounts",
}
