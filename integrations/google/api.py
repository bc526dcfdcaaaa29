"""The Directory API as far as we use it: units, accounts, groups and who is in them.

Google: an empty collection comes as 200 without its key, and so did data that was there.
What is missing is therefore asked for once more, and believed only where it can be true.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from integrations.google.faults import GROUPS, SOURCE, UNITS, USERS, Fault, Privilege
from integrations.google.grant import Grant
from integrations.google.transport import directory
from integrations.http import Client, Reply
from integrations.provider import Changed, Malformed, Unreachable

Row = dict[str, Any]
Ask = Callable[[str | None], Any]
#: Google: the customer of whoever asks. Every row says which one that is.
MINE = "my_customer"
#: Google: the most rows a page of accounts, of groups and of members can have.
MOST_USERS, MOST_GROUPS = 500, 200
#: A list with more pages is one without an end: five million people.
MOST_PAGES = 10_000
#: Google: units come without pages, and above so many not reliably.
MOST_UNITS = 5_000
ROOT = "/"
UNIT = "name,orgUnitId,orgUnitPath,parentOrgUnitId"
USER = (
    "id,primaryEmail,name(givenName,familyName),suspended,archived,orgUnitPath,customerId,isGuestUser,isAdmin,"
    "externalIds"
)


class Directory:
    """Asks Google's directory; one object per run, on one thread."""

    def __init__(self, client: Client, grant: Grant, page_size: int = MOST_USERS) -> None:
        """Asks nothing yet."""
        self.client, self._grant = client, grant
        self._service = directory(client, grant)
        self._page_size = page_size

    def units(self) -> list[Row]:
        """Every organizational unit, the root among them. Raises a `SourceError`.

        Google: one call gives them all, without pages; above some thousands it was seen to
        fail, and then they are asked for below each unit of the top level.
        """
        self._grant.header()
        try:
            rows = self._units("allIncludingParent", ROOT)
        except Unreachable as down:
            if down.code == "E-RATE":
                raise
            rows = []
        if 0 < len(rows) < MOST_UNITS:
            return rows
        top = self._units("children", ROOT)
        if not top:
            raise Malformed(f"{SOURCE} shows no organizational unit at all.")
        root = {"orgUnitId": top[0].get("parentOrgUnitId"), "orgUnitPath": ROOT, "name": ROOT}
        return [root, *top, *(row for unit in top for row in self._below(unit))]

    def users(self, path: str | None) -> Iterator[list[Row]]:
        """The accounts in the unit at `path` and all below it, a page at a time; None: all accounts.

        Ends only with the last page. Raises `Fault` where Google knows no such path.
        """
        query = {} if path is None else {"query": f"orgUnitPath={quoted(path)}"}
        fields = f"nextPageToken,users({USER})"

        def ask(token: str | None) -> Any:
            asked = {"customer": MINE, "orderBy": "email", "maxResults": self._page_size, **query}
            return self._service.users().list(**asked, fields=fields, prettyPrint=False, pageToken=token)

        return self._walk(ask, "users", USERS)

    def count_users(self) -> tuple[int, bool]:
        """How many accounts the first page has, and whether there are more."""
        return self._first(
            self._service.users().list(
                customer=MINE, maxResults=MOST_USERS, fields="nextPageToken,users(id)", prettyPrint=False
            ),
            "users",
            USERS,
        )

    def user(self, key: str) -> Row | None:
        """One account by id, email or alias; None where there is none.

        Google: who was deleted is a 412 for twenty days and a 404 then; a group's email is a 400.
        Raises `Fault` where this account may not be seen.
        """
        if not key.strip("."):
            return None
        try:
            reply: Reply = self._service.users().get(userKey=key, fields=USER, prettyPrint=False).execute()
        except Fault as fault:
            if fault.status in {400, 404, 412}:
                return None
            if fault.is_forbidden:
                raise
            raise fault.means(USERS) from None
        return reply.json()

    def groups(self) -> Iterator[list[Row]]:
        """Every group, a page at a time."""

        def ask(token: str | None) -> Any:
            fields = "nextPageToken,groups(id,email,name)"
            asked = {"customer": MINE, "maxResults": MOST_GROUPS, "fields": fields}
            return self._service.groups().list(**asked, prettyPrint=False, pageToken=token)

        return self._walk(ask, "groups", GROUPS)

    def count_groups(self) -> tuple[int, bool]:
        """How many groups the first page has, and whether there are more."""
        return self._first(
            self._service.groups().list(
                customer=MINE, maxResults=MOST_GROUPS, fields="nextPageToken,groups(id)", prettyPrint=False
            ),
            "groups",
            GROUPS,
        )

    def members(self, group: str) -> Iterator[list[Row]]:
        """The direct members of a group by its id, a page at a time. Raises `Fault` where it cannot be read."""

        def ask(token: str | None) -> Any:
            asked = {"groupKey": group, "maxResults": MOST_GROUPS, "fields": "nextPageToken,members(id,type)"}
            return self._service.members().list(**asked, prettyPrint=False, pageToken=token)

        return self._walk(ask, "members", GROUPS)

    def _below(self, unit: Row) -> list[Row]:
        """All units below one."""
        key = str(unit.get("orgUnitId"))
        try:
            rows = self._units("all", key)
            if len(rows) < MOST_UNITS:
                return rows
        except Unreachable as down:
            if down.code == "E-RATE":
                raise
        children = self._units("children", key)
        return [*children, *(row for child in children for row in self._below(child))]

    def _units(self, kind: str, at: str) -> list[Row]:
        asked = {"customerId": MINE, "orgUnitPath": at, "type": kind, "fields": f"organizationUnits({UNIT})"}
        request = self._service.orgunits().list(**asked, prettyPrint=False)
        try:
            rows, _ = _page(lambda: request, "organizationUnits", first=True)
        except Fault as fault:
            raise fault.means(UNITS) from None
        return rows

    def _first(self, request: Any, key: str, privilege: Privilege) -> tuple[int, bool]:
        try:
            rows, token = _page(lambda: request, key, first=True, tries=1)
        except Fault as fault:
            raise fault.means(privilege) from None
        return len(rows), bool(token)

    def _walk(self, ask: Ask, key: str, privilege: Privilege) -> Iterator[list[Row]]:
        """Pages to the end. Google: a page's token may be used for three days, and is a 400 when it is not known."""
        token: str | None = None
        used: set[str] = set()
        while True:
            try:
                rows, following = _page(partial(ask, token), key, first=token is None)
            except Fault as fault:
                if token is not None and fault.status == 400 and not fault.names_no_unit:
                    raise Changed(f"{SOURCE} no longer knows the page that comes next.") from None
                if fault.names_no_unit or (key == "members" and _is_of_one_group(fault)):
                    raise
                raise fault.means(privilege) from None
            yield rows
            if not following:
                return
            if following in used or len(used) >= MOST_PAGES:
                raise Malformed(f"{SOURCE} answered with a list without an end.")
            used.add(following)
            token = following


