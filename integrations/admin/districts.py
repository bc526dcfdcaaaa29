"""Support's pages that tie a district to its counterpart at a source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import person
from accounts.access_support import district_for_support
from accounts.console import RUNS, console, show
from accounts.deeds import Deed, form_for, offer
from integrations import access, linking, registry
from integrations.admin.naming import label_of
from integrations.forms import FindTenant, TypedName
from integrations.provider import SourceError

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

console.tab("Sources", "sources")


@console.page("districts/<int:district_id>/sources/", name="sources")
@require_safe
def sources(request: HttpRequest, district_id: int) -> HttpResponse:
    """A district's ties to sources, and where another one is made."""
    user = person(request)
    district = district_for_support(user, district_id)
    context = {
        "district": district,
        "connections": [(each, label_of(each.kind)) for each in access.connections_in(user, district)],
        "listed": [(kind, label_of(kind)) for kind in registry.PROVIDERS if not registry.settings_form(kind)],
        "opened": [(kind, label_of(kind)) for kind in registry.PROVIDERS if registry.settings_form(kind)],
    }
    return show(request, "console/sources.html", f"{district.name} · Sources", context)


@console.page("districts/<int:district_id>/sources/<slug:kind>/", name="find_tenant", roles=RUNS)
@require_http_methods(["GET", "HEAD", "POST"])
def find_tenant(request: HttpRequest, district_id: int, kind: str) -> HttpResponse:
    """Search what our key opens at a source; POST asks the source for its list anew."""
    user = person(request)
    district = district_for_support(user, district_id)
    label = label_of(kind)
    if registry.settings_form(kind):
        raise Http404
    if request.method == "POST":
        try:
            found = linking.refresh_tenants(kind)
            messages.success(request, f"{label} lists {found} district{'' if found == 1 else 's'}.")
        except SourceError as problem:
            messages.error(request, f"{problem} ({problem.code}) The list below is from the last time.")
        searched = f"?{request.GET.urlencode()}" if request.GET else ""
        return redirect(reverse("admin:find_tenant", args=[district.pk, kind]) + searched)
    form = FindTenant(request.GET or None, label_suffix="")
    words = form.cleaned_data["q"] if form.is_bound and form.is_valid() else ""
    context = {
        "district": district,
        "kind": kind,
        "label": label,
        "form": form,
        "found": access.upstreams_like(user, kind, words),
        "many": access.MANY,
    }
    return show(request, "console/find_tenant.html", f"{district.name} · Link a {label} district", context)


@console.page("districts/<int:district_id>/link/<int:tenant_id>/", name="link_district", roles=RUNS)
def link_district(request: HttpRequest, district_id: int, tenant_id: int) -> HttpResponse:
    """Tie the district to its counterpart at a source."""
    user = person(request)
    district = district_for_support(user, district_id)
    tenant = access.upstream_for_support(user, tenant_id)
    label = label_of(tenant.kind)

    def do(given: dict[str, Any]) -> HttpResponse:
        made = linking.link_district(user, district, tenant.kind, tenant.external_id, tenant.name, given["why"])
        messages.success(request, f"{label} district {tenant} is linked to {district.name}. Link its schools next.")
        return redirect("admin:connection", made.pk)

    deed = Deed(
        f"{district.name} · Link {label} district",
        "Link district",
        reverse("admin:find_tenant", args=[district.pk, tenant.kind]),
        says=["Nobody is synced by this. Schools are linked one by one, then a preview shows what would happen."],
        facts=[
            ("SmartPass district", district.name),
            (f"{label} district", tenant.name or "(no name given)"),
            (f"{label} id", tenant.external_id),
        ],
    )
    return offer(request, deed, form_for(request, TypedName, district.name), do)
