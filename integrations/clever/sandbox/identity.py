"""The sandbox's `clever.com`: consent tokens, sign-in by code, and OpenID Connect."""

from __future__ import annotations

import base64
import hashlib
import html
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl, quote, urlencode

from integrations.clever.sandbox.events import schools_of
from integrations.clever.sandbox.openid import OpenId
from integrations.sandbox.oauth import oauth_error, page, redirect
from integrations.sandbox.server import Request, Response, as_json

if TYPE_CHECKING:
    from integrations.clever.sandbox.district import District

Row = dict[str, Any]
#: Clever: a code lives for a minute and works once.
CODE_SECONDS = 60
COOKIE = "clever_sandbox_user"
SCOPES = [
    "read:district_admins",
    "read:districts",
    "read:resources",
    "read:school_admins",
    "read:schools",
    "read:sections",
    "read:student_contacts",
    "read:students",
    "read:teachers",
    "read:user_id",
]
#: Employees had an id for each role before v3; this is the order in which one is the login's own.
LOGIN_ROLES = ("student", "teacher", "staff", "district_admin", "contact")


class SignIn(NamedTuple):
    """Whose sign-in a token stands for."""

    district: str
    user: str


@dataclass(slots=True)
class Code:
    """One code: for whom, for which redirect URI, until when, whether it was used."""

    sign_in: SignIn
    redirect_uri: str
    until: float
    nonce: str
    used: bool = False


