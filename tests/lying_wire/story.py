"""A story: two districts at one source, some evenings of lies, and a clean one; lived twice, once without the lies.

What must not be in it is said in words, with the seed, the evening and the lies that were told.
"""

from __future__ import annotations

import gc
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field

from django.db import connections

from accounts import tenancy
from integrations.records import Person
from rostering import schedule
from rostering.models import Answer, Run, RunState
from rostering.runs import ACTIVE
from tests.lying_wire.home import Home, Night
from tests.lying_wire.lies import Lies
from tests.lying_wire.sources import HASTY, PATIENT, Source, day, movable
from tests.lying_wire.wire import Wire

Opened = Callable[[], AbstractContextManager[Source]]
EVENINGS = 6
#: Nobody is busy for longer with one take of a run, whatever the other side does.
BUSY = 20.0
#: How long what is left of a night may take to be gone.
GONE = 5.0
STAGED = "SELECT relname FROM pg_class WHERE relname ~ '^staged_'"
SESSIONS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"


@dataclass(frozen=True)
class Told:
    """One night of lies: what was told, and what came of it."""

    lies: list[tuple[str, str, str]]
    takes: int
    state: str
    unproven: bool
    asked_about: int
    asked_again: int
    behind: int

    @property
    def kinds(self) -> set[str]:
        """The kinds of lies that were told."""
        return {kind for kind, _, _ in self.lies}

    @property
    def noticed(self) -> bool:
        """Whether the lies left a trace: asked again, tried again, failed, unproven, asked about, or believed."""
        failed = self.state != RunState.DONE
        return bool(self.asked_again or self.takes > 1 or failed or self.unproven or self.asked_about or self.behind)


@dataclass
class Side:
    """One of the two districts: at the source and at home, and all that was ever true of its people."""

    home: Home
    may_move: list[str]
    true: dict[str, list[Person]] = field(default_factory=dict)
    kept: set[tuple[str, str | None]] = field(default_factory=set)

    def look(self) -> dict[str, Person]:
        """Note what is true at the source now."""
        people = self.home.there.people()
        for key, person in people.items():
            self.true.setdefault(key, []).append(person)
        return people


class Life:
    """A story as it is lived, with lies or without."""

    def __init__(self, source: Source, wire: Wire, url: str, seed: int, *, lying: bool) -> None:
        self.source, self.wire, self.url, self.seed, self.lying = source, wire, url, seed, lying
        self.told: list[Told] = []
        self.wrong: list[str] = []
        self.sides: list[Side] = []
        for number in (1, 2):
            home = Home(
                source.district(seed * 2 + number), f"District {seed}/{number} {'lied to' if lying else 'twin'}"
            )
            self.sides.append(Side(home, movable(home.there)))

    def live(self, evenings: int) -> list[dict[str, list[str]]]:
        """The first sync, the evenings, and a clean one, or until something is wrong; both districts' rows then."""
        for evening in range(evenings + 2):
            clean = not self.lying or evening in {0, evenings + 1}
            for number, side in enumerate(self.sides):
                draw = random.Random(f"{self.seed} {evening} {number} by day")
                if evening:
                    day(side.home.there, draw, evening, side.may_move)
            for number, side in enumerate(self.sides):
                self._evening(side, evening, number, clean=clean)
            self.wire.memory.next_evening()
            if self.wrong:
                break
        return [side.home.rows() for side in self.sides]

    def _evening(self, side: Side, evening: int, number: int, *, clean: bool) -> None:
        truth = side.look()
        liar = None if clean else Lies(f"{self.seed} {evening} {number}", self.wire.memory)
        before = _around()
        self.wire.liar = liar
        # What only Python's look for garbage would close is left open.
        gc.disable()
        try:
            with self.source.reached_at(self.url, PATIENT if clean else HASTY):
                night = side.home.night()
            self.wire.liar = None
            left = list(_left(self.wire, before))
        finally:
            gc.enable()
        wrong = [*_of_the_run(night, clean=clean), *left, *_of_people(side)]
        if liar:
            self.told.append(_told(side, night, liar, truth))
        lies = [f"{kind}: {how}, {path}" for kind, how, path in self.told[-1].lies] if liar else []
        self.wrong += [f"evening {evening}, district {number + 1}: {each}; told were {lies}" for each in wrong]


@contextmanager
def life(opened: Opened, seed: int, *, lying: bool) -> Iterator[Life]:
    """Begin a life at a fresh source behind a fresh wire; at its end the districts there are free again."""
    with opened() as source:
        wire = Wire(source.url)
        with wire.listening() as url:
            begun = Life(source, wire, url, seed, lying=lying)
            yield begun
            for side in begun.sides:
                side.home.disconnect()


