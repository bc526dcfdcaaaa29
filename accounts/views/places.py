"""The switcher between schools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.decorators import login_required
from django.http import Http404
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from accounts.here import choose, here

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


@require_POST
@login_required
def choose_school(request: HttpRequest) -> HttpResponse:
    """Look at another of one's schools, or at all of them ("0"), and stay in this part of the product."""
    schools = {str(school.pk): school for school in here(request).schools}
    chosen = request.POST.get("school", "")
    if chosen != "0" and chosen not in schools:
        raise Http404
    choose(request, schools.get(chosen))
    target = request.POST.get("next", "/")
    ours = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return redirect(target if ours else "home")
