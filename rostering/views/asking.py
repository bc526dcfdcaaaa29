"""What a school asks of SmartPass from the pages of its accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from accounts import clock, resolving
from accounts.access import admin_reach, school_for, zone_of
from accounts.models import Roles
from accounts.people import NotPossible
from rostering.models import SupportRequest
from rostering.support import asking

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

LONGEST_ID = 18


@require_POST
@login_required
def ask_access(request: HttpRequest) -> HttpResponse:
    """Ask SmartPass to give a school access to somebody whose email is in use where this Admin may not look."""
    reach = admin_reach(request)
    asked = request.POST.get("school", "")
    if reach.everything or not asked.isdecimal() or len(asked) > LONGEST_ID:
        raise Http404
    school = school_for(reach.user, int(asked))
    handle = resolving.folded(request.POST.get("handle", ""))
    found = resolving.in_use(reach.user, handle, school) if handle else None
    if found is None or found.how != resolving.ELSEWHERE:
        messages.info(request, "There is nothing to ask: try to add the account once more.")
        return redirect("add_account")
    roles = sorted({*request.POST.getlist("roles")} & {*Roles.values})
    try:
        made, _new = asking.ask(
            reach.user,
            SupportRequest.Kind.ACCESS,
            school=school,
            about=handle,
            details={"email_or_username": handle, "roles": ", ".join(roles)},
            words=f"Please give {school.name} access to the account with this email or username.",
        )
    except NotPossible as refused:
        messages.error(request, str(refused))
        return redirect("add_account")
    by_when = clock.both(made.due_at, zone_of(reach.user))
    messages.success(request, f"With SmartPass as request #{made.pk}. You have an answer by {by_when}.")
    return redirect("accounts")