def story(opened: Opened, seed: int, evenings: int = EVENINGS) -> tuple[list[str], list[Told]]:
    """What is wrong with the story of this seed, and what each of its nights of lies was like."""
    with life(opened, seed, lying=True) as lied_to:
        found = lied_to.live(evenings)
    wrong = lied_to.wrong
    if not wrong:
        with life(opened, seed, lying=False) as twin:
            expected = twin.live(evenings)
        wrong = [f"the twin: {each}" for each in twin.wrong]
        for number, (one, other) in enumerate(zip(expected, found, strict=True), start=1):
            wrong += [f"in the end, district {number}: {each}" for each in apart(one, other)]
    return [f"seed {seed}: {each}" for each in wrong], lied_to.told


def apart(expected: dict[str, list[str]], found: dict[str, list[str]]) -> list[str]:
    """Where two districts differ."""
    return [
        f"{name}: expected {sorted({*rows} - {*found[name]})[:3]}, found {sorted({*found[name]} - {*rows})[:3]}"
        for name, rows in expected.items()
        if rows != found[name]
    ]


def _of_the_run(night: Night, *, clean: bool) -> Iterator[str]:
    """How a run must end: in a state with a name, soon, and with a reason if it failed."""
    run = night.run
    if run.state not in ({RunState.DONE} if clean else {RunState.DONE, RunState.FAILED}):
        yield f"the run is {run.state}: {run.problem} {run.problem_text}"
    if run.state == RunState.FAILED and not (run.problem.startswith("E-") and run.problem_text):
        yield f"the run failed and does not say why: {run.problem!r} {run.problem_text!r}"
    if clean and run.removals:
        yield f"a clean night is not proven: {run.removals}"
    if night.seconds > BUSY:
        yield f"a worker was busy for {night.seconds:.0f} s"


def _of_people(side: Side) -> Iterator[str]:
    """What must be true of accounts after every night, whatever was told."""
    accounts = side.home.accounts()
    if side.home.holds():
        yield f"something is held: {side.home.holds()}"
    for key, seen in accounts.items():
        true = side.true.get(key, [])
        if seen.named not in [(each.first_name, each.last_name, each.email) for each in true]:
            yield f"{key} is called what they never were"
        if "active" not in seen.at.values():
            yield f"{key} is suspended"
        places = [{role.place for role in each.roles} for each in true]
        for place, status in seen.at.items():
            if not any(place in each for each in places):
                yield f"{key} is at {place}, where they never were"
            if status != "active" and all(place in each for each in places):
                yield f"{key} is {status} at {place}, which they never left"
    now_at = {(key, place) for key, seen in accounts.items() for place in seen.at}
    yield from (f"{key} has lost {place}" for key, place in sorted(side.kept - now_at, key=str))
    side.kept = now_at


def _told(side: Side, night: Night, liar: Lies, truth: dict[str, Person]) -> Told:
    accounts = side.home.accounts()
    scope = {*side.home.places.values(), None}
    due = {key for key, person in truth.items() if scope & {role.place for role in person.roles}}
    behind = [
        key for key in due
        if key not in accounts or accounts[key].named != (truth[key].first_name, truth[key].last_name, truth[key].email)
    ]  # fmt: skip
    with tenancy.district(side.home.district.pk):
        asked = Answer.objects.filter(run=night.run).count()
    return Told(
        [(lie.kind, lie.how, lie.path) for lie in liar.told], night.takes, night.run.state,
        bool(night.run.removals), asked, liar.asked_again, len(behind),
    )  # fmt: skip


def _around() -> tuple[set[threading.Thread], int]:
    """The threads of this process and the sessions of this database."""
    return set(threading.enumerate()), _one(SESSIONS)


def _left(wire: Wire, before: tuple[set[threading.Thread], int]) -> Iterator[str]:
    """What a night has left behind: a run, a staging table, a connection, a thread, a session."""
    with tenancy.support():
        if Run.objects.filter(state__in=ACTIVE).exists():
            yield "a run is still going"
    schedule.sweep()
    until = time.monotonic() + GONE
    while (left := _leftovers(wire, before)) and time.monotonic() < until:
        time.sleep(0.01)
    yield from left


def _leftovers(wire: Wire, before: tuple[set[threading.Thread], int]) -> list[str]:
    threads, sessions = _around()
    found = [f"the thread {thread.name}" for thread in threads - before[0]]
    found += [f"{wire.lines} connections to the source"] if wire.lines else []
    found += [f"{sessions - before[1]} sessions"] if sessions > before[1] else []
    found += [f"the table {_one(STAGED)}"] if _one(STAGED) else []
    return [f"{each} is left" for each in found]


def _one(statement: str) -> int:
    with connections["owner"].cursor() as cursor:
        cursor.execute(statement)
        row = cursor.fetchone()
    return row[0] if row else 0
