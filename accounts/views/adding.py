"""A new account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.decorators import login_required
from django.views.decorators.http import require_safe

from accounts.access import admin_reach
from accounts.shell import page

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


@require_safe
@login_required
def add_account(request: HttpRequest) -> HttpResponse:
    """A new account."""
    admin_reach(request)
    return page(request, "soon.html", "accounts")
