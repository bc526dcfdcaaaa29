"""OpenID Connect as ClassLink speaks it: discovery, keys that change, and tokens without `nbf`."""

from __future__ import annotations

from typing import Any

from integrations.sandbox.server import Request, Response, as_json
from integrations.sandbox.signing import SigningKey

DISCOVERY = "/.well-known/openid-configuration"
JWKS = "/oauth2/v2/jwks"
#: ClassLink: a day for the access token, and as long between `iat` and `exp`.
TOKEN_SECONDS = 86_400


class OpenId:
    """The key in use and what is published about it."""

    def __init__(self) -> None:
        """A first key."""
        self._made = 0
        self._key = SigningKey("")
        self.rotate()

    def rotate(self) -> None:
        """Another key; the old one is published no more."""
        self._made += 1
        self._key = SigningKey(f"classlink-{self._made}")

    def answer(self, request: Request, origin: str) -> Response | None:
        """The discovery page or the public keys; None for any other path."""
        if (request.method, request.path) == ("GET", DISCOVERY):
            return as_json(_discovery(origin))
        if (request.method, request.path) == ("GET", JWKS):
            return as_json({"keys": [self._key.public()]})
        return None

    def token(self, claims: dict[str, Any], audience: str, origin: str, nonce: str, now: int) -> str:
        """A signed id_token with these claims, good for a day from `now` (Unix seconds)."""
        told = {"iss": origin, "aud": audience, "iat": now, "auth_time": now, "exp": now + TOKEN_SECONDS, **claims}
        return self._key.sign({**told, "nonce": nonce} if nonce else told)


def _discovery(origin: str) -> dict[str, Any]:
    return {
        "issuer": origin,
        "authorization_endpoint": f"{origin}/oauth2/v2/auth",
        "token_endpoint": f"{origin}/oauth2/v2/token",
        "userinfo_endpoint": f"{origin}/v2/my/profileinfo",
        "jwks_uri": f"{origin}{JWKS}",
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "scopes_supported": ["openid", "profile", "email", "oneroster", "full", "classes", "classes.readonly", "admin"],
    }
