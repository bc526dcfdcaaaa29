"""OpenID Connect as Google speaks it: discovery, keys that change, and ID tokens for an hour."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import Any

from integrations.google.sandbox.accounts import LONG, Account
from integrations.sandbox.server import Request, Response, as_json
from integrations.sandbox.signing import SigningKey

DISCOVERY = "/.well-known/openid-configuration"
JWKS = "/oauth2/v3/certs"
TOKEN_SECONDS = 3600


class OpenId:
    """Two keys are published: the one in use and the one before."""

    def __init__(self) -> None:
        """A first key."""
        self._made = 0
        self._keys: list[SigningKey] = []
        self.rotate()

    def rotate(self) -> None:
        """Another key; the one before the last is published no more."""
        self._made += 1
        self._keys = [SigningKey(f"google-{self._made}"), *self._keys][:2]

    def answer(self, request: Request, origin: str) -> Response | None:
        """The discovery page or the public keys; None for any other path."""
        if (request.method, request.path) == ("GET", DISCOVERY):
            return as_json(_discovery(origin))
        if (request.method, request.path) == ("GET", JWKS):
            response = as_json({"keys": [key.public() for key in self._keys]})
            response.headers["Cache-Control"] = "public, max-age=19800, must-revalidate, no-transform"
            return response
        return None

    def token(
        self, account: Account, scopes: frozenset[str], told: Mapping[str, Any], faults: Mapping[str, Any]
    ) -> str:
        """A signed ID token; `told` holds iss, aud, iat, nonce and the access token it goes with."""
        nonce = {"nonce": told["nonce"]} if told.get("nonce") else {}
        half = hashlib.sha256(str(told["access_token"]).encode()).digest()[:16]
        claims = {
            "iss": told["iss"],
            "azp": told["aud"],
            "aud": told["aud"],
            "at_hash": base64.urlsafe_b64encode(half).rstrip(b"=").decode(),
            **who(account, scopes),
            **nonce,
            "iat": told["iat"],
            "exp": told["iat"] + TOKEN_SECONDS,
            **faults.get("id_token", {}),
        }
        return self._keys[0].sign({name: value for name, value in claims.items() if value is not None})


def who(account: Account, scopes: frozenset[str]) -> dict[str, Any]:
    """What is said of an account: `hd` only for a customer's, the mail and the name by scope."""
    claims: dict[str, Any] = {"sub": account.sub}
    if account.hosted:
        claims["hd"] = account.hosted
    if LONG["email"] in scopes:
        claims |= {"email": account.email, "email_verified": account.verified}
    if LONG["profile"] in scopes:
        first, last = account.name
        claims |= {"name": f"{first} {last}".strip(), "given_name": first, "family_name": last}
    return claims


def _discovery(origin: str) -> dict[str, Any]:
    return {
        "issuer": origin,
        "authorization_endpoint": f"{origin}/o/oauth2/v2/auth",
        "token_endpoint": f"{origin}/token",
        "userinfo_endpoint": f"{origin}/v1/userinfo",
        "revocation_endpoint": f"{origin}/revoke",
        "jwks_uri": f"{origin}{JWKS}",
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid", "email", "profile"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "code_challenge_methods_supported": ["plain", "S256"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
    }
