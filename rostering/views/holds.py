"""What waits for a yes or a no: a school's Admins read it, and decide exactly what they read."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import Http404
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts import audit, sheets, shell
from accounts.access import admin_reach, person, schools_of
from accounts.deeds import IN_THE_SHELL, Deed, form_for, offer
from accounts.here import here
from accounts.people import NotPossible
from rostering import access, asking, lines, reading, waiting
from rostering.forms import Filter, Kept, Why
from rostering.holds import Part, agreed, rows_of
from rostering.models import Change, Hold

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse, QueryDict

PAGE = 50
#: So many names stand in a question.
NAMED = 5
#: So many holds are decided in one press.
AT_ONCE = 50
#: An id has fewer digits than this.
LONGEST = 19
REVERSIBLE = "They disappear from SmartPass, nothing of theirs is deleted, and you can reactivate them any time."
ALL_OR_NOTHING = "Exactly the list you read is applied, all of it or nothing."
STANDS = "The same change is not planned again until the source says something else about the person."
REBUILT = "The list was rebuilt since you read it, so nothing was done. This is the new list."


@require_safe
@login_required
def holds(request: HttpRequest) -> HttpResponse:
    """What waits at this admin's schools, or what was decided."""
    reach = admin_reach(request)
    if reach.everything:
        return redirect("admin:rostering_hold_changelist")
    decided = request.GET.get("show") == "decided"
    every = access.holds_of(reach.user, here(request).school)
    rows = every.exclude(state=Hold.State.OPEN) if decided else every.filter(state=Hold.State.OPEN)
    listed = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    names = reading.called(reach.user, [hold.decided_by for hold in listed])
    found = [(hold, names.get(hold.decided_by_id or 0, "")) for hold in listed]
    none = request.GET.get("chosen") == "none"
    context = {"page": listed, "found": found, "decided": decided, "none_chosen": none}
    return shell.page(request, "rostering/holds.html", "syncs", context)


@require_safe
@login_required
def hold(request: HttpRequest, hold_id: int) -> HttpResponse:
    """A hold, person by person, and the two doors."""
    user = person(request)
    row = access.hold_for(user, hold_id)
    if user.is_staff:
        return redirect("admin:hold", row.pk)
    mine = access.held_by(row, user)
    form = Filter(schools_of(user).order_by("name"), request.GET)
    listed = Paginator(form.narrow(mine), PAGE).get_page(request.GET.get("page"))
    is_open = row.state == Hold.State.OPEN
    counts = access.counts(user, [row.run], row.school)[row.run_id]
    context = {
        "hold": row,
        "open": is_open,
        "refreshed": row.refreshed_at - row.opened_at > timedelta(minutes=1),
        "deed": waiting.deed(mine),
        "form": form,
        "page": listed,
        "lines": lines.lines(listed, row.run),
        "reasons": waiting.reasons(row, mine),
        "kinds": [(kind, Change.Kind(kind).label, n) for kind, n in access.held_kinds(row, user)],
        "others": sum(number for kind, number in counts.items() if kind != "held"),
        "by": reading.called(user, [row.decided_by]).get(row.decided_by_id or 0, ""),
        "parted": _parted(mine),
        **_second(request, row, is_open=is_open),
    }
    return shell.page(request, "rostering/hold.html", "syncs", context)


def _second(request: HttpRequest, row: Hold, *, is_open: bool) -> dict[str, Any]:
    """Where two people must agree: who said yes, to what, and whether there is a second one."""
    if not (is_open and row.needs_second):
        return {}
    said, part = agreed(row)
    names = reading.called(person(request), [row.first_yes_by])
    kinds = [str(Change.Kind(kind).label) for kind in part.kinds] if part else []
    return {
        "first_yes": names.get(row.first_yes_by_id or 0, "") if said else "",
        "mine": said and row.first_yes_by_id == person(request).pk,
        "part": ", ".join(kinds) or (_people(len(part.people)) if part else ""),
        "part_query": _query(row, part) if said else "",
        "alone": reading.deciders_of(row) < 2,
    }


def _parted(rows: QuerySet[Change]) -> list[tuple[int, str, int]]:
    """The schools of a hold that reaches over several, for whoever sees several."""
    found = list(rows.order_by("school__name").values_list("school", "school__name").annotate(number=Count("pk")))
    return [(pk, name, number) for pk, name, number in found if pk] if len(found) > 1 else []


@login_required
def approve(request: HttpRequest, hold_id: int) -> HttpResponse:
    """Approve the list that was read, or the part that the address names."""
    return _decide(request, hold_id, asking.release)


@login_required
def keep(request: HttpRequest, hold_id: int) -> HttpResponse:
    """Refuse the list that was read, or the part that the address names: everybody stays as they are."""
    return _decide(request, hold_id, asking.reject)


