"""Undo: a run whose plan is the inverse of another run's applied changes."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Exists, OuterRef
from django.utils.timezone import now

from rostering import runs, sql
from rostering.models import Run, Trigger

if TYPE_CHECKING:
    from accounts.models import User

POSSIBLE_FOR = timedelta(days=30)


class CannotUndo(Exception):
    """This run cannot be undone; the message says why, in words for a page."""


def start(run: Run, *, by: User | None, why: str, preview: bool = False) -> Run:
    """Queue the undo of a run (or its preview). Raises `CannotUndo`."""
    if refusal := why_not(run):
        raise CannotUndo(refusal)
    undo, new = runs.start(run.connection, Trigger.UNDO, by=by, why=why, preview=preview, undoes=run)
    if not new and undo.undoes_id != run.pk:
        message = "A sync is running. Try again when it is done."
        raise CannotUndo(message)
    return undo


def why_not(run: Run) -> str:
    """Why a run cannot be undone; empty if it can."""
    if run.applied_at is None:
        return "This sync changed nothing that could be undone."
    if run.applied_at < now() - POSSIBLE_FOR:
        return "A sync can be undone for 30 days."
    if Run.objects.filter(undoes=run, applied_at__isnull=False).exists():
        return "This sync was undone already."
    undone = Run.objects.filter(undoes=OuterRef("pk"), applied_at__isnull=False)
    later = Run.objects.filter(
        connection=run.connection_id, applied_at__gt=run.applied_at, undoes=None, changes__isnull=False
    )
    if later.exclude(Exists(undone)).exists():
        return "Only the newest sync that changed something can be undone."
    return ""


def write_plan(undo: Run) -> None:
    """Write the inverse of what the undone run applied, where it still stands."""
    sql.run("plan.discard", {"run": undo.pk})
    sql.run("undo.write", _parameters(undo))


def kept(undo: Run) -> list[dict[str, Any]]:
    """The rows of the undone run that stay as they are, wholly or in part, because people changed them since."""
    return sql.rows("undo.kept", _parameters(undo))


def refuse_again(undo: Run) -> None:
    """Keep the next nights from doing again what was undone."""
    sql.run("undo.refuse", {**_parameters(undo), "by": undo.asked_by_id, "why": undo.why, "hold": None})


def _parameters(undo: Run) -> dict[str, Any]:
    return {
        "district": undo.district_id,
        "connection": undo.connection_id,
        "run": undo.pk,
        "undone": undo.undoes_id,
    }
