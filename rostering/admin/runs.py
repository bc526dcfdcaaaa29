"""Support's pages about one run: watch it, read it person by person, take it away as a sheet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.paginator import Paginator
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts import sheets
from accounts.access import person
from accounts.access_support import schools_in, trail_of
from accounts.audit import name_of
from accounts.console import console, show
from accounts.models import Roles
from integrations import registry
from rostering import access, lines, summary, undo, wording
from rostering.forms import Filter
from rostering.models import Change, Run, RunState

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

PAGE = 50
#: What tells htmx that there is nothing more to ask for.
STOP_POLLING = 286


@console.page("runs/<int:run_id>/", name="run")
@require_safe
def run_page(request: HttpRequest, run_id: int) -> HttpResponse:
    """A run: what it is doing, or its report and what can be done about it."""
    user = person(request)
    run = access.run_for(user, run_id)
    context = {
        **_described(request, run),
        "holds": access.holds_for_support(user, run),
        "cannot_undo": undo.why_not(run),
        "kept": undo.kept(run) if run.undoes_id and run.state == RunState.DONE else [],
        "first": run.preview and not access.was_ever_applied(user, run.connection),
        "trail": trail_of(user, name_of(run)),
    }
    return show(request, "console/run.html", title_of(run), context)


@console.page("runs/<int:run_id>/progress/", name="run_progress")
@require_safe
def progress(request: HttpRequest, run_id: int) -> HttpResponse:
    """The part of the page that is asked for again while the run goes on."""
    run = access.run_for(person(request), run_id)
    described = _described(request, run)
    status = 200 if described["going"] else STOP_POLLING
    return render(request, "console/progress.html", described, status=status)


@console.page("runs/<int:run_id>/changes/", name="run_changes")
@require_safe
def changes(request: HttpRequest, run_id: int) -> HttpResponse:
    """What a run does, person by person."""
    user = person(request)
    run = access.run_for(user, run_id)
    form = Filter(schools_in(user, run.district), request.GET)
    page = Paginator(form.narrow(access.changes_of(user, run)), PAGE).get_page(request.GET.get("page"))
    context = {"run": run, "form": form, "page": page, "lines": lines.lines(page, run)}
    return show(request, "console/changes.html", f"{title_of(run)} · Changes", context)


@console.page("runs/<int:run_id>/changes.csv", name="run_sheet")
@require_safe
def sheet(request: HttpRequest, run_id: int) -> HttpResponse:
    """The same rows as a sheet."""
    user = person(request)
    run = access.run_for(user, run_id)
    form = Filter(schools_in(user, run.district), request.GET)
    body = lines.as_csv(run, form.narrow(access.changes_of(user, run)))
    return sheets.sent(body, f"sync-{run.pk}")


@console.page("runs/<int:run_id>/issues/", name="run_issues")
@require_safe
def issues(request: HttpRequest, run_id: int) -> HttpResponse:
    """Who was left as they are, or needs an eye, and why."""
    user = person(request)
    run = access.run_for(user, run_id)
    page = Paginator(access.issues_of(user, run), PAGE).get_page(request.GET.get("page"))
    context = {"run": run, "page": page, "lines": lines.issue_lines(page, run.connection.kind)}
    return show(request, "console/issues.html", f"{title_of(run)} · Issues", context)


def title_of(run: Run) -> str:
    """Names the district, the source and the run."""
    what = "Preview" if run.preview else "Sync"
    return f"{run.district.name} · {registry.label(run.connection.kind)} · {what} #{run.pk}"


def _described(request: HttpRequest, run: Run) -> dict[str, Any]:
    found = summary.report(run)
    source = registry.label(run.connection.kind)
    issues = access.issue_counts(person(request), run)
    return {
        "run": run,
        "report": found,
        "going": run.state in {RunState.QUEUED, RunState.RUNNING},
        "tone": wording.tone_of(found.words),
        "step": wording.STEPS.get(run.step, ""),
        "counts": [(label, found.done.get(kind, 0)) for kind, label in Change.Kind.choices],
        "held": sum(found.held.values()),
        "created": [(Roles(role).label, people, several) for role, people, several in found.created],
        "memberships": [(school, Roles(role).label, number) for school, role, number in found.memberships],
        "issues": [(code, number, *wording.issue(code, source)) for code, number in issues],
        "source": source,
    }
