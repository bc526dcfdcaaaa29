"""Clever's two hosts: district tokens, and pages of the Data API.

Clever: v3.1 is the newest edition; lists are double-wrapped, sorted by ascending id and
followed by `links[rel=next].uri`, a relative path with the version in it. A district
token is created by the district's consent and can change or end at any moment; the
token list always holds the current one.
"""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import parse_qs, quote, urlsplit

from integrations.http import Client, Limits, Reply
from integrations.provider import Refused

SOURCE = "Clever"
VERSION = "/v3.1"
API = "api"
AUTH = "auth"
CLIENT_ID = "client_id"
CLIENT_SECRET = "client_secret"  # noqa: S105  the name of a secret, not one
#: Clever: the text, not the status, says that the app lacks the right to the roster.
NO_RIGHT = re.compile(rb"not in token.{1,6}s scopes", re.IGNORECASE)
#: What a header can carry as a token.
HEADER_SAFE = re.compile(r"[!-~]+")

RECONNECT = "Clever no longer accepts SmartPass for this district. The district must connect SmartPass in Clever again."
NO_KEY = "Clever does not accept SmartPass's own client id and secret."
NO_ROSTER = "Clever lets us see this district but not its people: SmartPass needs Secure Sync there."


class Token(NamedTuple):
    """One district's consent: its id and the token that opens it."""

    district: str
    secret: str

    def __repr__(self) -> str:
        """Without the token, which must not reach a log."""
        return f"Token({self.district!r}, …)"


class Page(NamedTuple):
    """One page of a list: the objects, the total where Clever gives one, the next target or None."""

    rows: list[dict[str, Any]]
    announced: int | None
    following: str | None


def list_tokens(client: Client, secrets: Mapping[str, str], district: str = "") -> list[Token]:
    """The districts that let us in, or the one named. Clever: these rows are not double-wrapped.

    Raises `Refused` when Clever does not know our client id and secret, `Malformed`
    when a row holds no district or no token.
    """
    pair = f"{secrets[CLIENT_ID]}:{secrets[CLIENT_SECRET]}".encode()
    headers = {"Authorization": f"Basic {base64.b64encode(pair).decode()}", "Accept": "application/json"}
    wanted = f"&district={quote(district, safe='')}" if district else ""
    target: str | None = f"/oauth/tokens?owner_type=district{wanted}"
    tokens: list[Token] = []
    seen: set[str] = set()
    while target and target not in seen:
        seen.add(target)
        reply = client.get(target, headers)
        if reply.status in {400, 401, 403}:
            raise Refused(NO_KEY, "E-CLIENT-REFUSED")
        body = _answered(reply).json()
        tokens += [_token(row, reply) for row in _rows(body, reply)]
        target = _next_link(body, reply, client)
    return [token for token in tokens if not district or token.district == district]


def _token(row: Any, reply: Reply) -> Token:
    owner = row.get("owner") if isinstance(row, dict) else None
    district = owner.get("id") if isinstance(owner, dict) else None
    secret = row.get("access_token") if isinstance(row, dict) else None
    if isinstance(district, str) and district and isinstance(secret, str) and HEADER_SAFE.fullmatch(secret):
        return Token(district, secret)
    raise reply.malformed("a row without a district or a token")


