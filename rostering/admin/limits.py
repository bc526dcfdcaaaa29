"""Support's forms for limits: when a sync stops and asks, per district, connection and school."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.shortcuts import redirect
from django.urls import reverse

from accounts.access import person
from accounts.access_support import district_for_support, school_for_support
from accounts.console import RUNS, console
from accounts.deeds import Deed, form_for, offer
from integrations.access import connection_for_support
from rostering import asking
from rostering.admin.connections import name_of
from rostering.forms import Limits
from rostering.limits import resolve

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from accounts.models import District, School
    from integrations.models import Connection

console.tab("Limits", "district_limits")
console.connection_tab("Limits", "connection_limits")


@console.page("districts/<int:district_id>/limits/", name="district_limits", roles=RUNS)
def district_limits(request: HttpRequest, district_id: int) -> HttpResponse:
    """A district's limits."""
    district = district_for_support(person(request), district_id)
    back = reverse("admin:district", args=[district.pk])
    return _limits(request, district, district.name, back, resolve())


@console.page("connections/<int:connection_id>/limits/", name="connection_limits", roles=RUNS)
def connection_limits(request: HttpRequest, connection_id: int) -> HttpResponse:
    """A connection's limits."""
    connection = connection_for_support(person(request), connection_id)
    back = reverse("admin:connection", args=[connection.pk])
    return _limits(request, connection, name_of(connection), back, resolve(connection.district.limits))


@console.page("schools/<int:school_id>/limits/", name="school_limits", roles=RUNS)
def school_limits(request: HttpRequest, school_id: int) -> HttpResponse:
    """A school's limits."""
    school = school_for_support(person(request), school_id)
    back = reverse("admin:district", args=[school.district_id])
    return _limits(request, school, f"{school.district.name} · {school.name}", back, resolve(school.district.limits))


def _limits(
    request: HttpRequest, row: District | School | Connection, name: str, back: str, above: dict[str, float]
) -> HttpResponse:
    user = person(request)
    form = form_for(request, Limits, row.limits, above)

    def do(given: dict[str, Any]) -> HttpResponse:
        assert isinstance(form, Limits)
        changed = asking.set_limits(user, row, form.values(), given["why"])
        messages.success(request, "Saved. They count from the next sync." if changed else "Nothing changed.")
        return redirect(back)

    deed = Deed(
        f"{name} · Limits",
        "Save limits",
        back,
        says=[
            "Over a limit a sync stops and asks. Share and number must both be reached.",
            "Shares go from 0 to 1: 0.1 is 10 %.",
            "An empty field takes the value of the level above. A school's own value wins over all.",
        ],
    )
    return offer(request, deed, form, do)
