"""Signing in at the sandbox's ClassLink, step by step."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.hashes import SHA256

from integrations.classlink.sandbox import ClassLinkSandbox, Tenant
from integrations.sandbox.server import SandboxServer
from tests.integrations.raw import Answer, ask, post, query

BACK = "https://app.example/back"
CLIENT = {"client_id": "sandbox-client", "client_secret": "sandbox-secret"}


def authorize(server: ClassLinkSandbox, **more: str) -> Answer:
    """What the authorization page answers."""
    fields = {"client_id": "sandbox-client", "redirect_uri": BACK, "response_type": "code", "scope": "openid profile"}
    return ask(server, f"/oauth2/v2/auth?{query(**{**fields, **more})}")


def back(answer: Answer) -> dict[str, str]:
    """What a redirect to us carries."""
    assert answer.status == 302
    location = urlsplit(answer.headers["location"])
    assert location._replace(query="").geturl() == BACK
    return {name: value for name, (value,) in parse_qs(location.query).items()}


def exchange(server: ClassLinkSandbox, code: str, **more: str) -> Answer:
    """What the token endpoint answers, asked as ClassLink's own clients ask."""
    return post(server, "/oauth2/v2/token", code=code, **{**CLIENT, **more})


def sign_in(server: ClassLinkSandbox, user: str, tenant: Tenant | None = None, **more: str) -> dict[str, Any]:
    """The whole way; what the token endpoint gave."""
    server.sign_in_as(user, tenant)
    answer = exchange(server, back(authorize(server, **more))["code"])
    assert answer.status == 200
    told: dict[str, Any] = answer.json()
    return told


def who(server: ClassLinkSandbox, told: dict[str, Any]) -> dict[str, Any]:
    """What `my/info` says of whoever signed in."""
    answer = ask(server, "/v2/my/info", f"Bearer {told['access_token']}")
    assert answer.status == 200
    info: dict[str, Any] = answer.json()
    return info


def decoded(part: str) -> bytes:
    """A part of a token."""
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def verified(server: SandboxServer, token: str, where: str = "/oauth2/v2/jwks") -> dict[str, Any]:
    """An id_token's claims, its signature checked against the published keys."""
    head, claims, signature = token.split(".")
    header = json.loads(decoded(head))
    keys = {key["kid"]: key for key in ask(server, where).json()["keys"]}
    key = keys[header["kid"]]
    numbers = [int.from_bytes(decoded(key[name]), "big") for name in ("e", "n")]
    public = RSAPublicNumbers(*numbers).public_key()
    public.verify(decoded(signature), f"{head}.{claims}".encode(), PKCS1v15(), SHA256())
    assert header["alg"] == "RS256"
    told: dict[str, Any] = json.loads(decoded(claims))
    return told
