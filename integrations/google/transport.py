"""Google's own client library on our way out.

The library makes the addresses; what is sent, how long it may take, what is asked again
and what a failure means is decided here. One service belongs to one run and is never
shared between threads: the library mixes answers up there.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, NamedTuple

from googleapiclient.discovery import build
from googleapiclient.model import JsonModel

from integrations.google.faults import WAIT, Fault
from integrations.google.grant import Grant
from integrations.http import Client, Reply
from integrations.provider import Malformed, Unreachable

#: It writes addresses with their queries down, and so the emails and paths in them.
logging.getLogger("googleapiclient.discovery").setLevel(logging.INFO)
#: Of what the library would send. Google: "gzip" has to stand in the last one, too, or nothing comes compressed.
KEPT = frozenset({"accept", "accept-encoding", "user-agent"})


class Status(NamedTuple):
    """As much of a response as the library looks at."""

    status: int


class Transport:
    """What the library takes for its `httplib2.Http`: sends to one host only, through our client.

    Raises `Fault` for an answer that is no success, once asking again is of no use.
    """

    def __init__(self, client: Client, grant: Grant) -> None:
        """`client` speaks to the directory's host."""
        self._client, self._grant = client, grant

    def request(
        self,
        uri: str,
        method: str = "GET",
        body: str | bytes | None = None,
        headers: Mapping[str, str] | None = None,
        **_: Any,
    ) -> tuple[Status, Reply]:
        """GET `uri`, patiently: after a 401 once with another token, and when Google throttles.

        Google: throttling is mostly a 403 with a reason. It is waited for with growing
        pauses that differ by chance, so that schools of one district do not march in step.
        """
        target = self._target(uri, method, body)
        kept = {name: value for name, value in (headers or {}).items() if name in KEPT}
        pauses = 0
        renewed = False
        while True:
            reply = self._client.get(target, lambda _: {**kept, "Authorization": self._grant.header()})
            if reply.status < 300:
                return Status(reply.status), reply
            if reply.status == 401:
                if renewed:
                    raise self._grant.end()
                renewed = True
                self._grant.drop()
                continue
            fault = Fault(reply)
            if not fault.throttles:
                raise fault
            pauses += 1
            if pauses > self._client.limits.pauses:
                raise Unreachable(WAIT, "E-RATE")
            self._client.back_off(pauses + 1)

    def close(self) -> None:
        """As the library wants it; the client is closed by its owner."""

    def _target(self, uri: str, method: str, body: str | bytes | None) -> str:
        """Path and query. Nothing goes to another host, as batches of the library would."""
        origin = f"{self._client.origin}/"
        target = uri.removeprefix(self._client.origin)
        if not uri.startswith(origin):
            raise Malformed("Google's directory is asked at its own address only.")
        if method == "POST" and isinstance(body, str) and "?" not in target:
            # The library's own idea about long questions.
            return f"{target}?{body}"
        if method != "GET":
            raise Malformed("Google's directory is only read.")
        return target


class _Answers(JsonModel):
    """Hands our reply through: what a body holds is judged by whoever asked."""

    def response(self, resp: Any, content: Reply) -> Reply:
        """The reply itself."""
        del resp
        return content


def directory(client: Client, grant: Grant) -> Any:
    """The library's service for the directory at `client`'s host; asks nothing, not even what the API looks like."""
    return build(
        "admin",
        "directory_v1",
        http=Transport(client, grant),
        model=_Answers(),
        static_discovery=True,
        cache_discovery=False,
        client_options={"api_endpoint": f"{client.origin}/"},
    )
