"""The access that an admin gave us: a refresh token, and the access tokens it is good for."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

from integrations.google.faults import DOMAIN_SHUT, SOURCE
from integrations.http import Client, Reply
from integrations.provider import Keep, Refused, SourceError, Unreachable

TOKEN = "/token"  # noqa: S105  a path
REFRESH_TOKEN = "refresh_token"  # noqa: S105  a name
#: What may stand in a header.
HEADER_SAFE = re.compile(r"[!-~]+")
#: So many seconds before its end an access token is renewed: a page may take a while.
MARGIN = 225
#: Google: mistakes of its own, which pass. The third is what the first is called elsewhere.
PASSING = frozenset({"internal_failure", "temporarily_unavailable", "server_error", "rate_limit_exceeded"})
OUR_CLIENT = frozenset({"invalid_client", "deleted_client", "unauthorized_client"})

NO_TOKEN = "SmartPass keeps no permission of this Google account. Link G Suite again."  # noqa: S105  a sentence
REVOKED = "Google no longer accepts the sync account's permission: it was withdrawn, or is too old. Link G Suite again."
EXPIRED = (
    "The sync account's permission has run out: Google wants the account to sign in again. Link G Suite again; if it"
    " happens each day, exempt trusted apps from Google's session control and make SmartPass Trusted."
)
ACCOUNT_DELETED = "The sync account was deleted in Google. Link G Suite again with another account."
ACCOUNT_SUSPENDED = "The sync account is suspended in Google. Reactivate it there, then link G Suite again."
#: Google: what may stand beside the error when a permission is dead, and what that means.
SPOKEN = (
    ("deleted", ACCOUNT_DELETED, "E-GRANT-ACCOUNT-DELETED"),
    ("suspended", ACCOUNT_SUSPENDED, "E-GRANT-ACCOUNT-SUSPENDED"),
    ("restricted", ACCOUNT_SUSPENDED, "E-GRANT-ACCOUNT-SUSPENDED"),
    ("rapt", EXPIRED, "E-GRANT-EXPIRED"),
    ("reauth", EXPIRED, "E-GRANT-EXPIRED"),
)
CLIENT_REFUSED = "Google does not accept SmartPass's own key."


class Grant:
    """Gives an access token for as long as it can; says `Refused`, and asks no more, when the permission is dead.

    `scopes` is what Google said last that the permission covers; None before it said anything.
    """

    def __init__(self, http: Client, secrets: Mapping[str, str], keep: Keep) -> None:
        """`secrets` hold our ``client_id`` and ``client_secret`` and the connection's ``refresh_token``."""
        self._http, self._secrets, self._keep = http, secrets, keep
        self._refresh = secrets.get(REFRESH_TOKEN, "")
        self._access = ""
        self._until = 0.0
        self._dead: Refused | None = None
        self.scopes: frozenset[str] | None = None

    def __repr__(self) -> str:
        """Without what it holds."""
        return "Grant(…)"

    def header(self) -> str:
        """The Authorization header, with a token that will last for a while. Raises a `SourceError`."""
        if self._dead is not None:
            raise self._dead
        if not self._access or time.monotonic() > self._until:
            try:
                self._access = self._fetch()
            except Refused as dead:
                self._dead = dead
                raise
        return f"Bearer {self._access}"

    def drop(self) -> None:
        """The access token was not accepted: the next request fetches another."""
        self._access = ""

    def end(self) -> Refused:
        """A token that was just fetched was not accepted either: nothing is asked any more. The error to raise."""
        self._dead = Refused(REVOKED)
        return self._dead

    def _fetch(self) -> str:
        if not self._refresh:
            raise Refused(NO_TOKEN)
        form = urlencode(
            {
                "grant_type": REFRESH_TOKEN,
                REFRESH_TOKEN: self._refresh,
                "client_id": self._secrets.get("client_id", ""),
                "client_secret": self._secrets.get("client_secret", ""),
            }
        ).encode()
        reply = self._post(form)
        if reply.status != 200:
            raise _refusal(reply)
        return self._read(reply)

    def _post(self, form: bytes) -> Reply:
        """The first answer that is one; a few tries. Google: a failure here says nothing about the permission."""
        headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
        for failures in range(1, self._http.limits.attempts + 1):
            with suppress(Unreachable):
                reply = self._http.post(TOKEN, headers, form)
                if not _passes(reply):
                    return reply
            if failures < self._http.limits.attempts:
                self._http.back_off(failures)
        raise Unreachable(f"{SOURCE} hands out no access token now.")

    def _read(self, reply: Reply) -> str:
        answer = reply.json()
        access = answer.get("access_token")
        if type(access) is not str or not HEADER_SAFE.fullmatch(access):
            raise reply.malformed("an answer without a token")
        self._until = time.monotonic() + _lifetime(answer.get("expires_in"))
        scope = answer.get("scope")
        if type(scope) is str:
            self.scopes = frozenset(scope.split())
        another = answer.get(REFRESH_TOKEN)
        # Google: mostly there is none, and the one that is kept goes on being good.
        if type(another) is str and another not in {"", self._refresh}:
            self._refresh = another
            self._keep({REFRESH_TOKEN: another})
        return access


def _passes(reply: Reply) -> bool:
    """Whether Google itself had a problem: it is asked again, and nobody is told that a permission is dead."""
    return reply.status >= 500 or reply.status == 429 or reply.is_page or _said(reply)[0] in PASSING


def _refusal(reply: Reply) -> SourceError:
    """What the refusal means. Google: what counts is `error`; the words beside it change, and only refine it."""
    error, words = _said(reply)
    if error in OUR_CLIENT:
        return Refused(CLIENT_REFUSED, "E-CLIENT-REFUSED")
    if error == "admin_policy_enforced" or "admin_policy" in words:
        return Refused(DOMAIN_SHUT, "E-ADMIN-POLICY")
    if error not in {"invalid_grant", "access_denied"}:
        return reply.malformed(f"HTTP {reply.status}")
    if "expired" in words and "revoked" not in words:
        return Refused(EXPIRED, "E-GRANT-EXPIRED")
    return next((Refused(text, code) for word, text, code in SPOKEN if word in words), Refused(REVOKED))


def _said(reply: Reply) -> tuple[str, str]:
    """The error's name, and whatever else is said about it, in lower case."""
    try:
        body: dict[str, Any] = reply.json()
    except SourceError:
        return "", ""
    told = [str(body.get(name, "")) for name in ("error", "error_subtype", "error_description")]
    return told[0].lower(), " ".join(told[1:]).lower()


def _lifetime(said: object) -> float:
    """For how long a token is used; until it is refused where nobody says."""
    try:
        return max(0.0, float(str(said)) - MARGIN)
    except ValueError:
        return float("inf")
