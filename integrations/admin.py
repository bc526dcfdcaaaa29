"""Support's pages about sources: linking districts and schools, role mapping, stop switches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import district_for_support, person, school_for_support
from accounts.console import RUNS, SETS_UP, STOPS, ReadOnly, console, show
from accounts.deeds import Deed, Reason, form_for, offer
from integrations import access, linking, registry
from integrations.forms import FindTenant, LinkSchool, Purchased, RoleMapping, TypedName
from integrations.models import Connection
from integrations.provider import SourceError

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from integrations.records import Place


class Connections(ReadOnly):
    """Every district's ties to a source."""

    page = "connection"
    list_display = ("__str__", "district", "kind", "state", "stopped", "problem")
    list_filter = ("kind", "state", "stopped")
    search_fields = ("district__name", "tenant", "tenant_name")
    ordering = ("district__name", "pk")
    list_select_related = ("district",)


STOPPED = "No run starts or goes on while it is stopped. Accounts stay as they are; signing in works."

console.register(Connection, Connections)
console.tab("Sources", "sources")
console.section("Stop switches", "switches")


@console.page("districts/<int:district_id>/sources/", name="sources")
@require_safe
def sources(request: HttpRequest, district_id: int) -> HttpResponse:
    """A district's ties to sources, and where another one is made."""
    user = person(request)
    district = district_for_support(user, district_id)
    context = {
        "district": district,
        "connections": access.connections_in(user, district),
        "kinds": [(kind, provider.label) for kind, provider in registry.PROVIDERS.items()],
    }
    return show(request, "console/sources.html", f"{district.name} · Sources", context)


@console.page("districts/<int:district_id>/sources/<slug:kind>/", name="find_tenant", roles=RUNS)
@require_http_methods(["GET", "HEAD", "POST"])
def find_tenant(request: HttpRequest, district_id: int, kind: str) -> HttpResponse:
    """Search what our key opens at a source; POST asks the source for its list anew."""
    user = person(request)
    district = district_for_support(user, district_id)
    label = _label(kind)
    if request.method == "POST":
        try:
            found = linking.refresh_tenants(kind)
            messages.success(request, f"{label} lists {found} districts.")
        except SourceError as problem:
            messages.error(request, f"{problem} ({problem.code}) The list below is from the last time.")
        return redirect("admin:find_tenant", district.pk, kind)
    form = FindTenant(request.GET or None, label_suffix="")
    words = form.cleaned_data["q"] if form.is_bound and form.is_valid() else ""
    context = {
        "district": district, "kind": kind, "label": label, "form": form,
        "found": access.upstreams_like(user, kind, words), "many": access.MANY,
    }
    return show(request, "console/find_tenant.html", f"{district.name} · Link a {label} district", context)


@console.page("districts/<int:district_id>/link/<int:tenant_id>/", name="link_district", roles=RUNS)
def link_district(request: HttpRequest, district_id: int, tenant_id: int) -> HttpResponse:
    """Tie the district to its counterpart at a source."""
    user = person(request)
    district = district_for_support(user, district_id)
    tenant = access.upstream_for_support(user, tenant_id)
    label = _label(tenant.kind)

    def do(given: dict[str, Any]) -> HttpResponse:
        made = linking.link_district(user, district, tenant.kind, tenant.external_id, tenant.name, given["why"])
        messages.success(request, f"{label} district {tenant} is linked to {district.name}. Link its schools next.")
        return redirect("admin:connection", made.pk)

    deed = Deed(
        f"{district.name} · Link {label} district", "Link district",
        reverse("admin:find_tenant", args=[district.pk, tenant.kind]),
        says=["Nobody is synced by this. Schools are linked one by one, then a preview shows what would happen."],
        facts=[
            ("SmartPass district", district.name), (f"{label} district", tenant.name or "(no name given)"),
            (f"{label} id", tenant.external_id),
        ],
    )
    return offer(request, deed, form_for(request, TypedName, district.name), do)


@console.page("connections/<int:connection_id>/", name="connection")
@require_safe
def connection_page(request: HttpRequest, connection_id: int) -> HttpResponse:
    """A connection: its state, its schools side by side, what words mean, and what can be done."""
    user = person(request)
    connection = access.connection_for_support(user, connection_id)
    links = list(access.links_for_support(user, connection))
    shared, problem = _shared(connection)
    linked = {link.external_id for link in links}
    ids = {place.external_id for place in shared}
    context = {
        "connection": connection, "label": _label(connection.kind), "problem": problem,
        "links": [(link, link.external_id in ids or bool(problem)) for link in links],
        "unlinked": [place for place in shared if place.external_id not in linked],
        "free": access.schools_to_link(user, connection),
        "roles": registry.roles_of(connection),
        "tabs": [(label, reverse(f"admin:{name}", args=[connection.pk])) for label, name in console.connection_tabs],
    }
    return show(request, "console/connection.html", _title(connection), context)


