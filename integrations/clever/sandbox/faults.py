"""The faults Clever's sandbox can be told to have, by name.

A page fault `…_at: n` strikes the n-th page of a walk over `/users` (a walk begins with
a request without a cursor; asking for the same page again is not another page).

page_401_from      every page from the n-th on answers 401
page_status_at     the n-th page answers `page_status` (default 503) with an HTML body …
page_status_times  … this many times (default: always)
page_reset_at      the connection is reset in the middle of the n-th page's body …
page_reset_times   … this many times (default: always)
page_slow_at       `slow_seconds` (default 1) pass before the n-th page
html_at            the n-th page is a web page with status 200
not_json_at, not_object_at, no_data_at, no_links_at, unwrapped_at   the n-th page's body is wrong in this way
repeat_next_at     the n-th page's `next` leads to itself
foreign_next_at    … to another host
doubled_next_at    … to a path with the version in it twice
bare_next_at       … to no cursor at all
repeat_row_at      the n-th page holds its last row twice
repeat_page_at     the n-th page holds the rows of the page before
empty_page_at      the n-th page has no rows but a `next`
reverse_rows_at    the n-th page's rows come in descending order
lose_rows_at       the n-th page has lost its last row and says nothing
end_at             the n-th page claims to be the last
no_data            every list is empty, with status 200 and no `next`
empty_last_page    the last page has a `next`, and that page is empty
count              false: no list carries a `count`; a number: that one
not_found          404 bodies: "message" (default), "empty" or "html"
scope_status       the status of "Resource not in token's scopes" (default 404)
path_status        {path prefix: status}: these answer with an HTML body
rate_limit         requests per window and token (default 1200)
rate_window        seconds of a window (default 60)
rate_bucket        a second bucket's limit: headers become comma-separated lists
rate_reset_in      the reset header lies this many seconds ahead
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from integrations.sandbox.server import Request, Response

if TYPE_CHECKING:
    from collections.abc import Mapping

Row = dict[str, Any]
#: Every switch.
KNOWN = frozenset(
    {
        *("page_401_from", "page_status_at", "page_status", "page_status_times", "page_reset_at", "page_reset_times"),
        *("page_slow_at", "slow_seconds", "html_at", "not_json_at", "not_object_at", "no_data_at", "no_links_at"),
        *("unwrapped_at", "repeat_next_at", "foreign_next_at", "doubled_next_at", "bare_next_at", "repeat_row_at"),
        *("repeat_page_at", "empty_page_at"),
        *("reverse_rows_at", "lose_rows_at", "end_at", "no_data", "empty_last_page", "count", "not_found"),
        *("scope_status", "path_status", "rate_limit", "rate_window", "rate_bucket", "rate_reset_in"),
    }
)
HTML = b"<!DOCTYPE html><html><head><title>Sorry</title></head><body>Something went wrong.</body></html>"


def web_page(status: int) -> Response:
    """An error page for people."""
    return Response(status, HTML, "text/html; charset=utf-8")


class PageFaults:
    """Counts the pages of walks over `/users` and spoils the one it is told to."""

    def __init__(self) -> None:
        """Nothing asked yet."""
        self._page = 0
        self._last = ""
        self._rows: list[Row] = []
        self._struck: dict[str, int] = {}

    def page(self, request: Request) -> int:
        """Which page of the walk this request asks for, counted from 1."""
        if request.target != self._last:
            starts = not request.first("starting_after") and not request.first("ending_before")
            self._page = 1 if starts else self._page + 1
            self._last = request.target
        return self._page

    def before(self, faults: Mapping[str, Any], page: int) -> Response | None:
        """The answer instead of the page, if one of the switches wants that."""
        if "page_401_from" in faults and page >= faults["page_401_from"]:
            return Response(401, json.dumps({"error": "unauthorized"}).encode())
        if self._strikes(faults, "page_status", page):
            return web_page(int(faults.get("page_status", 503)))
        return web_page(200) if faults.get("html_at") == page else None

    def body(self, faults: Mapping[str, Any], page: int, body: Row, request: Request) -> Any:
        """The page's body with what the switches do to it; bytes for what is not JSON."""
        before, self._rows = self._rows, body["data"]
        if faults.get("repeat_page_at") == page:
            return {**body, "data": before}
        for name, spoil in SPOILED.items():
            if faults.get(name) == page:
                body = spoil(body, request)
        return body

    def sent(self, faults: Mapping[str, Any], page: int, response: Response) -> Response:
        """The answer with what happens to it on the way."""
        if faults.get("page_slow_at") == page:
            response.delay = float(faults.get("slow_seconds", 1.0))
        if self._strikes(faults, "page_reset", page):
            response.cut = len(response.body) // 2
        return response

    def _strikes(self, faults: Mapping[str, Any], name: str, page: int) -> bool:
        if faults.get(f"{name}_at") != page:
            self._struck.pop(name, None) if f"{name}_at" not in faults else None
            return False
        self._struck[name] = self._struck.get(name, 0) + 1
        times = faults.get(f"{name}_times")
        return times is None or self._struck[name] <= times


def _next_is(uri: Callable[[Row, Request], str]) -> Callable[[Row, Request], Any]:
    def spoil(body: Row, request: Request) -> Row:
        others = [link for link in body["links"] if link["rel"] != "next"]
        return {**body, "links": [*others, {"rel": "next", "uri": uri(body, request)}]}

    return spoil


def _next_of(body: Row, request: Request) -> str:
    found = [str(link["uri"]) for link in body["links"] if link["rel"] == "next"]
    return found[0] if found else request.target


def _without_next(body: Row, _: Request) -> Row:
    return {**body, "links": [link for link in body["links"] if link["rel"] != "next"]}


SPOILED: dict[str, Callable[[Row, Request], Any]] = {
    "repeat_next_at": _next_is(lambda _, request: request.target),
    "foreign_next_at": _next_is(lambda body, request: f"http://localhost:1{_next_of(body, request)}"),
    "doubled_next_at": _next_is(lambda body, request: f"/v3.1{_next_of(body, request)}"),
    "bare_next_at": _next_is(lambda _, request: request.path),
    "repeat_row_at": lambda body, _: {**body, "data": [*body["data"], *body["data"][-1:]]},
    "empty_page_at": lambda body, _: {**body, "data": []},
    "reverse_rows_at": lambda body, _: {**body, "data": body["data"][::-1]},
    "lose_rows_at": lambda body, _: {**body, "data": body["data"][:-1]},
    "end_at": _without_next,
    "unwrapped_at": lambda body, _: {**body, "data": [row["data"] for row in body["data"]]},
    "no_data_at": lambda body, _: {"links": body["links"]},
    "no_links_at": lambda body, _: {"data": body["data"]},
    "not_object_at": lambda body, _: body["data"],
    "not_json_at": lambda _body, _request: b'{"data": [',
}
