"""What a school's admins see: their source, the syncs of their schools, and one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from accounts.access import admin_reach, person
from accounts.shell import page
from integrations import registry
from rostering import access, lines, wording
from rostering.models import Change

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


PAGE = 50


@require_safe
@login_required
def syncs(request: HttpRequest) -> HttpResponse:
    """Every sync of this admin's sources, newest first."""
    reach = admin_reach(request)
    if reach.everything:
        return redirect("admin:rostering_run_changelist")
    runs = access.with_warnings(reach.user, access.runs_of(reach.user))
    listed = Paginator(runs, PAGE).get_page(request.GET.get("page"))
    counts = access.counts(reach.user, listed)
    rows = [_row(run, counts[run.pk], warnings=getattr(run, "warned", False)) for run in listed]
    return page(request, "rostering/syncs.html", "syncs", {"page": listed, "rows": rows})


@require_safe
@login_required
def sync(request: HttpRequest, run_id: int) -> HttpResponse:
    """One sync: what it did at this admin's schools, and what needs an eye there."""
    user = person(request)
    run = access.run_for(user, run_id)
    changes = access.changes_of(user, run)
    kind = request.GET.get("kind", "")
    chosen = changes.filter(kind=kind) if kind in Change.Kind.values else changes
    listed = Paginator(chosen, PAGE).get_page(request.GET.get("page"))
    issues = Paginator(access.issues_of(user, run), PAGE).get_page(request.GET.get("issues"))
    context = {
        **_row(run, access.counts(user, [run])[run.pk], warnings=issues.paginator.count > 0),
        "page": listed,
        "lines": lines.lines(listed, run),
        "issues": issues,
        "issue_lines": lines.issue_lines(issues, run.connection.kind),
        "kinds": Change.Kind.choices,
        "kind": kind,
    }
    return page(request, "rostering/sync.html", "syncs", context)


def _row(run: Any, counts: dict[str, int], *, warnings: bool) -> dict[str, Any]:
    """A run as somebody may know it: state and counts of their own part."""
    word = wording.state_of(
        run, undone=run.undone, on_hold=bool(counts["held"]), warnings=warnings or bool(run.removals)
    )
    named = [(label, counts[kind]) for kind, label in Change.Kind.choices if counts[kind]]
    return {
        "run": run,
        "word": word,
        "tone": wording.tone_of(word),
        "counts": named,
        "held": counts["held"],
        "source": registry.label(run.connection.kind),
    }
