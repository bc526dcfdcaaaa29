"""Keys to the API: the list, a new one, and the end of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts import tokens
from accounts.access import admin_reach, person
from accounts.access_api import token_for, tokens_of
from accounts.deeds import IN_THE_SHELL, Deed, form_for, offer
from accounts.forms import NewTokenForm, NothingMore
from accounts.shell import page, shows

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

SECTION = "api"


@require_safe
@login_required
def api_tokens(request: HttpRequest) -> HttpResponse:
    """The keys this person answers for, and how one is used."""
    reach = admin_reach(request)
    if reach.everything:
        return redirect("admin:index")
    return page(
        request,
        "accounts/api_tokens.html",
        SECTION,
        {"keys": tokens_of(reach.user).filter(revoked_at=None), **_example(request)},
    )


@never_cache
@login_required
def make_token(request: HttpRequest) -> HttpResponse:
    """Make a key and show it, this once."""
    reach = admin_reach(request)
    if reach.everything:
        return redirect("admin:index")
    deed = Deed(
        "Make a key",
        "Make key",
        reverse("api_tokens"),
        says=[
            "A program that has this key can see and do through the API what you can here.",
            "It can until you revoke the key, or are no longer an Admin.",
            "The key is shown once, on the next page.",
        ],
        template=IN_THE_SHELL,
    )

    def do(given: dict[str, Any]) -> HttpResponse:
        made = tokens.make(reach.user, given["name"])
        return page(request, "accounts/api_token_made.html", SECTION, {"made": made, **_example(request)})

    return offer(request, deed, form_for(request, NewTokenForm), do, shows(SECTION))


@login_required
def revoke_token(request: HttpRequest, token_id: int) -> HttpResponse:
    """End a key, after a question."""
    user = person(request)
    token = token_for(user, token_id)
    back = reverse("api_tokens")
    deed = Deed(
        f"Revoke {token.name}?",
        "Revoke key",
        back,
        says=["Programs that use this key stop working at once. This cannot be undone."],
        facts=[("Key", f"{token.hint}…"), ("Made by", token.user.get_full_name())],
        template=IN_THE_SHELL,
        danger=True,
    )

    def do(_: dict[str, Any]) -> HttpResponse:
        if tokens.revoke(user, token):
            messages.success(request, f"{token.name} is revoked. Nothing can use it any more.")
        else:
            messages.info(request, f"{token.name} was revoked already.")
        return redirect(back)

    return offer(request, deed, form_for(request, NothingMore), do, shows(SECTION))


def _example(request: HttpRequest) -> dict[str, Any]:
    return {
        "me": request.build_absolute_uri(reverse("api:me")),
        "description": request.build_absolute_uri(reverse("api:schema")),
    }
