"""Where a school's accounts come from: the cards of its sources, and each source's own page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_safe

from accounts import clock
from accounts.access import admin_reach, zone_of
from accounts.shell import page
from integrations import linking, registry
from integrations.access import bought_but_not_linked, connections_of, school_links_of
from rostering import access, wording
from rostering.models import RunState

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
    return page(request, "rostering/integrations.html", "integrations", context)


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
    return page(request, "rostering/clever.html", "integrations", context)


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
