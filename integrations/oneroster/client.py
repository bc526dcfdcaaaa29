"""A OneRoster server: whole collections, and one object by its id.

OneRoster has offsets and no cursor, and servers differ in all the rest: totals are missing
or wrong, a limit is lowered without a word, links skip a row, errors come with status 200.
A walk therefore believes only rows: it ends on an empty page, counts what it was given,
and leaves it to the receipt to say whether that was everything.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import suppress
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote

from integrations.http import Client, Reply
from integrations.oneroster.doors import Door
from integrations.provider import Changed, Refused, SourceError, Unreachable

Row = dict[str, Any]

#: A gateway says so of a page that took too long to make: smaller ones are tried.
TOO_HEAVY = frozenset({502, 504})
#: The smallest page that is asked for.
FEWEST = 50
#: A list that has not ended by then has no end. At a hundred rows a page (many servers give no more), a million rows.
MOST_PAGES = 10_000
#: ClassLink: changes when the district's permissions or data do; what was read before is then no longer one listing.
REVISION = "x-perm-rev"
#: OneRoster: `imsx_codeMajor` of an answer that is none, whatever its status.
FAILURES = frozenset({"failure", "unsupported", "processing"})
#: Seconds by which clocks may differ before a refused signature is blamed on them.
CLOCKS = 120
PLURAL = {"user": "users", "org": "orgs"}


class Reading:
    """Several walks that must show one state of the source.

    Revisions are compared within each collection: the orgs, read before and after the
    users, show whatever changed in between, and no server need number all its lists alike.
    """

    def __init__(self) -> None:
        """Nothing was read yet."""
        self._revisions: dict[str, str] = {}

    def see(self, reply: Reply) -> None:
        """Raises `Changed` if the source says that it is no longer what it was at the first page."""
        revision = reply.headers.get(REVISION, "").strip()
        if revision and revision != self._revisions.setdefault(reply.where, revision):
            raise Changed(f"{reply.source} changed while its roster was read.")


class Server:
    """One district's roster at `base` (a path without a slash at its end), behind a door.

    `refusal` is what people are told when the door stays shut.
    """

    def __init__(self, http: Client, base: str, door: Door, refusal: str) -> None:
        """Asks nothing yet."""
        self.http, self.base, self.door, self._refusal = http, base, door, refusal

    def walk(self, kind: str, page_size: int, reading: Reading | None = None) -> Walk:
        """Every `kind` (``user`` or ``org``) there is, page by page."""
        return Walk(self, PLURAL[kind], page_size, reading or Reading())

    def first(self, kind: str) -> Row | None:
        """One of them, or None if there is none."""
        rows = self.rows(self.page(PLURAL[kind], 1, 0), PLURAL[kind])
        return rows[0] if rows else None

    def one(self, kind: str, identifier: str) -> Row | None:
        """The one with this id; None where the server answers, in data, that there is none.

        A web page with status 404 says nothing of anybody, and raises `Malformed`.
        """
        reply = self.get(f"{self.base}/{PLURAL[kind]}/{quote(identifier, safe='')}")
        if reply.status == 404 and not reply.is_page:
            return None
        body = self.body(reply, PLURAL[kind])
        row = body.get(kind)
        if type(row) is not dict:
            raise reply.malformed(f"an unexpected answer: no {kind} in it")
        return row

    def page(self, collection: str, limit: int, offset: int, handled: frozenset[int] = frozenset()) -> Reply:
        """Ask for one page. Always sorted: without that the order may differ from page to page."""
        query = f"limit={limit}&offset={offset}&sort=sourcedId&orderBy=asc"
        return self.get(f"{self.base}/{collection}?{query}", handled)

    def get(self, target: str, handled: frozenset[int] = frozenset()) -> Reply:
        """Ask; after a 401 once more, if the door has something else to try with."""
        reply = self.http.get(target, self._headers, handled)
        if reply.status == 401 and self.door.renew():
            reply = self.http.get(target, self._headers, handled)
        return reply

    def rows(self, reply: Reply, collection: str) -> list[Row]:
        """The rows of a page. OneRoster: the key is the type of what is in it."""
        body = self.body(reply, collection)
        rows = body.get(collection)
        if type(rows) is not list:
            raise reply.malformed(f"an unexpected answer: no list of {collection} in it")
        if not all(type(row) is dict for row in rows):
            raise reply.malformed(f"{collection} that are not objects")
        return rows

    def body(self, reply: Reply, what: str) -> Row:
        """What was answered; our error for its status, or for the failure that it tells of."""
        if reply.status == 401:
            raise self._shut(reply)
        if reply.status == 403:
            text = f"{reply.source} lets SmartPass in but does not let it read {what}."
            raise Refused(text, "E-PRIVILEGE-MISSING")
        if reply.status != 200:
            raise reply.malformed(f"HTTP {reply.status}")
        body = reply.json()
        if any(str(status.get("imsx_codeMajor")) in FAILURES for status in _statuses(body)):
            raise reply.malformed("an error inside a good answer")
        return body

    def _headers(self, target: str) -> dict[str, str]:
        return dict(self.door.headers(self.http.origin + target))

    def _shut(self, reply: Reply) -> SourceError:
        apart = _clocks_apart(reply) if self.door.keeps_time else 0
        if abs(apart) > CLOCKS:
            which = "ahead of" if apart > 0 else "behind"
            minutes = f"its clock is {abs(apart) // 60} minutes {which} SmartPass's"
            return Unreachable(f"{reply.source} refuses what SmartPass signs: {minutes}.")
        return Refused(self._refusal)


class Walk:
    """Every row of a collection, once. Iterate over it for pages of rows that were not read before.

    Ending means that the server had nothing more to give. Afterwards `rows`, `repeated`,
    `pages` and `announced` say what was read. Raises `Malformed` for a page of nothing but
    rows that were read already, and for a list without an end; `Changed` where the source
    says that it changed meanwhile.
    """

    def __init__(self, server: Server, collection: str, page_size: int, reading: Reading) -> None:
        """Asks nothing yet."""
        self._server, self._collection, self._limit, self._reading = server, collection, page_size, reading
        self._totals: set[int] = set()
        # Hashes rather than ids: 300,000 of them are some twenty megabytes, whatever the ids look like.
        self._seen: set[int] = set()
        self.rows = self.repeated = self.pages = 0

    @property
    def announced(self) -> int | None:
        """How many rows the server said there are; where it said several numbers, one that is not what it gave."""
        return next(
            (total for total in sorted(self._totals) if total != self.rows), self.rows if self._totals else None
        )

    def __iter__(self) -> Iterator[list[Row]]:
        """Ask for the pages, one at a time."""
        offset = 0
        while True:
            reply, rows = self._page(offset)
            if not rows:
                return
            fresh = self._fresh(rows)
            if not fresh:
                raise reply.malformed("a page of nothing but rows that were already read")
            if self.pages >= MOST_PAGES:
                raise reply.malformed("a list without an end")
            offset += len(rows)
            self.pages += 1
            self.rows += len(fresh)
            self.repeated += len(rows) - len(fresh)
            yield fresh

    def _page(self, offset: int) -> tuple[Reply, list[Row]]:
        """What lies at `offset`; no rows past the end."""
        server, collection = self._server, self._collection
        reply = self._lighter(offset)
        past = reply.status == 404 and offset > 0 and not reply.is_page
        if past:
            # Some servers answer so past the end. If that is what it means, the beginning is still there.
            reply = server.page(collection, 1, 0)
        rows = server.rows(reply, collection)
        if past and not rows:
            raise reply.malformed("a list that is gone")
        self._reading.see(reply)
        with suppress(ValueError):
            self._totals.add(int(reply.headers.get("X-Total-Count", "")))
        return reply, [] if past else rows

    def _fresh(self, rows: list[Row]) -> list[Row]:
        """The rows that were not read before."""
        keys = [hash(_id_of(row)) for row in rows]
        new = set(keys)
        if len(new) == len(rows) and self._seen.isdisjoint(new):
            self._seen |= new
            return rows
        fresh = []
        for key, row in zip(keys, rows, strict=True):
            if key not in self._seen:
                self._seen.add(key)
                fresh.append(row)
        return fresh

    def _lighter(self, offset: int) -> Reply:
        """The page at `offset`, with fewer rows for as long as the server finds it too heavy."""
        halved = 0
        while True:
            handled = TOO_HEAVY if self._limit > FEWEST else frozenset[int]()
            reply = self._server.page(self._collection, self._limit, offset, handled)
            if reply.status not in handled:
                return reply
            halved += 1
            self._limit = max(FEWEST, self._limit // 2)
            self._server.http.back_off(halved)


def _id_of(row: Row) -> str:
    """What tells a row from others. One without an id is itself."""
    identifier = row.get("sourcedId")
    if type(identifier) is str and identifier:
        return identifier
    return str(identifier) if type(identifier) is int else f"\0{json.dumps(row)}"


def _statuses(body: Row) -> list[Row]:
    """What an answer says of itself. OneRoster: 1.2 in the answer, 1.1 in a `statusInfoSet`."""
    told = body.get("statusInfoSet")
    return [each for each in (body, *(told if type(told) is list else [told])) if type(each) is dict]


def _clocks_apart(reply: Reply) -> int:
    """By how many seconds the server's clock is ahead of ours; 0 where it does not tell."""
    with suppress(ValueError, TypeError):
        return round(parsedate_to_datetime(reply.headers.get("Date", "")).timestamp() - time.time())
    return 0
