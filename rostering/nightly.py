"""The last sync and the next, in the words of a line beside something else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.timezone import now

from accounts import clock
from accounts.access import zone_of
from integrations import registry
from integrations.access import connections_of, stopped_kinds
from rostering import access, runs, schedule, wording
from rostering.models import RunState

if TYPE_CHECKING:
    from accounts.models import School, User
    from integrations.models import Connection
    from rostering.models import Run

#: When a connection in this state syncs next.
STAYS = {
    "Paused": "when it is resumed",
    "Disconnected": "when it is connected again",
    "Setting up": "when it is set up",
}


@dataclass(frozen=True)
class Beside:
    """One source: its last sync that ended, in a word and with how many people need an eye, and its next.

    `going` is the one that has not ended yet.
    `late` says that the accounts are as of `good`, longer ago than a night and what follows it.
    """

    connection: Connection
    label: str
    going: Run | None
    last: Run | None
    word: str
    warnings: int
    good: Run | None
    late: bool
    next: str


def last_and_next(user: User, at: School | None) -> list[Beside]:
    """For each source of the schools looked at."""
    connections = connections_of(user).exclude(state="disconnected").order_by("kind", "pk")
    if at is not None:
        connections = connections.filter(school_links__school=at, school_links__active=True).distinct()
    stops = stopped_kinds()
    return [_beside(user, each, stopped=each.stopped or bool(stops & {"", each.kind})) for each in connections]


def _beside(user: User, connection: Connection, *, stopped: bool) -> Beside:
    syncs = access.runs_of(user).filter(connection=connection, undoes=None)
    newest = syncs.first()
    last = syncs.filter(state__in=(RunState.DONE, RunState.FAILED, RunState.STOPPED)).first()
    good = syncs.filter(state=RunState.DONE).first()
    going = newest is not None and newest.state in runs.ACTIVE
    state, _ = wording.connection_state(connection, stopped=stopped, going=going)
    begun = (good.started_at or good.created_at) if good else None
    word, warnings = _ended(user, last) if last else ("", 0)
    return Beside(
        connection,
        registry.label(connection.kind),
        newest if newest and newest.state in {RunState.QUEUED, RunState.RUNNING} else None,
        last,
        word,
        warnings,
        good,
        late=begun is not None and state not in STAYS and begun < now() - schedule.LATE_AFTER,
        next=STAYS.get(state) or clock.tonight(zone_of(user)),
    )


def _ended(user: User, run: Run) -> tuple[str, int]:
    """How a run ended for this person's part of it, and how many people of theirs needed an eye."""
    warnings = access.issues_of(user, run).count() if run.state == RunState.DONE else 0
    held = access.counts(user, [run])[run.pk]["held"]
    undone = bool(getattr(run, "undone", False))
    return wording.state_of(run, undone=undone, on_hold=bool(held), warnings=bool(warnings or run.removals)), warnings
