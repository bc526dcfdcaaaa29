"""OpenID Connect as the sandbox's Clever speaks it: discovery, keys, and tokens signed with RS256."""

from __future__ import annotations

import base64
import json
from typing import Any

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256

from integrations.sandbox.server import Request, Response, as_json

KEY_ID = "sandbox"
TOKEN_SECONDS = 3600


class OpenId:
    """One signing key and what is published about it."""

    def __init__(self) -> None:
        """The key is made when it is first needed: most sandboxes never sign anything."""
        self._key: RSAPrivateKey | None = None

    def answer(self, request: Request, origin: str) -> Response | None:
        """The discovery page or the public keys; None for any other path."""
        if request.path == "/.well-known/openid-configuration":
            return as_json(_discovery(origin))
        if request.path == "/oauth/keys":
            numbers = self._signing_key().public_key().public_numbers()
            key = {"kty": "RSA", "alg": "RS256", "use": "sig", "kid": KEY_ID}
            return as_json({"keys": [{**key, "n": _number(numbers.n), "e": _number(numbers.e)}]})
        return None

    def token(self, claims: dict[str, Any], origin: str, nonce: str, now: int) -> str:
        """A signed id_token with these claims, good for an hour from `now` (Unix seconds)."""
        told = {**claims, "iss": origin, "iat": now, "exp": now + TOKEN_SECONDS}
        if nonce:
            told["nonce"] = nonce
        head = {"alg": "RS256", "typ": "JWT", "kid": KEY_ID}
        signed = ".".join(_base64(json.dumps(part).encode()) for part in (head, told))
        return f"{signed}.{_base64(self._signing_key().sign(signed.encode(), PKCS1v15(), SHA256()))}"

    def _signing_key(self) -> RSAPrivateKey:
        if self._key is None:
            self._key = generate_private_key(public_exponent=65537, key_size=2048)
        return self._key


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


def _base64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _number(value: int) -> str:
    return _base64(value.to_bytes((value.bit_length() + 7) // 8, "big"))
