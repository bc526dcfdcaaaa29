"""Help, and what a school asks of SmartPass."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.timezone import now
from django.views.decorators.http import require_safe

from accounts.access import admin_reach
from accounts.deeds import IN_THE_SHELL, Deed, form_for, offer
from accounts.here import here
from accounts.shell import page, shows
from rostering.models import SupportRequest
from rostering.support import glossary
from rostering.support.access import requests_of
from rostering.support.asking import ask
from rostering.support.forms import Question
from rostering.views.integrations import asking_school, told

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

PAGE = 20


@require_safe
@login_required
def help_page(request: HttpRequest) -> HttpResponse:
    """Questions that come up, the words of the pages, and what this person's schools asked of SmartPass."""
    reach = admin_reach(request)
    if reach.everything:
        return redirect("admin:index")
    asked = requests_of(reach.user, here(request).school)
    context = {
        "page": Paginator(asked, PAGE).get_page(request.GET.get("page")),
        "now": now(),
        "form": Question(label_suffix=""),
        "token": secrets.token_hex(16),
        "questions": glossary.QUESTIONS,
        "terms": glossary.TERMS,
    }
    return page(request, "rostering/help.html", "help", context)


@login_required
def ask_smartpass(request: HttpRequest) -> HttpResponse:
    """Ask SmartPass a question."""
    reach = admin_reach(request)
    if reach.everything:
        raise Http404
    form = form_for(request, Question)

    def do(given: dict[str, Any]) -> HttpResponse:
        assert isinstance(form, Question)
        made, new = ask(
            reach.user,
            SupportRequest.Kind.HELP,
            school=asking_school(request),
            about=form.about(),
            words=given["words"],
        )
        messages.success(request, told(made, new=new))
        return redirect(f"{reverse('help')}#request-{made.pk}")

    deed = Deed(
        "Ask SmartPass",
        "Ask SmartPass",
        reverse("help"),
        says=["We answer within a day. Every Admin of your school sees the question and the answer."],
        template=IN_THE_SHELL,
    )
    return offer(request, deed, form, do, shows("help"))
