"""What stands around every page of a school: where somebody is and what they have not read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.shortcuts import render
from django.utils.functional import SimpleLazyObject

from accounts import clock
from accounts.access import home_district, notices_of, person, reach_of, zone_of
from accounts.here import here

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from accounts.deeds import Show


def context(request: HttpRequest) -> dict[str, Any]:
    """For every template: nothing is asked of the database unless a page shows it."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated or user.is_staff:
        return {}
    return {
        "here": SimpleLazyObject(lambda: here(request)),
        "unread": SimpleLazyObject(lambda: _unread(request)),
        "zone": SimpleLazyObject(lambda: zone_of(person(request))),
        "district": SimpleLazyObject(lambda: home_district(person(request))),
        "tonight": SimpleLazyObject(lambda: clock.tonight(zone_of(person(request)))),
    }


def page(
    request: HttpRequest, template: str, section: str, values: dict[str, Any] | None = None, *, status: int = 200
) -> HttpResponse:
    """A page in the shell, with its line of the navigation marked."""
    return render(request, template, {"section": section, **(values or {})}, status=status)


def shows(section: str) -> Show:
    """How `deeds.offer` shows a question inside the shell, in this section."""

    def show(request: HttpRequest, template: str, title: str, values: dict[str, Any] | None = None) -> HttpResponse:
        return page(request, template, section, {"title": title, **(values or {})})

    return show


def _unread(request: HttpRequest) -> int:
    """Notices that are still true and came after this person last looked."""
    user = person(request)
    if not reach_of(user).administers:
        return 0
    waiting = notices_of(user).filter(closed_at=None)
    return waiting.filter(at__gt=user.notices_seen_at).count() if user.notices_seen_at else waiting.count()
