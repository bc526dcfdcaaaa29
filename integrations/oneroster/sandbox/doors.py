"""The ways into a OneRoster server: OAuth 1.0a, a static bearer, OAuth 2 client credentials.

OAuth 1 is verified over the method, the address and every query parameter (RFC 5849);
a nonce serves once, and a timestamp may be five minutes off (choice).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable, Iterable, Mapping
from types import SimpleNamespace
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from oauthlib.oauth1.rfc5849 import signature
from oauthlib.oauth1.rfc5849.utils import parse_authorization_header, unescape

from integrations.oneroster.sandbox.district import District
from integrations.sandbox.server import Request, Response, as_json

Faults = Mapping[str, Any]
SCOPE = "https://purl.imsglobal.org/spec/or/{}/scope/{}"
VERSIONS = {"1.1": "v1p1", "1.2": "v1p2"}
CORE, WHOLE = "roster-core.readonly", "roster.readonly"
OAUTH1 = {"HMAC-SHA256": "oauth1-sha256", "HMAC-SHA1": "oauth1-sha1"}
#: 1.2 knows OAuth 2 alone; a static bearer is what some give out instead.
OPEN = {"1.1": ("oauth1-sha256", "oauth1-sha1", "bearer", "oauth2"), "1.2": ("bearer", "oauth2")}
CLOCK_SECONDS = 300
TOKEN_SECONDS = 3600
VERIFY: dict[str, Callable[..., bool]] = {
    "HMAC-SHA256": signature.verify_hmac_sha256,
    "HMAC-SHA1": signature.verify_hmac_sha1,
}


class Access(NamedTuple):
    """Who was let in: to which district, by which door, and whether below objects."""

    district: District
    door: str
    nested: bool = True


class Shut(NamedTuple):
    """Nobody is let in, and what is said about it. `door` is the one that was tried."""

    why: str
    door: str = "none"
    status: int = 401


class _Granted(NamedTuple):
    district: District
    scopes: frozenset[str]
    until: float


class Doors:
    """Lets requests in, for every district of a server."""

    def __init__(self, version: str, districts: Callable[[], Iterable[District]], clock: Callable[[], float]) -> None:
        """`districts` gives those there are now, `clock` Unix seconds."""
        self._version = version
        self._districts = districts
        self._clock = clock
        self._nonces: dict[tuple[str, str, str], int] = {}
        self._tokens: dict[str, _Granted] = {}

    def open(self, request: Request, faults: Faults, shut: Iterable[str] = ()) -> Access | Shut:
        """Let a request in by what its Authorization says; doors in `shut` are not there."""
        said = request.headers.get("authorization", "")
        scheme, _, value = said.partition(" ")
        doors = set(faults.get("doors", OPEN[self._version])) - set(shut)
        if scheme.lower() == "oauth":
            return self._oauth1(request, said, doors)
        if scheme.lower() == "bearer" and value:
            return self._bearer(value.strip(), doors)
        return Shut("the Request requires authorization")

    def token(self, request: Request, faults: Faults) -> Response:
        """The token endpoint: HTTP Basic and nothing else, client credentials, a scope that was granted."""
        if "token_status" in faults:
            return as_json({"error": "temporarily_unavailable"}, int(faults["token_status"]))
        district = self._client(request)
        if district is None or "oauth2" not in faults.get("doors", OPEN[self._version]):
            response = as_json({"error": "invalid_client"}, 401)
            response.headers["WWW-Authenticate"] = 'Basic realm="oneroster"'
            return response
        fields = dict(parse_qsl(request.body.decode("utf-8", "replace")))
        if fields.get("grant_type") != "client_credentials":
            return as_json({"error": "unsupported_grant_type"}, 400)
        asked = set(fields.get("scope", "").split())
        if not asked or not asked <= {self._scope(each) for each in faults.get("granted", (CORE, WHOLE))}:
            return as_json({"error": "invalid_scope"}, 400)
        seconds = int(faults.get("token_seconds", TOKEN_SECONDS))
        made = f"{district.secret} {len(self._tokens)}".encode()
        token = hashlib.sha256(made).hexdigest()[:40]
        self._tokens[token] = _Granted(district, frozenset(asked), self._clock() + seconds)
        told = {"access_token": token, "token_type": "Bearer", "expires_in": seconds, "scope": " ".join(sorted(asked))}
        response = as_json(told)
        response.token = "basic"
        return response

    def forget_tokens(self) -> None:
        """Every OAuth 2 token is dead."""
        self._tokens.clear()

    def _client(self, request: Request) -> District | None:
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        try:
            said = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, ValueError):
            return None
        pairs = {f"{each.key}:{each.secret}": each for each in self._districts()}
        return pairs.get(said) if scheme.lower() == "basic" else None

    def _scope(self, word: str) -> str:
        return SCOPE.format(VERSIONS[self._version], word)

    def _bearer(self, value: str, doors: set[str]) -> Access | Shut:
        granted = self._tokens.get(value)
        if granted is not None and "oauth2" in doors:
            if self._clock() > granted.until:
                return Shut("the token has expired", "oauth2")
            return Access(granted.district, "oauth2", nested=self._scope(WHOLE) in granted.scopes)
        for district in self._districts():
            if "bearer" in doors and district.bearer == value:
                return Access(district, "bearer")
        return Shut("the token is not known", "bearer")

    def _oauth1(self, request: Request, said: str, doors: set[str]) -> Access | Shut:
        try:
            told = {name: unescape(value) for name, value in parse_authorization_header(said)}
            headers = {"Authorization": said}
            params = signature.collect_parameters(uri_query=request.raw_query, headers=headers)
        except ValueError:
            return Shut("the Authorization header or the query cannot be read", "oauth1", 400)
        method = told.get("oauth_signature_method", "")
        district = next((each for each in self._districts() if each.key == told.get("oauth_consumer_key")), None)
        if OAUTH1.get(method) not in doors:
            return Shut("signature_method_rejected", "oauth1")
        if district is None:
            return Shut("consumer_key_unknown", "oauth1")
        if not _is_signed(request, params, told, district.secret):
            return Shut("signature_invalid", "oauth1")
        why = self._stale(told)
        return Shut(why, "oauth1") if why else Access(district, "oauth1")

    def _stale(self, told: Mapping[str, str]) -> str:
        """Why a rightly signed request is refused all the same."""
        stamp, nonce, now = told.get("oauth_timestamp", ""), told.get("oauth_nonce", ""), self._clock()
        if not stamp.isdecimal() or not nonce:
            return "parameter_absent"
        if abs(now - int(stamp)) > CLOCK_SECONDS:
            return "timestamp_refused"
        used = (told["oauth_consumer_key"], stamp, nonce)
        if used in self._nonces:
            return "nonce_used"
        self._nonces = {each: at for each, at in self._nonces.items() if at >= now - CLOCK_SECONDS}
        self._nonces[used] = int(stamp)
        return ""


def _is_signed(request: Request, params: list[tuple[str, str]], told: Mapping[str, str], secret: str) -> bool:
    """Whether the signature is this secret's over exactly this request; an address that is none is not signed."""
    address = f"http://{request.headers.get('host', '')}{request.path}"
    given = told.get("oauth_signature", "")
    signed = SimpleNamespace(params=params, http_method=request.method, uri=address, signature=given)
    try:
        return VERIFY[told["oauth_signature_method"]](signed, secret)
    except ValueError:
        return False
