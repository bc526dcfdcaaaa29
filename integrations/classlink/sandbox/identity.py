"""ClassLink's sign-in pages: codes, tokens, tiles, and who somebody is.

What somebody else does in a person's name (impersonation, preview) leaves no trace here:
the application sees an ordinary sign-in of that person.
"""

from __future__ import annotations

import hashlib
import html
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from integrations.classlink.sandbox import people
from integrations.classlink.sandbox.openid import TOKEN_SECONDS, OpenId
from integrations.classlink.sandbox.people import SignIn
from integrations.classlink.sandbox.tenants import Tenant
from integrations.sandbox.oauth import client_of, oauth_error, page, redirect
from integrations.sandbox.server import Request, Response, as_json

#: ClassLink: a code lives for five minutes and works once.
CODE_SECONDS = 300
COOKIE = "classlink_sandbox_user"
SHOWN = 25
Faults = Mapping[str, Any]


@dataclass(slots=True)
class Code:
    """One code: for whom, for which redirect URI, until when, and what was asked."""

    sign_in: SignIn
    redirect_uri: str
    until: float
    nonce: str
    scopes: frozenset[str]
    used: bool = False


class Identity:
    """Answers `/oauth2/v2/…`, `/v2/my/…`, `/launchpad` and `/tile`.

    `client_id`, `client_secret` and `redirect_uris` are our registration. `signed_in` is
    whose session the browser shows (whoever really sits there); without one, a page asks.
    """

    def __init__(
        self,
        client_id: str,
        client_secret: str,
        tenants: Callable[[], Collection[Tenant]],
        clock: Callable[[], float],
    ) -> None:
        """An app with no redirect URI yet."""
        self.client_id = client_id
        self.client_secret = client_secret
        self.redirect_uris: list[str] = []
        self.signed_in: SignIn | None = None
        self.openid = OpenId()
        self._tenants = tenants
        self._clock = clock
        self._codes: dict[str, Code] = {}
        self._tokens: dict[str, tuple[SignIn, float]] = {}
        self._made = 0

    def answer(self, request: Request, origin: str, faults: Faults) -> Response | None:
        """The answer of the sign-in and the info host; None for a path that is neither's."""
        pages: dict[tuple[str, str], Callable[[], Response]] = {
            ("GET", "/oauth2/v2/auth"): lambda: self._authorize(request, faults),
            ("POST", "/oauth2/v2/token"): lambda: self._exchange(request, origin, faults),
            ("GET", "/v2/my/info"): lambda: self._mine(request, people.info, faults),
            ("GET", "/v2/my/profileinfo"): lambda: self._mine(request, people.claims, faults),
            ("GET", "/launchpad"): lambda: page(200, "LaunchPad", '<p><a id="tile" href="/tile">SmartPass</a></p>'),
            ("GET", "/tile"): lambda: self._launch(request),
        }
        found = pages.get((request.method, request.path))
        return found() if found else self.openid.answer(request, origin)

    def _authorize(self, request: Request, faults: Faults) -> Response:
        uri = request.first("redirect_uri")
        if request.first("client_id") != self.client_id:
            return page(400, "ClassLink does not know this application.")
        if uri not in self.redirect_uris:
            return page(400, "This redirect URI is not registered.")
        # The state goes back byte for byte, so it is taken from the query as it was sent.
        raw = dict(pair.partition("=")[::2] for pair in request.raw_query.split("&"))
        state = {"state": raw["state"]} if "state" in raw else {}
        if faults.get("deny"):
            return redirect(uri, {"error": "access_denied"}, state)
        if request.first("response_type") != "code":
            return redirect(uri, {"error": "unsupported_response_type"}, state)
        return self._proceed(request, uri, state)

    def _launch(self, request: Request) -> Response:
        """A tile: straight to the app with a code, and no state."""
        if not self.redirect_uris:
            return page(400, "This tile has no address.")
        return self._proceed(request, self.redirect_uris[0], {})

    def _proceed(self, request: Request, uri: str, state: dict[str, str]) -> Response:
        who = self._who(request)
        if who is None:
            return self._chooser(request)
        if self._found(who) is None:
            return page(403, "ClassLink does not know this person.")
        code = self._secret("code")
        scopes = frozenset(request.first("scope").replace(",", " ").split())
        until = self._clock() + CODE_SECONDS
        self._codes[code] = Code(who, uri, until, request.first("nonce"), scopes)
        response = redirect(uri, {"code": code, "response_type": "code"}, state)
        cookie = f"{COOKIE}={quote(f'{who.tenant}:{who.user}', safe='')}; Path=/; HttpOnly; SameSite=Lax"
        response.headers["Set-Cookie"] = cookie
        return response

    def _exchange(self, request: Request, origin: str, faults: Faults) -> Response:
        fields = dict(parse_qsl(request.body.decode("utf-8", "replace")))
        if client_of(request, fields) != (self.client_id, self.client_secret):
            return oauth_error(401, "invalid_client", "The client id or secret is wrong.")
        if fields.get("grant_type", "authorization_code") != "authorization_code":
            return oauth_error(400, "unsupported_grant_type", "grant_type must be authorization_code.")
        code = self._codes.get(fields.get("code", ""))
        if code is None or code.used or self._clock() > code.until:
            return oauth_error(400, "invalid_grant", "The code is invalid or has expired.")
        if fields.get("redirect_uri", code.redirect_uri) != code.redirect_uri:
            return oauth_error(400, "invalid_grant", "The redirect URI does not match.")
        code.used = True
        token = self._secret("token")
        self._tokens[token] = (code.sign_in, self._clock() + TOKEN_SECONDS)
        answer = {"access_token": token, "token_type": "Bearer", "response_type": "code"}
        found = self._found(code.sign_in)
        if found is not None and (not code.scopes or "openid" in code.scopes):
            told = people.claims(*found, faults)
            answer["id_token"] = self.openid.token(told, self.client_id, origin, code.nonce, int(self._clock()))
        response = as_json(answer)
        response.token = "client"
        return response

    def _mine(self, request: Request, tell: Callable[..., dict[str, Any]], faults: Faults) -> Response:
        """Who the access token's person is; the scheme may be in lower case, as ClassLink's own clients write it."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        sign_in, until = self._tokens.get(token, (None, 0.0))
        found = self._found(sign_in) if sign_in and scheme.lower() == "bearer" and self._clock() <= until else None
        if found is None:
            return as_json({"status": 401, "message": "Invalid access token"}, 401)
        response = as_json(tell(*found, faults))
        response.token = "sso"
        return response

    def _found(self, who: SignIn) -> tuple[Tenant, str, dict[str, Any]] | None:
        tenant = next((each for each in self._tenants() if each.tenant_id == who.tenant), None)
        row = people.person_of(tenant, who.user) if tenant else None
        return (tenant, who.user, row) if tenant and row is not None else None

    def _who(self, request: Request) -> SignIn | None:
        """Named in the query, else whoever is signed in, else whom the browser's cookie remembers."""
        cookies = dict(part.strip().partition("=")[::2] for part in request.headers.get("cookie", "").split(";"))
        if not request.first("as") and self.signed_in:
            return self.signed_in
        tenant, _, user = (request.first("as") or unquote(cookies.get(COOKIE, ""))).partition(":")
        return SignIn(int(tenant), user) if tenant.isdecimal() and user else None

    def _chooser(self, request: Request) -> Response:
        """Whom to be: the first people of each district, for demonstrations."""
        items = []
        for tenant in self._tenants():
            rows = [tenant.whole(key) for key in islice(tenant.people(), SHOWN)]
            known = [(row["sourcedId"], row) for row in rows] + list(tenant.logins.items())
            for word, row in known:
                role = row["roles"][0]["role"] if row["roles"] else ""
                shown = html.escape(f"{row['givenName']} {row['familyName']} ({role})")
                joined = "&" if urlsplit(request.target).query else "?"
                link = html.escape(f"{request.target}{joined}as={quote(f'{tenant.tenant_id}:{word}', safe='')}")
                items.append(f'<li><a href="{link}">{shown}</a></li>')
        return page(200, "Sign in to ClassLink as", f"<ul>{''.join(items)}</ul>")

    def _secret(self, kind: str) -> str:
        self._made += 1
        return hashlib.sha256(f"{kind} {self._made} {self.client_secret}".encode()).hexdigest()[:40]
