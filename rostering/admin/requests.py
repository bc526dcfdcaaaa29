"""Support's queue: what schools asked, the oldest promise first, and what becomes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.db.models import F
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.timesince import timesince
from django.utils.timezone import now
from django.views.decorators.http import require_safe

from accounts import clock
from accounts.access import person
from accounts.access_support import trail_of
from accounts.audit import name_of
from accounts.console import DECIDES, RUNS, ReadOnly, console, show
from accounts.deeds import Deed, Nothing, form_for, offer
from accounts.models import StaffRole
from rostering import replies
from rostering.guides import every as guides
from rostering.models import SupportRequest
from rostering.support import access, answering, orgs
from rostering.support.forms import Answer

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

    from accounts.models import User
    from integrations.models import Connection
    from integrations.records import Place
    from rostering.guides.guide import Guide

#: All of SmartPass' staff answer what they can.
ANSWERS: frozenset[StaffRole] = RUNS | DECIDES
State = SupportRequest.State
#: By what a source's district is found, and what its form calls that.
FOUND_BY = {"tenant_id": "Tenant ID", "tenant_name": "Tenant Name", "district": "District Name"}
#: What any request may hold for support; about a source, its form says what it holds.
FACTS = {"what": "What", "email": "Email"}


def waits(user: User) -> str:
    """For the front page: "3 waiting, 1 late"."""
    queue = access.waiting(user)
    if not queue.number:
        return "nothing waiting"
    return f"{queue.number} waiting, {queue.late} late" if queue.late else f"{queue.number} waiting"


class Requests(ReadOnly):
    """What schools asked: what waits stands first, the oldest promise at the top."""

    page = "request"
    list_display = ("__str__", "due", "school_name", "district", "kind", "age", "who_has_it", "state")
    list_filter = ("state", "kind")
    search_fields = ("district__name", "school__name", "=id")
    ordering = (F("answered_at").desc(nulls_first=True), "due_at", "pk")
    list_select_related = ("district", "school", "taken_by", "answered_by")

    @admin.display(description="Due", ordering="due_at")
    def due(self, asked: SupportRequest) -> str:
        """The promise; late ones say so."""
        return due_in_words(asked)

    @admin.display(description="School", ordering="school__name")
    def school_name(self, asked: SupportRequest) -> str:
        """The school, or the district."""
        return asked.school.name if asked.school else "(the district)"

    def age(self, asked: SupportRequest) -> str:
        """For how long it has waited, or did."""
        return timesince(asked.asked_at, asked.answered_at or now(), depth=1)

    @admin.display(description="Who has it")
    def who_has_it(self, asked: SupportRequest) -> str:
        """Who takes care of it."""
        who = asked.answered_by or asked.taken_by
        return who.get_full_name() if who else "Nobody yet"


def due_in_words(asked: SupportRequest) -> str:
    """When an answer is due; in red and in words where that has passed."""
    when = clock.both(asked.due_at, "America/New_York")
    if asked.state != State.ANSWERED and asked.due_at < now():
        return format_html('<strong class="late">Late: {}</strong>', when)
    return when


console.register(SupportRequest, Requests)
console.section("Requests", "rostering_supportrequest_changelist", waits)


@console.page("requests/<int:request_id>/", name="request")
@require_safe
def request_page(request: HttpRequest, request_id: int) -> HttpResponse:
    """A request: what the school wrote, what it is about, and what can be done."""
    user = person(request)
    asked = access.request_for_support(user, request_id)
    context = {
        "asked": asked,
        "due": due_in_words(asked),
        "open": asked.state != State.ANSWERED,
        "mine": asked.taken_by_id == user.pk,
        "facts": facts_of(asked),
        "named": orgs.named_by(user, asked),
        "finds": finds_for(asked),
        "last": access.last_run_for(user, asked) if asked.connection_id else None,
        "templates": replies.fitting(asked),
        "trail": trail_of(user, name_of(asked)),
    }
    return show(request, "console/request.html", title_of(asked), context)


@console.page("requests/<int:request_id>/take/", name="take_request", roles=ANSWERS)
def take(request: HttpRequest, request_id: int) -> HttpResponse:
    """Make a request one's own."""
    says = ["The school sees that it is being looked at."]
    return _moved(request, request_id, "Take", answering.take, "It is yours.", says)


