"""Somebody's part of runs, in words and numbers: for the history, for a run's page and for what is live."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from django.utils.timezone import now

from accounts import clock
from integrations import registry
from integrations.models import ConnectionState
from rostering import access, reading, wording
from rostering.models import Change, Run, RunState

if TYPE_CHECKING:
    from collections.abc import Iterable

    from accounts.models import School, User

GOING = frozenset({RunState.QUEUED, RunState.RUNNING})
OF_AN_UNDO = ("plan", "apply", "report")
NIGHTS = 30
#: Of several runs of one night, the weightiest says what the night was.
WEIGHT = ("bad", "warn", "busy", "good")
SIGNS = {"good": "✓", "warn": "!", "bad": "✕", "busy": "…", "": "–"}  # noqa: RUF001 - a sign, no hyphen
#: Before so much of a list is read, how long it takes is not known.
KNOWN_FROM = 0.5


@dataclass(frozen=True)
class Part:
    """One run as this reader knows it: numbers are those of their schools."""

    run: Run
    word: str
    tone: str
    source: str
    by: str
    counts: dict[str, int]
    warnings: int
    errors: int

    @property
    def held(self) -> int:
        """Rows that wait for approval."""
        return self.counts["held"]

    @property
    def named(self) -> list[tuple[str, int]]:
        """What happened, by kind, without what did not."""
        return [(str(label), self.counts[kind]) for kind, label in Change.Kind.choices if self.counts[kind]]

    @property
    def created(self) -> int:
        """People added."""
        return self.counts[Change.Kind.CREATE]

    @property
    def suspended(self) -> int:
        """People suspended."""
        return self.counts[Change.Kind.SUSPEND]

    @property
    def updated(self) -> int:
        """Everything else that happened."""
        return sum(number for _, number in self.named) - self.created - self.suspended

    @property
    def going(self) -> bool:
        """Whether it has not ended."""
        return self.run.state in GOING

    @property
    def took(self) -> str:
        """How long it took, in words; empty where it never began or goes on."""
        if not self.run.started_at or not self.run.finished_at:
            return ""
        return duration((self.run.finished_at - self.run.started_at).total_seconds())


class Step(NamedTuple):
    """One step of a run: its name, how it looks and what a screen reader says of it."""

    name: str
    tone: str
    word: str


class Mark(NamedTuple):
    """One night of the strip."""

    sign: str
    tone: str
    words: str
    run: int | None


def parts(user: User, runs: Iterable[Run], at: School | None = None) -> list[Part]:
    """Some runs (from `access.runs_of`) with this reader's numbers; as many questions for one as for many."""
    listed = list(runs)
    counts, warned = access.counts(user, listed, at), reading.warnings(user, listed, at)
    names = reading.called(user, [run.asked_by for run in listed])
    return [_part(run, counts[run.pk], warned[run.pk], names) for run in listed]


def _part(run: Run, counts: dict[str, int], warned: tuple[int, int], names: dict[int, str]) -> Part:
    every, errors = warned
    undone, on_hold = bool(getattr(run, "undone", False)), bool(counts["held"])
    word = wording.state_of(run, undone=undone, on_hold=on_hold, warnings=bool(every or run.removals))
    by = names.get(run.asked_by_id or 0, "")
    return Part(run, word, wording.tone_of(word), registry.label(run.connection.kind), by, counts, every, errors)


def duration(seconds: float) -> str:
    """For example "42 seconds", "3 min 20 s", "2 h 5 min"."""
    whole = round(seconds)
    if whole < 60:
        return "1 second" if whole == 1 else f"{whole} seconds"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


# What is live


def steps(run: Run) -> list[Step]:
    """The steps of a run, and how far it is."""
    names = [step for step in wording.STEPS if not run.undoes_id or step in OF_AN_UNDO]
    at = names.index(run.step) if run.step in names else -1
    if run.state == RunState.DONE:
        at = len(names)
    elif run.state == RunState.QUEUED:
        at = -1
    stopped = run.state in {RunState.FAILED, RunState.STOPPED}
    here = ("bad", "stopped here") if stopped else ("busy", "now")
    looks = [("good", "done") if n < at else here if n == at else ("", "not begun") for n in range(len(names))]
    return [Step(wording.STEPS[name], *look) for name, look in zip(names, looks, strict=True)]


