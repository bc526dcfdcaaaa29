"""Support's pages that open a source by its settings, and change them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect
from django.urls import reverse

from accounts.access import person
from accounts.access_support import district_for_support
from accounts.console import RUNS, console
from accounts.deeds import Deed, form_for, offer
from integrations import access, opening, registry
from integrations.admin.naming import label_of, title_of
from integrations.forms import SourceSettings, filled_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpRequest, HttpResponse


@console.page("districts/<int:district_id>/sources/<slug:kind>/open/", name="open_connection", roles=RUNS)
def open_connection(request: HttpRequest, district_id: int, kind: str) -> HttpResponse:
    """Tie the district to a source that is opened by what support fills in."""
    user = person(request)
    district = district_for_support(user, district_id)
    form = _form(request, kind, {}, {})
    label = label_of(kind)

    def do(given: dict[str, Any]) -> HttpResponse:
        made = opening.open_by_settings(user, district, kind, form.chosen(), given["why"])
        messages.success(request, f"{label} opens for {district.name}. Link its schools next.")
        return redirect("admin:connection", made.pk)

    deed = Deed(
        f"{district.name} · Connect {label}",
        "Connect",
        reverse("admin:sources", args=[district.pk]),
        says=[
            f"{label} is asked before anything is saved.",
            "Nobody is synced by this. Schools are linked one by one, then a preview shows what would happen.",
        ],
        facts=[("SmartPass district", district.name)],
    )
    return offer(request, deed, form, do)


@console.page("connections/<int:connection_id>/settings/", name="connection_settings", roles=RUNS)
def connection_settings(request: HttpRequest, connection_id: int) -> HttpResponse:
    """Change what opens a source."""
    user = person(request)
    connection = access.connection_for_support(user, connection_id)
    kept = opening.secrets_that_are_set(connection)
    form = _form(request, connection.kind, kept, connection.settings)
    label = label_of(connection.kind)

    def do(given: dict[str, Any]) -> HttpResponse:
        changed = opening.change_settings(user, connection, form.chosen(), given["why"])
        messages.success(request, f"Saved. {label} opens." if changed else f"Nothing changed. {label} opens.")
        return redirect("admin:connection", connection.pk)

    deed = Deed(
        f"{title_of(connection)} · Settings",
        "Save",
        reverse("admin:connection", args=[connection.pk]),
        says=[
            f"{label} is asked before anything is saved.",
            "They must open the same district as before: of another one, the next sync would know nobody.",
        ],
    )
    return offer(request, deed, form, do)


def _form(request: HttpRequest, kind: str, kept: Mapping[str, str], before: Mapping[str, str]) -> SourceSettings:
    """The form of a source that is opened by settings; Http404 for any other."""
    settings = registry.settings_form(kind)
    if settings is None:
        raise Http404
    made = filled_in(settings, registry.PROVIDERS[kind].secret_settings)
    form = form_for(request, partial(made, kept=kept, before=before), **before)
    assert isinstance(form, SourceSettings)
    return form
