"""The one way out: every request to a source leaves through `Client`.

It bounds what a source can cost us (time per read, time per answer, size, retries,
pauses), sends a path exactly as it was given, never lets a token follow a link to
another host, and turns whatever goes wrong into one of our three errors. Nothing it
says or logs holds a header, a body or a query string.
"""

from __future__ import annotations

import json
import logging
import os
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
from requests.utils import get_environ_proxies, select_proxy
from urllib3.exceptions import HTTPError
from urllib3.util import parse_url

from integrations import addresses
from integrations.provider import Malformed, Refused, Unreachable
from integrations.throttle import growing_pause, rate_limit_pause, retry_after
from integrations.transport import TARGET, Adapter, watch

if TYPE_CHECKING:
    from requests.structures import CaseInsensitiveDict

logger = logging.getLogger(__name__)

#: Statuses after which the same question may be asked again.
RETRIED = frozenset({500, 502, 503, 504})
REDIRECTS = frozenset({301, 302, 303, 307, 308})
MOST_REDIRECTS = 3
CHUNK = 256 * 1024
#: What a request line can carry: a path on this host in printable ASCII without blanks.
SENDABLE = re.compile(r"/[!-~]*")
#: Part of a path that names somebody by email: it is asked for and not written down.
ADDRESS = re.compile(r"[^/]*(?:@|%40)[^/]*")


