"""What is measured, and in which order: floor and product take turns, so that noise hits both."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from bench import district, memory, pages, processes, reading, web
from bench.district import Measured
from bench.pages import Pages
from bench.sources.source import Source, source_of
from integrations.models import Connection

FIRST, SECOND, LATER, ORDINARY = (
    "first load",
    "quiet night, the second run",
    "quiet night, later runs",
    "ordinary night",
)
HTTP = "first load over HTTP"
LIMITS = {FIRST: 6.0, SECOND: 3.0, LATER: 3.0}
MEMORY_LIMIT = 1.3
#: On an ordinary night one person in so many has another name.
RENAMED = 200
#: How often what has no limit is measured.
SELDOM = 2


@dataclass(frozen=True)
class Plan:
    """What to do: with which source, where, how many people, how often.

    `memory` is the two sizes whose memory is compared, or none; `web` says whether pages are waited for.
    """

    kind: str
    folder: Path
    people: int
    rounds: int
    memory: tuple[int, ...] = ()
    web: bool = True

    @property
    def source(self) -> Source:
        """The source."""
        return source_of(self.kind)


@dataclass
class Found:
    """All that was measured."""

    plan: Plan
    listing: Pages
    floors: list[processes.Floor] = field(default_factory=list)
    runs: dict[str, list[Measured]] = field(default_factory=dict)
    readings: list[reading.Reading] = field(default_factory=list)
    peaks: list[memory.Peak] = field(default_factory=list)
    waited: list[web.Waited] = field(default_factory=list)

    @property
    def floor(self) -> float:
        """The floor's seconds: the median."""
        return median(floor.seconds for floor in self.floors)

    def seconds(self, name: str) -> float:
        """The median seconds of one kind of run."""
        return median(run.seconds for run in self.runs[name])

    def ratio(self, name: str) -> float:
        """One kind of run against the floor."""
        return self.seconds(name) / self.floor

    def steps(self, name: str) -> dict[str, float]:
        """The median seconds of each step of one kind of run."""
        runs = self.runs[name]
        return {step: round(median(run.steps.get(step, 0.0) for run in runs), 3) for step in runs[0].steps}

    @property
    def memory_ratio(self) -> float:
        """How much more memory the larger district took at its peak."""
        return self.peaks[-1].bytes / self.peaks[0].bytes

    @property
    def kept(self) -> bool:
        """Whether every limit of what was measured was kept."""
        loads = not self.runs or all(self.ratio(name) <= most for name, most in LIMITS.items())
        memory_kept = not self.peaks or self.memory_ratio <= MEMORY_LIMIT
        return loads and memory_kept and all(each.kept for each in self.waited)


def everything(plan: Plan) -> Found:
    """Measure it all."""
    found = _rendered(plan)
    changed = pages.render(plan.source, plan.folder / "changed", plan.people, rename_every=RENAMED)
    for number in range(plan.rounds):
        filled = _round(found, changed, number)
    if plan.web:
        _say("pages")
        found.waited = web.measure(filled)
    _over_http(found, min(plan.rounds, SELDOM))
    found.peaks = [_peak(plan, people) for people in plan.memory]
    return found


def pages_alone(plan: Plan) -> Found:
    """Fill one district and wait for its pages; nothing else."""
    found = _rendered(plan)
    filled = district.fresh_connection(found.listing, "of pages")
    district.first_load(found.listing, filled)
    _say("pages")
    found.waited = web.measure(filled)
    return found


def _rendered(plan: Plan) -> Found:
    """Nothing measured yet: the district's pages as files."""
    _say(f"{plan.source.provider.label}: rendering {plan.people:,} people")
    return Found(plan, pages.render(plan.source, plan.folder / "pages", plan.people))


def _round(found: Found, changed: Pages, number: int) -> Connection:
    """The floor, and a fresh district: its first load and its nights."""
    _say(f"round {number + 1}")
    listing = found.listing
    connection = district.fresh_connection(listing, f"number {number + 1}")
    processes.settle()
    found.floors.append(processes.run_floor(listing))
    _say(f"  floor: {found.floors[-1].seconds:.2f} s")
    _note(found, FIRST, district.first_load(listing, connection))
    for name in (SECOND, LATER):
        _note(found, name, district.quiet_night(listing, connection))
    if number < SELDOM:
        _note(found, ORDINARY, district.ordinary_night(changed, connection))
    return connection


def _over_http(found: Found, times: int) -> None:
    """The first load again, asked of the real sandbox through real sockets; then reading alone."""
    for number in range(times):
        connection = district.fresh_connection(found.listing, f"over HTTP {number + 1}")
        processes.settle()
        with processes.sandbox(found.listing) as url:
            _note(found, HTTP, district.load_over_http(found.listing, connection, url))
    _say("reading alone")
    found.readings = reading.measure(found.listing, times)


def _peak(plan: Plan, people: int) -> memory.Peak:
    _say(f"memory at {people:,} people")
    listing = pages.render(plan.source, plan.folder / f"memory-{people}", people)
    peak = memory.measure(listing)
    _say(f"  {peak.bytes / 1e6:.0f} MB")
    return peak


def _note(found: Found, name: str, run: Measured) -> None:
    found.runs.setdefault(name, []).append(run)
    _say(f"  {name}: {run.seconds:.2f} s")


def _say(words: str) -> None:
    sys.stderr.write(f"{words}\n")
