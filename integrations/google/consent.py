"""Google's consent: its authorization page by its own library, everything after it over our way out.

The library's `fetch_token` is not used: it refuses loopback, and raises a builtin `Warning`
when somebody grants more or less than was asked for.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import time
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from urllib.parse import urlencode, urlsplit

from google_auth_oauthlib.flow import Flow

from integrations.consent import Consent, Given, Sorry
from integrations.google.faults import SOURCE, USERS, Fault
from integrations.google.grant import CLIENT_REFUSED, HEADER_SAFE, OUR_CLIENT
from integrations.http import Client, Limits, Reply
from integrations.provider import Refused, Unreachable

AUTHORIZE, TOKEN, REVOKE = "/o/oauth2/v2/auth", "/token", "/revoke"
DIRECTORY = "https://www.googleapis.com/auth/admin.directory."
#: Who it was: the account's lasting id and email come in the ID token.
SIGN_IN = ("openid", "email")
FORM = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
#: Google: ids are digits, some twenty of them.
ID = re.compile(r"[0-9]{1,64}")
CODE_REFUSED = "Google no longer accepts this answer of its permission page: it was used, or is too old."
UNVERIFIED = "Google has not verified the email of this account."

_BY_ADMIN = (
    "In Google's Admin console open Security > Access and data control > API controls > Manage third-party app access,"
    " find SmartPass, and make it Trusted for the sync account's OU."
)
_OURS = "This is for SmartPass to mend: message us with the code."
ERRORS = {
    "admin_policy_enforced": Sorry("Your Google admin settings block SmartPass.", _BY_ADMIN),
    "access_not_configured": Sorry("Your Google admin has not yet set what SmartPass may do.", _BY_ADMIN),
    "org_internal": Sorry("SmartPass's registration at Google is limited to another organization.", _OURS),
    "invalid_request": Sorry("SmartPass sent something that Google refuses.", _OURS),
    "invalid_scope": Sorry("SmartPass asked for something that Google does not know.", _OURS),
    "redirect_uri_mismatch": Sorry("SmartPass's address is not registered at Google.", _OURS),
    "unauthorized_client": Sorry("SmartPass's registration at Google is not accepted.", _OURS),
    "server_error": Sorry("Google had an error of its own.", "Try again in a few minutes."),
    "temporarily_unavailable": Sorry("Google is busy.", "Try again in a few minutes."),
}


class GoogleConsent(Consent):
    """`hosts` holds ``auth``, ``token``, ``revoke`` and ``api``, `secrets` our ``client_id`` and ``client_secret``."""

    needed: ClassVar[Mapping[str, str]] = {
        f"{DIRECTORY}user.readonly": "See info about users on your domain",
        f"{DIRECTORY}orgunit.readonly": "View organization units on your domain",
    }
    for_groups: ClassVar[Mapping[str, str]] = {f"{DIRECTORY}group.readonly": "View groups on your domain"}
    errors: ClassVar[Mapping[str, Sorry]] = ERRORS
    limits: ClassVar[Limits] = Limits()

    def address(self, back: str, state: str, verifier: str, scopes: Sequence[str]) -> str:
        """Google: only `offline` brings a refresh token, and after the first time only `consent`.

        The chooser is asked for too, or whoever is signed in already is taken without a question.
        """
        registration = {
            "client_id": self._client_id,
            # The library takes https only, and a sandbox on this machine has none: the origin is put before its query.
            "auth_uri": f"https://{SOURCE}{AUTHORIZE}",
            "token_uri": f"https://{SOURCE}{TOKEN}",
        }
        asked = [*SIGN_IN, *scopes]
        flow = Flow.from_client_config({"web": registration}, asked, redirect_uri=back, code_verifier=verifier)
        # Asked a second time, for groups: the new permission covers what was granted before.
        added = {"include_granted_scopes": "true"} if self.for_groups.keys() & set(scopes) else {}
        url, _ = flow.authorization_url(state=state, access_type="offline", prompt="consent select_account", **added)
        return f"{self.hosts['auth']}{AUTHORIZE}?{urlsplit(url).query}"

    def exchange(self, code: str, back: str, verifier: str) -> Given:
        """One POST; an ID token that comes this way needs no signature checked (OpenID Connect Core, 3.1.3.7)."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": back,
            "code_verifier": verifier,
            "client_id": self._client_id,
            "client_secret": self.secrets.get("client_secret", ""),
        }
        reply = self._to("token").post(TOKEN, FORM, urlencode(form).encode())
        if reply.status != 200:
            raise _refusal(reply)
        answer = reply.json()
        access, scope = answer.get("access_token"), answer.get("scope")
        if type(access) is not str or not HEADER_SAFE.fullmatch(access) or type(scope) is not str:
            raise reply.malformed("an answer without a token")
        lasting = answer.get("refresh_token")
        claims = self._claims(reply, answer.get("id_token"))
        return Given(
            claims["sub"],
            claims["email"],
            str(claims.get("hd") or ""),
            frozenset(scope.split()),
            access,
            lasting if type(lasting) is str else "",
        )

    def tenant(self, given: Given) -> str:
        """Google: every account in the directory names its customer. The id is the same there."""
        headers = {"Accept": "application/json", "Authorization": f"Bearer {given.access_token}"}
        target = f"/admin/directory/v1/users/{given.account}?fields=id%2CcustomerId&prettyPrint=false"
        reply = self._to("api").get(target, headers)
        if reply.status != 200:
            fault = Fault(reply)
            raise fault.means(USERS)
        row = reply.json()
        customer = row.get("customerId")
        if row.get("id") != given.account or type(customer) is not str or not customer:
            raise reply.malformed("an account without its customer")
        return customer

    def revoke(self, token: str) -> None:
        """Google: POST only; 400 for one that is dead already."""
        reply = self._to("revoke").post(REVOKE, FORM, urlencode({"token": token}).encode())
        if reply.status not in {200, 400}:
            raise Unreachable(f"{SOURCE} answered {reply.where} with HTTP {reply.status}.")

    @property
    def _client_id(self) -> str:
        return self.secrets.get("client_id", "")

    def _to(self, host: str) -> Client:
        return Client(self.hosts[host], SOURCE, self.limits)

    def _claims(self, reply: Reply, token: object) -> dict[str, Any]:
        """Whom an ID token is about, once it is one of Google's, for us, and not over."""
        claims = _payload(token)
        origin = self.hosts["auth"]
        right = (
            claims.get("iss") in {origin, origin.partition("://")[2]}
            and claims.get("aud") == self._client_id
            and type(claims.get("exp")) is int
            and claims["exp"] > time.time()
            and ID.fullmatch(str(claims.get("sub")))
            and "@" in str(claims.get("email"))
        )
        if not right:
            raise reply.malformed("an ID token that is not ours")
        if claims.get("email_verified") is not True:
            raise Refused(UNVERIFIED, "E-WRONG-DOMAIN")
        return {**claims, "sub": str(claims["sub"]), "email": str(claims["email"]).lower()}


def _payload(token: object) -> dict[str, Any]:
    parts = token.split(".") if type(token) is str else []
    if len(parts) != 3:
        return {}
    try:
        read = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, binascii.Error):
        return {}
    return read if type(read) is dict else {}


def _refusal(reply: Reply) -> Exception:
    if reply.status >= 500 or reply.status == 429 or reply.is_page:
        return Unreachable(f"{SOURCE} does not answer (HTTP {reply.status}).")
    error = str(reply.json().get("error", ""))
    if error in OUR_CLIENT:
        return Refused(CLIENT_REFUSED, "E-CLIENT-REFUSED")
    if error in ERRORS:
        sorry = ERRORS[error]
        return Refused(f"{sorry.cause} {sorry.fix}", "E-ADMIN-POLICY" if sorry.fix is _BY_ADMIN else "E-CLIENT-REFUSED")
    return Refused(CODE_REFUSED, "E-SSO-STATE")