#: What is sent beside a target. Where they depend on it (a signature over path and query, good for one try), a
#: function of the target, called anew for each try.
Headers = Mapping[str, str] | Callable[[str], Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may cost. Seconds, bytes and counts.

    `answer` bounds one whole answer however slowly it drips; `attempts` counts tries
    after failures; a source that asks us to wait is given at most `pause` seconds at a
    time and `pauses` times.
    """

    connect: float = 10.0
    read: float = 60.0
    answer: float = 180.0
    size: int = 64 * 1024 * 1024
    attempts: int = 4
    pause: float = 90.0
    pauses: int = 6


@dataclass(slots=True)
class Traffic:
    """What a run has cost so far: requests sent, bytes received (decoded), seconds spent pausing."""

    requests: int = 0
    bytes: int = 0
    waited: float = 0.0


@dataclass(frozen=True, slots=True)
class Reply:
    """One whole answer. `where` is its path without the query, fit for an error text."""

    status: int
    headers: CaseInsensitiveDict[str]
    body: bytes
    where: str
    source: str

    @property
    def is_page(self) -> bool:
        """Whether this is a web page for people rather than data."""
        kind = self.headers.get("Content-Type", "").lower()
        return bool(self.body) and ("html" in kind or self.body[:64].lstrip().startswith(b"<"))

    def json(self) -> dict[str, Any]:
        """The JSON object this answer holds.

        Bytes that are not UTF-8 and escaped NULs or lone surrogates survive as
        characters no database takes, so that they spoil one record and not the page.
        Raises `Malformed` when the body is a web page, not JSON, or not an object.
        """
        if self.is_page:
            raise self.malformed("a web page instead of data")
        try:
            parsed = json.loads(self.body.decode("utf-8-sig", "surrogateescape"), strict=False)
        except (ValueError, RecursionError):
            raise self.malformed("something that is not JSON") from None
        if type(parsed) is not dict:
            raise self.malformed("JSON that is not an object")
        return parsed

    def malformed(self, what: str) -> Malformed:
        """The error that says `what` was answered, and where."""
        return Malformed(f"{self.source} answered {self.where} with {what}.")


class Client:
    """Speaks to one host of one source.

    `origin` is scheme, host and port; `source` is the name used in error texts.
    `sleep` is called for every pause and may raise to stop the run. With `public_only`
    (every host that somebody typed or a source named) it goes to public addresses over
    https only, and raises `Refused` where the host has another.
    """

    def __init__(
        self,
        origin: str,
        source: str,
        limits: Limits | None = None,
        sleep: Callable[[float], None] = time.sleep,
        *,
        public_only: bool = False,
    ) -> None:
        """Opens nothing yet. Raises ValueError when `origin` is not a bare http(s) address."""
        parts = urlsplit(origin)
        bare = parts.hostname and "@" not in parts.netloc and not (parts.path.strip("/") or parts.query)
        if parts.scheme not in {"http", "https"} or not bare or parts.port == 0:
            raise ValueError(f"not the address of a source's host: {parts.scheme}://{parts.hostname}")
        self._public_only = public_only
        self.origin = f"{parts.scheme}://{parts.netloc}"
        self.source = source
        self.limits = limits or Limits()
        self.traffic = Traffic()
        self._sleep = sleep
        self._adapter = Adapter(max_retries=0)
        if public_only:
            self._adapter.public_only()

    def get(self, target: str, headers: Headers, handled: frozenset[int] = frozenset()) -> Reply:
        """GET `target` (path and query, sent untouched) and read the whole answer.

        Asks again after 500, 502, 503, 504 and broken connections, and waits when told
        to (429); every other status is returned to the caller, and so are those of
        `handled`. Raises `Unreachable` when the tries or the pauses are used up,
        `Malformed` for a link to another host or an answer over the size limit.
        """
        for _ in range(MOST_REDIRECTS + 1):
            reply = self._patiently(target, headers, handled)
            if reply.status not in REDIRECTS:
                return reply
            target = self.same_host(reply.headers.get("Location", ""), reply)
        raise reply.malformed("too many redirects")

    def post(self, target: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """POST once: no retry, no redirect. Raises `Unreachable` when there is no answer."""
        reply = self._attempt("POST", target, headers, body)
        if reply is None:
            raise Unreachable(f"{self.source} does not answer.")
        return reply

    def same_host(self, link: str, reply: Reply) -> str:
        """The target `link` names on this host, untouched; `Malformed` when it leads elsewhere.

        Browsers read a backslash as a slash, so it counts as leading elsewhere.
        """
        if link.startswith(f"{self.origin}/"):
            link = link[len(self.origin) :]
        if not link.startswith("/") or link.startswith("//") or "\\" in link:
            raise reply.malformed("a link that leads to another host")
        return link

    def close(self) -> None:
        """Close every connection now; another request opens a new one."""
        self._adapter.close()

    def back_off(self, failures: int) -> None:
        """Pause as after so many failures: for a caller that handles some of them itself."""
        self._pause(growing_pause(failures))

    def _patiently(self, target: str, headers: Headers, handled: frozenset[int]) -> Reply:
        failures = pauses = 0
        while True:
            reply = self._attempt("GET", target, headers(target) if callable(headers) else headers, None)
            if reply is not None and reply.status in handled:
                return reply
            if reply is not None and reply.status == 429:
                pauses += 1
                if pauses > self.limits.pauses:
                    raise Unreachable(f"{self.source} asks us to wait longer than we may.", "E-RATE")
                self._pause(rate_limit_pause(reply.headers, pauses))
            elif reply is None or reply.status in RETRIED:
                failures += 1
                if failures >= self.limits.attempts:
                    said = f" (HTTP {reply.status})" if reply else ""
                    raise Unreachable(f"{self.source} does not answer{said}.")
                self._pause(retry_after(reply.headers if reply else {}) or growing_pause(failures))
            else:
                return reply

    def _pause(self, seconds: float) -> None:
        seconds = min(seconds, self.limits.pause)
        self.traffic.waited += seconds
        self._sleep(seconds)

    def _attempt(self, method: str, target: str, headers: Mapping[str, str], body: bytes | None) -> Reply | None:
        """One try: the whole answer, or None when the connection failed or was too slow."""
        where = ADDRESS.sub("…", target.partition("?")[0])
        if not SENDABLE.fullmatch(target):
            raise Malformed(f"{self.source} named an address that cannot be asked for.")
        started = time.monotonic()
        self.traffic.requests += 1
        try:
            with watch(self.limits.answer) as expired:
                reply = self._exchange(method, where, {**headers, TARGET: target}, body)
                if expired.is_set():
                    raise TimeoutError
        except addresses.NotPublic as refused:
            raise Refused(f"{self.source} {refused}.", "E-ADDRESS-REFUSED") from None
        except (requests.RequestException, HTTPError, OSError) as error:
            logger.warning("%s %s %s: no answer (%s)", self.source, method, where, type(error).__name__)
            return None
        took = time.monotonic() - started
        logger.info("%s %s %s: %s in %.2f s", self.source, method, where, reply.status, took)
        return reply

    def _exchange(self, method: str, where: str, headers: dict[str, str], body: bytes | None) -> Reply:
        # Plain HTTP is for this machine only, where no proxy belongs in between.
        proxies = get_environ_proxies(self.origin) if self.origin.startswith("https:") else {}
        prepared = requests.Request(method, f"{self.origin}/", headers=headers, data=body).prepare()
        if self._public_only:
            _must_be_public(prepared.url or "", proxies)
        answer = self._adapter.send(
            prepared,
            stream=True,
            timeout=(self.limits.connect, self.limits.read),
            verify=os.environ.get("REQUESTS_CA_BUNDLE") or True,
            proxies=proxies,
        )
        with answer:
            content = self._read(answer, where)
        return Reply(answer.status_code, answer.headers, content, where, self.source)

    def _read(self, answer: requests.Response, where: str) -> bytes:
        """The decoded body, counted and capped."""
        parts: list[bytes] = []
        size = 0
        for part in answer.raw.stream(CHUNK, decode_content=True):
            size += len(part)
            if size > self.limits.size:
                raise Malformed(f"{self.source} answered {where} with more than {self.limits.size} bytes.")
            parts.append(part)
        self.traffic.bytes += size
        return b"".join(parts)


def _must_be_public(url: str, proxies: Mapping[str, str]) -> None:
    """Raise `NotPublic` for plain http, and behind a proxy, which connects for itself, for what it must not connect to.

    Without one the connection looks at what it connects to.
    """
    at = parse_url(url)
    if at.scheme != "https":
        raise addresses.NotPublic("must be reached over https")
    if select_proxy(url, proxies):
        addresses.look_up(at.host or "", at.port or 443)
