"""What people are told, and which of it they want by email."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from accounts import letters, notices as told
from accounts.access import admin_reach
from accounts.forms import MailWishForm, SeenForm
from accounts.models import MailWish, Notice
from accounts.shell import page

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from accounts.models import User

PAGE = 50
#: The look of what is told while it is true; the words say it too.
TONES = {
    Notice.Kind.HOLD: "warn",
    Notice.Kind.FAILED: "bad",
    Notice.Kind.RECONNECT: "bad",
    Notice.Kind.LATE: "bad",
    Notice.Kind.FIXED: "good",
    Notice.Kind.READY: "good",
    Notice.Kind.ANSWER: "good",
    Notice.Kind.RESUMED: "good",
}


@require_safe
@login_required
def notices(request: HttpRequest) -> HttpResponse:
    """Everything this admin was told about their schools: first what waits for them, then the newest."""
    reach = admin_reach(request)
    if reach.everything:
        return redirect("admin:index")
    return _page(request, reach.user, MailWishForm(initial={"mail": reach.user.mail}, label_suffix=""))


@require_POST
@login_required
def notices_seen(request: HttpRequest) -> HttpResponse:
    """This admin has seen what the page showed; the bell falls silent, for what came later it does not."""
    reach = admin_reach(request)
    if reach.everything:
        return redirect("admin:index")
    form = SeenForm(request.POST)
    if form.is_valid():
        told.seen(reach.user, form.cleaned_data["until"])
    if request.headers.get("HX-Request"):
        return render(request, "shell/bell.html", {"elsewhere": True})
    return redirect("notices")


@require_POST
@login_required
def mail_wish(request: HttpRequest) -> HttpResponse:
    """Which notices this admin wants by email."""
    reach = admin_reach(request)
    if reach.everything:
        return redirect("admin:index")
    form = MailWishForm(request.POST, label_suffix="")
    if not form.is_valid():
        return _page(request, reach.user, form, status=422)
    told.wish(reach.user, form.cleaned_data["mail"])
    messages.success(request, f"Saved. Email: {MailWish(form.cleaned_data['mail']).label}.")
    return redirect("notices")


def _page(request: HttpRequest, user: User, form: MailWishForm, *, status: int = 200) -> HttpResponse:
    listed = Paginator(told.listed(user), PAGE).get_page(request.GET.get("page"))
    newest = told.newest(user)
    context: dict[str, Any] = {
        "page": listed,
        "rows": [_row(each, user) for each in listed],
        "until": newest.isoformat() if newest and _is_new(newest, user) else "",
        "form": form,
        "email": user.email,
        "save": reverse("mail_wish"),
    }
    return page(request, "accounts/notices.html", "notices", context, status=status)


def _row(notice: Notice, user: User) -> dict[str, Any]:
    return {
        "notice": notice,
        "tone": "" if notice.closed_at else TONES.get(Notice.Kind(notice.kind), ""),
        "new": _is_new(notice.at, user) and notice.closed_at is None,
        "verb": letters.verb(notice),
    }


def _is_new(moment: Any, user: User) -> bool:
    return user.notices_seen_at is None or moment > user.notices_seen_at
