"""One account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.decorators import login_required
from django.http import Http404

from accounts.access import account_for, person, reach_of
from accounts.shell import page

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


@login_required
def account(request: HttpRequest, account_id: int) -> HttpResponse:
    """One account."""
    user = person(request)
    if not reach_of(user).administers:
        raise Http404
    account_for(user, account_id)
    return page(request, "soon.html", "accounts")
