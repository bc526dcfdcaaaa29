"""OpenID Connect as the sandbox's Clever speaks it: discovery, keys, and tokens signed with RS256."""

from __future__ import annotations

from typing import Any

from integrations.sandbox.server import Request, Response, as_json
from integrations.sandbox.signing import SigningKey

KEY_ID = "sandbox"
TOKEN_SECONDS = 3600


class OpenId:
    """One signing key and what is published about it."""

    def __init__(self) -> None:
        """Nothing is signed yet."""
        self._key = SigningKey(KEY_ID)

    def answer(self, request: Request, origin: str) -> Response | None:
        """The discovery page or the public keys; None for any other path."""
        if request.path == "/.well-known/openid-configuration":
            return as_json(_discovery(origin))
        if request.path == "/oauth/keys":
            return as_json({"keys": [self._key.public()]})
        return None

    def token(self, claims: dict[str, Any], origin: str, nonce: str, now: int) -> str:
        """A signed id_token with these claims, good for an hour from `now` (Unix seconds)."""
        told = {**claims, "iss": origin, "iat": now, "exp": now + TOKEN_SECONDS}
        if nonce:
            told["nonce"] = nonce
        return self._key.sign(told)


def _discovery(origin: str) -> dict[str, Any]:
    return {
        "issuer": origin,
        "authorization_endpoint": f"{origin}/oauth/authorize",
        "token_endpoint": f"{origin}/oauth/tokens",
        "userinfo_endpoint": f"{origin}/userinfo",
        "jwks_uri": f"{origin}/oauth/keys",
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
    }
