"""A new password of one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allauth.core import ratelimit
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from accounts import access, people
from accounts.forms import ChangePasswordForm

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


@sensitive_post_parameters("old", "new", "again")
@sensitive_variables()
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def change_password(request: HttpRequest) -> HttpResponse:
    """Change password: asks for the present one; every other session of this account ends."""
    user = access.person(request)
    form = ChangePasswordForm(user, request.POST or None)
    # Whoever found the session open may not try passwords for long.
    tried = request.method == "POST" and ratelimit.consume(request, action="change_password", user=user)
    if request.method == "POST" and not tried:
        form.add_error(None, "Too many tries. Wait 60 seconds, then try again.")
    elif tried and form.is_valid():
        people.set_password(user, form.cleaned_data["new"])
        update_session_auth_hash(request, user)
        messages.success(request, "Your password was changed. Other places where you were signed in are signed out.")
        return redirect("home")
    return render(request, "account/change_password.html", {"form": form})
