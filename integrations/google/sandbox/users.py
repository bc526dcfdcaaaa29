"""users.list and users.get."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, NamedTuple

from integrations.google.sandbox import query
from integrations.google.sandbox.access import Access, narrowed
from integrations.google.sandbox.customer import UNDELETE_SECONDS, Customer
from integrations.google.sandbox.errors import invalid, missing, refused
from integrations.google.sandbox.paging import Place, size
from integrations.google.sandbox.people import User
from integrations.sandbox.server import Request

Row = dict[str, Any]
Faults = Mapping[str, Any]
Search = Callable[[str], Iterable[User]]
#: Google: rows of a page when nothing is said, and at most.
USUAL, MOST = 100, 500
#: What somebody sees who asks with viewType=domain_public.
PUBLIC = ("kind", "id", "etag", "primaryEmail", "name", "emails", "isMailboxSetup", "thumbnailPhotoUrl")
ORDERS: dict[str, Callable[[User], str]] = {
    "email": lambda user: user.key,
    "givenName": lambda user: user.first.casefold(),
    "familyName": lambda user: user.last.casefold(),
}


class Page(NamedTuple):
    """A page of rows, and where the next one is, if there is one."""

    rows: list[Any]
    following: Place | None


def listed(request: Request, access: Access, place: Place, faults: Faults) -> Page:
    """users.list."""
    customer = access.customer
    domain = narrowed(request, access)
    order, most = request.first("orderBy", "email"), size(request, USUAL, MOST)
    if order not in ORDERS:
        raise invalid(order)
    if faults.get("over_most") == "refuse" and int(request.first("maxResults", "1")) > MOST:
        raise invalid("maxResults")
    find = _search(customer, request)
    falling = request.first("sortOrder", "ASCENDING").upper().startswith("DESC")
    placed = _by_mail(find, place) if order == "email" and not falling else _sorted(find, order, place, falling=falling)
    seen = (
        (after, user) for after, user in placed if access.sees(user) and (not domain or user.key.endswith(f"@{domain}"))
    )
    here = list(islice(seen, most + 1))
    rows = [_shown(request, customer, user) for _, user in here[:most]]
    return Page(rows, Place(place.page + 1, here[most - 1][0]) if len(here) > most else None)


def one(request: Request, access: Access, key: str) -> Row:
    """users.get, by id, mail or alias."""
    customer = access.customer
    user = customer.ever(key)
    if user is None:
        if customer.group(key):
            raise refused("badRequest", "Type not supported: userKey")
        foreign = any(each.ever(key) for each in access.customers)
        outside = "@" in key and key.lower().rpartition("@")[2] not in customer.domains
        raise refused("forbidden") if foreign or outside else missing("Resource Not Found: userKey")
    since = customer.deleted_since(user)
    if since is not None:
        raise refused("conditionNotMet") if since <= UNDELETE_SECONDS else missing("Resource Not Found: userKey")
    if not access.sees(user):
        raise refused("forbidden")
    return _shown(request, customer, user)


def _search(customer: Customer, request: Request) -> Search:
    """What finds the accounts asked for, by mail, from behind a mail on."""
    asked = query.read(request.first("query"))
    then = customer.index if request.first("query") else None
    units = (then or customer.state).units
    unit = None if asked.path in {None, "/"} else units.find(asked.path or "")
    if unit is None and asked.path not in {None, "/"}:
        raise invalid("INVALID_OU_ID")
    if request.first("showDeleted") == "true":
        return lambda after: (user for user in customer.deleted() if user.key > after and asked.holds(user))
    if then is None:
        return lambda after: (user for user in customer.users(unit, after) if asked.holds(user))
    return lambda after: _as_of_then(
        customer, (user for user in customer.users(unit, after, then) if asked.holds(user))
    )


def _as_of_then(customer: Customer, found: Iterable[User]) -> Iterator[User]:
    """Whom a search finds that lags behind: those who matched then, as they are now."""
    today = (customer.user(user.id) for user in found)
    return (user for user in today if user is not None)


def _by_mail(find: Search, place: Place) -> Iterator[tuple[str, User]]:
    return ((user.key, user) for user in find(place.after))


def _sorted(find: Search, order: str, place: Place, *, falling: bool) -> Iterator[tuple[str, User]]:
    """Everybody found in another order; the place in it is a number."""
    found = sorted(find(""), key=ORDERS[order], reverse=falling)
    start = int(place.after or 0)
    return ((str(start + at + 1), user) for at, user in enumerate(found[start:]))


def _shown(request: Request, customer: Customer, user: User) -> Row:
    row = customer.row(user)
    if request.first("viewType") == "domain_public":
        return {name: value for name, value in row.items() if name in PUBLIC}
    since = customer.state.deleted.get(user.id)
    return row if since is None else {**row, "deletionTime": customer.stamp(since)}
