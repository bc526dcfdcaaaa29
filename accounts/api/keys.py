"""Who asks: a key in the Authorization header, and nothing else. Cookies open nothing here."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import structlog
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import NotAuthenticated

from accounts import tokens
from accounts.models import User

if TYPE_CHECKING:
    from drf_spectacular.openapi import AutoSchema
    from rest_framework.request import Request

SCHEME = "Bearer"


class Key(NamedTuple):
    """What a request showed: which key, and its text, which is never kept."""

    token_id: int
    shown: str


class KeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer sp_…`. No key and one that opens nothing get the same answer."""

    def authenticate(self, request: Request) -> tuple[User, Key]:
        """Let the key's maker in, through their own door."""
        words = get_authorization_header(request).split()
        if len(words) != 2 or words[0].lower() != SCHEME.lower().encode():
            raise NotAuthenticated
        shown = words[1].decode("ascii", errors="replace")
        found = tokens.caller(shown)
        if found is None:
            raise NotAuthenticated
        structlog.contextvars.bind_contextvars(api_key=found.token_id)
        return found.user, Key(found.token_id, shown)

    def authenticate_header(self, request: Request) -> str:
        """What a 401 says would be accepted."""
        del request
        return f'{SCHEME} realm="SmartPass"'


class KeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # its base registers itself so
    """How the API's description names the key."""

    target_class = KeyAuthentication
    name = "key"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        """A bearer key."""
        del auto_schema
        return {
            "type": "http",
            "scheme": SCHEME.lower(),
            "description": "A key made at Accounts, API access. It reaches as far as the person who made it.",
        }


def caller(request: Request) -> User:
    """Whose key this request showed."""
    assert isinstance(request.user, User), "a view of the API stands behind KeyAuthentication"
    return request.user


def key(request: Request) -> Key:
    """The key this request showed."""
    assert isinstance(request.auth, Key), "a view of the API stands behind KeyAuthentication"
    return request.auth