def progress(run: Run, *, numbers: bool) -> dict[str, Any]:
    """How far a run is: a share, the words for it, and how long it may still take.

    Without `numbers` (a reader of some of its schools) people of the whole list are not counted out.
    """
    reading = run.state == RunState.RUNNING and run.step == "fetch"
    share = min(run.people_read / run.people_expected, 0.99) if run.people_expected else None
    words = wording.STEPS.get(run.step, "Waiting") if run.state == RunState.RUNNING else "Waiting for its turn"
    if reading and share is not None:
        about = f"{run.people_read:,} of about {run.people_expected:,} people"
        words = f"{words}: {about}" if numbers else f"{words}: about {share:.0%} of the list"
    elif reading and numbers and run.people_read:
        words = f"{words}: {run.people_read:,} people so far"
    return {"share": round(share * 100) if reading and share is not None else None, "words": words, "left": _left(run)}


def _left(run: Run) -> str:
    reading = run.step == "fetch" and run.state == RunState.RUNNING and run.started_at
    if not reading or not run.people_expected or run.people_read < KNOWN_FROM * run.people_expected:
        return ""
    assert run.started_at is not None
    share = min(run.people_read / run.people_expected, 1)
    rest = (now() - run.started_at).total_seconds() * (1 - share) / share
    low, high = round(rest / 60), round(rest * 2 / 60) + 1
    return (
        f"About {low}\N{EN DASH}{high} minutes of reading left."
        if low
        else f"Less than {high} minute{'s' if high > 1 else ''} of reading left."
    )


def what_next(run: Run, zone: str) -> str:
    """Whether a run that did not come to its end is tried again, and when."""
    connection = run.connection
    if run.state == RunState.QUEUED and run.tries:
        return f"We try again {clock.both(run.start_after, zone)}."
    if run.state != RunState.FAILED:
        return ""
    if run.undoes_id:
        return "We don't try again by ourselves. You can start the undo again."
    if connection.stopped or connection.state != ConnectionState.CONNECTED:
        return "We don't try again until the connection works."
    return f"We try again {clock.tonight(zone)}."


def receipt(run: Run) -> list[tuple[str, str]]:
    """What the listing said about itself, in plain labels; nothing for a run that read none."""
    said = run.receipt
    if not said:
        return []
    announced = said.get("announced")
    notes = said.get("notes", {})
    words = " ".join(notes[name] for name in ("open", "says") if name in notes)
    return [
        ("Pages read", f"{said.get('pages', 0):,}"),
        ("Records read", f"{said.get('rows', 0):,}"),
        ("Of them no accounts, for example guardians", f"{said.get('ignored', 0):,}"),
        ("Records the source announced", f"{announced:,}" if announced is not None else "It gives no number"),
        ("The source said which page was the last", "Yes" if said.get("closed") else "No"),
        ("Schools shared", f"{len(said.get('places', [])):,}"),
        *([("About this list", words)] if words else []),
    ]


# The strip


def nights(user: User, at: School | None = None) -> list[Mark]:
    """The last nights of this reader's sources, oldest first, a missed one too; none before their first sync."""
    runs = access.runs_of(user, at)
    first = runs.order_by("created_at").values_list("created_at", flat=True).first()
    if first is None:
        return []
    last = clock.next_night().date() - dt.timedelta(days=1)
    begin = max(last - dt.timedelta(days=NIGHTS - 1), first.astimezone(clock.EASTERN).date())
    by_night: dict[dt.date, list[Part]] = {}
    for part in parts(user, runs.filter(night__range=(begin, last)), at):
        assert part.run.night is not None
        by_night.setdefault(part.run.night, []).append(part)
    days = [begin + dt.timedelta(days=number) for number in range((last - begin).days + 1)]
    return [_mark(day, by_night.get(day, [])) for day in days]


def _mark(night: dt.date, found: list[Part]) -> Mark:
    day = f"{night:%b} {night.day}"
    if not found:
        return Mark(SIGNS[""], "", f"{day}: no sync", None)
    part = min(found, key=lambda each: WEIGHT.index(each.tone))
    word = "completed" if part.word == "Completed with warnings" else part.word.lower()
    warned = f", {part.warnings:,} warning{'' if part.warnings == 1 else 's'}" if part.warnings else ""
    return Mark(SIGNS[part.tone], part.tone, f"{day}: {word}{warned}", part.run.pk)
