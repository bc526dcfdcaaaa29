"""OneRoster's rostering service over one district: pages, envelopes, headers, and what may go wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from email.utils import formatdate
from typing import Any, NamedTuple
from urllib.parse import unquote

from integrations.oneroster.sandbox.collections import KINDS, SINGULAR, Collections
from integrations.oneroster.sandbox.district import District
from integrations.oneroster.sandbox.edits import Edits
from integrations.oneroster.sandbox.errors import refused, web_page
from integrations.oneroster.sandbox.faults import PageFaults
from integrations.oneroster.sandbox.query import Listing, Window, WrongQuery, arranged, projection, window
from integrations.oneroster.sandbox.wording import Wording
from integrations.sandbox.server import Request, Response, as_json

Row = dict[str, Any]
Faults = Mapping[str, Any]


class Page(NamedTuple):
    """What the headers of a collection tell: `total` is None where nothing is said."""

    district: District
    request: Request
    endpoint: str
    rows: int
    asked: Window
    real_total: int
    total: str | None
    faults: Faults


class RosterApi:
    """Answers what stands below the base path, for whoever was let in."""

    def __init__(self, version: str, headers: Callable[[Page], dict[str, str]]) -> None:
        """`headers` gives the headers of a page: they are each server's own."""
        self.version = version
        self._headers = headers
        self._walks: dict[tuple[str, str], PageFaults] = {}
        self._turn = 0

    def answer(self, district: District, request: Request, rest: str, faults: Faults, *, nested: bool) -> Response:
        """The answer to one request; `nested` is whether collections below objects may be read."""
        path = [unquote(part) for part in rest.strip("/").split("/")]
        if request.method != "GET":
            return self._refused(405, "only GET is supported", faults)
        if path[0] == "demographics":
            return self._refused(403, "demographics were not granted", faults)
        if path[0] not in KINDS:
            return self._refused(404, "no such collection", faults)
        try:
            return self._read(district, request, path, faults, nested=nested)
        except WrongQuery as wrong:
            return refused(self.version, wrong.status, str(wrong), faults, wrong.minor)

    def _read(self, district: District, request: Request, path: list[str], faults: Faults, *, nested: bool) -> Response:
        collections = self._collections(district, faults)
        if len(path) == 1:
            return self._page(district, request, path[0], collections.listed(path[0]), faults)
        if len(path) == 2:
            return self._one(collections, request, path, faults)
        if faults.get("core_only"):
            return self._refused(404, "no such collection", faults)
        if not nested:
            return self._refused(403, "the scope does not reach here", faults)
        listing = collections.below(path)
        if listing is None:
            return self._refused(404, "no such object", faults)
        return self._page(district, request, path[-1], listing, faults)

    def _collections(self, district: District, faults: Faults) -> Collections:
        absent = faults.get("absent", "empty" if self.version == "1.1" else "missing")
        wording = Wording(self.version, district.host, absent, faults.get("booleans", "text"))
        return Collections(district, wording, teacher_among_students=bool(faults.get("teacher_among_students")))

    def _one(self, collections: Collections, request: Request, path: list[str], faults: Faults) -> Response:
        row = collections.one(path[0], path[1])
        if row is None:
            return self._refused(404, "no such object", faults)
        return as_json({SINGULAR[KINDS[path[0]]]: projection(request)(row)})

    def _page(self, district: District, request: Request, endpoint: str, listing: Listing, faults: Faults) -> Response:
        asked = window(request, faults)
        if "heavy_above" in faults and asked.limit > int(faults["heavy_above"]):
            return web_page(int(faults.get("heavy_status", 502)))
        walk = self._walks.setdefault((district.id, listing.name), PageFaults())
        walk.turn(asked)
        spoiled = faults if faults.get("page_of", "users") == listing.name else {}
        answer = walk.before(self.version, {**spoiled, "error_body": faults.get("error_body", "imsx")})
        if answer is not None:
            return self._told_to_wait(answer, district, faults)
        if self._changed_before(walk, district, spoiled):
            listing = self._collections(district, faults).listed(listing.name)
        if endpoint in faults.get("empty", ()):
            listing = listing._replace(keys=(), name=f"{listing.name} emptied")
        return self._sent(walk, Page(district, request, endpoint, 0, asked, 0, None, faults), listing, spoiled)

    def _changed_before(self, walk: PageFaults, district: District, faults: Faults) -> bool:
        """Let happen in the district what the switches want to happen before this page."""
        changed = walk.strikes(faults, "perm_rev")
        if changed:
            district.changed()
        if walk.strikes(faults, "insert"):
            school = next(row["sourcedId"] for row in district.orgs() if row["type"] == "school")
            Edits(district).add_user_first("student", school)
            changed = True
        return changed

    def _sent(self, walk: PageFaults, page: Page, listing: Listing, spoiled: Faults) -> Response:
        self._turn += 1
        faults, asked = page.faults, page.asked
        keys = arranged(listing, page.request, self._turn, faults, page.district.kept)
        if asked.offset >= len(keys) > 0 and "past_end_status" in faults:
            return self._refused(int(faults["past_end_status"]), "behind the last row", faults)
        shown = projection(page.request)
        here = keys[asked.offset : asked.offset + asked.limit]
        rows = walk.rows(spoiled, [shown(listing.row(key)) for key in here])
        page = page._replace(rows=len(rows), real_total=len(keys), total=_total(walk, len(keys), faults))
        key = _envelope(listing.kind, page.endpoint, faults)
        response = as_json(rows if key == "bare" else {key: rows})
        response.headers = self._headers(page)
        return walk.body(spoiled, response, key, rows)

    def _told_to_wait(self, answer: Response, district: District, faults: Faults) -> Response:
        if answer.status in {429, 503}:
            if "retry_after" in faults:
                answer.headers["Retry-After"] = str(faults["retry_after"])
            elif "retry_after_date" in faults:
                until = district.clock() + float(faults["retry_after_date"])
                answer.headers["Retry-After"] = formatdate(until, usegmt=True)
        return answer

    def _refused(self, status: int, description: str, faults: Faults) -> Response:
        return refused(self.version, status, description, faults)


def _total(walk: PageFaults, real: int, faults: Faults) -> str | None:
    said = faults.get("total", True)
    if said is False:
        return None
    if said is not True:
        return str(said)
    return str(real + int(faults.get("total_off", 0)) + (walk.page if faults.get("total_changes") else 0))


def _envelope(kind: str, endpoint: str, faults: Faults) -> str:
    said = str(faults.get("envelope", "type"))
    return {"type": kind, "endpoint": endpoint}.get(said, said)
