"""What a school's admins see: their source, the syncs of their schools, and one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.shortcuts import redirect, render
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_safe

from accounts import clock
from accounts.access import admin_reach, home_district, person, schools_of, zone_of
from integrations import linking, registry
from integrations.access import bought_but_not_linked, connections_of, school_links_of
from rostering import access, lines, wording
from rostering.models import Change, RunState

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from accounts.models import User
    from integrations.models import Connection

PAGE = 50


@require_safe
@login_required
def integrations(request: HttpRequest) -> HttpResponse:
    """Where this admin's schools take their accounts from."""
    reach = admin_reach(request)
    if reach.everything:
        return redirect("admin:index")
    found = [_source(reach.user, connection) for connection in connections_of(reach.user).order_by("kind", "pk")]
    context = {"sources": found, "unlinked": bought_but_not_linked(reach.user)}
    return _page(request, "rostering/integrations.html", "integrations", context)


@require_safe
@login_required
def clever(request: HttpRequest) -> HttpResponse:
    """Clever for this admin's schools: what is linked, what is not, and what its words mean here."""
    reach = admin_reach(request)
    if reach.everything:
        return redirect("admin:index")
    connections = connections_of(reach.user).filter(kind="clever").order_by("pk")
    context = {
        "sources": [_source(reach.user, connection) for connection in connections],
        "unlinked": bought_but_not_linked(reach.user),
        "district_wide": reach.district_wide,
    }
    return _page(request, "rostering/clever.html", "integrations", context)


@require_safe
@login_required
def syncs(request: HttpRequest) -> HttpResponse:
    """Every sync of this admin's sources, newest first."""
    reach = admin_reach(request)
    if reach.everything:
        return redirect("admin:rostering_run_changelist")
    runs = access.with_warnings(reach.user, access.runs_of(reach.user))
    page = Paginator(runs, PAGE).get_page(request.GET.get("page"))
    counts = access.counts(reach.user, page)
    rows = [_row(run, counts[run.pk], warnings=getattr(run, "warned", False)) for run in page]
    return _page(request, "rostering/syncs.html", "syncs", {"page": page, "rows": rows})


@require_safe
@login_required
def sync(request: HttpRequest, run_id: int) -> HttpResponse:
    """One sync: what it did at this admin's schools, and what needs an eye there."""
    user = person(request)
    run = access.run_for(user, run_id)
    changes = access.changes_of(user, run)
    kind = request.GET.get("kind", "")
    chosen = changes.filter(kind=kind) if kind in Change.Kind.values else changes
    page = Paginator(chosen, PAGE).get_page(request.GET.get("page"))
    issues = Paginator(access.issues_of(user, run), PAGE).get_page(request.GET.get("issues"))
    context = {
        **_row(run, access.counts(user, [run])[run.pk], warnings=issues.paginator.count > 0),
        "page": page,
        "lines": lines.lines(page, run),
        "issues": issues,
        "issue_lines": lines.issue_lines(issues, run.connection.kind),
        "kinds": Change.Kind.choices,
        "kind": kind,
    }
    return _page(request, "rostering/sync.html", "syncs", context)


def _page(request: HttpRequest, template: str, section: str, context: dict[str, Any]) -> HttpResponse:
    user = person(request)
    common = {
        "district": home_district(user),
        "zone": zone_of(user),
        "schools": schools_of(user),
        "section": section,
        "tonight": clock.tonight(zone_of(user)),
    }
    return render(request, template, {**common, **context})


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


def _source(user: User, connection: Connection) -> dict[str, Any]:
    """A connection as this person may know it."""
    runs = access.runs_of(user).filter(connection=connection)
    good = runs.filter(state=RunState.DONE, undoes=None).first()
    last = runs.first()
    names = linking.place_names(connection)
    linked = set(access.linked_places(connection))
    receipt = good.receipt if good else {}
    state, tone = wording.connection_state(connection, last)
    stays = state in {"Paused", "Disconnected", "Setting up"}
    return {
        "connection": connection,
        "label": registry.label(connection.kind),
        "state": state,
        "tone": tone,
        "problem": connection.problem_text,
        "links": school_links_of(user, connection),
        "roles": registry.roles_of(connection),
        "good": good,
        "last": last,
        "next": "Not before this is set up" if stays else clock.tonight(zone_of(user)),
        "as_of": parse_datetime(receipt.get("as_of", "")),
        "unlinked_places": [names.get(place, place) for place in receipt.get("places", []) if place not in linked],
    }
