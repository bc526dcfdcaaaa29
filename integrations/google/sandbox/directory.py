"""The Directory API: one request in, one JSON answer out, as Google writes them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import unquote

from integrations.google.sandbox import errors, memberships, orgunits, query, users
from integrations.google.sandbox.access import Access, Gate, named_customer
from integrations.google.sandbox.errors import Refused, missing
from integrations.google.sandbox.faults import Spoiler
from integrations.google.sandbox.paging import Pages, Place
from integrations.google.sandbox.users import Page
from integrations.sandbox.server import Request, Response

ROOT = "/admin/directory/v1/"
Faults = Mapping[str, Any]
Edit = Callable[[str, dict[str, Any]], Any]
Row = dict[str, Any]
#: The key of a collection's rows, and its `kind`.
KEYS = {"users": "users", "groups": "groups", "members": "members", "orgunits": "organizationUnits"}
KINDS = {**KEYS, "orgunits": "orgUnits"}


class Asked(NamedTuple):
    """One request that was let in."""

    request: Request
    access: Access
    kind: str
    path: list[str]
    faults: Faults
    edit: Edit


class Directory:
    """Answers everything below `/admin/directory/v1/`."""

    def __init__(self, gate: Gate, pages: Pages, clock: Callable[[], float]) -> None:
        """For whoever the gate lets in."""
        self._gate = gate
        self._pages = pages
        self._clock = clock
        self.spoiler = Spoiler()

    def answer(self, request: Request, faults: Faults, edit: Edit) -> Response:
        """The answer; a refusal comes in the shape that the switches want."""
        try:
            response = self._read(request, faults, edit)
        except Refused as said:
            response = errors.drawn(said.refusal, str(faults.get("error_shape", "")))
            if said.refusal.status in {403, 429, 503} and "retry_after" in faults:
                response.headers["Retry-After"] = str(faults["retry_after"])
        response.token = "access" if request.headers.get("authorization") else "none"
        return _packed(request, response)

    def _read(self, request: Request, faults: Faults, edit: Edit) -> Response:
        raw = request.path.removeprefix(ROOT).split("/")
        path = [unquote(part) for part in raw]
        kind = _kind(path)
        if request.method != "GET":
            raise errors.refused("forbidden")
        access = self._gate.open(request, kind, faults)
        self.spoiler.refuse(kind, faults)
        asked = Asked(request, access, kind, path, faults, edit)
        if kind == "orgunits":
            named_customer(access, path[1])
            below = "/".join(raw[3:])
            return _sent(request, orgunits.one(access, below)) if below else self._list(asked)
        if path[2:3] == ["hasMember"]:
            return _sent(request, memberships.has_member(access, path[1], path[3]))
        if len(path) == 2:
            one = users.one(request, access, path[1]) if kind == "users" else memberships.one(access, path[1])
            return _sent(request, one)
        return self._list(asked)

    def _list(self, asked: Asked) -> Response:
        """A page of rows; no key for them when there are none."""
        request, kind, faults = asked.request, asked.kind, asked.faults
        place = self._pages.place(request, self._clock()) if kind != "orgunits" else Place()
        self.spoiler.before(kind, place.page, faults, lambda verb, args: _edited(asked, verb, args))
        page = _page(asked, place)
        rows = self.spoiler.rows(kind, place.page, faults, page.rows)
        body: Row = {"kind": f"admin#directory#{KINDS[kind]}", "etag": f'"{kind}/{place.page}/{len(rows)}"'}
        if rows:
            body[KEYS[kind]] = rows
        following = self.spoiler.following(kind, place, page.following, faults)
        if following is not None:
            body["nextPageToken"] = self._pages.token(request, following, self._clock())
        if self.spoiler.stands(kind, faults) and request.first("pageToken"):
            body["nextPageToken"] = request.first("pageToken")
        return self.spoiler.body(kind, place.page, faults, _sent(request, body))


def _edited(asked: Asked, verb: str, args: Row) -> Any:
    return asked.edit(verb, {"customer": asked.access.customer.id, **args})


def _page(asked: Asked, place: Place) -> Page:
    """The rows of a collection at a place. Google: units never come in pages."""
    request, access = asked.request, asked.access
    if asked.kind == "orgunits":
        return Page(orgunits.listed(request, access, asked.faults), None)
    if asked.kind == "users":
        return users.listed(request, access, place, asked.faults)
    if asked.kind == "groups":
        return memberships.listed(request, access, place)
    return memberships.members(request, access, asked.path[1], place)


def _kind(path: list[str]) -> str:
    """The collection that a path stands for."""
    match path:
        case ["users"] | ["users", _]:
            return "users"
        case ["groups"] | ["groups", _]:
            return "groups"
        case ["groups", _, "members"] | ["groups", _, "hasMember", _]:
            return "members"
        case ["customer", _, "orgunits", *_]:
            return "orgunits"
        case _:
            raise missing("Not Found")


def _sent(request: Request, body: Row) -> Response:
    """What `fields` leaves of an answer. Google indents unless it is asked not to."""
    plain = request.first("prettyPrint", "true").lower() == "false"
    left = query.masked(body, query.mask(request.first("fields")))
    text = json.dumps(left, ensure_ascii=False, indent=None if plain else 2, separators=(",", ":") if plain else None)
    return Response(200, text.encode(), "application/json; charset=UTF-8")


def _packed(request: Request, response: Response) -> Response:
    """Google compresses for who accepts it and has "gzip" in the name of the program too."""
    accepts = "gzip" in request.headers.get("accept-encoding", "") and "gzip" in request.headers.get("user-agent", "")
    if accepts and response.body:
        response.body = gzip.compress(response.body, 1)
        response.cut = None if response.cut is None else len(response.body) // 2
        response.headers["Content-Encoding"] = "gzip"
    return response
