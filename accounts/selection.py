"""Which accounts somebody ticked in a list: some by id, or all that the list was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from accounts import asking, directory
from accounts.access import memberships_of
from accounts.here import here

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest

    from accounts.asking import Asked
    from accounts.models import Membership, User

#: A page has 50 boxes; more ids than this come from nobody's list.
TICKED = 1_000


@dataclass(frozen=True)
class Chosen:
    """The ticked accounts by name, as far as this person may see them; and the list they were ticked in."""

    asked: Asked
    rows: QuerySet[Membership]


def chosen(request: HttpRequest, user: User, *, or_all: bool = False) -> Chosen | None:
    """What an address or a form names: `ids`, or with `all` everything it asks for.

    With `or_all` no id at all means everything too, otherwise it means None.
    """
    at, asked = here(request).school, asking.asked(request.GET)
    ids = [int(each) for each in request.GET.getlist("ids")[:TICKED] if each.isascii() and each.isdigit()]
    if request.GET.get("all") == "1" or (or_all and not ids):
        return Chosen(asked, directory.Listing(user, at, asked).in_order())
    rows = memberships_of(user, at).filter(pk__in=[each for each in ids if each < 2**63])
    return Chosen(asked, directory.by_name(rows)) if ids and rows.exists() else None
