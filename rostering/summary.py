"""What a run did, in numbers and words: counted from its rows, never kept by hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.timezone import now

from accounts.models import Roles
from rostering import sql
from rostering.models import Change, Hold, Run, RunState

if TYPE_CHECKING:
    from integrations.models import Connection

STEPS = ("fetch", "match", "plan", "confirm", "guard", "apply", "report")


@dataclass(frozen=True, slots=True)
class Report:
    """One run in numbers. Counts are people unless they say memberships."""

    run: Run
    words: str
    done: dict[str, int]
    held: dict[str, int]
    created: list[tuple[str, int, int]]
    memberships: list[tuple[str, str, int]]
    issues: dict[str, int]
    holds: list[Hold]
    seconds: float

    @property
    def quiet(self) -> bool:
        """Whether the source said nothing new."""
        return not self.done and not self.held


def report(run: Run) -> Report:
    """Count a run's rows. Call it inside the run's district, or through support's door."""
    kinds = sql.rows("summary.kinds", {"run": run.pk})
    return Report(
        run=run,
        words=words(run),
        done={row["kind"]: row["people"] for row in kinds if not row["held"]},
        held={row["kind"]: row["people"] for row in kinds if row["held"]},
        created=[
            (row["role"], row["people"], row["in_several"]) for row in sql.rows("summary.people", {"run": run.pk})
        ],
        memberships=[
            (row["school"] or "(the district)", row["role"], row["memberships"])
            for row in sql.rows("summary.created", {"run": run.pk})
        ],
        issues=dict(sorted(run.issue_counts.items())),
        holds=list(Hold.objects.filter(run=run, state__in=(Hold.State.OPEN, Hold.State.PREVIEW)).order_by("pk")),
        seconds=_seconds(run),
    )


def words(run: Run) -> str:
    """The state of a run in the words of the pages."""
    if run.state != RunState.DONE:
        return str(RunState(run.state).label)
    if run.preview:
        return "Preview ready"
    if Run.objects.filter(undoes=run, applied_at__isnull=False).exists():
        return "Undone"
    if Hold.objects.filter(run=run, state=Hold.State.OPEN).exists():
        return "On hold"
    return "Completed with warnings" if run.issue_counts or run.removals else "Completed"


def last_good(connection: Connection) -> Run | None:
    """The newest run that brought the accounts into line with the source."""
    good = Run.objects.filter(connection=connection, state=RunState.DONE, preview=False, undoes=None)
    return good.order_by("-created_at").first()


def _seconds(run: Run) -> float:
    if run.started_at is None:
        return 0.0
    return round(((run.finished_at or now()) - run.started_at).total_seconds(), 1)


def lines(found: Report) -> list[str]:
    """The report as plain text, a line each, without a person's name."""
    kinds = {str(kind.value): str(kind.label) for kind in Change.Kind}
    run = found.run
    name = f"{run} (preview)" if run.preview else str(run)
    text = [f"{name}: {found.words} in {found.seconds} s, {run.people_read:,} people read"]
    if run.problem:
        text.append(f"  {run.problem}: {run.problem_text}")
    if run.removals:
        text.append(f"  Nobody was removed: {run.removals}")
    if says := run.receipt.get("notes", {}).get("says"):
        text.append(f"  {says}")
    if found.quiet and run.state == RunState.DONE:
        text.append("  Nothing changes.")
    would = "would be " if run.preview else ""
    text += [f"  {would}{kinds[kind].lower():<24}{people:>9,}" for kind, people in found.done.items()]
    text += [f"  held: {kinds[kind].lower():<24}{people:>9,}" for kind, people in found.held.items()]
    for role, people, several in found.created:
        text.append(f"  new {Roles(role).label}s: {people:,} people, {several:,} of them in several schools")
    text += [f"    {school:<32} {Roles(role).label:<16}{n:>9,}" for school, role, n in found.memberships]
    text += [f"  {hold.reason}: {hold.text}" for hold in found.holds]
    text += [f"  {code:<28}{people:>9,}" for code, people in found.issues.items()]
    return text
