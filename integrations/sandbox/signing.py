"""JSON Web Tokens signed with RS256, for sandboxes through which people sign in."""

from __future__ import annotations

import base64
import json
from typing import Any

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256


class SigningKey:
    """One RSA key and its name."""

    def __init__(self, name: str) -> None:
        """The key is made when it is first needed: most sandboxes never sign anything."""
        self.name = name
        self._made: RSAPrivateKey | None = None

    def public(self) -> dict[str, str]:
        """The public key, as a JSON Web Key."""
        numbers = self._key().public_key().public_numbers()
        key = {"kty": "RSA", "alg": "RS256", "use": "sig", "kid": self.name}
        return {**key, "n": _number(numbers.n), "e": _number(numbers.e)}

    def sign(self, claims: dict[str, Any]) -> str:
        """A token with exactly these claims."""
        head = {"alg": "RS256", "typ": "JWT", "kid": self.name}
        signed = ".".join(_base64(json.dumps(part).encode()) for part in (head, claims))
        return f"{signed}.{_base64(self._key().sign(signed.encode(), PKCS1v15(), SHA256()))}"

    def _key(self) -> RSAPrivateKey:
        if self._made is None:
            self._made = generate_private_key(public_exponent=65537, key_size=2048)
        return self._made


def _base64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _number(value: int) -> str:
    return _base64(value.to_bytes((value.bit_length() + 7) // 8, "big"))
