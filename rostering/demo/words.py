"""What the demo says on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accounts.models import Roles
from integrations import registry
from rostering import wording
from rostering.demo.counting import DISTRICT, Counted
from rostering.models import Change, RunState
from rostering.summary import STEPS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from django.core.management.base import OutputWrapper

    from rostering.demo.world import World
    from rostering.models import Run
    from rostering.summary import Report

ROLES = [Roles.STUDENT, Roles.TEACHER, Roles.ADMIN, Roles.ASSISTANT, Roles.DISTRICT_ADMIN]


class Screen:
    """Lines on a stream, the last of which may be written over if it is a terminal."""

    def __init__(self, out: OutputWrapper) -> None:
        self._out = out
        self._live = out.isatty()
        self._shown = ""

    def say(self, *lines: str) -> None:
        """Write whole lines, after whatever progress is shown."""
        self._write("\n" if self._live and self._shown else "")
        self._shown = ""
        self._write("".join(f"{line.rstrip()}\n" for line in lines))

    def progress(self, text: str) -> None:
        """Show how far something is: in place on a terminal, as a line of its own where it is new elsewhere."""
        if text != self._shown:
            self._write(f"\r{text.ljust(len(self._shown))}" if self._live else f"{text}\n")
            self._shown = text

    def _write(self, text: str) -> None:
        self._out.write(text, ending="")
        self._out.flush()


def progress(title: str, run: Run, expected: int) -> str:
    """One line: what a run is doing, and how many people it has read of how many."""
    if run.state == RunState.QUEUED:
        return f"{title:<12} waits for a worker"
    number = STEPS.index(run.step) + 1 if run.step in STEPS else len(STEPS)
    doing = wording.STEPS.get(run.step, wording.STEPS["report"])
    people = f"{run.people_read:,} of {max(expected, run.people_read):,} people read"
    again = f" (attempt {run.attempt})" if run.attempt > 1 else ""
    return f"{title:<12} {number}/{len(STEPS)}  {people}  {doing}{again}"


def summary(title: str, report: Report, counted: Counted, standing: Mapping[tuple[str, str], int]) -> list[str]:
    """A finished sync as tables: made by school and role, what needs an eye, seconds."""
    run = report.run
    lines = ["", f"{title}: {report.words.lower()} in {report.seconds} s, {run.people_read:,} people read", ""]
    if counted.memberships:
        lines += _table(
            "Created", counted.memberships, {"People": counted.people, "At several places": counted.several}
        )
    else:
        lines += _table("Nothing to create; there are", standing, {})
    lines += [f"  {hold.text} This waits for approval." for hold in report.holds]
    if counted.issues:
        source = registry.label(run.connection.kind)
        lines += ["", f"  {'Needs an eye':<24}{'Issues':>8}"]
        lines += [_issue(code, number, source) for code, number in sorted(counted.issues.items(), key=_most_first)]
    steps = [f"{step} {run.seconds[step]:.2f}" for step in STEPS if step in run.seconds]
    return [
        *lines,
        "",
        f"  Seconds: {', '.join(steps)}",
        "  Counted from the tables; the sync's own report says the same.",
    ]


def differences(report: Report) -> str:
    """What a plan does, or would do, in one line."""
    done = [f"{_kind(kind)} {people:,}" for kind, people in report.done.items()]
    held = [f"{_kind(kind)} {people:,} (waits for approval)" for kind, people in report.held.items()]
    return ", ".join([*done, *held]) or "nothing changes"


def addresses(address: str, world: World, password: str, mailbox: Path | None) -> list[str]:
    """Where to look, and who to be."""
    rows = [(login.who, login.email) for login in world.logins]
    width = max(len(who) for who, _ in rows) + 2
    return [
        "",
        f"  The school's pages   {address}/",
        f"  SmartPass support    {address}/admin/",
        *([f"  Emails to Admins     {mailbox}/"] if mailbox else []),
        "",
        *(f"  {who:<{width}}{email}" for who, email in rows),
        f"  {'Password of all':<{width}}{password}",
        "",
    ]


def _table(title: str, cells: Mapping[tuple[str, str], int], totals: Mapping[str, Mapping[str, int]]) -> list[str]:
    """Numbers by school and role, their sum, and further lines by role."""
    schools = sorted({school for school, _ in cells}, key=lambda name: (name == DISTRICT, name))
    roles = [role for role in ROLES if any(held == role for _, held in cells)]
    rows = {school: [cells.get((school, role), 0) for role in roles] for school in schools}
    rows["Together"] = [sum(column) for column in zip(*rows.values(), strict=True)]
    rows |= {name: [row.get(role, 0) for role in roles] for name, row in totals.items()}
    width = max(map(len, [title, *rows])) + 2
    heading = f"  {title:<{width}}" + "".join(f"{role.label:>16}" for role in roles)
    return [heading, *(f"  {name:<{width}}" + "".join(f"{cell:>16,}" for cell in row) for name, row in rows.items())]


def _issue(code: str, number: int, source: str) -> str:
    says, _ = wording.issue(code, source)
    return f"  {code:<24}{number:>8,}   {says}"


def _most_first(row: tuple[str, int]) -> tuple[int, str]:
    return -row[1], row[0]


def _kind(kind: str) -> str:
    return str(Change.Kind(kind).label).lower()