class Identity:
    """Answers `/oauth/…`, `/in/…`, `/userinfo` and the OpenID Connect pages.

    `client_id`, `client_secret` and `redirect_uris` are the app's registration.
    `signed_in` is the person sitting at the browser; without one, a page asks.
    `oidc` adds an `id_token` and the discovery pages.
    """

    def __init__(self, client_id: str, client_secret: str, clock: Callable[[], float]) -> None:
        """An app with no redirect URI yet."""
        self.client_id = client_id
        self.client_secret = client_secret
        self.redirect_uris: list[str] = []
        self.signed_in: str | None = None
        self.oidc = False
        self.districts: dict[str, District] = {}
        self._clock = clock
        self._codes: dict[str, Code] = {}
        self._tokens: dict[str, SignIn] = {}
        self._made = 0
        self._openid = OpenId()

    def answer(self, request: Request, origin: str) -> Response | None:
        """The answer on the sign-in host; None for a path that is not its own."""
        asked = (request.method, request.path)
        if asked == ("GET", "/oauth/tokens"):
            return self._token_list(request)
        if asked == ("POST", "/oauth/tokens"):
            return self._exchange(request, origin)
        if asked == ("GET", "/oauth/authorize"):
            return self._authorize(request)
        if asked == ("GET", "/oauth/instant-login"):
            return self._instant_login(request)
        if request.path.startswith("/in/"):
            return self._portal(request)
        return self._openid.answer(request, origin) if self.oidc else None

    def sign_in_of(self, token: str) -> SignIn | None:
        """Whose sign-in token this is."""
        return self._tokens.get(token)

    def userinfo(self, sign_in: SignIn) -> Response:
        """`/userinfo`: one role, the one of this login, and no email for those who have none."""
        user = self.districts[sign_in.district].user(sign_in.user)
        if user is None:
            return as_json({"message": "Resource not found"}, 404)
        return as_json({**self._claims(user), "email_verified": False, "authorized_by": "district"})

    def _token_list(self, request: Request) -> Response:
        if not self._is_app(request):
            return oauth_error(401, "invalid_client", "The client id or secret is wrong.")
        if request.first("owner_type") != "district":
            return oauth_error(400, "invalid_request", "owner_type must be district.")
        wanted = request.first("district")
        found = [each for each in self.districts.values() if each.connected and wanted in {"", each.id}]
        rows = [
            {
                "id": f"6c{district.id[2:]}",
                "created": "2026-06-01T15:00:00.000Z",
                "owner": {"type": "district", "id": district.id},
                "access_token": district.token,
                "scopes": SCOPES if district.secure_sync else ["read:districts", "read:user_id"],
            }
            for district in found
        ]
        response = as_json({"data": rows, "links": [{"rel": "self", "uri": request.target}]})
        response.token = "basic"
        return response

    def _is_app(self, request: Request) -> bool:
        pair = f"{self.client_id}:{self.client_secret}".encode()
        return request.headers.get("authorization") == f"Basic {base64.b64encode(pair).decode()}"

    def _exchange(self, request: Request, origin: str) -> Response:
        if not self._is_app(request):
            return oauth_error(401, "invalid_client", "The client id or secret is wrong.")
        fields = _fields(request)
        code = self._codes.get(fields.get("code", ""))
        if fields.get("grant_type") != "authorization_code":
            return oauth_error(400, "unsupported_grant_type", "grant_type must be authorization_code.")
        if code is None or code.used or self._clock() > code.until:
            return oauth_error(400, "invalid_grant", "Invalid grant: invalid code")
        if fields.get("redirect_uri") != code.redirect_uri:
            return oauth_error(400, "invalid_grant", "Invalid grant: redirect_uri does not match")
        code.used = True
        token = f"il{self._secret('token')}"
        self._tokens[token] = code.sign_in
        answer = {"access_token": token, "token_type": "bearer"}
        user = self.districts[code.sign_in.district].user(code.sign_in.user)
        if self.oidc and user:
            claims = {**self._claims(user), "aud": self.client_id}
            answer["id_token"] = self._openid.token(claims, origin, code.nonce, int(self._clock()))
        response = as_json(answer)
        response.token = "basic"
        return response

    def _authorize(self, request: Request) -> Response:
        uri = request.first("redirect_uri")
        if request.first("client_id") != self.client_id:
            return page(400, "Clever does not know this app.")
        if uri not in self.redirect_uris:
            return page(400, "This redirect URI is not registered.")
        # The state goes back byte for byte, so it is taken from the query as it was sent.
        raw = dict(pair.partition("=")[::2] for pair in request.raw_query.split("&"))
        state = {"state": raw["state"]} if "state" in raw else {}
        if request.first("response_type") != "code":
            return redirect(uri, {"error": "unsupported_response_type"}, state)
        return self._proceed(request, uri, state)

    def _instant_login(self, request: Request) -> Response:
        if request.first("client_id") != self.client_id or not self.redirect_uris:
            return page(400, "Clever does not know this app.")
        return self._proceed(request, self.redirect_uris[0], {})

    def _portal(self, request: Request) -> Response:
        for district in self.districts.values():
            if district.shortname() == request.path.removeprefix("/in/"):
                link = urlencode({"client_id": self.client_id, "district_id": district.id})
                body = f'<p><a id="app" href="/oauth/instant-login?{html.escape(link)}">SmartPass</a></p>'
                return page(200, f"{district.row.get('name')}: your apps", body)
        return page(404, "There is no such portal.")

    def _proceed(self, request: Request, uri: str, state: dict[str, str]) -> Response:
        """Back to the app with a code for whoever sits at the browser; a page that asks when nobody is known."""
        cookies = dict(part.strip().partition("=")[::2] for part in request.headers.get("cookie", "").split(";"))
        who = request.first("as") or self.signed_in or cookies.get(COOKIE)
        if not who:
            return self._chooser(request)
        wanted = request.first("district_id")
        homes = [each for each in self.districts.values() if each.user(who) and wanted in {"", each.id}]
        if not homes:
            return page(403, "Your district has not given you access to this app.")
        code = self._secret("code")
        until = self._clock() + CODE_SECONDS
        self._codes[code] = Code(SignIn(homes[0].id, who), uri, until, request.first("nonce"))
        response = redirect(uri, {"code": code}, state)
        response.headers["Set-Cookie"] = f"{COOKIE}={quote(who)}; Path=/; HttpOnly; SameSite=Lax"
        return response

    def _chooser(self, request: Request) -> Response:
        """Whom to be: the first people of each district, for demonstrations."""
        items = []
        for district in self.districts.values():
            for (key, user), _ in zip(district.users(), range(25), strict=False):
                name = user.get("name") or {}
                shown = html.escape(f"{name.get('first') or ''} {name.get('last') or ''} ({', '.join(user['roles'])})")
                items.append(f'<li><a href="{html.escape(request.target)}&amp;as={quote(key)}">{shown}</a></li>')
        return page(200, "Sign in to Clever as", f"<ul>{''.join(items)}</ul>")

    def _claims(self, user: Row) -> Row:
        """Clever: `user_id` is the id from before v3, which differs for employees."""
        word = next((each for each in LOGIN_ROLES if each in user["roles"]), "")
        role = user["roles"].get(word, {})
        name = user.get("name") or {}
        claims = {
            "sub": user["id"],
            "multi_role_user_id": user["id"],
            "user_id": role.get("legacy_id") or user["id"],
            "user_type": word,
            "district_id": user["district"],
            "district": user["district"],
            "name": name,
            "given_name": name.get("first") or "",
            "family_name": name.get("last") or "",
            "schools": sorted(schools_of({"id": "", "roles": {word: role}})),
        }
        return {**claims, "email": user["email"]} if user.get("email") else claims

    def _secret(self, kind: str) -> str:
        self._made += 1
        return hashlib.sha256(f"{kind} {self._made} {self.client_secret}".encode()).hexdigest()[:40]


def _fields(request: Request) -> dict[str, str]:
    """The fields of a JSON or a form body; none when it is neither."""
    if "json" in request.headers.get("content-type", ""):
        try:
            body = json.loads(request.body)
        except ValueError:
            return {}
        return {str(key): str(value) for key, value in body.items()} if isinstance(body, dict) else {}
    return dict(parse_qsl(request.body.decode("utf-8", "replace")))
