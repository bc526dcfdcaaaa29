"""Support's stop switches: for everything, a source, or one connection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.access import person
from accounts.console import RUNS, STOPS, console, show
from accounts.deeds import Deed, Reason, form_for, offer
from integrations import access, linking, pausing, registry, stopping
from integrations.admin.naming import label_of, title_of
from integrations.forms import SchoolsMaySync

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

STOPPED = "No run starts or goes on while it is stopped. Accounts stay as they are; signing in works."

console.section("Stop switches", "switches")


@console.page("stop/", name="switches")
@require_safe
def switches(request: HttpRequest) -> HttpResponse:
    """What is stopped, and the switches."""
    standing = access.switches(person(request))
    kinds = [("", "Everything"), *((kind, provider.label) for kind, provider in registry.PROVIDERS.items())]
    rows = [(kind or "everything", label, standing.get(kind)) for kind, label in kinds]
    return show(request, "console/switches.html", "Stop switches", {"rows": rows})


@console.page("stop/<slug:kind>/", name="stop", roles=STOPS)
def stop(request: HttpRequest, kind: str) -> HttpResponse:
    """Stop every run of a source, or of all ("everything")."""
    user = person(request)
    name, label = _switch(kind)

    def do(given: dict[str, Any]) -> HttpResponse:
        stopping.stop_everything(user, name, given["why"])
        messages.success(request, f"{label}: stopped.")
        return redirect("admin:switches")

    deed = Deed(f"Stop switches · {label}", f"Stop {label}", reverse("admin:switches"), says=[STOPPED])
    return offer(request, deed, form_for(request, Reason), do)


@console.page("stop/<slug:kind>/lift/", name="lift_stop", roles=STOPS)
def lift_stop(request: HttpRequest, kind: str) -> HttpResponse:
    """Let the runs of a source, or of all, start again."""
    user = person(request)
    name, label = _switch(kind)

    def do(given: dict[str, Any]) -> HttpResponse:
        stopping.lift_stop(user, name, given["why"])
        messages.success(request, f"{label}: runs can start again.")
        return redirect("admin:switches")

    deed = Deed(f"Stop switches · {label}", "Let runs start again", reverse("admin:switches"))
    return offer(request, deed, form_for(request, Reason), do)


@console.page("connections/<int:connection_id>/stop/", name="stop_connection", roles=STOPS)
def stop_connection(request: HttpRequest, connection_id: int) -> HttpResponse:
    """Stop one connection."""
    return _set_stopped(request, connection_id, stopped=True)


@console.page("connections/<int:connection_id>/go-on/", name="go_on", roles=STOPS)
def go_on(request: HttpRequest, connection_id: int) -> HttpResponse:
    """Let a connection that was stopped go on."""
    return _set_stopped(request, connection_id, stopped=False)


def _set_stopped(request: HttpRequest, connection_id: int, *, stopped: bool) -> HttpResponse:
    user = person(request)
    connection = access.connection_for_support(user, connection_id)
    back = reverse("admin:connection", args=[connection.pk])
    done = "Stopped. No run starts until that is lifted." if stopped else "Runs can start again."

    def do(given: dict[str, Any]) -> HttpResponse:
        stopping.set_stopped(user, connection, stopped=stopped, why=given["why"])
        messages.success(request, done)
        return redirect(back)

    verb = "Stop this connection" if stopped else "Let runs start again"
    deed = Deed(f"{title_of(connection)} · {verb}", verb, back, says=[STOPPED] if stopped else [])
    return offer(request, deed, form_for(request, Reason), do)


def _switch(kind: str) -> tuple[str, str]:
    name = "" if kind == "everything" else kind
    return name, label_of(name) if name else "Everything"


@console.page("connections/<int:connection_id>/schools-may-sync/", name="schools_may_sync", roles=RUNS)
def schools_may_sync(request: HttpRequest, connection_id: int) -> HttpResponse:
    """Say whether Admins of the schools may start a sync themselves."""
    user = person(request)
    connection = access.connection_for_support(user, connection_id)
    back = reverse("admin:connection", args=[connection.pk])

    def do(given: dict[str, Any]) -> HttpResponse:
        changed = linking.let_schools_sync(user, connection, may=given["may"], why=given["why"])
        messages.success(request, "Saved." if changed else "It already said so. Nothing changed.")
        return redirect(back)

    deed = Deed(
        f"{title_of(connection)} · Syncs by schools",
        "Save",
        back,
        says=[
            "Their button then says Sync now and starts a run, one in 15 minutes. Limits and holds are the same.",
            "Without it they ask, and the request stands in the queue.",
        ],
    )
    return offer(request, deed, form_for(request, SchoolsMaySync, may=connection.schools_may_sync), do)


@console.page("connections/<int:connection_id>/resume/", name="end_pause", roles=STOPS)
def end_pause(request: HttpRequest, connection_id: int) -> HttpResponse:
    """End a pause that the district set, where nobody there can."""
    user = person(request)
    connection = access.connection_for_support(user, connection_id)
    back = reverse("admin:connection", args=[connection.pk])

    def do(given: dict[str, Any]) -> HttpResponse:
        resumed = pausing.resume(user, connection, given["why"])
        messages.success(request, "Resumed. The next sync is tonight's." if resumed else "It is not paused.")
        return redirect(back)

    says = ["The district paused this itself: have its word before you end it. A preview shows what comes."]
    deed = Deed(f"{title_of(connection)} · End the pause", "End the pause", back, says=says)
    return offer(request, deed, form_for(request, Reason), do)
