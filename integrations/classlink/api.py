"""ClassLink's listing of districts: who shares a roster with us, and what opens it.

ClassLink: `/applications` answers our partner key with one record per district. It names
no total and no next page. Each record carries a bearer that opens the district's whole
roster, so a bearer is never used for any tenant but the one of its record.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from integrations.http import Client, Reply
from integrations.oneroster.doors import HEADER_SAFE, JSON
from integrations.provider import Refused

SOURCE = "ClassLink"
API = "api"
PARTNER_KEY = "partner_key"
#: Records per page. ClassLink takes up to 10,000; there are some hundreds of districts.
PAGE = 500
MOST_PAGES = 200
#: ClassLink: a path segment that is percent-encoded already and works in no other form.
SEGMENT = re.compile(r"[!-~]+")
SPLITS_A_PATH = re.compile(r"[/?#\\]")
WORD = re.compile(r"[A-Za-z ]{1,30}")
#: ClassLink: where its districts' own servers are. Our signature goes nowhere else.
SERVERS = (".oneroster.com", ".rosterserver.com", ".classlink.com", ".classlink.io")

NO_KEY = "ClassLink does not accept SmartPass's own partner key."
NOBODY = "ClassLink lists no district at all for SmartPass, which is more likely to be its mistake than the districts'."
RECONNECT = (
    "ClassLink no longer accepts SmartPass for this district. The district must share its roster with SmartPass in"
    " ClassLink Roster Server again."
)
NO_BEARER = "ClassLink has not given SmartPass a key for this district yet."
SWITCHED_OFF = "The district has added SmartPass in ClassLink Roster Server but not switched it on."
NOT_USABLE = "ClassLink's record of this district names nothing that SmartPass could open."


class Application(NamedTuple):
    """One record: a tenant, its name, and what opens its roster. `problem` says why it is not usable."""

    tenant: str
    name: str
    segment: str
    bearer: str
    problem: str = ""

    def __repr__(self) -> str:
        """Without the bearer, which must not reach a log."""
        return f"Application({self.tenant!r}, …)"


class OwnServer(NamedTuple):
    """A district's own roster server: where it is, and the key and secret that sign."""

    url: str
    key: str
    secret: str

    def __repr__(self) -> str:
        """Without what opens it."""
        return "OwnServer(…)"


def list_applications(client: Client, secrets: Mapping[str, str]) -> list[Application]:
    """Every record of every district, to the last page.

    Raises `Refused` when ClassLink does not know our partner key or lists nobody at all,
    `Malformed` when it does not answer with a listing.
    """
    found: dict[str, Application] = {}
    for reply, rows in _pages(client, secrets):
        before = len(found)
        found.update((json.dumps(row), _application(row)) for row in rows)
        if len(found) == before:
            raise reply.malformed("a page of nothing but districts that were already read")
    if not found:
        raise Refused(NOBODY)
    return list(found.values())


def find_application(client: Client, secrets: Mapping[str, str], tenant: str) -> Application:
    """The usable record of one tenant. Raises `Refused`, in words, where there is none."""
    own = [each for each in list_applications(client, secrets) if each.tenant == tenant]
    if not own:
        raise Refused(RECONNECT)
    usable = [each for each in own if not each.problem]
    if not usable:
        raise Refused(own[0].problem)
    return usable[0]


def find_server(client: Client, secrets: Mapping[str, str], application: Application) -> OwnServer:
    """The district's own server. Raises `Malformed` where there is none that we would sign anything for."""
    reply = client.get(f"/applications/{application.segment}/server", _headers(secrets))
    told = _answered(reply).get("server")
    server = told if type(told) is dict else {}
    url, key, secret = (server.get(name) for name in ("endpoint_url", "client_id", "client_secret"))
    if type(url) is not str or type(key) is not str or type(secret) is not str or not key or not secret:
        raise reply.malformed("a district's server without an address or a key")
    if not _is_trusted(url, client.origin):
        raise reply.malformed("a district's server at an address that is not ClassLink's")
    return OwnServer(url, key, secret)


def _pages(client: Client, secrets: Mapping[str, str]) -> Iterator[tuple[Reply, list[dict[str, Any]]]]:
    offset = 0
    for _ in range(MOST_PAGES):
        reply = client.get(f"/applications?limit={PAGE}&offset={offset}", _headers(secrets))
        listed = _answered(reply).get("applications")
        if type(listed) is dict:
            # ClassLink's older form: one object, and no pages.
            yield reply, [listed]
            return
        if type(listed) is not list or not all(type(row) is dict for row in listed):
            raise reply.malformed("something that is no list of applications")
        if not listed:
            return
        yield reply, listed
        offset += len(listed)
    raise reply.malformed("a list without an end")


def _headers(secrets: Mapping[str, str]) -> dict[str, str]:
    key = secrets.get(PARTNER_KEY, "")
    if not HEADER_SAFE.fullmatch(key):
        raise Refused(NO_KEY, "E-CLIENT-REFUSED")
    return {**JSON, "Authorization": f"Bearer {key}"}


def _answered(reply: Reply) -> dict[str, Any]:
    if reply.status in {401, 403}:
        raise Refused(NO_KEY, "E-CLIENT-REFUSED")
    if reply.status != 200:
        raise reply.malformed(f"HTTP {reply.status}")
    return reply.json()


def _application(row: dict[str, Any]) -> Application:
    """One record. ClassLink: `enabled` is a text; of three ids one is the path segment."""
    tenant, name, bearer = _text(row.get("tenant_id")), _text(row.get("tenant_name")), _text(row.get("bearer"))
    segment = row.get("oneroster_application_id")
    segment = segment if type(segment) is str else ""
    return Application(tenant, name or tenant, segment, bearer, _problem(row, segment, bearer))


def _problem(row: dict[str, Any], segment: str, bearer: str) -> str:
    status = _text(row.get("tenant_status"))
    if status.lower() != "active":
        said = status.lower() if WORD.fullmatch(status) else "in no state that SmartPass knows"
        return f"ClassLink says that this district is not active but {said}."
    if _text(row.get("enabled")).lower() not in {"true", "1"}:
        return SWITCHED_OFF
    if not bearer:
        return NO_BEARER
    usable = SEGMENT.fullmatch(segment) and not SPLITS_A_PATH.search(segment) and segment.strip(".")
    return "" if usable and HEADER_SAFE.fullmatch(bearer) else NOT_USABLE


def _text(value: Any) -> str:
    """A text, a number or a boolean as text; "" for anything else. ClassLink: tenant ids are numbers here."""
    if type(value) in {int, bool}:
        return str(value)
    return value.strip() if type(value) is str and "\0" not in value else ""


def _is_trusted(url: str, origin: str) -> bool:
    """Whether an address that ClassLink names is one of its own, reached as safely as the rest."""
    parts = urlsplit(url)
    if f"{parts.scheme}://{parts.netloc}" == origin:
        return True
    host = parts.hostname or ""
    return parts.scheme == "https" and parts.netloc == host and host.endswith(SERVERS)
