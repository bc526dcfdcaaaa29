"""Runs the engine on a world and holds what came of it against the reference.

`differences` is the whole comparison: the plan row by row, the issues, the state
afterwards. `tell` turns a failure into a story with its seed, on the smallest world
that still fails.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import Any
from unittest.mock import patch

from accounts import tenancy
from integrations.models import Connection
from rostering import queue, runs, sync
from rostering.models import Change, Issue, Run, RunState
from tests.simulation import reference, reference_after, reference_confirm, reference_guard, reference_issues
from tests.simulation.loading import Loaded, load, read
from tests.simulation.reference import Row
from tests.simulation.scripted import Script, Scripted, installed, script
from tests.simulation.world import OURS, Link, User, World

#: Which columns of a row the engine writes as text though they may be empty.
NULLABLE = ("login_email", "source", "profile_source")
ENDED = {RunState.DONE, RunState.FAILED, RunState.STOPPED}


@dataclass
class Night:
    """What one run of the engine left behind, in the words of the world."""

    run: Run
    rows: list[Row]
    held: list[tuple[Row, str]]
    issues: set[reference_issues.Found]


@contextmanager
def ready() -> Iterator[None]:
    """While this lasts, the engine reads scripts, and no queue is told of its runs."""
    with installed(), patch.object(queue, "enqueue"):
        yield


def begin(place: Loaded, says: Script, *, preview: bool = False) -> Run:
    """A run of this district that waits for a worker, on a source that says this."""
    Scripted.scripts[f"{place.base}-{OURS}"] = says
    with tenancy.district(place.district):
        connection = Connection.objects.get(pk=place.connection)
        return runs.start(connection, "asked", preview=preview)[0]


def night(place: Loaded, world: World, *, preview: bool = False) -> Night:
    """A run on what the world's source says, from the first word to the report, and what it left."""
    run = begin(place, script(world), preview=preview)
    sync.perform(run.pk)
    return left(place, run)


def left(place: Loaded, run: Run) -> Night:
    """What a run left behind."""
    known = {user_id: number for number, user_id in place.users.items()}
    with tenancy.district(place.district):
        run.refresh_from_db()
        changes = list(Change.objects.filter(run=run).select_related("hold"))
        issues = {
            (issue.external_id, place.number(issue.school_id), issue.code)
            for issue in Issue.objects.filter(connection=place.connection, closed_at=None)
        }
    rows = [row_of(place, known, change) for change in changes]
    held = [(row, change.hold.reason) for row, change in zip(rows, changes, strict=True) if change.hold is not None]
    return Night(run, rows, held, issues)


def row_of(place: Loaded, known: dict[int, int], change: Change) -> Row:
    """A change row in the reference's words."""
    return Row(
        known.get(change.user_id),
        change.external_id,
        place.number(change.school_id),
        change.kind,
        fields_of(place, change.before),
        fields_of(place, change.after),
        change.why,
    )


def fields_of(place: Loaded, said: dict[str, Any]) -> dict[str, object]:
    """The `before` or `after` of a row in the reference's words."""
    plain = {name: None if name in NULLABLE and value == "" else value for name, value in said.items()}
    sources = {name: int(plain[name] or 0) - place.base for name in ("source", "profile_source") if plain.get(name)}
    return {**plain, **sources}


# The comparison


def differences(world: World) -> list[str]:
    """Everything in which engine and reference do not agree about one night."""
    place = load(world)
    found = night(place, world)
    if found.run.state != RunState.DONE:
        return [f"the run ended as {found.run.state}: {found.run.problem} {found.run.problem_text}"]
    return compared(world, place, found)


def compared(world: World, place: Loaded, found: Night) -> list[str]:
    """The same, for a night that was run already."""
    rows = reference.plan(world)
    planned, asked = reference_confirm.confirm(world, rows, reference_guard.unasked(world, rows))
    held = reference_guard.holds(world, planned)
    waits = {(row.external_id, row.school, "E-HELD") for row, _ in held}
    waiting = [row for row, _ in held]
    done = reference_after.after(world, [row for row in planned if row not in waiting])
    return [
        *apart("row", planned, found.rows),
        *apart("hold", held, found.held),
        *apart("issue", reference_issues.issues(world) | asked | waits, found.issues),
        *apart("now", state(done.users, done.links, world), state(*read(place), world)),
    ]


def apart(what: str, expected: Iterable[Any], found: Iterable[Any]) -> list[str]:
    """What only one of two lists holds, as lines of a story."""
    expected, found = list(expected), list(found)
    return [
        *(f"reference only, {what}: {each}" for each in expected if each not in found),
        *(f"engine only, {what}: {each}" for each in found if each not in expected),
        *([] if len(expected) == len(found) else [f"{what}s: {len(expected)} expected, {len(found)} found"]),
    ]


def state(users: dict[int, User], links: list[Link], before: World) -> list[tuple[str, User, list[Link]]]:
    """Accounts with their links, named so that new ones compare whatever their numbers."""
    found = []
    for number, user in users.items():
        theirs = sorted(
            (link for link in links if link.user == number), key=lambda link: (link.connection, link.external_id)
        )
        label = str(number) if number in before.users else "new " + " ".join(link.external_id for link in theirs)
        found.append((label, user, [Link(link.external_id, 0, link.kind, link.connection) for link in theirs]))
    return sorted(found, key=lambda each: each[0])


# The story of a failure

PARTS = ("listing", "users", "pins", "answers", "refusals", "links", "places")


def tell(name: str, world: World, check: Callable[[World], list[str]]) -> str:
    """The smallest world in which `check` still finds something, and what it finds."""
    small = smallest(world, check)
    lines = [f"{each.name}: {getattr(small, each.name)}" for each in fields(small) if getattr(small, each.name)]
    return "\n".join([f"{name}, made small:", *lines, "", *check(small)])


def smallest(world: World, check: Callable[[World], list[str]]) -> World:
    """Leave out whatever can be left out while the check still fails."""
    shrunk = True
    while shrunk:
        shrunk = False
        for smaller in _smaller(world):
            if _fails(smaller, check):
                world, shrunk = smaller, True
                break
    return world


def _fails(world: World, check: Callable[[World], list[str]]) -> bool:
    try:
        return bool(check(world))
    except Exception:  # noqa: BLE001  (a world cut too small to be loaded is no smaller failure)
        return False


def _smaller(world: World) -> Iterable[World]:
    for part in PARTS:
        for position in range(len(getattr(world, part))):
            yield _without(world, part, position)
    for number, user in world.users.items():
        for school in user.members:
            cut = world.copy()
            del cut.users[number].members[school]
            yield cut
    for position, record in enumerate(world.listing):
        for entry in range(len(record.roles)):
            cut = world.copy()
            del cut.listing[position].roles[entry]
            yield cut


def _without(world: World, part: str, position: int) -> World:
    cut = world.copy()
    if part == "users":
        number = list(cut.users)[position]
        del cut.users[number]
        for name in ("links", "pins", "answers"):
            setattr(cut, name, [each for each in getattr(cut, name) if each.user != number])
    else:
        del getattr(cut, part)[position]
    return cut
