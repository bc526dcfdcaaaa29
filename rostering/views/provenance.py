"""The parts of an account's page that know about rosters: where it comes from, and what happened to it.

The page loads each apart; without JavaScript the same address is a page of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth.decorators import login_required
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.access import account_to_manage, person
from accounts.shell import page
from rostering.history import history
from rostering.provenance import origins

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from accounts.models import User


@require_safe
@never_cache
@login_required
def account_source(request: HttpRequest, account_id: int) -> HttpResponse:
    """Where an account comes from, what its source says, and what tonight's sync would do."""
    user = person(request)
    account = account_to_manage(user, account_id)
    values = {"origins": origins(user, account)}
    return _part(request, account, "Where this account comes from", "rostering/account_source.html", values)


@require_safe
@never_cache
@login_required
def account_history(request: HttpRequest, account_id: int) -> HttpResponse:
    """What syncs and people did to an account, newest first."""
    user = person(request)
    account = account_to_manage(user, account_id)
    listed, entries = history(user, account, request.GET.get("page"))
    values = {"page": listed, "entries": entries}
    return _part(request, account, "History", "rostering/account_history.html", values)


def _part(request: HttpRequest, account: User, heading: str, template: str, values: dict[str, Any]) -> HttpResponse:
    """The part alone for the page that asks for it, or as a page of its own."""
    values = {"account": account, "heading": heading, "part": template, **values}
    if request.headers.get("HX-Request"):
        answer = render(request, template, {**values, "level": 3})
    else:
        answer = page(request, "rostering/account_part.html", "accounts", {**values, "level": 2})
    patch_vary_headers(answer, ["HX-Request"])
    return answer
