"""What a school's admins see of syncs: their history, and one of them while it runs and afterwards."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.shortcuts import redirect, render
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_safe

from accounts import audit, sheets
from accounts.access import admin_reach, person, schools_of, zone_of
from accounts.here import here
from accounts.shell import page
from rostering import access, lines, listing, parts, undo, wording
from rostering.forms import Filter, Past

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from accounts.models import School
    from rostering.parts import Part

PAGE = 50
TABS = {"changes": "Changes", "attention": "Needs attention", "waiting": "Waiting for approval", "details": "Details"}
#: What tells htmx that there is nothing more to ask for.
STOP_POLLING = 286
#: Seconds between two announcements to a screen reader.
QUIET_FOR = 10


@require_safe
@login_required
def syncs(request: HttpRequest) -> HttpResponse:
    """Every sync of this admin's sources, newest first, and the last nights at a glance."""
    reach = admin_reach(request)
    if reach.everything:
        return redirect("admin:rostering_run_changelist")
    user, at = reach.user, here(request).school
    runs = access.runs_of(user, at)
    form = Past(listing.sources(runs), request.GET)
    asked = listing.narrowed(user, runs, form.cleaned_data, at) if form.is_valid() else runs
    listed = Paginator(asked, PAGE).get_page(request.GET.get("page"))
    context = {"form": form, "page": listed, "rows": parts.parts(user, listed, at), "nights": parts.nights(user, at)}
    return page(request, "rostering/syncs.html", "syncs", context)


@require_safe
@login_required
def sync(request: HttpRequest, run_id: int) -> HttpResponse:
    """One sync: what it is doing, or what it did at this admin's schools and what needs an eye there."""
    user = person(request)
    run = access.run_for(user, run_id)
    if user.is_staff:
        return redirect("admin:run", run.pk)
    at = here(request).school
    run = (access.runs_of(user, at).filter(pk=run.pk).first() if at else None) or run
    (part,) = parts.parts(user, [run], at)
    tab = request.GET.get("tab", "")
    tab = tab if tab in TABS else "changes"
    shown = {"changes": _changes, "attention": _attention, "waiting": _waiting, "details": _details}[tab]
    refusal = "" if part.going else undo.why_not(run, access.part_of(user, at))
    context = {
        **_live(request, part),
        "tab": tab,
        "tabs": [(name, label, _number(part, name)) for name, label in TABS.items()],
        "cannot_undo": refusal,
        **shown(request, part, at),
    }
    return page(request, "rostering/sync.html", "syncs", context)


@require_safe
@login_required
def progress(request: HttpRequest, run_id: int) -> HttpResponse:
    """The part of a sync's page that is asked for again while it goes on, and what is said aloud now and then."""
    user = person(request)
    run = access.run_for(user, run_id)
    (part,) = parts.parts(user, [run], here(request).school)
    said = request.GET.get("said", "")
    last, moment = int(said) if said.isdecimal() and len(said) < 12 else 0, int(time.time())
    speaks = not part.going or moment - last >= QUIET_FOR
    context = {**_live(request, part), "speaks": speaks, "said": moment if speaks else last, "fresh": True}
    return render(request, "rostering/progress.html", context, status=200 if part.going else STOP_POLLING)


@require_safe
@login_required
def sheet(request: HttpRequest, run_id: int) -> HttpResponse:
    """This admin's part of a sync as a sheet, narrowed like the page it is taken from."""
    user = person(request)
    run = access.run_for(user, run_id)
    form = Filter(schools_of(user), request.GET)
    body = lines.as_csv(run, form.narrow(access.changes_of(user, run, here(request).school)))
    if request.method == "GET":
        audit.record(user, "run.download", run, district=run.district_id)
    return sheets.sent(body, f"sync-{run.pk}")


def _live(request: HttpRequest, part: Part) -> dict[str, Any]:
    user, run = person(request), part.run
    numbers = access.sees_all_of(user, run.connection)
    return {
        "part": part,
        "run": run,
        "steps": parts.steps(run),
        "progress": parts.progress(run, numbers=numbers),
        "numbers": numbers,
        "stopped_at": wording.STEPS.get(run.step, ""),
        "next": parts.what_next(run, zone_of(user)),
        "said": int(time.time()),
    }


def _number(part: Part, tab: str) -> int | None:
    return {"attention": part.warnings, "waiting": part.held}.get(tab)


def _changes(request: HttpRequest, part: Part, at: School | None) -> dict[str, Any]:
    user, run = person(request), part.run
    form = Filter(schools_of(user, at).order_by("name"), request.GET)
    rows = access.changes_of(user, run, at)
    listed = Paginator(form.narrow(rows), PAGE).get_page(request.GET.get("page"))
    return {"form": form, "page": listed, "lines": lines.lines(listed, run)}


def _waiting(request: HttpRequest, part: Part, at: School | None) -> dict[str, Any]:
    user, run = person(request), part.run
    rows = access.waiting_in(access.changes_of(user, run, at))
    listed = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    return {
        "holds": access.holds_of(user, at).filter(run=run, state="open"),
        "page": listed,
        "lines": lines.lines(listed, run),
    }


def _attention(request: HttpRequest, part: Part, at: School | None) -> dict[str, Any]:
    user, run = person(request), part.run
    groups = [(code, number, *wording.issue(code, part.source)) for code, number in access.issue_counts(user, run, at)]
    rows, code = access.issues_of(user, run, at), request.GET.get("code", "")
    if code in {each[0] for each in groups}:
        rows = rows.filter(code=code)
    listed = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    return {
        "groups": groups,
        "code": code,
        "page": listed,
        "issue_lines": lines.issue_lines(listed, run.connection.kind),
    }


def _details(request: HttpRequest, part: Part, at: School | None) -> dict[str, Any]:
    del at
    run = part.run
    takes = [(wording.STEPS[step], parts.duration(run.seconds[step])) for step in wording.STEPS if step in run.seconds]
    return {
        "takes": takes,
        "said_why": run.why if part.by and part.by != "Another Admin" else "",
        "as_of": parse_datetime(run.receipt.get("as_of") or ""),
        "receipt": parts.receipt(run) if access.sees_all_of(person(request), run.connection) else [],
        "undoes": run.undoes,
    }
