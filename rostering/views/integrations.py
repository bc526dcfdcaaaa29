"""Where a school's accounts come from: the cards of its sources, and each source's own page."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.timezone import now
from django.views.decorators.http import require_safe

from accounts import clock
from accounts.access import admin_reach, zone_of
from accounts.deeds import IN_THE_SHELL, Deed, form_for, offer
from accounts.here import here
from accounts.shell import page, shows
from integrations import linking, pausing, registry
from integrations.access import bought_but_not_linked
from rostering.models import SupportRequest
from rostering.sources import linked_places, people_by_school, sources
from rostering.support.access import open_requests_of
from rostering.support.asking import ask
from rostering.support.forms import AboutSource, ready_form
from rostering.views import cards

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from accounts.models import School
    from rostering.sources import Source
    from rostering.views.cards import Card

    People = dict[tuple[int, int], list[tuple[int, str]]]

#: What Clever says about its own syncing of a district, in words; anything else is well.
CLEVERS_OWN = {"error": "Clever says that its own sync with your student information system has an error."}
FIRST_STEPS = "Usually done within a few hours."


@require_safe
@login_required
def integrations(request: HttpRequest) -> HttpResponse:
    """Where this admin's schools take their accounts from."""
    reach = admin_reach(request)
    if reach.everything:
        return redirect("admin:index")
    at = here(request).school
    context = {
        "cards": cards.cards(reach.user, at),
        "unlinked": bought_but_not_linked(reach.user, at),
        "token": secrets.token_hex(16),
        "now": now(),
    }
    return page(request, "rostering/integrations.html", "integrations", context)


@require_safe
@login_required
def clever(request: HttpRequest) -> HttpResponse:
    """Clever for this admin's schools: what is linked, what is not, and what its words mean here."""
    reach = admin_reach(request)
    if reach.everything:
        return redirect("admin:index")
    at = here(request).school
    found = sources(reach.user, at, kind="clever")
    people = people_by_school(link for source in found for link in source.links)
    places = linked_places(source.connection for source in found)
    zone = zone_of(reach.user)
    asked = open_requests_of(reach.user, at).filter(kind="ready", connection=None).first()
    context = {
        "sources": [
            _described(cards.card_of(reach.user, each, at), each, people, places[each.connection.pk], zone)
            for each in found
        ],
        "unlinked": bought_but_not_linked(reach.user, at),
        "district_wide": reach.district_wide and at is None,
        "asked": asked,
        "token": secrets.token_hex(16),
        "now": now(),
    }
    return page(request, "rostering/clever.html", "integrations", context)


def _described(card: Card, source: Source, people: People, linked: set[str], zone: str) -> dict[str, Any]:
    """What Clever's own page adds to a card."""
    tie, receipt = source.connection, source.good.receipt if source.good else {}
    names = linking.place_names(tie)
    notes = receipt.get("notes", {})
    return {
        "card": card,
        "source": source,
        "shows_primary": card.primary is not None
        and not card.primary.url.startswith(reverse("clever") + "#")
        and card.primary.url != reverse("clever"),
        "may_pause": tie.state in pausing.GOES_ON,
        "links": [(link, people.get((tie.pk, link.school_id), [])) for link in source.links],
        "roles": registry.roles_of(tie),
        "as_of": _moment(receipt.get("as_of", "")),
        "paused_until": _still(notes.get("paused_until", ""), zone),
        "clever_says": CLEVERS_OWN.get(notes.get("state", ""), ""),
        "unlinked_places": [names.get(place, place) for place in receipt.get("places", []) if place not in linked],
    }


def _moment(words: str) -> datetime | None:
    """A time as a source wrote it; None for what is none."""
    try:
        when = datetime.fromisoformat(words)
    except ValueError:
        return None
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def _still(words: str, zone: str) -> str:
    """When a pause of the source's own ends, in words; empty for one that is over. A day is a day, not its midnight."""
    ends = _moment(words)
    if ends is None or ends < now():
        return ""
    return f"{ends:%a %b} {ends.day}" if len(words) == len("2026-08-10") else clock.both(ends, zone)


@login_required
def ready(request: HttpRequest) -> HttpResponse:
    """Tell SmartPass that everything is shared in Clever."""
    reach = admin_reach(request)
    if reach.everything:
        raise Http404
    school = asking_school(request)
    form = ready_form(request.POST if request.method == "POST" else None, {"school_0": school.name if school else ""})

    def do(given: dict[str, Any]) -> HttpResponse:
        del given
        made, new = ask(reach.user, SupportRequest.Kind.READY, school=school, details=form.details())
        messages.success(request, told(made, new=new))
        return redirect("clever")

    deed = Deed(
        "We're ready to sync",
        "Send to SmartPass",
        reverse("clever"),
        says=["SmartPass links your schools and starts the first sync.", FIRST_STEPS],
        template="rostering/ready.html",
    )
    return offer(request, deed, form, do, shows("integrations"))


@login_required
def ask_source(request: HttpRequest, kind: str) -> HttpResponse:
    """Ask SmartPass for a source that is set up together."""
    reach = admin_reach(request)
    if reach.everything or kind not in cards.ON_REQUEST:
        raise Http404
    name, _ = cards.ON_REQUEST[kind]
    school = asking_school(request)

    def do(given: dict[str, Any]) -> HttpResponse:
        made, new = ask(
            reach.user,
            SupportRequest.Kind.HELP,
            school=school,
            about=f"source:{kind}",
            details={"what": f"Use {name}"},
            words=given["words"],
        )
        messages.success(request, told(made, new=new))
        return redirect("integrations")

    deed = Deed(
        f"Ask SmartPass about {name}",
        "Ask SmartPass",
        reverse("integrations"),
        says=[
            "SmartPass sets it up with you and answers within a day.",
            "A school takes its accounts from one automatic source at a time.",
        ],
        template=IN_THE_SHELL,
    )
    return offer(request, deed, form_for(request, AboutSource), do, shows("integrations"))


def asking_school(request: HttpRequest) -> School | None:
    """The school that asks: the one looked at; for a District admin who looks at all, the district itself."""
    looked_at = here(request)
    if looked_at.school or looked_at.reach.district_wide or not looked_at.schools:
        return looked_at.school
    return looked_at.schools[0]


def told(made: SupportRequest, *, new: bool) -> str:
    """What to tell whoever asked."""
    if new:
        return f"Sent to SmartPass: request #{made.pk}. You don't need to keep this page open."
    return f"This waits already: request #{made.pk}. Nothing was asked twice."
