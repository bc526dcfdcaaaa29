"""The doors of OneRoster servers: what a request must carry to be let in.

1.1 knows OAuth 1.0a (every request signed, with its query) and OAuth 2; 1.2 only OAuth 2
client credentials; proxies hand out bearers of their own.
"""

from __future__ import annotations

import base64
import logging
import re
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import suppress
from urllib.parse import urlencode

from oauthlib.oauth1 import SIGNATURE_HMAC_SHA1, SIGNATURE_HMAC_SHA256, Client as Signer

from integrations.http import Client
from integrations.provider import Refused, Unreachable

#: The library tells its log what it signs, and with which key.
logging.getLogger("oauthlib").setLevel(logging.WARNING)

#: What a header can carry.
HEADER_SAFE = re.compile(r"[!-~]+")
#: OneRoster: users and orgs are in the core; asking for more can be refused where only the core was granted.
SCOPES = {
    "1.1": "https://purl.imsglobal.org/spec/or/v1p1/scope/roster-core.readonly",
    "1.2": "https://purl.imsglobal.org/spec/or/v1p2/scope/roster-core.readonly",
}
#: Seconds before its end at which a token is no longer used.
MARGIN = 30
JSON = {"Accept": "application/json"}


class Door(ABC):
    """One way in. `keeps_time`: whether a clock that is off shuts it."""

    keeps_time = False

    @abstractmethod
    def headers(self, url: str) -> Mapping[str, str]:
        """What a GET of `url` must carry; asked anew for each try. Raises a `SourceError`."""

    def renew(self) -> bool:
        """After a 401: whether there is something else to try with."""
        return False


class Bearer(Door):
    """A token that was handed to us. `another`, asked at most once, gives the one that holds now."""

    def __init__(self, token: str, another: Callable[[], str] | None = None) -> None:
        """Opens nothing yet."""
        self._token = token
        self._another = another

    def headers(self, url: str) -> Mapping[str, str]:
        """The token."""
        del url
        if not HEADER_SAFE.fullmatch(self._token):
            raise Refused("The key that SmartPass was given cannot be sent.")
        return {**JSON, "Authorization": f"Bearer {self._token}"}

    def renew(self) -> bool:
        """Ask for another token; False if it is the same one."""
        if self._another is None:
            return False
        another, self._another = self._another, None
        before, self._token = self._token, another()
        return self._token != before


class OAuth1(Door):
    """OAuth 1.0a without a user: each request is signed, with its query, for one use."""

    keeps_time = True

    def __init__(self, key: str, secret: str, method: str = SIGNATURE_HMAC_SHA256) -> None:
        """`method` is HMAC-SHA256, or HMAC-SHA1 for servers that know only that."""
        if method not in {SIGNATURE_HMAC_SHA256, SIGNATURE_HMAC_SHA1}:
            raise ValueError(f"not a way to sign: {method}")
        self._signer = Signer(key, client_secret=secret, signature_method=method)

    def headers(self, url: str) -> Mapping[str, str]:
        """A fresh signature: a nonce is good for one try."""
        _, signed, _ = self._signer.sign(url, http_method="GET")
        return {**JSON, **signed}


class ClientCredentials(Door):
    """OAuth 2 client credentials: a token for some hours, fetched when it is first needed.

    The client names itself by HTTP Basic (credentials in the body are refused by some) and
    asks for the least scope. Nothing of it outlives this object.
    """

    def __init__(self, http: Client, target: str, key: str, secret: str, scope: str) -> None:
        """`http` and `target` are where tokens are handed out."""
        self._http, self._target, self._scope = http, target, scope
        self._basic = base64.b64encode(f"{key}:{secret}".encode()).decode()
        self._token = ""
        self._until = 0.0

    def headers(self, url: str) -> Mapping[str, str]:
        """The token, fetched anew shortly before it ends."""
        del url
        if not self._token or time.monotonic() > self._until:
            self._token = self._fetch()
        return {**JSON, "Authorization": f"Bearer {self._token}"}

    def renew(self) -> bool:
        """The next request fetches a new token."""
        self._token = ""
        return True

    def _fetch(self) -> str:
        source = self._http.source
        form = urlencode({"grant_type": "client_credentials", "scope": self._scope}).encode()
        headers = {
            **JSON,
            "Authorization": f"Basic {self._basic}",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        reply = self._http.post(self._target, headers, form)
        if b"invalid_scope" in reply.body:
            raise Refused(f"{source} does not let SmartPass read the roster.", "E-PRIVILEGE-MISSING")
        if reply.status in {400, 401, 403}:
            raise Refused(f"{source} does not accept the key and secret that SmartPass was given.")
        if reply.status == 429:
            raise Unreachable(f"{source} asks us to wait before it hands out a token.", "E-RATE")
        if reply.status >= 500:
            raise Unreachable(f"{source} hands out no token now (HTTP {reply.status}).")
        if reply.status != 200:
            raise reply.malformed(f"HTTP {reply.status}")
        answer = reply.json()
        token = answer.get("access_token")
        if type(token) is not str or not HEADER_SAFE.fullmatch(token):
            raise reply.malformed("an answer without a token")
        self._until = time.monotonic() + _lifetime(answer.get("expires_in"))
        return token


def _lifetime(said: object) -> float:
    """For how long a token may be used; for ever (until it is refused) where nobody says."""
    with suppress(TypeError, ValueError):
        return max(0.0, float(str(said)) - MARGIN)
    return float("inf")
