"""Which of somebody's syncs to list: by the word of their part, by date, by source, by whether anything changed."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.db.models import Exists, OuterRef, Q

from accounts import clock
from integrations import registry
from rostering import access
from rostering.models import Change, Hold, RunState
from rostering.undo import HAPPENED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.db.models import QuerySet

    from accounts.models import School, User
    from rostering.models import Run

#: What may be asked for, and the main word of such a part.
STATUSES = {
    "waiting": "Waiting",
    "running": "Running",
    "completed": "Completed",
    "warnings": "Completed with warnings",
    "hold": "On hold",
    "failed": "Failed",
    "stopped": "Stopped",
    "undone": "Undone",
}
STATES = {
    "waiting": RunState.QUEUED,
    "running": RunState.RUNNING,
    "failed": RunState.FAILED,
    "stopped": RunState.STOPPED,
}


def sources(runs: QuerySet[Run]) -> dict[str, str]:
    """The sources that these syncs came from: kind and name."""
    kinds = runs.order_by().values_list("connection__kind", flat=True).distinct()
    return {kind: registry.label(kind) for kind in sorted(kinds)}


def narrowed(user: User, runs: QuerySet[Run], given: Mapping[str, Any], at: School | None = None) -> QuerySet[Run]:
    """Of these syncs (from `access.runs_of`) the ones that are asked for. Dates are Eastern, both included."""
    if given.get("status"):
        runs = _with_word(user, runs, given["status"], at)
    if given.get("source"):
        runs = runs.filter(connection__kind=given["source"])
    if given.get("since"):
        runs = runs.filter(created_at__gte=_midnight(given["since"]))
    if given.get("until"):
        runs = runs.filter(created_at__lt=_midnight(given["until"] + dt.timedelta(days=1)))
    if given.get("changed"):
        done = Change.objects.filter(HAPPENED, access.changes_seen_by(user, at), run=OuterRef("pk"))
        runs = runs.filter(Exists(done))
    return runs


def _with_word(user: User, runs: QuerySet[Run], status: str, at: School | None) -> QuerySet[Run]:
    """The same order of words as `wording.state_of`."""
    if status in STATES:
        return runs.filter(state=STATES[status])
    waits = Exists(
        Change.objects.filter(access.changes_seen_by(user, at), run=OuterRef("pk"), hold__state=Hold.State.OPEN)
    )
    undone = access.undone(user, at)
    runs = runs.filter(state=RunState.DONE)
    if status == "undone":
        return runs.filter(undone)
    runs = runs.exclude(undone)
    if status == "hold":
        return runs.filter(waits)
    warned = access.warned(user, at) | ~Q(removals="")
    runs = runs.exclude(waits)
    return runs.filter(warned) if status == "warnings" else runs.exclude(warned)


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), clock.EASTERN)
