"""The sandbox's `api.clever.com`: what a token may read, in both versions."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from integrations.clever.sandbox.events import schools_of
from integrations.clever.sandbox.faults import HTML, PageFaults
from integrations.clever.sandbox.paging import Walk, listing, refused, single, walks
from integrations.sandbox.server import Request, Response, as_json

if TYPE_CHECKING:
    from integrations.clever.sandbox.district import District
    from integrations.clever.sandbox.identity import SignIn

Row = dict[str, Any]
PATH = re.compile(r"/(v3\.[01])/([a-z]+)(?:/([^/]+))?(?:/([a-z]+))?")
RELATIONS = {
    "districts": ("schools", "users", "sections"),
    "schools": ("district", "sections", "users"),
    "users": ("district", "schools", "sections"),
    "sections": ("district", "school", "users"),
}


class DataApi:
    """Answers `/v3.0/…` and `/v3.1/…` for one kind of token or the other."""

    def __init__(self, faults: Callable[[], dict[str, Any]]) -> None:
        """`faults` gives the switches as they are now."""
        self._faults = faults
        self._pages: dict[str, PageFaults] = {}

    def for_district(self, district: District, request: Request) -> Response:
        """The answer to a district's token."""
        match = PATH.fullmatch(request.path)
        if not match:
            return self.missing()
        version, kind, key, part = match.groups()
        if kind != "districts" and not district.secure_sync:
            return self.out_of_scope()
        if key is None:
            return self._list(district, request, version, kind)
        row = self._row(district, kind, key)
        if row is None:
            return self.missing()
        if part is None:
            return single(row, version, kind, RELATIONS.get(kind, ()))
        return self._part(district, request, version, row, f"{kind}/{part}")

    def for_sign_in(self, sign_in: SignIn, district: District, request: Request) -> Response:
        """The answer to a person's token. Clever: only the own user and district, and no paging."""
        match = PATH.fullmatch(request.path)
        if not match:
            return self.missing()
        version, kind, key, part = match.groups()
        if kind == "me" and key is None:
            return _me(sign_in, version)
        allowed = {("users", sign_in.user), ("districts", district.id)}
        if (kind, key) not in allowed or part or request.first("limit"):
            return self.out_of_scope()
        row = self._row(district, kind, key)
        return single(row, version, kind, RELATIONS[kind]) if row else self.missing()

    def missing(self) -> Response:
        """404, as the `not_found` switch says."""
        said = self._faults().get("not_found", "message")
        if said == "message":
            return refused(404, "Resource not found")
        return Response(404, HTML, "text/html") if said == "html" else Response(404)

    def out_of_scope(self) -> Response:
        """The refusal for a token that reaches too far."""
        return refused(int(self._faults().get("scope_status", 404)), "Resource not in token's scopes")

    def _row(self, district: District, kind: str, key: str) -> Row | None:
        if kind == "users":
            return district.user(key)
        if kind == "districts":
            return district.row if key == district.id else None
        found: Iterator[Row] = iter(())
        if kind in {"schools", "sections", "events"}:
            found = {"schools": _schools, "sections": _sections, "events": _events}[kind](district)
        return next((row for row in found if row["id"] == key), None)

    def _list(self, district: District, request: Request, version: str, kind: str) -> Response:
        if kind == "users":
            return self._users(district, request, version)
        if kind == "schools":
            rows = district.schools()
        elif kind == "districts":
            rows = [district.row]
        elif kind == "sections":
            rows = list(district.sections())
        elif kind == "events":
            rows = district.events.listed(request.first("school"), request.query.get("record_type", []))
        elif kind in {"courses", "terms", "resources"}:
            rows = []
        else:
            return self.missing()
        return self._sent(self._short(request, version, kind, rows))

    def _users(self, district: District, request: Request, version: str) -> Response:
        """`/users`, the one list whose pages can be spoiled one by one."""
        pages = self._pages.setdefault(district.id, PageFaults())
        page = pages.page(request)
        spoiled = pages.before(self._faults(), page)
        if spoiled:
            return spoiled
        forward, backward = _user_walks(district, request.first("role"))
        count = district.shared_count if not request.first("role") else lambda: sum(1 for _ in forward(""))
        body = listing(request, version, "users", forward, backward, count)
        if isinstance(body, Response):
            return body
        body = pages.body(self._faults(), page, self._touched(request, body), request)
        return pages.sent(self._faults(), page, _as_bytes(body))

    def _part(self, district: District, request: Request, version: str, row: Row, path: str) -> Response:
        kind, _, part = path.partition("/")
        if part == "district":
            return single(district.row, version, "districts", RELATIONS["districts"])
        rows: list[Row]
        if path == "schools/users":
            role, primary = request.first("role"), request.first("primary") == "true"
            rows = [user for _, user in district.users() if _attends(user, row["id"], role, primary=primary)]
        elif path == "sections/users":
            rows = [user for key in sorted({*row["students"], *row["teachers"]}) if (user := district.user(key))]
        elif path in {"users/schools", "sections/school"}:
            rows = [school for school in district.schools() if school["id"] in schools_of(row)]
        elif path in {"users/sections", "schools/sections"}:
            rows = [each for each in district.sections() if _belongs(each, row, kind)]
        else:
            return self.missing()
        listed = "sections" if part == "sections" else "schools" if part.startswith("school") else "users"
        return self._sent(self._short(request, version, listed, rows))

    def _short(self, request: Request, version: str, kind: str, rows: list[Row]) -> Response | Row:
        forward, backward = walks(rows)
        body = listing(request, version, kind, forward, backward, lambda: len(rows))
        return body if isinstance(body, Response) else self._touched(request, body)

    def _touched(self, request: Request, body: Row) -> Row:
        """The switches that hold for every list."""
        faults = self._faults()
        if faults.get("no_data"):
            return {"data": [], "links": [{"rel": "self", "uri": request.target}]}
        count = faults.get("count", True)
        if count is False:
            body.pop("count", None)
        elif count is not True and "count" in body:
            body["count"] = count
        has_next = any(link["rel"] == "next" for link in body["links"])
        if faults.get("empty_last_page") and body["data"] and not has_next:
            query = re.sub(r"&?(starting_after|ending_before)=[^&]*", "", request.raw_query).strip("&")
            last = body["data"][-1]["uri"].rpartition("/")[2]
            uri = f"{request.path}?{query}{'&' if query else ''}starting_after={last}"
            body["links"].append({"rel": "next", "uri": uri})
        return body

    def _sent(self, body: Response | Row) -> Response:
        return body if isinstance(body, Response) else as_json(body)


