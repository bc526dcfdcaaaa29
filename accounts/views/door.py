"""The door's own pages, and the home page of whoever has no pages of their own yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allauth.account.internal.flows.login import perform_login
from allauth.account.models import Login
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from accounts import access, people, signing_in
from accounts.forms import DistrictChoiceForm, NewPasswordForm

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


@require_safe
@never_cache
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Where people land: staff and Admins on their own pages, everybody else here."""
    reach = access.reach_of(access.person(request))
    if reach.everything:
        return redirect("admin:index")
    if reach.district_wide:
        return redirect("overview")
    if reach.administers:
        return redirect("accounts")
    return render(request, "accounts/home.html", {"reach": reach})


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def choose_district(request: HttpRequest) -> HttpResponse:
    """Which district, for somebody whose handle and password fit in several."""
    people_here = signing_in.choices(request)
    if not people_here:
        signing_in.forget_choice(request)
        return redirect("account_login")
    form = DistrictChoiceForm(people_here, request.POST or None)
    if request.method == "POST" and form.is_valid():
        user = next(user for user, _ in people_here if user.pk == form.cleaned_data["account"])
        login = Login(user=user, redirect_url=_next(request))
        response: HttpResponse = perform_login(request, login)
        return response
    return render(request, "account/choose_district.html", {"form": form, "next": _next(request)})


@sensitive_post_parameters("new", "again")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def choose_password(request: HttpRequest) -> HttpResponse:
    """A password of one's own, for somebody who has one that another person set."""
    user = access.person(request)
    if not user.must_change_password:
        return redirect(_next(request))
    form = NewPasswordForm(user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        people.set_password(user, form.cleaned_data["new"])
        update_session_auth_hash(request, user)
        messages.success(request, "This password is your own now. Use it from the next sign-in on.")
        return redirect(_next(request))
    return render(request, "account/choose_password.html", {"form": form, "next": _next(request)})


def _next(request: HttpRequest) -> str:
    """The page they were on their way to, if it is one of ours."""
    target = request.POST.get("next") or request.GET.get("next") or "/"
    ours = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return target if ours else "/"