@console.page("requests/<int:request_id>/give-back/", name="give_back_request", roles=ANSWERS)
def give_back(request: HttpRequest, request_id: int) -> HttpResponse:
    """Let somebody else take a request."""
    says = ["Somebody else can take it. The promise stays."]
    return _moved(request, request_id, "Give back", answering.give_back, "It waits for somebody.", says)


@console.page("requests/<int:request_id>/answer/", name="answer_request", roles=ANSWERS)
def answer(request: HttpRequest, request_id: int) -> HttpResponse:
    """Answer a request; `?template=` fills in a text to begin with."""
    user = person(request)
    asked = access.request_for_support(user, request_id)
    text = replies.fill(request.GET.get("template", ""), asked)

    def do(given: dict[str, Any]) -> HttpResponse:
        answering.answer(user, asked, given["answer"])
        messages.success(request, "Answered. The school is told.")
        return redirect("admin:request", asked.pk)

    deed = Deed(
        f"{title_of(asked)} · Answer",
        "Answer",
        reverse("admin:request", args=[asked.pk]),
        says=["This closes the request. Every Admin of the school reads the answer on their help page."],
        facts=[("Asked", asked.get_kind_display()), ("Words", asked.words or "none")],
    )
    return offer(request, deed, form_for(request, Answer, answer=text), do)


def _moved(
    request: HttpRequest,
    request_id: int,
    verb: str,
    move: Callable[[User, SupportRequest], bool],
    done: str,
    says: list[str],
) -> HttpResponse:
    user = person(request)
    asked = access.request_for_support(user, request_id)
    back = reverse("admin:request", args=[asked.pk])

    def do(given: dict[str, Any]) -> HttpResponse:
        del given
        messages.success(request, done if move(user, asked) else "It was so already. Nothing changed.")
        return redirect(back)

    return offer(request, Deed(f"{title_of(asked)} · {verb}", verb, back, says=says), form_for(request, Nothing), do)


def guide_of(asked: SupportRequest) -> Guide | None:
    """The guide to the source that a request is about, where a school begins it."""
    return guides.BEGUN_BY_SCHOOLS.get(asked.about.removeprefix(orgs.SOURCE))


def facts_of(asked: SupportRequest) -> list[tuple[str, str]]:
    """What the school filled in, in the order of its form."""
    guide = guide_of(asked)
    facts = {**FACTS, **(guide.ready.facts if guide and guide.ready else {})}
    source = [("Source", guide.label)] if guide else []
    return [*source, *((label, _said(asked.details[name])) for name, label in facts.items() if name in asked.details)]


def finds_for(asked: SupportRequest) -> list[tuple[str, str]]:
    """Where the district is looked up at its source, by what the school calls it."""
    guide = guide_of(asked)
    if guide is None or asked.kind != SupportRequest.Kind.READY:
        return []
    page = reverse("admin:find_tenant", args=[asked.district_id, guide.kind])
    known = [(label, asked.details.get(name, "")) for name, label in FOUND_BY.items()]
    return [(f"Find {label} {words}", f"{page}?{urlencode({'q': words})}") for label, words in known if words]


@console.connection_panel
def what_schools_named(
    user: User, connection: Connection, shared: list[Place] | None
) -> tuple[str, dict[str, Any]] | None:
    """On a connection's page: the schools that requests name, beside what the source has."""
    found = orgs.named_for(user, connection, shared)
    return ("console/named_here.html", {"requests": found}) if found else None


def _said(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "Yes" if value is True else str(value)


def title_of(asked: SupportRequest) -> str:
    """Names district, school and request."""
    school = f" · {asked.school.name}" if asked.school else ""
    return f"{asked.district.name}{school} · {asked}"
