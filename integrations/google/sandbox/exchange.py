"""Google's token and revocation endpoints."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

from integrations.google.sandbox.accounts import ACCESS_SECONDS, Account, Accounts, RefreshToken, Tokens, named
from integrations.google.sandbox.consenting import Client, Code, shuffled
from integrations.google.sandbox.errors import HTML
from integrations.google.sandbox.openid import OpenId, who
from integrations.sandbox.oauth import client_of
from integrations.sandbox.server import Request, Response, as_json

Faults = Mapping[str, Any]
REVOKED, BAD = "Token has been expired or revoked.", "Bad Request"
#: Google: so long a dead token's end is told apart from any other mistake.
TOLD_SECONDS = 12 * 3600
#: What `token_fault` can be: status, error, description.
FAULTS = {
    "revoked": (400, "invalid_grant", REVOKED),
    "bad_request": (400, "invalid_grant", BAD),
    "deleted_account": (400, "invalid_grant", "The account has been deleted"),
    "invalid_email": (400, "invalid_grant", "Invalid email or User ID"),
    "not_an_email": (400, "invalid_grant", "Not a valid email"),
    "restricted": (400, "access_denied", "Account restricted"),
    "policy": (400, "admin_policy_enforced", "Access to your account data is restricted by policies."),
    "invalid_client": (401, "invalid_client", "Unauthorized"),
    "deleted_client": (401, "deleted_client", "The OAuth client was deleted."),
    "internal_failure": (500, "internal_failure", "Backend Error"),
    "unavailable": (503, "temporarily_unavailable", "Try again later"),
    "rate": (429, "rate_limit_exceeded", "Rate limit exceeded"),
}
RAPT = {
    "error": "invalid_grant",
    "error_description": "reauth related error (invalid_rapt)",
    "error_uri": "https://support.google.com/a/answer/9368756",
    "error_subtype": "invalid_rapt",
}
#: Odd answers without an error in them: status and body.
ODD = {
    "html": (502, HTML.format(502).encode(), "text/html; charset=utf-8"),
    "html_200": (200, HTML.format(200).encode(), "text/html; charset=utf-8"),
    "empty": (200, b"", ""),
    "null": (200, b"null", "application/json"),
    "no_token": (200, b'{"token_type": "Bearer"}', "application/json"),
}


class Exchange:
    """Answers `/token`, `/revoke` and `/v1/userinfo`."""

    def __init__(self, client: Client, accounts: Accounts, tokens: Tokens, openid: OpenId) -> None:
        """For one client."""
        self._client = client
        self._accounts = accounts
        self._tokens = tokens
        self._openid = openid
        self._struck = 0

    def answer(
        self, request: Request, codes: Mapping[str, Code], origin: str, clock: Callable[[], float], faults: Faults
    ) -> Response | None:
        """The answer; None for a path that is not its own."""
        if request.path == "/token":
            return self._token(request, codes, origin, clock, faults)
        if request.path == "/revoke":
            return self._revoke(request)
        return self._userinfo(request) if request.path == "/v1/userinfo" else None

    def _token(
        self, request: Request, codes: Mapping[str, Code], origin: str, clock: Callable[[], float], faults: Faults
    ) -> Response:
        if request.method != "POST":
            return as_json({"error": "invalid_request", "error_description": "POST only"}, 404)
        fields = dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
        broken = self._broken(faults)
        if broken is not None:
            return broken
        if self._credentials(request, fields) != (self._client.id, self._client.secret):
            return _error(401, "invalid_client", "Unauthorized")
        kind = fields.get("grant_type", "")
        if kind == "authorization_code":
            response = self._by_code(fields, codes, origin, clock(), faults)
        elif kind == "refresh_token":
            response = self._by_refresh(fields, origin, clock(), faults)
        else:
            response = _error(400, "unsupported_grant_type", f"Invalid grant_type: {kind}")
        response.token = "client"
        return response

    def _broken(self, faults: Faults) -> Response | None:
        """The answer a switch wants instead; so many times when that is said."""
        kind = faults.get("token_fault")
        if kind is None:
            self._struck = 0
            return None
        self._struck += 1
        if self._struck > int(faults.get("token_fault_times", self._struck)):
            return None
        if kind == "rapt":
            return as_json(RAPT, 400)
        if kind in ODD:
            return Response(*ODD[kind])
        return _error(*FAULTS[kind])

    def _credentials(self, request: Request, fields: Mapping[str, str]) -> tuple[str, str]:
        """The client's credentials; OAuth 2 has those in HTTP Basic encoded as a form's fields are."""
        name, secret = client_of(request, fields)
        if not request.headers.get("authorization", "").lower().startswith("basic "):
            return name, secret
        return unquote_plus(name), unquote_plus(secret)

    def _by_code(
        self, fields: Mapping[str, str], codes: Mapping[str, Code], origin: str, now: float, faults: Faults
    ) -> Response:
        code = codes.get(fields.get("code", ""))
        if code is None:
            return _error(400, "invalid_grant", "Malformed auth code.")
        if code.used or now > code.until:
            return _error(400, "invalid_grant", BAD)
        if fields.get("redirect_uri") != code.fields["redirect_uri"]:
            return _error(400, "redirect_uri_mismatch", BAD)
        wrong = _verifier_is_wrong(code.fields, fields.get("code_verifier", ""))
        if wrong:
            return _error(400, "invalid_grant", wrong)
        account = self._accounts.find(code.sub)
        if account is None:
            return _error(*FAULTS["deleted_account"])
        code.used = True
        scopes = code.scopes - named(" ".join(faults.get("scopes_lost", ())))
        answer = self._answer(account, scopes, code.fields.get("nonce", ""), origin, now, faults)
        if code.offline and not faults.get("no_refresh_token"):
            testing = bool(faults.get("testing"))
            answer["refresh_token"] = self._tokens.new_refresh(account.sub, scopes, testing=testing)
            if testing:
                answer["refresh_token_expires_in"] = 604_799
        return as_json(answer)

    def _by_refresh(self, fields: Mapping[str, str], origin: str, now: float, faults: Faults) -> Response:
        token = self._tokens.refresh.get(fields.get("refresh_token", ""))
        if token is None:
            return _error(400, "invalid_grant", BAD)
        why = self._why_dead(token, now)
        if why:
            return _error(400, "invalid_grant", why)
        account = self._accounts.find(token.sub)
        if account is None:
            return _error(*FAULTS["deleted_account"])
        user = account.customer.user(account.sub) if account.customer else None
        if user and (user.suspended or user.archived):
            return _error(400, "invalid_grant", BAD)
        asked = named(fields["scope"]) if fields.get("scope") else token.scopes
        if asked - token.scopes:
            return _error(400, "invalid_scope", BAD)
        scopes = asked - named(" ".join(faults.get("scopes_lost", ())))
        return as_json(self._answer(account, scopes, "", origin, now, faults))

    def _why_dead(self, token: RefreshToken, now: float) -> str:
        """Google forgets after half a day why a token died."""
        dead, since = token.dead, token.dead_since
        if not dead and token.until is not None and now > token.until:
            dead, since = REVOKED, token.until
        return BAD if dead and now - since > TOLD_SECONDS else dead

    def _answer(
        self, account: Account, scopes: frozenset[str], nonce: str, origin: str, now: float, faults: Faults
    ) -> dict[str, Any]:
        access = self._tokens.new_access(account.sub, scopes)
        answer: dict[str, Any] = {
            "access_token": access,
            "expires_in": ACCESS_SECONDS,
            "scope": shuffled(scopes, access),
            "token_type": "Bearer",
        }
        if "openid" in scopes:
            told = {"iss": origin, "aud": self._client.id, "iat": int(now), "nonce": nonce, "access_token": access}
            answer["id_token"] = self._openid.token(account, scopes, told, faults)
        return answer

    def _revoke(self, request: Request) -> Response:
        if request.method != "POST":
            return Response(404, HTML.format(404).encode(), "text/html; charset=utf-8")
        fields = dict(parse_qsl(request.body.decode("utf-8", "replace")))
        token = fields.get("token") or request.first("token")
        if not token:
            return _error(400, "invalid_request", "Bad Request")
        return as_json({}) if self._tokens.revoke(token) else _error(400, "invalid_token", "Token expired or revoked")

    def _userinfo(self, request: Request) -> Response:
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        token = self._tokens.access.get(value) if scheme.lower() == "bearer" else None
        account = self._accounts.find(token.sub) if token and token.until >= self._tokens.clock() else None
        if token is None or account is None:
            return _error(401, "invalid_request", "Invalid Credentials")
        response = as_json(who(account, token.scopes))
        response.token = "access"
        return response


def _verifier_is_wrong(asked: Mapping[str, str], verifier: str) -> str:
    challenge = asked.get("code_challenge", "")
    if not challenge:
        return ""
    if not verifier:
        return "Missing code verifier."
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    said = digest if asked.get("code_challenge_method") == "S256" else verifier
    return "" if said == challenge else "Invalid code verifier."


def _error(status: int, error: str, description: str) -> Response:
    return as_json({"error": error, "error_description": description}, status)
