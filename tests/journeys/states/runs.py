"""Syncs, what they hold back, and the way back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rostering.models import Hold, Run, RunState
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
    State("sync", "going", ONE, given=is_so(state=RunState.RUNNING, applied_at=None, finished_at=None)),
    State("sync", "many", ONE, given=many_changes),
    State("sync", "not there", "/accounts/syncs/9999999/", status=404),
    State("undo", "question", f"{ONE}undo/"),
    State("undo", "not there", "/accounts/syncs/9999999/undo/", status=404),
    State("holds", "some", HOLDS),
    State("holds", "empty", HOLDS, given=decided),
    State("holds", "decided", f"{HOLDS}?show=decided", given=decided),
    State("holds", "none chosen", f"{HOLDS}?chosen=none"),
    State("holds", "not yours", HOLDS, who="teacher", status=403),
    State("hold", "waits", HOLD),
    State("hold", "decided", HOLD, given=decided),
    State("hold", "nobody fits", f"{HOLD}?q=nobody"),
    State("hold", "not there", f"{HOLDS}9999999/", status=404),
    State("approve_hold", "question", f"{HOLD}approve/"),
    State("keep_hold", "question", f"{HOLD}keep/"),
    State("decide_holds", "approve", f"{DECIDE}&decision=approve"),
    State("decide_holds", "keep", f"{DECIDE}&decision=keep"),
]

NO_PAGE = {
    "sync_progress": "a part of sync that is asked for again",
    "sync_sheet": "a file",
    "hold_sheet": "a file",
    "last_sync_line": "a part of accounts",
}
