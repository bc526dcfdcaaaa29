"""What a page about accounts says of syncs, served apart: accounts know nothing of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.access import admin_reach, zone_of
from accounts.here import here
from rostering import nightly

if TYPE_CHECKING:
    from django.http import HttpRequest


@require_safe
@never_cache
@login_required
def last_sync_line(request: HttpRequest) -> HttpResponse:
    """When accounts were last brought into line with their source, when next, and whether that is overdue."""
    reach = admin_reach(request)
    if reach.everything:
        return HttpResponse()
    said = nightly.last_and_next(reach.user, here(request).school)
    late = [each for each in said if each.late]
    return render(request, "rostering/last_sync_line.html", {"said": said, "late": late, "zone": zone_of(reach.user)})