def _decide(request: HttpRequest, hold_id: int, decide: Callable[..., str]) -> HttpResponse:
    user = person(request)
    row = access.hold_for(user, hold_id)
    back, part = reverse("hold", args=[row.pk]), _part(request.GET)
    read = request.GET.get("read", row.fingerprint)
    if request.method == "GET" and (row.state != Hold.State.OPEN or read != row.fingerprint):
        messages.warning(request, REBUILT if row.state == Hold.State.OPEN else "This hold was decided already.")
        return redirect(back)
    rows = rows_of(row, part).order_by("kind", "pk")
    form = form_for(request, Kept, fingerprint=read)

    def do(given: dict[str, Any]) -> HttpResponse:
        try:
            messages.success(request, decide(user, row, given["fingerprint"], why=given["why"], said={}, part=part))
        except NotPossible as refused:
            # Nothing was done; the hold's own page shows the list as it is now.
            messages.warning(request, str(refused))
        return redirect(back)

    what = waiting.deed(rows)
    approving = decide is asking.release
    verb = what.words if approving else f"Keep {what.whom} as they are"
    seen = access.held_by(row, user).filter(pk__in=rows.values("pk"))
    names = ", ".join(line.name for line in lines.lines(seen[:NAMED], row.run))
    says = [
        *([f"{names}{' and others' if what.people > NAMED else ''}."] if names else []),
        *([ALL_OR_NOTHING] if approving else ["Nothing happens to them.", STANDS]),
        *([REVERSIBLE] if approving and what.kind == Change.Kind.SUSPEND else []),
        *(["So many people need two yeses: yours and another Admin's."] if approving and row.needs_second else []),
    ]
    facts = [("Why it waits", row.text), ("School", row.school.name if row.school else "District")]
    deed = Deed(f"{verb}?", verb, back, says, facts, IN_THE_SHELL, danger=approving)
    return offer(request, deed, form, do, shell.shows("syncs"))


@login_required
def decide_several(request: HttpRequest) -> HttpResponse:
    """Approve or keep several holds of this admin's at once, each listed."""
    reach = admin_reach(request)
    asked = request.GET.getlist("hold")
    approving = request.GET.get("decision") == "approve"
    wanted = [(int(pk), read) for pk, _, read in (each.partition(".") for each in asked[:AT_ONCE]) if pk.isdecimal()]
    rows = [(access.hold_for(reach.user, pk), read) for pk, read in wanted]
    back = reverse("holds")
    if not rows:
        return redirect(f"{back}?chosen=none")
    form = form_for(request, Why)

    def do(given: dict[str, Any]) -> HttpResponse:
        for row, said in asking.decide_each(reach.user, rows, approve=approving, why=given["why"]):
            where = row.school.name if row.school else "District"
            messages.info(request, f"{where}: {said}")
        return redirect(back)

    deeds = [(row, waiting.deed(access.held_by(row))) for row, _ in rows]
    facts = [(row.school.name if row.school else "District", what.words) for row, what in deeds]
    many = f"{len(rows)} hold{'' if len(rows) == 1 else 's'}"
    verb = f"Approve {many}" if approving else f"Keep everyone in {many}"
    says = [ALL_OR_NOTHING if approving else STANDS, "Each hold is decided by itself."]
    deed = Deed(f"{verb}?", verb, back, says, facts, IN_THE_SHELL, danger=approving)
    return offer(request, deed, form, do, shell.shows("syncs"))


@require_safe
@login_required
def sheet(request: HttpRequest, hold_id: int) -> HttpResponse:
    """Who waits in a hold, as a sheet."""
    user = person(request)
    row = access.hold_for(user, hold_id)
    body = lines.as_csv(row.run, access.held_by(row, user))
    if request.method == "GET":
        audit.record(user, "hold.download", row, district=row.district_id)
    return sheets.sent(body, f"hold-{row.pk}")


def _people(number: int) -> str:
    return "1 person" if number == 1 else f"{number:,} people"


def _part(given: QueryDict) -> Part | None:
    """The part of a hold that an address names; None for all of it."""
    kinds = tuple(sorted(set(given.getlist("kind"))))
    schools, people = (_numbers(given.getlist(name)) for name in ("school", "people"))
    if not set(kinds) <= set(Change.Kind.values):
        raise Http404
    part = Part(schools, kinds, people)
    return part if any(part) else None


def _numbers(words: list[str]) -> tuple[int, ...]:
    if not all(each.isdecimal() and len(each) < LONGEST for each in words):
        raise Http404
    return tuple(sorted({int(each) for each in words}))


def _query(row: Hold, part: Part | None) -> str:
    """The end of an address that names this list, and the part of it."""
    pairs = [("school", each) for each in part.schools] + [("kind", each) for each in part.kinds] if part else []
    pairs += [("people", each) for each in part.people] if part else []
    return f"?read={row.fingerprint}" + "".join(f"&{name}={value}" for name, value in pairs)
