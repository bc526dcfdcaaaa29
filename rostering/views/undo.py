"""Undo as a school's Admins do it: what would be turned back and what stays, then the deed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect
from django.urls import reverse

from accounts import shell
from accounts.access import person
from accounts.deeds import Deed, form_for, offer
from accounts.here import here
from rostering import access, asking, lines, reading, undo as undoing
from rostering.forms import Why
from rostering.models import Change

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from rostering.models import Run
    from rostering.undo import Foreseen

TEMPLATE = "rostering/undo.html"
#: So many of those who stay are listed with whoever changed them.
LISTED = 50


@login_required
def undo(request: HttpRequest, run_id: int) -> HttpResponse:
    """Show what an undo of this admin's part would do, and do it."""
    user = person(request)
    run = access.run_for(user, run_id)
    at, back = here(request).school, reverse("sync", args=[run.pk])
    part = access.part_of(user, at)
    if request.method == "GET" and (refusal := undoing.why_not(run, part)):
        messages.warning(request, refusal)
        return redirect(back)
    form = form_for(request, Why)

    def do(given: dict[str, Any]) -> HttpResponse:
        made, started = asking.take_back(user, run, given["why"], schools=part)
        messages.success(request, "The undo was started." if started else "This undo is going already.")
        return redirect("sync", made.pk)

    foreseen = undoing.foresee(run, part, LISTED)
    deed = Deed(
        f"Undo sync #{run.pk}?",
        f"Undo for {_people(foreseen.people)}",
        back,
        _says(foreseen),
        template=TEMPLATE,
        danger=True,
        extra={
            "run": run,
            "kinds": [(Change.Kind(kind).label, number) for kind, number in foreseen.kinds],
            "staying": _staying(request, run, foreseen),
            "where": at.name if at else "",
            "foreseen": foreseen,
        },
    )
    return offer(request, deed, form, do, shell.shows("syncs"))


def _people(number: int) -> str:
    return "1 person" if number == 1 else f"{number:,} people"


def _says(foreseen: Foreseen) -> list[str]:
    will = "will be as before this sync"
    stays = "was changed since and stays" if foreseen.stays == 1 else "were changed since and stay"
    return [
        f"{_people(foreseen.people)} {will}"
        + (f"; {foreseen.stays:,} {stays} as they are, wholly or in part." if foreseen.stays else "."),
        "People whom this sync created are suspended, not deleted.",
        "The same changes are not made again until the source says something else about the person.",
        "This can be undone, too.",
    ]


def _staying(request: HttpRequest, run: Run, foreseen: Foreseen) -> list[tuple[lines.Line, str]]:
    user = person(request)
    rows = lines.lines(access.changes_of(user, run).filter(pk__in=foreseen.staying), run)
    by = reading.changed_by_hand(user, run, [line.change.user_id for line in rows])
    return [(line, by.get(line.change.user_id, "")) for line in rows]
