"""Syncs: their history, one of them while it goes and afterwards, and the way back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.utils.timezone import now

from accounts import audit
from accounts.clock import next_night
from accounts.models import Membership, Roles
from rostering.models import Change, Hold, Issue, Run, RunState, Trigger
from tests import factories
from tests.factories import World
from tests.journeys.states import State, both, press
from tests.journeys.states.holds import WAITS, decided

ALL, ONE = "/accounts/syncs/", "/accounts/syncs/{world.run.pk}/"


def none(world: World) -> None:
    """No sync yet."""
    Run.objects.filter(pk=world.run.pk).update(preview=True)


def nothing_planned(world: World) -> None:
    """The sync came to no change."""
    Change.objects.filter(run=world.run).delete()
    Hold.objects.filter(pk=world.hold.pk).delete()
    Issue.objects.all().update(closed_at=now(), closed_by=world.run)


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


def undoing(world: World) -> None:
    """The sync is the undo of another one."""
    nothing_planned(world)
    other = factories.run(world.connection)
    Run.objects.filter(pk=world.run.pk).update(undoes=other, trigger=Trigger.UNDO, asked_by=world.admin)


def a_month(world: World) -> None:
    """A month of nights: quiet ones, some with warnings, one that failed, one that was missed, one by hand."""
    nobody_needs(world)
    tonight = next_night() - timedelta(days=1)
    for ago in range(1, 31):
        if ago == 12:
            continue
        at = tonight - timedelta(days=ago)
        ended: dict[str, Any] = {"started_at": at, "finished_at": at + timedelta(minutes=3), "applied_at": at}
        if ago == 5:
            ended |= {"state": RunState.FAILED, "applied_at": None, "step": "fetch"}
        if ago % 11 == 3:
            ended |= {"removals": "announced 9 and gave 8"}
        if ago == 9:
            ended |= {"trigger": Trigger.ASKED, "asked_by": world.admin, "night": None}
        run = factories.run(world.connection, **{"night": at.date(), **ended})
        Run.objects.filter(pk=run.pk).update(created_at=at)
        for _ in range(0 if ago % 4 else ago):
            factories.change(run, world.student, world.school)


def everywhere(world: World) -> None:
    """Many kinds of changes, at both schools."""
    before = {"first_name": "Jo", "roles": "teacher", "status": "suspended"}
    after = {"first_name": "Jordan", "roles": "admin teacher", "status": "active"}
    for kind in (Change.Kind.CREATE, Change.Kind.ROLES, Change.Kind.REACTIVATE, Change.Kind.ADOPT):
        for who, school in ((world.student, world.school), (world.sister_student, world.sister)):
            factories.change(world.run, who, school, kind=kind, before=before, after=after)


def eyes(world: World) -> None:
    """Several people need an eye, for two reasons."""
    for _ in range(3):
        factories.issue(world.run, world.student, world.school, "E-ROLE-CONFLICT")
    Issue.objects.filter(code="E-ROLE-CONFLICT").update(severity="error")


def nobody_needs(world: World) -> None:
    """Nobody needs an eye and nothing waits."""
    decided(world)
    Issue.objects.all().update(closed_at=now(), closed_by=world.run)


SOON = now() + timedelta(minutes=5)
RECEIPT = {"pages": 2, "rows": 7, "announced": 7, "closed": True, "places": ["a"], "as_of": "2026-11-20T09:00:00Z"}
READ = is_so(receipt=RECEIPT, people_read=1305, seconds={"fetch": 61.4, "plan": 1.0})
GOING = is_so(
    state=RunState.RUNNING, step="fetch", people_read=812, people_expected=1305, applied_at=None, finished_at=None
)
DOWN = {"problem": "E-SOURCE-DOWN", "problem_text": "Clever isn't answering."}
FAILED = both(nothing_planned, is_so(state=RunState.FAILED, step="fetch", applied_at=None, **DOWN))
STOPPED = both(nothing_planned, is_so(state=RunState.STOPPED, step="plan", applied_at=None))
RETRIES = is_so(
    state=RunState.QUEUED, step="fetch", tries=1, start_after=SOON, applied_at=None, finished_at=None, **DOWN
)
BIG_UNDO = both(undoing, is_so(state=RunState.RUNNING, step="apply", applied_at=None, finished_at=None))

STATES = [
    State("syncs", "some", ALL),
    State("syncs", "a month", ALL, who="district_admin", given=a_month),
    State("syncs", "none fits", f"{ALL}?status=stopped"),
    State("syncs", "wrong dates", f"{ALL}?since=someday"),
    State("syncs", "empty", ALL, given=none),
    State("syncs", "many", ALL, given=many_runs),
    State("syncs", "failed", ALL, given=FAILED),
    State("syncs", "not yours", ALL, who="teacher", status=403),
    State("sync", "on hold", ONE),
    State("sync", "done", ONE, given=decided),
    State("sync", "failed", ONE, given=FAILED),
    State("sync", "going", ONE, given=GOING),
    State("sync", "queued", ONE, given=is_so(state=RunState.QUEUED, applied_at=None, finished_at=None)),
    State("sync", "stopped", ONE, given=STOPPED),
    State("sync", "tries again", ONE, given=RETRIES),
    State("sync", "an undo goes", ONE, given=BIG_UNDO),
    State("sync", "changed nobody", ONE, given=nothing_planned),
    State("sync", "at several schools", ONE, who="district_admin", given=everywhere),
    State("sync", "undone", ONE, given=undone),
    State("sync", "incomplete", ONE, given=is_so(removals="announced 9 and gave 8")),
    State("sync", "many", ONE, given=many_changes),
    State("sync", "nobody fits", f"{ONE}?q=nobody"),
    State("sync", "attention", f"{ONE}?tab=attention", given=eyes),
    State("sync", "one reason", f"{ONE}?tab=attention&code=E-ROLE-CONFLICT", given=eyes),
    State("sync", "nobody needs attention", f"{ONE}?tab=attention", given=nobody_needs),
    State("sync", "waiting", f"{ONE}?tab=waiting", given=WAITS),
    State("sync", "nothing waits", f"{ONE}?tab=waiting", given=nobody_needs),
    State("sync", "details", f"{ONE}?tab=details", who="district_admin", given=READ),
    State("sync", "not there", "/accounts/syncs/9999999/", status=404),
    State("undo", "question", f"{ONE}undo/", given=changed_since),
    State("undo", "started", f"{ONE}undo/", given=changed_since, then=press("Undo for 1 person")),
    State("undo", "not any more", f"{ONE}undo/", given=undone),
    State("undo", "nothing", f"{ONE}undo/"),
    State("undo", "not there", "/accounts/syncs/9999999/undo/", status=404),
]

NO_PAGE = {
    "sync_progress": "a part of sync that is asked for again",
    "sync_sheet": "a file",
    "last_sync_line": "a part of accounts",
}
