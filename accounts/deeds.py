"""A page that says what will happen, asks, and does it once.

Everything support does looks like this, and what Admins do to many accounts at once: GET
shows the deed and its form, POST does it and leads on. The form carries a token that is
worth one deed, so that a second press, or a reload, does nothing twice.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.contrib import messages
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect

from accounts.console import show
from accounts.people import NotPossible

#: The frame of a question for Admins; support's is the default.
IN_THE_SHELL = "deed.html"
#: How a page is shown: request, template, title, values.
Show = Callable[[HttpRequest, str, str, dict[str, Any] | None], HttpResponse]
#: Seconds for which a token that was used is remembered.
REMEMBERED = 24 * 3600


class Reason(forms.Form):
    """Why. It stands in the audit trail and in the school's history."""

    why = forms.CharField(
        label="Reason",
        max_length=500,
        error_messages={"required": "Say why."},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class Nothing(forms.Form):
    """A question that the button answers by itself."""


@dataclass(frozen=True)
class Deed:
    """What a page offers to do.

    `says` are sentences (what happens, to whom, whether it can be undone), `facts` pairs
    that are set side by side, `verb` the button, `back` where to go instead, `danger`
    whether people lose something by it.
    """

    title: str
    verb: str
    back: str
    says: Sequence[str] = ()
    facts: Sequence[tuple[str, Any]] = ()
    template: str = "console/deed.html"
    danger: bool = False
    extra: dict[str, Any] = field(default_factory=dict)


def offer(
    request: HttpRequest,
    deed: Deed,
    form: forms.Form,
    do: Callable[[dict[str, Any]], HttpResponse],
    show: Show = show,
) -> HttpResponse:
    """Show the deed, or do it and go where `do` says.

    `do` is given the cleaned form inside a transaction; NotPossible from it is shown in words.
    `show` is the frame: support's, unless `shell.shows` gives another.
    """
    if request.method not in {"GET", "HEAD", "POST"}:
        return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
    if request.method == "POST" and form.is_valid():
        answer = _once(request, form, do)
        if answer is not None:
            return answer
        if form.is_valid():
            messages.info(request, "That was already done. Nothing was done twice.")
            return redirect(deed.back)
    return show(
        request, deed.template, deed.title, {"deed": deed, "form": form, "token": secrets.token_hex(16), **deed.extra}
    )


def form_for(request: HttpRequest, kind: Callable[..., forms.Form], *args: Any, **initial: Any) -> forms.Form:
    """The form, filled from the request where there is something in it."""
    if request.method == "POST":
        return kind(*args, data=request.POST, label_suffix="")
    return kind(*args, initial=initial, label_suffix="")


def _once(request: HttpRequest, form: forms.Form, do: Callable[[dict[str, Any]], HttpResponse]) -> HttpResponse | None:
    token = request.POST.get("token", "")
    if not token:
        form.add_error(None, "Nothing was done. Press the button once more.")
        return None
    key = f"deed:{token[:64]}"
    if not cache.add(key, 1, REMEMBERED):
        return None
    try:
        with transaction.atomic():
            return do(form.cleaned_data)
    except (NotPossible, IntegrityError) as refused:
        cache.delete(key)
        quicker = "Somebody else was quicker. Read this page again, then decide."
        form.add_error(None, str(refused) if isinstance(refused, NotPossible) else quicker)
        return None
    except BaseException:
        cache.delete(key)
        raise