@console.page("connections/<int:connection_id>/link/", name="link_school", roles=RUNS)
def link_school(request: HttpRequest, connection_id: int) -> HttpResponse:
    """Say which of our schools a source school (`?school=` its id there) is."""
    user = person(request)
    connection = access.connection_for_support(user, connection_id)
    label = _label(connection.kind)
    shared, problem = _shared(connection)
    place = next((each for each in shared if each.external_id == request.GET.get("school")), None)
    if place is None:
        if problem:
            messages.error(request, problem)
            return redirect("admin:connection", connection.pk)
        raise Http404

    def do(given: dict[str, Any]) -> HttpResponse:
        linking.link_school(user, connection, place, given["school"], given["why"])
        messages.success(request, f"{label} school {place.name} is {given['school'].name}.")
        return redirect("admin:connection", connection.pk)

    deed = Deed(
        f"{_title(connection)} · Link school", "Link school", reverse("admin:connection", args=[connection.pk]),
        says=["The next sync takes this school's people from here, if the school has bought SmartPass."],
        facts=[
            (f"{label} school", place.name), (f"{label} id", place.external_id),
            ("School ID", place.number or "none"),
        ],
    )
    return offer(request, deed, form_for(request, LinkSchool, access.schools_to_link(user, connection)), do)


@console.page("links/<int:link_id>/unlink/", name="unlink_school", roles=RUNS)
def unlink_school(request: HttpRequest, link_id: int) -> HttpResponse:
    """Stop syncing a school."""
    user = person(request)
    link = access.link_for_support(user, link_id)
    back = reverse("admin:connection", args=[link.connection_id])

    def do(given: dict[str, Any]) -> HttpResponse:
        linking.unlink_school(user, link, given["why"])
        messages.success(request, f"{link.school.name} is no longer synced. Nobody was suspended.")
        return redirect(back)

    deed = Deed(
        f"{_title(link.connection)} · {link.school.name}", "Unlink school", back,
        says=[
            "Unlinking suspends no one. Everybody stays as they are, and can sign in as before.",
            "The next sync no longer brings this school's people; those it would suspend wait in a hold.",
        ],
        facts=[("SmartPass school", link.school.name), ("Source school", link.external_name or link.external_id)],
    )
    return offer(request, deed, form_for(request, TypedName, link.school.name), do)


@console.page("connections/<int:connection_id>/roles/", name="roles", roles=RUNS)
def roles(request: HttpRequest, connection_id: int) -> HttpResponse:
    """Decide what each of the source's words means in this district."""
    user = person(request)
    connection = access.connection_for_support(user, connection_id)
    form = form_for(request, RoleMapping, _label(connection.kind), registry.roles_of(connection))

    def do(given: dict[str, Any]) -> HttpResponse:
        assert isinstance(form, RoleMapping)
        changed = linking.set_roles(user, connection, form.chosen(), given["why"])
        messages.success(request, "Saved. Preview before the next sync." if changed else "Nothing changed.")
        return redirect("admin:connection", connection.pk)

    deed = Deed(
        f"{_title(connection)} · Roles", "Save", reverse("admin:connection", args=[connection.pk]),
        says=["The school sees this mapping. It counts from the next sync; a large change waits in a hold."],
    )
    return offer(request, deed, form, do)


@console.page("schools/<int:school_id>/purchased/", name="purchased", roles=SETS_UP)
def purchased(request: HttpRequest, school_id: int) -> HttpResponse:
    """Say whether a school has bought SmartPass."""
    user = person(request)
    school = school_for_support(user, school_id)
    back = reverse("admin:district", args=[school.district_id])

    def do(given: dict[str, Any]) -> HttpResponse:
        changed = linking.set_purchased(user, school, purchased=given["purchased"], why=given["why"])
        messages.success(request, "Saved." if changed else "It already said so. Nothing changed.")
        return redirect(back)

    deed = Deed(
        f"{school.district.name} · {school.name}", "Save", back,
        says=["Only schools that are linked and bought are synced. Taking it away suspends no one by itself."],
    )
    return offer(request, deed, form_for(request, Purchased, purchased=school.purchased), do)


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
        linking.stop_everything(user, name, given["why"])
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
        linking.lift_stop(user, name, given["why"])
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
        linking.set_stopped(user, connection, stopped=stopped, why=given["why"])
        messages.success(request, done)
        return redirect(back)

    verb = "Stop this connection" if stopped else "Let runs start again"
    deed = Deed(f"{_title(connection)} · {verb}", verb, back, says=[STOPPED] if stopped else [])
    return offer(request, deed, form_for(request, Reason), do)


def _switch(kind: str) -> tuple[str, str]:
    name = "" if kind == "everything" else kind
    return name, _label(name) if name else "Everything"


def _label(kind: str) -> str:
    provider = registry.PROVIDERS.get(kind)
    if provider is None:
        raise Http404
    return provider.label


def _title(connection: Connection) -> str:
    return f"{connection.district.name} · {_label(connection.kind)}"


def _shared(connection: Connection) -> tuple[list[Place], str]:
    """What the source shares now, or nothing and why."""
    try:
        return linking.places(connection), ""
    except SourceError as problem:
        return [], f"{problem} ({problem.code})"
