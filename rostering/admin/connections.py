"""Support's pages that start, stop and undo runs of a connection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.access import person
from accounts.console import RUNS, console, show
from accounts.deeds import Deed, Reason, form_for, offer
from integrations import registry
from integrations.access import connection_for_support
from rostering import access, asking
from rostering.admin.runs import PAGE, title_of
from rostering.forms import FirstSync

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

    from integrations.models import Connection
    from rostering.models import Run

console.connection_tab("Preview", "preview")
console.connection_tab("Run sync now", "sync_now")
console.connection_tab("Syncs", "connection_syncs")


@console.page("connections/<int:connection_id>/syncs/", name="connection_syncs")
@require_safe
def connection_syncs(request: HttpRequest, connection_id: int) -> HttpResponse:
    """A connection's runs and previews."""
    user = person(request)
    connection = connection_for_support(user, connection_id)
    page = Paginator(access.runs_for_support(user, connection), PAGE).get_page(request.GET.get("page"))
    context = {"connection": connection, "page": page}
    return show(request, "console/syncs.html", f"{name_of(connection)} · Syncs", context)


@console.page("connections/<int:connection_id>/preview/", name="preview", roles=RUNS)
def preview(request: HttpRequest, connection_id: int) -> HttpResponse:
    """Ask what a sync would do."""
    return _start(
        request,
        connection_id,
        asking.preview,
        "Start preview",
        ["A preview reads everybody and compares. It changes nothing."],
    )


@console.page("connections/<int:connection_id>/sync/", name="sync_now", roles=RUNS)
def sync_now(request: HttpRequest, connection_id: int) -> HttpResponse:
    """Ask for a sync now."""
    return _start(
        request,
        connection_id,
        asking.sync_now,
        "Run sync now",
        [
            "Everybody the source shares is read and compared; accounts are changed within the limits.",
            "What is over a limit waits in a hold. If a run is going already, you are shown that one.",
            "The first sync of a district starts from a preview that somebody has read.",
        ],
    )


def _start(
    request: HttpRequest,
    connection_id: int,
    ask: Callable[[Any, Any, str], tuple[Run, bool]],
    verb: str,
    says: list[str],
) -> HttpResponse:
    user = person(request)
    connection = connection_for_support(user, connection_id)

    def do(given: dict[str, Any]) -> HttpResponse:
        run, started = ask(user, connection, given["why"])
        messages.success(request, "Started." if started else "A run is already going. This is it.")
        return redirect("admin:run", run.pk)

    back = reverse("admin:connection", args=[connection.pk])
    return offer(request, Deed(f"{name_of(connection)} · {verb}", verb, back, says=says), form_for(request, Reason), do)


@console.page("runs/<int:run_id>/first-sync/", name="first_sync", roles=RUNS)
def first_sync(request: HttpRequest, run_id: int) -> HttpResponse:
    """Let the first sync go from this preview."""
    user = person(request)
    seen = access.run_for(user, run_id)
    counts = access.counts(user, [seen])[seen.pk]

    def do(given: dict[str, Any]) -> HttpResponse:
        run, started = asking.first_sync(user, seen, given["fingerprint"], given["why"])
        messages.success(request, "The first sync was started." if started else "A run is already going. This is it.")
        return redirect("admin:run", run.pk)

    deed = Deed(
        f"{title_of(seen)} · First sync",
        "Run the first sync",
        reverse("admin:run", args=[seen.pk]),
        says=["Accounts are made for everybody in this preview, judged against it. People are not told by us."],
        facts=[("Would be created", counts["create"]), ("Would be taken over", counts["adopt"])],
    )
    return offer(request, deed, form_for(request, FirstSync, fingerprint=request.GET.get("read", "")), do)


@console.page("runs/<int:run_id>/stop/", name="stop_run", roles=RUNS)
def stop_run(request: HttpRequest, run_id: int) -> HttpResponse:
    """End a run that has not finished."""
    user = person(request)
    run = access.run_for(user, run_id)

    def do(given: dict[str, Any]) -> HttpResponse:
        stopped = asking.stop(user, run, given["why"])
        messages.success(request, "Stopped. Nothing was changed." if stopped else "It had ended already.")
        return redirect("admin:run", run.pk)

    deed = Deed(
        f"{title_of(run)} · Stop",
        "Stop this run",
        reverse("admin:run", args=[run.pk]),
        says=["A run that has not applied anything yet changes nothing when it is stopped."],
    )
    return offer(request, deed, form_for(request, Reason), do)


@console.page("runs/<int:run_id>/undo-preview/", name="undo_preview", roles=RUNS)
def undo_preview(request: HttpRequest, run_id: int) -> HttpResponse:
    """Show what undoing a run would turn back."""
    return _undo(request, run_id, "Preview the undo", preview=True)


@console.page("runs/<int:run_id>/undo/", name="undo", roles=RUNS)
def undo(request: HttpRequest, run_id: int) -> HttpResponse:
    """Undo a run."""
    return _undo(request, run_id, "Undo this sync", preview=False)


def _undo(request: HttpRequest, run_id: int, verb: str, *, preview: bool) -> HttpResponse:
    user = person(request)
    run = access.run_for(user, run_id)
    counts = access.counts(user, [run])[run.pk]

    def do(given: dict[str, Any]) -> HttpResponse:
        made, started = asking.take_back(user, run, given["why"], preview=preview)
        messages.success(request, "The undo was started." if started else "The same undo is going already.")
        return redirect("admin:run", made.pk)

    happened = sum(number for kind, number in counts.items() if kind != "held")
    rows = "1 change" if happened == 1 else f"{happened:,} changes"
    deed = Deed(
        f"{title_of(run)} · {verb}",
        verb,
        reverse("admin:run", args=[run.pk]),
        says=[
            f"{rows} of this sync will be turned back where they still stand. What a person changed since stays.",
            "People whom this sync created are suspended, not deleted.",
            "The same changes are not made again until the source says something else about the person.",
            *(["This only shows what would happen."] if preview else []),
        ],
    )
    return offer(request, deed, form_for(request, Reason), do)


def name_of(connection: Connection) -> str:
    """Names the district and the source."""
    return f"{connection.district.name} · {registry.label(connection.kind)}"
