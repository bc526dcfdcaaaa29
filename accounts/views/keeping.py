"""Keeping somebody from the sync, and letting the sync decide again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from accounts import access, pins
from accounts.account_forms import ProtectForm
from accounts.deeds import Deed, form_for, offer
from accounts.shell import shows

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from accounts.models import School, User


@never_cache
@login_required
def protect(request: HttpRequest, account_id: int) -> HttpResponse:
    """Protect from sync: everything about somebody, or one field, with a reason and an end."""
    user = access.person(request)
    person = access.account_to_manage(user, account_id)
    places = _places(user, person)
    asked = request.GET.get("what", "")
    form = form_for(
        request,
        lambda **given: ProtectForm(
            [(key, label) for key, (label, *_) in places.items()], access.zone_of(user), **given
        ),
        what=asked if asked in places else next(iter(places), ""),
    )
    assert isinstance(form, ProtectForm)

    def do(given: dict[str, Any]) -> HttpResponse:
        label, school, field = places[given["what"]]
        pins.pin(user, person, school, field, form.keep())
        messages.success(request, f"Kept: {label}. The sync does not change it.")
        return redirect("account", person.pk)

    deed = Deed(
        "Protect from sync",
        "Protect",
        reverse("account", args=[person.pk]),
        says=["The sync leaves what you choose exactly as it is. You can let the sync decide again any time."],
        template="accounts/edit.html",
        extra={"account": person},
    )
    return offer(request, deed, form, do, shows("accounts"))


@require_POST
@login_required
def let_sync_decide(request: HttpRequest, account_id: int, pin_id: int) -> HttpResponse:
    """Take a pin away: from the next sync on the source decides."""
    user = access.person(request)
    person = access.account_to_manage(user, account_id)
    pin = access.pin_of(user, person, pin_id)
    if pin.school_id is None and pin.field not in pins.NAMES and not access.answers_for_all_of(user, person):
        raise Http404
    pins.unpin(user, pin)
    messages.success(request, f"{pins.LABELS[pin.field]}: the next sync decides.")
    return redirect("account", person.pk)


def _places(user: User, person: User) -> dict[str, tuple[str, School | None, str]]:
    """What this Admin may keep: key -> (label, school or None for the person, field)."""
    memberships = access.memberships_at(user, person)
    found: dict[str, tuple[str, School | None, str]] = {}
    if access.answers_for_all_of(user, person):
        found["*"] = ("Everything, everywhere", None, pins.EVERYTHING)
    for membership in memberships:
        if membership.school:
            name = membership.school.name
            found[f"*:{membership.pk}"] = (f"Everything at {name}", membership.school, pins.EVERYTHING)
    for field in pins.OF_THE_PERSON:
        if field in pins.NAMES or "*" in found:
            found[field] = (pins.LABELS[field], None, field)
    for membership in memberships:
        if membership.school:
            for field in pins.OF_A_MEMBERSHIP:
                label = f"{pins.LABELS[field]} at {membership.school.name}"
                found[f"{field}:{membership.pk}"] = (label, membership.school, field)
    return found
