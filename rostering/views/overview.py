"""All schools of a district at a glance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts import sheets
from accounts.access import admin_reach
from accounts.shell import page
from rostering import overview as district

if TYPE_CHECKING:
    from django.http import HttpRequest

PAGE = 50


@require_safe
@never_cache
@login_required
def overview(request: HttpRequest) -> HttpResponse:
    """A District admin's schools; whoever has one school goes straight to where its accounts come from."""
    reach = admin_reach(request)
    if reach.everything:
        return redirect("admin:index")
    sort = request.GET.get("sort", "needs")
    rows = district.rows(reach.user, sort) if reach.district_wide else []
    if len(rows) < 2:
        return redirect("integrations")
    values = {
        "page": Paginator(rows, PAGE).get_page(request.GET.get("page")),
        "sort": sort if sort in district.SORTS else "needs",
        "waiting": sum(row.owner == district.YOU for row in rows),
        "held": any(row.holds for row in rows),
        "free": district.not_linked(reach.user),
    }
    return page(request, "rostering/overview.html", "overview", values)


@require_safe
@never_cache
@login_required
def overview_csv(request: HttpRequest) -> HttpResponse:
    """The same table as a file."""
    reach = admin_reach(request)
    if reach.everything or not reach.district_wide:
        return redirect("overview")
    rows = district.rows(reach.user, request.GET.get("sort", "needs"))
    return sheets.sent(district.as_csv(reach.user, rows), "schools")