@dataclass(slots=True)
class Api:
    """The Data API of one district. `token` is given, or read from the token list when first needed."""

    client: Client
    fetch_token: Callable[[], str]
    token: str = ""
    renewed: bool = False

    def one(self, path: str) -> dict[str, Any] | None:
        """The single object at `path`; None for a 404 (un-shared, deleted or never there).

        A 404 that is a web page says nothing about the object: Clever answers so to the
        wrong kind of token, and so does a wrong address. It raises `Malformed`.
        """
        reply = self._get(VERSION + path)
        if reply.status == 404 and not NO_RIGHT.search(reply.body) and not reply.is_page:
            return None
        body = _answered(reply).json()
        data = body.get("data")
        if type(data) is not dict:
            raise reply.malformed("an object without data")
        return data

    def pages(self, path: str, query: str) -> Iterator[Page]:
        """Every page of the list at `path`, in ascending id order; ending means that Clever said so.

        Raises `Malformed` for anything but a proper walk: rows out of order or repeated,
        a link that repeats, leads to another list or host, or has no cursor, an empty page
        before the last.
        """
        target: str | None = f"{VERSION}{path}?{query}"
        last = ""
        followed = set[str]()
        while target:
            followed.add(target)
            reply = self._get(target)
            if reply.status == 404 and not last:
                raise Refused(NO_ROSTER, "E-PRIVILEGE-MISSING")
            page = self._page(reply)
            last = _ascending(page.rows, last, reply)
            if page.following in followed:
                raise reply.malformed("a next page that was already read")
            yield page
            target = page.following

    def _page(self, reply: Reply) -> Page:
        body = _answered(reply).json()
        rows = _rows(body, reply)
        for row in rows:
            if type(row) is not dict or type(row.get("data")) is not dict:
                raise reply.malformed("a row that is not wrapped as promised")
        count = body.get("count")
        following = _next_link(body, reply, self.client, required=True)
        if following and not _has_cursor(following, reply):
            # Clever: a page without rows has no last id to continue from, which is an end.
            if rows:
                raise reply.malformed("a next page that does not say where to go on")
            following = None
        if following and not rows:
            raise reply.malformed("an empty page in the middle of the list")
        return Page([row["data"] for row in rows], count if type(count) is int else None, following)

    def _get(self, target: str) -> Reply:
        """Ask with the district's token; after a 401 read the token list once more, then give up."""
        self.token = self.token or self.fetch_token()
        reply = self._ask(target)
        if reply.status == 401 and not NO_RIGHT.search(reply.body) and not self.renewed:
            self.renewed = True
            before, self.token = self.token, self.fetch_token()
            if self.token != before:
                reply = self._ask(target)
        return reply

    def _ask(self, target: str) -> Reply:
        return self.client.get(target, {"Authorization": f"Bearer {self.token}", "Accept": "application/json"})


def open_api(
    hosts: Mapping[str, str],
    secrets: Mapping[str, str],
    district: str,
    limits: Limits,
    sleep: Callable[[float], None] = time.sleep,
) -> Api:
    """The Data API of `district`; its token is read from Clever's list when it is first needed."""

    def fetch_token() -> str:
        with closing(Client(hosts[AUTH], SOURCE, limits, sleep)) as client:
            found = list_tokens(client, secrets, district)
        if not found:
            raise Refused(RECONNECT)
        return found[-1].secret

    return Api(Client(hosts[API], SOURCE, limits, sleep), fetch_token)


def _answered(reply: Reply) -> Reply:
    """`reply` when it holds an answer; our error for its status otherwise.

    Clever: 401 is invalid authorisation; any refusal that speaks of the token's scopes
    means that the app has no right to the roster (Secure Sync).
    """
    if reply.status == 200:
        return reply
    if NO_RIGHT.search(reply.body) or reply.status == 403:
        raise Refused(NO_ROSTER, "E-PRIVILEGE-MISSING")
    if reply.status == 401:
        raise Refused(RECONNECT)
    raise reply.malformed(f"HTTP {reply.status}")


def _rows(body: dict[str, Any], reply: Reply) -> list[Any]:
    rows = body.get("data")
    if type(rows) is not list:
        raise reply.malformed("a page without a data list")
    return rows


def _next_link(body: dict[str, Any], reply: Reply, client: Client, *, required: bool = False) -> str | None:
    """The target of `links[rel=next]`, exactly as given; `Malformed` when it leads to another list."""
    links = body.get("links")
    if type(links) is not list:
        if required:
            raise reply.malformed("a page without links")
        return None
    found = [link for link in links if type(link) is dict and link.get("rel") == "next"]
    if not found:
        return None
    uri = found[0].get("uri")
    if type(uri) is not str:
        raise reply.malformed("a next page without an address")
    target = client.same_host(uri, reply)
    if urlsplit(target).path != reply.where:
        raise reply.malformed("a next page of another list")
    return target


def _has_cursor(target: str, reply: Reply) -> bool:
    try:
        query = parse_qs(urlsplit(target).query)
    except ValueError:
        raise reply.malformed("a next page whose address cannot be read") from None
    return any(query.get("starting_after", []))


def _ascending(rows: list[dict[str, Any]], last: str, reply: Reply) -> str:
    """The last id of a page; `Malformed` when an id is not greater than the one before it.

    Records without a usable id are left to be reported one by one.
    """
    for row in rows:
        identifier = row.get("id")
        if type(identifier) is str and identifier:
            if identifier <= last:
                raise reply.malformed("rows that are repeated or out of order")
            last = identifier
    return last
