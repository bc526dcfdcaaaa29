"""The faults a OneRoster sandbox can be told to have, by name.

A page fault `…_at: n` strikes the n-th page of a walk over one collection: `page_of`
(default "users"), as its path below the base. A walk begins at offset 0; asking for the
same offset again is not another page. `…_times` bounds how often it strikes.

page_401_from       every page from the n-th on answers 401
page_status_at      the n-th page answers `page_status` (default 503) with `error_body` …
page_status_times   … this many times (default: always)
retry_after         … with this Retry-After, word for word
retry_after_date    … with a Retry-After that is a date, this many seconds ahead
page_reset_at, page_reset_times   the connection is reset in the middle of the n-th page's body
page_slow_at        `slow_seconds` (default 1) pass before the n-th page
html_at             the n-th page is a web page with status 200
error_envelope_at   the n-th page is an error's body with status 200
wrong_type_at       the n-th page is right but says text/html
not_json_at, not_object_at, not_list_at, no_key_at, empty_body_at   the n-th page's body is wrong in this way
repeat_row_at       the n-th page holds its last row twice
repeat_page_at      the n-th page holds the rows of the page before
empty_page_at       the n-th page has no rows although there are more
lose_rows_at        the n-th page has lost its last row and says nothing
stray_row_at        the n-th page holds `stray_row` (default: a text) among its rows
perm_rev_at, perm_rev_times       the revision changes before the n-th page
insert_at, insert_times           somebody whose id stands before all others is added before the n-th page
total               false: no total; anything else: that one, word for word
total_off           the total is wrong by this much
total_changes       true: the total grows by one with every page
perm_rev            false: no revision header; anything else: that one
obfuscated          what x-obfuscated says
empty               collections that are empty, with status 200
clamp               no page holds more rows than this, whatever is asked
default_limit       rows of a page when nothing is asked (default 100)
bad_limit           the status for a wrong limit or offset (default: fall back)
heavy_above         a limit above this answers `heavy_status` (default 502)
past_end_status     the status behind the last row (default 200, an empty list)
steady              true: the order stays the same without `sort`
filter              "ignore", "empty", or a status: what becomes of every filter
envelope            "type" (default), "endpoint", "bare", or the key that is used
absent              "empty", "missing" or "null": how nothing is said (1.1 empty, 1.2 missing)
booleans            "text" (default), "boolean", "number" or "upper"
link                false: no Link; true, "skips" (one row further) or "foreign" (to another host): one
core_only           true: no collections below another one (404)
teacher_among_students   true: the students of a class include its teacher
fail_every, fail_status  every n-th request answers this (default 500)
slow_every, slow_seconds every n-th request is slow
path_status         {path prefix: status}: these answer with a web page
error_body          "imsx" (default), "flat", "html" or "empty": what a refusal holds
doors               which ways in are open: oauth1-sha256, oauth1-sha1, bearer, oauth2
granted             the scopes OAuth 2 grants, by their last word (default: both for rosters)
token_seconds       how long an OAuth 2 token lives (default 3600)
token_status        the token endpoint answers this
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from integrations.oneroster.sandbox.errors import refused, status_info, web_page
from integrations.oneroster.sandbox.query import Window
from integrations.sandbox.server import Response, as_json

Row = dict[str, Any]
#: Every switch.
KNOWN = frozenset(
    {
        *("page_of", "page_401_from", "page_status_at", "page_status", "page_status_times", "retry_after"),
        *("retry_after_date", "page_reset_at", "page_reset_times", "page_slow_at", "slow_seconds", "html_at"),
        *("error_envelope_at", "wrong_type_at", "not_json_at", "not_object_at", "not_list_at", "no_key_at"),
        *("empty_body_at", "repeat_row_at", "repeat_page_at", "empty_page_at", "lose_rows_at", "stray_row_at"),
        *("stray_row", "perm_rev_at", "perm_rev_times", "insert_at", "insert_times", "total", "total_off"),
        *(
            "total_changes",
            "perm_rev",
            "obfuscated",
            "empty",
            "clamp",
            "default_limit",
            "bad_limit",
            "heavy_above",
            "heavy_status",
        ),
        *("past_end_status", "steady", "filter", "envelope", "absent", "booleans", "link", "core_only"),
        *("teacher_among_students", "fail_every", "fail_status", "slow_every", "path_status", "error_body"),
        *("doors", "granted", "token_seconds", "token_status"),
    }
)


class PageFaults:
    """Counts the pages of walks over one collection of one district and spoils the one it is told to."""

    def __init__(self) -> None:
        """Nothing asked yet."""
        self.page = 0
        self._offset: int | None = None
        self._rows: list[Row] = []
        self._struck: dict[str, int] = {}

    def turn(self, asked: Window) -> None:
        """Another request: which page of its walk it is, counted from 1."""
        if asked.offset == 0:
            self.page = 1
        elif asked.offset != self._offset:
            self.page += 1
        self._offset = asked.offset

    def before(self, version: str, faults: Mapping[str, Any]) -> Response | None:
        """The answer instead of the page, if one of the switches wants that."""
        if "page_401_from" in faults and self.page >= faults["page_401_from"]:
            return refused(version, 401, "the Request requires authorization", faults)
        if self.strikes(faults, "page_status"):
            return refused(version, int(faults.get("page_status", 503)), "not now", faults)
        if faults.get("error_envelope_at") == self.page:
            return as_json(status_info(version, "something went wrong", "internal_server_error"))
        return web_page(200) if faults.get("html_at") == self.page else None

    def rows(self, faults: Mapping[str, Any], rows: list[Any]) -> list[Any]:
        """The page's rows with what the switches do to them."""
        before, self._rows = self._rows, rows
        if faults.get("repeat_page_at") == self.page:
            return before
        for name, spoil in SPOILED_ROWS.items():
            if faults.get(name) == self.page:
                rows = spoil(rows, faults)
        return rows

    def body(self, faults: Mapping[str, Any], response: Response, key: str, rows: list[Any]) -> Response:
        """The answer with what the switches do to its body and on its way."""
        here = {name for name, at in faults.items() if name.endswith("_at") and at == self.page}
        wrong: dict[str, Any] = {
            "not_object_at": "users",
            "not_list_at": {key: {str(at): row for at, row in enumerate(rows)}},
            "no_key_at": {"value": rows},
        }
        for name, value in wrong.items():
            if name in here:
                response.body = as_json(value).body
        if "not_json_at" in here:
            response.body = response.body[: len(response.body) // 2]
        if "empty_body_at" in here:
            response.body = b""
        if "wrong_type_at" in here:
            response.kind = "text/html"
        if "page_slow_at" in here:
            response.delay = float(faults.get("slow_seconds", 1.0))
        if self.strikes(faults, "page_reset"):
            response.cut = len(response.body) // 2
        return response

    def strikes(self, faults: Mapping[str, Any], name: str) -> bool:
        """Whether this fault strikes now; it is counted when it does."""
        if faults.get(f"{name}_at") != self.page:
            self._struck.pop(name, None) if f"{name}_at" not in faults else None
            return False
        self._struck[name] = self._struck.get(name, 0) + 1
        times = faults.get(f"{name}_times")
        return times is None or self._struck[name] <= times


SPOILED_ROWS: dict[str, Callable[[list[Any], Mapping[str, Any]], list[Any]]] = {
    "repeat_row_at": lambda rows, _: [*rows, *rows[-1:]],
    "empty_page_at": lambda _rows, _faults: [],
    "lose_rows_at": lambda rows, _: rows[:-1],
    "stray_row_at": lambda rows, faults: [*rows[:1], faults.get("stray_row", "stray"), *rows[1:]],
}