def _as_bytes(body: Any) -> Response:
    return Response(200, body) if isinstance(body, bytes) else Response(200, json.dumps(body).encode())


def _schools(district: District) -> Iterator[Row]:
    return iter(district.schools())


def _sections(district: District) -> Iterator[Row]:
    return district.sections()


def _events(district: District) -> Iterator[Row]:
    return iter(district.events.listed())


def _me(sign_in: SignIn, version: str) -> Response:
    """Clever: `type` is always "user" in v3; roles are told by `/users/{id}` alone."""
    data = {"id": sign_in.user, "district": sign_in.district, "type": "user", "authorized_by": "district"}
    links = [
        {"rel": "self", "uri": "/me"},
        {"rel": "canonical", "uri": f"/{version}/users/{sign_in.user}"},
        {"rel": "district", "uri": f"/{version}/districts/{sign_in.district}"},
    ]
    return as_json({"type": "user", "data": data, "links": links})


def _user_walks(district: District, role: str) -> tuple[Walk, Walk]:
    def holds(user: Row) -> bool:
        roles = user.get("roles")
        return not role or (isinstance(roles, dict) and role in roles)

    def forward(after: str) -> Iterator[tuple[str, Row]]:
        return ((key, user) for key, user in district.users(after) if holds(user))

    def backward(before: str) -> Iterator[tuple[str, Row]]:
        found = district.users_before(None if before == "last" else before)
        return ((key, user) for key, user in found if holds(user))

    return forward, backward


def _attends(user: Row, school: str, role: str, *, primary: bool) -> bool:
    """Whether a user is listed at a school: by any enrolment, or only by the main one."""
    roles = user.get("roles")
    held = roles.items() if isinstance(roles, dict) else ()
    for word, fields in held:
        if not isinstance(fields, dict) or (role and word != role) or word not in {"student", "teacher", "staff"}:
            continue
        if fields.get("school") == school or (not primary and school in (fields.get("schools") or ())):
            return True
    return False


def _belongs(section: Row, row: Row, kind: str) -> bool:
    if kind == "schools":
        return bool(section["school"] == row["id"])
    return row["id"] in section["students"] or row["id"] in section["teachers"]
