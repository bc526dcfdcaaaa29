"""Support's pages where a person decides: holds, refusals, and who is the same person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.access import person
from accounts.access_support import schools_in, trail_of
from accounts.audit import name_of as target_of
from accounts.console import DECIDES, console, show
from accounts.deeds import Deed, Reason, form_for, offer
from integrations import linking, registry
from integrations.access import connection_for_support
from rostering import access, access_support, asking, lines
from rostering.admin.connections import name_of
from rostering.admin.runs import PAGE
from rostering.forms import Decision, Filter, SameOrNot
from rostering.holds import Part, agreed, rows_of
from rostering.models import Change, Hold

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse, QueryDict

STANDS = (
    "The same change is not planned again until the source says something else about the person, "
    "or somebody lifts the refusal."
)
#: So many names stand in a question.
NAMED = 5

console.connection_tab("Refused changes", "rejections")
console.connection_tab("Same person?", "same_people")


@console.page("holds/<int:hold_id>/", name="hold")
@require_safe
def hold_page(request: HttpRequest, hold_id: int) -> HttpResponse:
    """A hold, person by person."""
    user = person(request)
    hold = access.hold_for(user, hold_id)
    form = Filter(schools_in(user, hold.district), request.GET)
    page = Paginator(form.narrow(access.held_by(hold)), PAGE).get_page(request.GET.get("page"))
    context = {
        "hold": hold,
        "form": form,
        "page": page,
        "lines": lines.lines(page, hold.run),
        "kinds": [(kind, Change.Kind(kind).label, n) for kind, n in access.held_kinds(hold)],
        "open": hold.state == Hold.State.OPEN,
        "agreed": agreed(hold),
        "trail": trail_of(user, target_of(hold)),
    }
    return show(request, "console/hold.html", _title(hold), context)


@console.page("holds/<int:hold_id>/release/", name="release", roles=DECIDES)
def release(request: HttpRequest, hold_id: int) -> HttpResponse:
    """Release the list that was read, or the part that the address names."""
    says = [
        "Exactly this list is applied, all of it or nothing. If it changed since you read it, nothing is done.",
        "People who are suspended disappear from SmartPass; they can be reactivated any time.",
    ]
    return _decide(request, hold_id, asking.release, "Release", says)


@console.page("holds/<int:hold_id>/reject/", name="reject", roles=DECIDES)
def reject(request: HttpRequest, hold_id: int) -> HttpResponse:
    """Refuse the list that was read, or the part that the address names."""
    says = [
        "Everybody on this list stays as they are.",
        STANDS,
    ]
    return _decide(request, hold_id, asking.reject, "Reject", says)


def _decide(request: HttpRequest, hold_id: int, decide: Callable[..., str], verb: str, says: list[str]) -> HttpResponse:
    user = person(request)
    hold = access.hold_for(user, hold_id)
    part = _part(request.GET)
    rows = rows_of(hold, part)
    form = form_for(request, Decision, fingerprint=request.GET.get("read", ""))

    def do(given: dict[str, Any]) -> HttpResponse:
        assert isinstance(form, Decision)
        words = decide(user, hold, given["fingerprint"], why=given["why"], said=form.said(), part=part)
        messages.success(request, words)
        return redirect("admin:hold", hold.pk)

    names = ", ".join(line.name for line in lines.lines(rows[:NAMED], hold.run))
    people = rows.order_by().values("user_id").distinct().count()
    many = "1 person" if people == 1 else f"{people:,} people"
    deed = Deed(
        f"{_title(hold)} · {verb}",
        f"{verb}: {many}",
        reverse("admin:hold", args=[hold.pk]),
        says=[*([f"{many}: {names}{' …' if people > NAMED else '.'}"] if people else []), *says],
        facts=[("Why it waits", hold.text), ("Two people must agree", "yes" if hold.needs_second else "no")],
    )
    return offer(request, deed, form, do)


@console.page("connections/<int:connection_id>/refused/", name="rejections")
@require_safe
def rejections(request: HttpRequest, connection_id: int) -> HttpResponse:
    """What people refused, and is not planned again."""
    user = person(request)
    connection = connection_for_support(user, connection_id)
    page = Paginator(access_support.rejections_for_support(user, connection), PAGE).get_page(request.GET.get("page"))
    context = {"connection": connection, "page": page}
    return show(request, "console/rejections.html", f"{name_of(connection)} · Refused changes", context)


@console.page("refused/<int:rejection_id>/lift/", name="lift_rejection", roles=DECIDES)
def lift_rejection(request: HttpRequest, rejection_id: int) -> HttpResponse:
    """Let a refused change be planned again."""
    user = person(request)
    rejection = access_support.rejection_for_support(user, rejection_id)

    def do(given: dict[str, Any]) -> HttpResponse:
        lifted = asking.lift_rejection(user, rejection, given["why"])
        messages.success(request, "Lifted. The next sync may plan it again." if lifted else "It was lifted already.")
        return redirect("admin:rejections", rejection.connection_id)

    deed = Deed(
        f"{name_of(rejection.connection)} · Lift refusal",
        "Lift refusal",
        reverse("admin:rejections", args=[rejection.connection_id]),
        says=["The next sync may plan this change again; limits still hold."],
        facts=[("What", rejection.get_kind_display()), ("Reference", rejection.external_id)],
    )
    return offer(request, deed, form_for(request, Reason), do)


@console.page("connections/<int:connection_id>/same-person/", name="same_people")
@require_safe
def same_people(request: HttpRequest, connection_id: int) -> HttpResponse:
    """Records of the source that may be accounts we have: only a person can tell."""
    user = person(request)
    connection = connection_for_support(user, connection_id)
    page = Paginator(access_support.same_person_questions(user, connection), PAGE).get_page(request.GET.get("page"))
    context = {"connection": connection, "page": page, "lines": lines.questions(page)}
    return show(request, "console/same_people.html", f"{name_of(connection)} · Same person?", context)


@console.page("same-person/<int:issue_id>/", name="same_person", roles=DECIDES)
def same_person(request: HttpRequest, issue_id: int) -> HttpResponse:
    """Say whether a record of the source is this account."""
    user = person(request)
    issue = access_support.issue_for_support(user, issue_id)
    if issue.code != "E-SAME-PERSON":
        raise Http404
    account = access_support.account_for_support(user, issue.detail.get("user"))
    source = registry.label(issue.connection.kind)

    def do(given: dict[str, Any]) -> HttpResponse:
        linking.same_person(user, issue.connection, issue.external_id, account, same=given["same"], why=given["why"])
        messages.success(request, "Kept. The next sync does as you said.")
        return redirect("admin:same_people", issue.connection_id)

    theirs = access_support.record_of(issue)
    deed = Deed(
        f"{name_of(issue.connection)} · Same person?",
        "Save",
        reverse("admin:same_people", args=[issue.connection_id]),
        says=[
            "An account with Admin is never taken over by its email alone. Ask the school if you are not sure.",
            "If they are the same, the next sync gives the account to the source; if not, somebody new is created.",
        ],
        facts=[
            (f"In {source}", f"{theirs.first_name} {theirs.last_name}".strip() if theirs else "no name"),
            (f"{source} reference", issue.external_id),
            ("In SmartPass", account.get_full_name()),
            ("Email in SmartPass", account.email or "none"),
        ],
    )
    return offer(request, deed, form_for(request, SameOrNot), do)


def _title(hold: Hold) -> str:
    where = hold.school.name if hold.school else "District"
    return f"{hold.district.name} · {where} · Hold #{hold.pk}"


def _part(given: QueryDict) -> Part | None:
    """The part of a hold that an address names; None for all of it."""
    kinds = tuple(kind for kind in given.getlist("kind") if kind)
    people = given.getlist("people")
    if not all(each.isdecimal() for each in people) or not set(kinds) <= set(Change.Kind.values):
        raise Http404
    return Part(kinds=kinds, people=tuple(map(int, people))) if kinds or people else None
