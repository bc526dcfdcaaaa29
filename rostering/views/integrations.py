"""Where a school's accounts come from: the cards of its sources, and each source's own page."""

from __future__ import annotations

import secrets
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
from integrations.access import bought_but_not_linked, connections_of
from integrations.models import ConnectionState
from rostering.guides import every as guides
from rostering.models import SupportRequest
from rostering.sources import linked_places, people_by_school, sources
from rostering.support.access import open_requests_of
from rostering.support.asking import ask
from rostering.support.forms import AboutSource
from rostering.views import cards

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from accounts.models import School, User
    from rostering.guides.guide import Guide
    from rostering.sources import Source
    from rostering.views.cards import Card

    People = dict[tuple[int, int], list[tuple[int, str]]]


@require_safe
@login_required
def integrations(request: HttpRequest) -> HttpResponse:
    """Where this admin's schools take their accounts from."""
    reach = admin_reach(request)
    if reach.everything:
        return redirect("admin:index")
    at = here(request).school
    unlinked = bought_but_not_linked(reach.user, at)
    context = {
        "cards": cards.cards(reach.user, at, more=bool(unlinked)),
        "unlinked": unlinked,
        "token": secrets.token_hex(16),
        "now": now(),
    }
    return page(request, "rostering/integrations.html", "integrations", context)


@require_safe
@login_required
def source(request: HttpRequest, kind: str) -> HttpResponse:
    """One source for this admin's schools: how it is set up, or what is linked, what is not, and what its words mean.

    What only SmartPass opens is not there before it has.
    """
    reach = admin_reach(request)
    if reach.everything:
        return redirect("admin:index")
    guide, at = _guide_to(kind), here(request).school
    found = sources(reach.user, at, kind=kind)
    if not found and guide.ready is None:
        raise Http404
    people = people_by_school(link for each in found for link in each.links)
    places = linked_places(each.connection for each in found)
    zone = zone_of(reach.user)
    context = {
        "guide": guide,
        "sources": [
            _described(guide, cards.card_of(reach.user, each, at), each, people, places[each.connection.pk], zone)
            for each in found
        ],
        "unlinked": bought_but_not_linked(reach.user, at),
        "district_wide": reach.district_wide and at is None,
        "token": secrets.token_hex(16),
        "now": now(),
    }
    if not found:
        context |= _setting_up(request, guide, reach.user, at)
    return page(request, "rostering/source.html", "integrations", context)


def _guide_to(kind: str) -> Guide:
    if kind not in registry.PROVIDERS:
        raise Http404
    return guides.to(kind)


def _setting_up(request: HttpRequest, guide: Guide, user: User, at: School | None) -> dict[str, Any]:
    """What the page of a source shows before there is a connection: what waits, or the form."""
    asked = open_requests_of(user, at).filter(about=guide.about).first()
    standing = connections_of(user, at).exclude(state=ConnectionState.DISCONNECTED).order_by("pk")
    other = next((registry.label(each.kind) for each in standing), "")
    school = asking_school(request)
    assert guide.ready
    may = not asked and (not other or bought_but_not_linked(user, at).exists())
    return {
        "asked": asked,
        "other": other,
        "form": guide.ready.begun(school.name if school else "") if may else None,
    }


def _described(guide: Guide, card: Card, source: Source, people: People, linked: set[str], zone: str) -> dict[str, Any]:
    """What a source's own page adds to a card."""
    tie, receipt = source.connection, source.good.receipt if source.good else {}
    names, here_ = linking.place_names(tie), reverse("source", args=[tie.kind])
    return {
        "card": card,
        "source": source,
        "shows_primary": card.primary is not None
        and not card.primary.url.startswith(f"{here_}#")
        and card.primary.url != here_,
        "may_pause": tie.state in pausing.GOES_ON,
        "links": [(link, people.get((tie.pk, link.school_id), [])) for link in source.links],
        "roles": registry.roles_of(tie),
        "as_of": clock.written(receipt.get("as_of", "")),
        "notes": guide.notes(receipt.get("notes", {}), zone),
        "unlinked_places": [names.get(place, place) for place in receipt.get("places", []) if place not in linked],
    }


@login_required
def ready(request: HttpRequest, kind: str) -> HttpResponse:
    """Tell SmartPass that everything is shared at the source, with what it needs for linking it."""
    reach = admin_reach(request)
    guide = _guide_to(kind)
    if reach.everything or guide.ready is None:
        raise Http404
    school = asking_school(request)
    name = school.name if school else ""
    form = guide.ready.sent(request.POST, name) if request.method == "POST" else guide.ready.begun(name)

    def do(given: dict[str, Any]) -> HttpResponse:
        del given
        made, new = ask(
            reach.user,
            SupportRequest.Kind.READY,
            school=school,
            about=guide.about,
            details=form.details(),
            within=guide.promise,
        )
        messages.success(request, told(made, new=new))
        for doubt in form.doubts():
            messages.warning(request, doubt)
        return redirect("source", kind)

    deed = Deed(
        "We're ready to sync",
        "We're ready to sync",
        reverse("source", args=[kind]),
        says=["SmartPass links your schools and starts the first sync.", guide.takes],
        template="rostering/ready.html",
        extra={"guide": guide},
    )
    return offer(request, deed, form, do, shows("integrations"))


@login_required
def ask_source(request: HttpRequest, kind: str) -> HttpResponse:
    """Ask SmartPass for a source that is set up together."""
    reach = admin_reach(request)
    name = cards.name_of(kind)
    if reach.everything or not name:
        raise Http404
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
