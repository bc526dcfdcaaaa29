"""groups.list, groups.get, members.list and members.hasMember."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from integrations.google.sandbox.access import Access, narrowed
from integrations.google.sandbox.customer import Customer
from integrations.google.sandbox.errors import invalid, missing, refused
from integrations.google.sandbox.groups import Group, Member
from integrations.google.sandbox.paging import Place, size
from integrations.google.sandbox.users import Page
from integrations.sandbox.server import Request

Row = dict[str, Any]
#: Google: rows of a page when nothing is said, and at most.
USUAL = MOST = 200
GONE = "Resource Not Found: groupKey"


def listed(request: Request, access: Access, place: Place) -> Page:
    """groups.list, by mail: all of a customer's or a domain's, or those somebody is in."""
    customer = access.customer
    key = request.first("userKey")
    domain = "" if key else narrowed(request, access)
    found = [group for group in customer.groups.values() if not group.outside]
    if key:
        user = customer.user(key)
        if user is None:
            raise missing("Resource Not Found: userKey")
        found = [group for group in found if any(member.key == user.id for member in group.members)]
    said = request.first("query")
    held = sorted((group for group in found if _matches(group, said)), key=lambda group: group.mail.lower())
    rows = ((group.mail.lower(), group.row()) for group in held if not domain or group.mail.endswith(f"@{domain}"))
    return _page(((after, row) for after, row in rows if after > place.after), size(request, USUAL, MOST), place)


def one(access: Access, key: str) -> Row:
    """groups.get, by id, mail or alias."""
    return _named(access, key).row()


def members(request: Request, access: Access, key: str, place: Place) -> Page:
    """members.list. With `includeDerivedMembership`, a person reached by two ways is there twice."""
    group = _named(access, key)
    derived = request.first("includeDerivedMembership") == "true"
    roles = {each.upper() for each in request.first("roles").split(",") if each}
    found = _derived(access.customer, group, frozenset()) if derived else iter(group.members)
    rows = (_row(access.customer, member) for member in found if not roles or member.role in roles)
    shown = (row for row in rows if row is not None)
    start = int(place.after or 0)
    placed = ((str(start + at + 1), row) for at, row in enumerate(islice(shown, start, None)))
    return _page(placed, size(request, USUAL, MOST), place)


def has_member(access: Access, key: str, who: str) -> Row:
    """members.hasMember, nested groups included. Google: somebody of another domain is "Invalid Input"."""
    group = _named(access, key)
    user = access.customer.user(who)
    if user is None:
        raise invalid("memberKey")
    found = _derived(access.customer, group, frozenset())
    return {"isMember": any(member.key in {user.id, access.customer.id} for member in found)}


def _named(access: Access, key: str) -> Group:
    group = access.customer.group(key)
    if group is None:
        raise missing(GONE)
    if group.outside:
        raise refused("forbidden")
    return group


def _matches(group: Group, said: str) -> bool:
    """`name:pre*` with three letters at least, `email:pre*`, or either with `=`."""
    if not said:
        return True
    name, sign, value = said.partition("=" if "=" in said else ":")
    word = value.strip("'").lower()
    texts = {"name": {group.name.lower()}, "email": group.mails}.get(name.strip())
    if texts is None or not sign or (name == "name" and sign == ":" and len(word.rstrip("*")) < 3):
        raise invalid("query")
    if sign == ":" and word.endswith("*"):
        return any(text.startswith(word[:-1]) for text in texts)
    return word in texts


def _derived(customer: Customer, group: Group, above: frozenset[str]) -> Iterator[Member]:
    for member in group.members:
        yield member
        nested = customer.groups.get(member.key)
        if nested and not nested.outside and nested.id not in above:
            yield from _derived(customer, nested, above | {group.id})


def _row(customer: Customer, member: Member) -> Row | None:
    """A member as it is shown now; somebody who is deleted is no member any more."""
    row: Row = {"kind": "admin#directory#member", "etag": f'"m{member.key}"', "id": member.key}
    nested = customer.groups.get(member.key)
    user = customer.user(member.key) if member.kind == "USER" and not nested else None
    if nested:
        row |= {"email": nested.mail, "status": "ACTIVE"}
    elif user:
        state = "SUSPENDED" if user.suspended else "ARCHIVED" if user.archived else "ACTIVE"
        row |= {"email": member.mail or user.email, "status": state}
    elif member.mail:
        row |= {"email": member.mail}
    elif member.kind == "USER":
        return None
    row |= {"role": member.role, "type": member.kind}
    return {name: value for name, value in row.items() if name not in member.without}


def _page(rows: Iterator[tuple[str, Row]], most: int, place: Place) -> Page:
    here = list(islice(rows, most + 1))
    following = Place(place.page + 1, here[most - 1][0]) if len(here) > most else None
    return Page([row for _, row in here[:most]], following)