def quoted(path: str) -> str:
    """A path as a query wants it. Google: in single quotes, with a backslash before one that is in it."""
    escaped = path.replace("'", "\\'")
    return f"'{escaped}'"


def _is_of_one_group(fault: Fault) -> bool:
    return fault.status in {400, 404} or fault.is_forbidden


def _page(ask: Callable[[], Any], key: str, *, first: bool, tries: int = 2) -> tuple[list[Row], str]:
    """The rows of one page and the token of the next, "" after the last.

    A page that holds nothing, or cannot be read, is asked for once more. Nothing is an
    answer only where a list begins and ends.
    """
    problem: Malformed | None = None
    for _ in range(tries):
        reply: Reply = ask().execute(num_retries=0)
        try:
            rows, token = _read(reply, key)
        except Malformed as unreadable:
            problem = unreadable
            continue
        if rows:
            return rows, token
        problem = None if first and not token else reply.malformed("a page without anybody in the middle of a list")
    if problem is not None:
        raise problem
    return [], ""


def _read(reply: Reply, key: str) -> tuple[list[Row], str]:
    body = reply.json()
    if "error" in body:
        raise reply.malformed("an error inside a good answer")
    rows, token = body.get(key, []), body.get("nextPageToken", "")
    if type(rows) is not list or not all(type(row) is dict for row in rows):
        raise reply.malformed(f"something that is no list of {key}")
    if type(token) is not str:
        raise reply.malformed("a page token that is no text")
    return rows, token
