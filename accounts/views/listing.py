"""The accounts of a school: found, counted, sorted, and downloaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.timezone import localdate
from django.views.decorators.http import require_safe

from accounts import asking, directory, export, sheets
from accounts.access import admin_reach
from accounts.here import here
from accounts.models import Roles, Status
from accounts.people import NotPossible
from accounts.selection import chosen
from accounts.shell import page

if TYPE_CHECKING:
    from django.http import HttpRequest

    from accounts.asking import Asked
    from accounts.directory import Counts

PAGE = 50
TABS = (("", "All"), *((role.value, f"{role.label}s") for role in Roles))
STATUS_CHOICES = (*((each.value, each.label) for each in asking.STATUSES), (asking.ANY, "Any"))
BULK_ROLES = (Roles.STUDENT, Roles.TEACHER, Roles.ADMIN, Roles.ASSISTANT)
COLUMNS = (("name", "Name"), ("status", "Status"), ("sign_in", "Last sign-in"))


class Tab(NamedTuple):
    """A way to the same list with one role only, and how many people have it."""

    label: str
    number: int
    address: str
    chosen: bool


class Column(NamedTuple):
    """A way to the same list in another order; `order` is how it is sorted by this now."""

    label: str
    address: str
    order: str


@require_safe
@login_required
def accounts(request: HttpRequest) -> HttpResponse:
    """The accounts of a school, or of all of them: 50 a page, by whatever the address asks for."""
    reach = admin_reach(request)
    if reach.everything:
        return redirect("admin:index")
    asked, at = asking.asked(request.GET), here(request).school
    found = directory.Listing(reach.user, at, asked)
    counts = found.counts
    shown = Paginator(range(len(found)), PAGE).get_page(request.GET.get("page"))
    lines = found[(shown.number - 1) * PAGE : shown.number * PAGE]
    others = (
        counts.people + sum(counts.hidden.values()) - any(line.membership.user_id == reach.user.pk for line in lines)
    )
    values = {
        "asked": asked,
        "counts": counts,
        "tabs": _tabs(asked, counts, at_the_district=at is None and reach.district_wide),
        "columns": {name: _column(asked, name, label) for name, label in COLUMNS},
        "statuses": STATUS_CHOICES,
        "sources": directory.sources(reach.user, at),
        "page": shown,
        "lines": lines,
        "hidden": _hidden(counts) if asked.status == Status.ACTIVE else "",
        "show_hidden": asked.but(status=asking.ANY),
        "unfiltered": asking.Asked(role=asked.role).but(),
        "checked": _checked(asked, counts),
        "find": urlencode({"q": asked.q}),
        "bulk_roles": [(role.value, role.label) for role in BULK_ROLES],
        "nobody": not (asked.narrowed or asked.role or others),
    }
    return page(request, "accounts/list.html", "accounts", values)


@require_safe
@login_required
def export_accounts(request: HttpRequest) -> HttpResponse:
    """The chosen accounts, or all that the address asks for, as a sheet without any password."""
    reach = admin_reach(request)
    if reach.everything:
        return redirect("admin:index")
    picked = chosen(request, reach.user, or_all=True)
    if picked is None:
        return redirect("accounts")
    try:
        made = export.sheet(picked.rows)
    except NotPossible as refused:
        messages.error(request, str(refused))
        return redirect(reverse("accounts") + picked.asked.but())
    return sheets.sent(made, f"accounts-{localdate():%Y-%m-%d}")


def _tabs(asked: Asked, counts: Counts, *, at_the_district: bool) -> list[Tab]:
    shown = [each for each in TABS if each[0] != Roles.DISTRICT_ADMIN or at_the_district]
    return [
        Tab(label, counts.roles[role] if role else counts.people, asked.but(role=role), asked.role == role)
        for role, label in shown
    ]


def _column(asked: Asked, name: str, label: str) -> Column:
    backwards = f"-{name}"
    order = {name: "ascending", backwards: "descending"}.get(asked.sort, "")
    return Column(label, asked.but(sort=backwards if asked.sort == name else name), order)


def _hidden(counts: Counts) -> str:
    """For example "312 suspended and 4 disabled are hidden"."""
    both = [(counts.hidden[each.value], each.label.lower()) for each in (Status.SUSPENDED, Status.DISABLED)]
    said = " and ".join(f"{number:,} {word}" for number, word in both if number)
    return f"{said} {'is' if sum(number for number, _ in both) == 1 else 'are'} hidden" if said else ""


def _checked(asked: Asked, counts: Counts) -> list[tuple[str, int, str]]:
    """Where else people of a search without a hit were looked for: in words, how many, and the way there."""
    elsewhere = [
        (Status(status).label.lower(), number, asked.but(status=status, role=""))
        for status, number in counts.hidden.items()
        if number or status in {Status.ACTIVE, Status.SUSPENDED}
    ]
    return [*elsewhere, ("other roles", counts.people, asked.but(role=""))] if counts.people else elsewhere
