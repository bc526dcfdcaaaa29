"""Undo: a run whose plan is the inverse of another run's applied changes.

It may turn back all of a run or the part of some schools; each part once. An undo can be
undone like any other run, and then the first one stands again.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db.models import BooleanField, F, Func, Q
from django.utils.timezone import now

from rostering import runs, sql
from rostering.models import Change, Hold, Run, Trigger

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.db.models import QuerySet

    from accounts.models import User

POSSIBLE_FOR = timedelta(days=30)
#: Rows that were done: at once, or because somebody released them.
HAPPENED = Q(hold=None, run__applied_at__isnull=False) | Q(hold__state=Hold.State.RELEASED)
#: Whether the part of a row's school is undone (a function of the database).
UNDONE = Func(F("run_id"), F("school_id"), function="smartpass_undone", output_field=BooleanField())

BUSY = "A sync is running. Try again when it is done."


class CannotUndo(Exception):
    """This run cannot be undone; the message says why, in words for a page."""


class Foreseen(NamedTuple):
    """What an undo would do: people it turns back (also by kind), people who stay, some of the rows that stay."""

    people: int
    kinds: list[tuple[str, int]]
    stays: int
    staying: list[int]


def start(
    run: Run, *, by: User | None, why: str, schools: Sequence[int] | None = None, preview: bool = False
) -> tuple[Run, bool]:
    """Queue the undo of these schools' part of a run (null: all of it), or its preview.

    Joins the same undo that is going; says whether it is new. Raises `CannotUndo`.
    """
    part = sorted(schools) if schools is not None else None
    if refusal := why_not(run, part):
        raise CannotUndo(refusal)
    undo, new = runs.start(run.connection, Trigger.UNDO, by=by, why=why, preview=preview, undoes=run, schools=part)
    if not new and (undo.undoes_id, undo.preview, undo.schools) != (run.pk, preview, part):
        raise CannotUndo(BUSY)
    return undo, new


def why_not(run: Run, schools: Sequence[int] | None = None) -> str:
    """Why these schools' part of a run cannot be undone; empty if it can."""
    if run.applied_at is None or not _done(schools).filter(run=run).exists():
        return "This sync changed nothing that could be undone."
    if run.applied_at < now() - POSSIBLE_FOR:
        return "A sync can be undone for 30 days."
    if run.undoes and run.undoes.undoes_id:
        return f"This put sync #{run.undoes.undoes_id} back as it was. Undo that one instead."
    if not undone_left(run, schools):
        return "This sync was undone already."
    later = Run.objects.filter(connection=run.connection_id, applied_at__gt=run.applied_at, undoes=None)
    if _stands(list(later.values_list("pk", flat=True)), schools):
        return "Only the newest sync that changed something can be undone."
    return ""


def undone_left(run: Run, schools: Sequence[int] | None = None) -> bool:
    """Whether some of these schools' part of a run still stands."""
    if not Run.objects.filter(undoes=run, applied_at__isnull=False).exists():
        return True
    return _stands([run.pk], schools)


def _stands(run_ids: list[int], schools: Sequence[int] | None) -> bool:
    """Whether something that these runs did at these schools is not undone."""
    return bool(sql.rows("undo.stands", {"runs": run_ids, "schools": None if schools is None else list(schools)}))


def foresee(run: Run, schools: Sequence[int] | None, limit: int) -> Foreseen:
    """What an undo of these schools' part would do now. Writes nothing."""
    params = {**_parameters(run, None), "schools": list(schools) if schools is not None else None, "limit": limit}
    sql.work_in_sets()
    *kinds, everybody = sql.rows("undo.weigh", params)
    return Foreseen(
        everybody["returns"],
        [(row["kind"], row["returns"]) for row in kinds if row["returns"]],
        everybody["stays"],
        everybody["staying"] or [],
    )


def write_plan(undo: Run) -> None:
    """Write the inverse of what the undone run applied, where it still stands."""
    sql.run("plan.discard", {"run": undo.pk})
    sql.run("undo.write", _of(undo))


def kept(undo: Run) -> list[dict[str, Any]]:
    """The rows of the undone run that stay as they are, wholly or in part, because people changed them since."""
    return sql.rows("undo.kept", _of(undo))


def refuse_again(undo: Run) -> None:
    """Keep the next nights from doing again what was undone; what an undone undo had refused is free again."""
    if undo.undoes and undo.undoes.undoes_id:
        sql.run("undo.allow", _of(undo))
    else:
        sql.run("undo.refuse", {**_of(undo), "by": undo.asked_by_id, "why": undo.why, "hold": None})


def _done(schools: Sequence[int] | None) -> QuerySet[Change]:
    rows = Change.objects.filter(HAPPENED)
    return rows if schools is None else rows.filter(school__in=schools)


def _of(undo: Run) -> dict[str, Any]:
    assert undo.undoes is not None
    return {**_parameters(undo.undoes, undo.pk), "schools": undo.schools}


def _parameters(run: Run, undo: int | None) -> dict[str, Any]:
    return {"district": run.district_id, "connection": run.connection_id, "run": undo, "undone": run.pk}
