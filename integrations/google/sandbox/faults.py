"""The faults a Google sandbox can be told to have, by name.

A page fault `…_at: n` strikes the n-th page of a walk over one collection: `page_of`
(users, groups, members or orgunits; default users). `…_times` bounds how often it strikes.

page_fail_at        the n-th page is refused …
page_fail           … with this reason (see errors.REFUSALS; default backendError)
page_fail_times     … this many times (default: always)
refuse              {collection: reason}: every request to it is refused …
refuse_times        … this many times altogether
message             the words of those refusals
error_shape         "a" to "f": the shape of every refusal of the directory
retry_after         refusals with 403, 429 and 503 say Retry-After, word for word
page_cut_at, page_cut_times       the connection is reset in the middle of the n-th page's body
page_slow_at        `slow_seconds` (default 1) pass before the n-th page
page_drip_at        the n-th page's body comes in small pieces with `drip_seconds` (default 0.2) between them
empty_body_at, html_at, null_at, not_json_at   the n-th page has this body, with status 200
no_key_at           the n-th page is 200 without the rows' key, and the last one
empty_page_at       the n-th page has no rows although there are more
lose_rows_at        the n-th page has lost its last `lose_rows` (default 1) rows and says nothing
repeat_row_at       the n-th page holds its last row twice
foreign_row_at      the last row of the n-th page is of another customer
stray_row_at        the n-th page holds `stray_row` (default: a text) among its rows
edit_at, edit       before the n-th page this happens, once: {"do": verb, "args": {…}}
same_token          every page is followed by the same token, for ever
endless             empty pages with another token each, for ever
empty               collections that answer 200 without their key
lagging             true: searches see the state of the moment this was set, rows show today's
limited_role        "refuse": an admin limited to a unit is refused (default: sees a part and no error)
over_most           "refuse": a maxResults above the most is a 400 (default: cut down)
ou_most             more units than this below what is asked, and the listing fails with backendError
auth_error          Google draws this error instead of anything else (pages.ERRORS)
unverified          true: a warning comes before the consent page
testing             true: refresh tokens end after seven days
no_refresh_token    true: the answer to a code holds none
scopes_lost         scopes that are missing in what the token endpoint gives
token_fault         the token endpoint says: revoked, bad_request, deleted_account, invalid_email, not_an_email,
                    restricted, policy, rapt, invalid_client, deleted_client, internal_failure, unavailable, rate,
                    html, html_200, empty, null, no_token …
token_fault_times   … this many times (default: always)
id_token            claims that are put over an ID token's; null takes one away
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from integrations.google.sandbox.errors import HTML, Refused, refused
from integrations.google.sandbox.paging import Place
from integrations.sandbox.server import Response

Row = dict[str, Any]
Faults = Mapping[str, Any]
#: Every switch.
KNOWN = frozenset(
    {
        *("page_of", "page_fail_at", "page_fail", "page_fail_times", "refuse", "refuse_times", "message"),
        *("error_shape", "retry_after", "page_cut_at", "page_cut_times", "page_slow_at", "slow_seconds"),
        *("page_drip_at", "drip_seconds", "empty_body_at", "html_at", "null_at", "not_json_at", "no_key_at"),
        *("empty_page_at", "lose_rows_at", "lose_rows", "repeat_row_at", "foreign_row_at", "stray_row_at"),
        *("stray_row", "edit_at", "edit", "same_token", "endless", "empty", "lagging", "limited_role"),
        *("over_most", "ou_most", "auth_error", "unverified", "testing", "no_refresh_token", "scopes_lost"),
        *("token_fault", "token_fault_times", "id_token"),
    }
)
BODIES = {
    "empty_body_at": (b"", ""),
    "html_at": (HTML.format(200).encode(), "text/html; charset=utf-8"),
    "null_at": (b"null", "application/json; charset=UTF-8"),
    "not_json_at": (b'{"kind": "admin#directory#users", "users": [', "application/json; charset=UTF-8"),
}


class Spoiler:
    """Spoils pages as the switches want it, and counts how often."""

    def __init__(self) -> None:
        """Nothing spoiled yet."""
        self._struck: dict[str, int] = {}

    def forget(self, switches: Mapping[str, Any]) -> None:
        """Begin to count anew for switches that are set again."""
        for name in switches:
            self._struck.pop(name.removesuffix("_at").removesuffix("_times"), None)

    def refuse(self, kind: str, faults: Faults) -> None:
        """Refuse a request to a collection."""
        reason = faults.get("refuse", {}).get(kind)
        if reason and self._strikes("refuse", faults):
            raise _refusal(reason, faults)

    def before(self, kind: str, page: int, faults: Faults, edit: Callable[[str, Row], Any]) -> None:
        """Refuse the page, or let something happen before it."""
        if faults.get("page_of", "users") != kind:
            return
        if faults.get("page_fail_at") == page and self._strikes("page_fail", faults):
            raise _refusal(faults.get("page_fail", "backendError"), faults)
        if faults.get("edit_at") == page and self._strikes("edit", {"edit_times": 1}):
            edit(faults["edit"]["do"], faults["edit"].get("args", {}))

    def rows(self, kind: str, page: int, faults: Faults, rows: list[Any]) -> list[Any]:
        """The page's rows with what the switches do to them."""
        if kind in faults.get("empty", ()):
            return []
        if faults.get("page_of", "users") != kind:
            return rows
        here = {name for name, at in faults.items() if name.endswith("_at") and at == page}
        if faults.get("endless") or here & {"empty_page_at", "no_key_at"}:
            return []
        if "lose_rows_at" in here:
            rows = rows[: -int(faults.get("lose_rows", 1))]
        if "repeat_row_at" in here:
            rows = [*rows, *rows[-1:]]
        if "foreign_row_at" in here:
            rows = [*rows[:-1], *({**row, "customerId": "C09999xyz"} for row in rows[-1:])]
        return [*rows, faults.get("stray_row", "stray")] if "stray_row_at" in here else rows

    def following(self, kind: str, place: Place, after: Place | None, faults: Faults) -> Place | None:
        """Where the next page is said to be."""
        if kind in faults.get("empty", ()):
            return None
        if faults.get("page_of", "users") == kind:
            if faults.get("no_key_at") == place.page:
                return None
            if faults.get("same_token"):
                return Place(2, after.after if place.page == 1 and after else place.after)
            if faults.get("endless"):
                return Place(place.page + 1, place.after)
        return after

    def stands(self, kind: str, faults: Faults) -> bool:
        """Whether a page is followed by the token it was asked with."""
        return bool(faults.get("same_token")) and faults.get("page_of", "users") == kind

    def body(self, kind: str, page: int, faults: Faults, response: Response) -> Response:
        """The answer with what the switches do to its body and on its way."""
        if faults.get("page_of", "users") != kind:
            return response
        here = {name for name, at in faults.items() if name.endswith("_at") and at == page}
        for name, (body, content) in BODIES.items():
            if name in here:
                return Response(200, body, content)
        if "page_slow_at" in here:
            response.delay = float(faults.get("slow_seconds", 1))
        if "page_drip_at" in here:
            response.drip = float(faults.get("drip_seconds", 0.2))
        if "page_cut_at" in here and self._strikes("page_cut", faults):
            response.cut = len(response.body) // 2
        return response

    def _strikes(self, name: str, faults: Faults) -> bool:
        self._struck[name] = self._struck.get(name, 0) + 1
        return self._struck[name] <= int(faults.get(f"{name}_times", self._struck[name]))


def _refusal(reason: str, faults: Faults) -> Refused:
    return refused(reason, str(faults.get("message", "")))
