"""Asking a sandbox byte for byte: no client in between rewrites a path, follows a link or tries again."""

from __future__ import annotations

import http.client
import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from oauthlib.oauth1 import Client

from integrations.classlink.sandbox import Tenant
from integrations.oneroster.sandbox import District, OneRosterSandbox
from integrations.oneroster.sandbox.wording import BASES
from integrations.sandbox.server import SandboxServer

Body = dict[str, Any]
PARTNER = "Bearer sandbox-partner-key"


@dataclass(frozen=True)
class Answer:
    """One answer; header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The body, parsed."""
        return json.loads(self.body)


def ask(
    server: SandboxServer,
    target: str,
    authorization: str = "",
    method: str = "GET",
    body: bytes = b"",
    **headers: str,
) -> Answer:
    """One request with the target exactly as it is."""
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=30)
    try:
        connection.putrequest(method, target, skip_accept_encoding=True)
        for name, value in ({"Authorization": authorization} if authorization else {}).items() | headers.items():
            connection.putheader(name.replace("_", "-"), value)
        connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        answer = connection.getresponse()
        told = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, told, answer.read())
    finally:
        connection.close()


def path(server: OneRosterSandbox, district: District, rest: str) -> str:
    """Where something of a district stands: on the proxy for a ClassLink tenant, else below the base."""
    segment = f"/{district.application_id}" if isinstance(district, Tenant) else ""
    return f"{segment}{BASES[server.version]}/{rest}"


def read(server: OneRosterSandbox, district: District, rest: str) -> Answer:
    """The answer to the district's bearer."""
    return ask(server, path(server, district, rest), f"Bearer {district.bearer}")


def rows(server: OneRosterSandbox, district: District, rest: str) -> list[Any]:
    """The rows of a page; it has to be a 200 with one list in it."""
    answer = read(server, district, rest)
    assert answer.status == 200, answer.body
    (listed,) = answer.json().values()
    assert isinstance(listed, list)
    return listed


def ids(listed: list[Any]) -> list[str]:
    """Their sourcedIds."""
    return [str(row["sourcedId"]) for row in listed]


def query(**values: object) -> str:
    """A query as it has to be sent."""
    return urlencode({name: str(value) for name, value in values.items()}, quote_via=quote, safe="")


def signed(
    server: SandboxServer,
    district: District,
    target: str,
    method: str = "HMAC-SHA256",
    secret: str | None = None,
    **more: Any,
) -> str:
    """The Authorization header of OAuth 1.0a for exactly this address."""
    client = Client(district.key, district.secret if secret is None else secret, signature_method=method, **more)
    headers: Mapping[str, str] = client.sign(f"{server.url}{target}")[1]
    return headers["Authorization"]


def basic(name: str, secret: str) -> str:
    """The Authorization header of HTTP Basic."""
    return f"Basic {b64encode(f'{name}:{secret}'.encode()).decode()}"


def post(server: SandboxServer, target: str, authorization: str = "", **fields: str) -> Answer:
    """A form."""
    kind = "application/x-www-form-urlencoded"
    return ask(server, target, authorization, "POST", urlencode(fields).encode(), Content_Type=kind)
