"""Clever's lists: pages, cursors, links, double wrapping, versions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any
from urllib.parse import parse_qsl, urlencode

from integrations.sandbox.server import Request, Response, as_json

Row = dict[str, Any]
DEFAULT_LIMIT = 100
MOST = 10_000
#: Fields that v3.0 does not have, at the top of an object and inside its roles.
ONLY_31 = frozenset(
    {
        *("disability", "frl_status", "gifted_status", "home_language", "home_language_code", "iep_status"),
        *("section_504_status", "preferred_name", "lms_status", "lms_state", "lms_type", "last_attendance_sync"),
    }
)
#: Gives what lies behind (or, descending, before) a cursor, each with the cursor it stands at.
Walk = Callable[[str], Iterator[tuple[str, Row]]]


def as_version(row: Row, version: str) -> Row:
    """The object as this version of the API shows it."""
    if version != "v3.0":
        return row
    kept = {key: value for key, value in row.items() if key not in ONLY_31}
    roles = kept.get("roles")
    if isinstance(roles, dict):
        kept["roles"] = {
            word: {key: value for key, value in role.items() if key not in ONLY_31} if isinstance(role, dict) else role
            for word, role in roles.items()
        }
    return kept


def wrapped(row: Row, version: str, kind: str, key: str) -> Row:
    """One row of a list."""
    return {"data": as_version(row, version), "uri": f"/{version}/{kind}/{key}"}


def single(row: Row, version: str, kind: str, relations: Iterable[str]) -> Response:
    """One object, with links to what belongs to it."""
    here = f"/{version}/{kind}/{row['id']}"
    links = [{"rel": "self", "uri": here}, *({"rel": each, "uri": f"{here}/{each}"} for each in relations)]
    return as_json({"data": as_version(row, version), "links": links})


def refused(status: int, message: str) -> Response:
    """An error of the Data API."""
    return as_json({"message": message}, status)


def listing(
    request: Request,
    version: str,
    kind: str,
    forward: Walk,
    backward: Walk,
    count: Callable[[], int] | None = None,
) -> Response | Row:
    """A page as an object still to be sent, or the error for a wrong `limit`."""
    asked = request.first("limit", str(DEFAULT_LIMIT))
    if not asked.isdecimal() or asked == "0":
        return refused(400, "limit must be a positive number")
    limit = int(asked)
    if limit > MOST:
        return refused(413, f"limit must not be above {MOST}")
    after, before = request.first("starting_after"), request.first("ending_before")
    walk = backward(before) if before else forward(after)
    found = list(islice(walk, limit + 1))
    more, found = len(found) > limit, found[:limit]
    if before:
        found.reverse()
    links = [{"rel": "self", "uri": request.target}]
    if found and (before or more):
        links.append({"rel": "next", "uri": _turned(request, "starting_after", found[-1][0])})
    if found and (after or (before and more)):
        links.append({"rel": "prev", "uri": _turned(request, "ending_before", found[0][0])})
    body: Row = {"data": [wrapped(row, version, kind, key) for key, row in found], "links": links}
    if count and request.first("count") == "true":
        body["count"] = count()
    return body


def _turned(request: Request, cursor: str, key: str) -> str:
    """The address of the neighbouring page: the whole query kept, but for the cursor."""
    pairs = parse_qsl(request.raw_query, keep_blank_values=True)
    kept = [(name, value) for name, value in pairs if name not in {"starting_after", "ending_before"}]
    return f"{request.path}?{urlencode([*kept, (cursor, key)])}"


def walks(rows: list[Row]) -> tuple[Walk, Walk]:
    """Walks over a short list in id order."""
    keyed = [(str(row["id"]), row) for row in rows]

    def forward(after: str) -> Iterator[tuple[str, Row]]:
        return ((key, row) for key, row in keyed if key > after)

    def backward(before: str) -> Iterator[tuple[str, Row]]:
        return ((key, row) for key, row in reversed(keyed) if before == "last" or key < before)

    return forward, backward
