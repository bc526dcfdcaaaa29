"""What support fills in to open a OneRoster server, and where that says the server is.

OneRoster: 1.1 is at /ims/oneroster/v1p1 below whatever address the server has, 1.2 at
/ims/oneroster/rostering/v1p2. People are told one or the other part of it, so both are taken.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from django import forms

from integrations.oneroster.doors import SCOPES

STANDARD = {"1.1": "/ims/oneroster/v1p1", "1.2": "/ims/oneroster/rostering/v1p2"}
#: The end of a path that names a version, and the part of one that is OneRoster's and not the server's.
VERSIONED = re.compile(r"/v1p([12])$")
SERVICE = re.compile(r"(/ims/oneroster(/rostering)?(/v1p[12])?|/v1p[12])$", re.IGNORECASE)

SHA256, SHA1, BEARER, OAUTH2 = "oauth1-sha256", "oauth1-sha1", "bearer", "oauth2"
DOORS = (
    (SHA256, "OAuth 1.0a, HMAC-SHA256"),
    (SHA1, "OAuth 1.0a, HMAC-SHA1"),
    (OAUTH2, "OAuth 2, client credentials"),
    (BEARER, "A bearer token"),
)
HOST = re.compile(r"[a-z0-9.:_-]+")
NO_ADDRESS = "That is not an address of a server: https://, a host, and perhaps a path."


class SisSettings(forms.Form):
    """The address of a OneRoster server and the key to it."""

    base_url = forms.URLField(
        label="Base URL",
        assume_scheme="https",
        max_length=500,
        help_text="Where the server is, with or without /ims/oneroster/v1p1. Port 443 or 8443.",
    )
    version = forms.ChoiceField(label="OneRoster version", choices=[(each, each) for each in STANDARD])
    auth = forms.ChoiceField(label="Way in", choices=DOORS)
    key = forms.CharField(
        label="Key",
        required=False,
        max_length=500,
        help_text="The key or client id. With a bearer token: only to tell two districts of one server apart.",
    )
    secret = forms.CharField(label="Secret", max_length=4000, help_text="The secret, or the bearer token.")
    token_url = forms.URLField(
        label="Token URL",
        required=False,
        assume_scheme="https",
        max_length=500,
        help_text="OAuth 2 only: where the server hands out tokens.",
    )
    scope = forms.CharField(
        label="Scope",
        required=False,
        max_length=500,
        help_text=f"OAuth 2 only. Empty for the least that is needed: {SCOPES['1.1'].rsplit('/', 1)[1]}",
    )

    def clean_base_url(self) -> str:
        """Written in one way, so that one server is always the same one."""
        return canonical(self.cleaned_data["base_url"])

    def clean_token_url(self) -> str:
        """Written in one way; the part after a question mark is part of it."""
        url = self.cleaned_data["token_url"]
        return canonical(url, query=True) if url else ""

    def clean(self) -> dict[str, Any]:
        """What a way in needs is there, and the address names no other version than the one chosen."""
        cleaned = super().clean() or self.cleaned_data
        auth, version = cleaned.get("auth"), cleaned.get("version")
        if auth not in {BEARER, None} and not cleaned.get("key"):
            self.add_error("key", "This way in needs a key.")
        if auth == OAUTH2 and not cleaned.get("token_url") and "token_url" not in self.errors:
            self.add_error("token_url", "OAuth 2 needs the address at which the server hands out tokens.")
        named = VERSIONED.search(cleaned.get("base_url") or "")
        if named and version and f"1.{named[1]}" != version:
            self.add_error("version", f"The base URL names version 1.{named[1]}.")
        return cleaned


def canonical(url: str, *, query: bool = False) -> str:
    """An address in the one way it is kept in. Raises ValidationError for what no server can be at."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").encode("idna").decode()
        port = parts.port
    except (ValueError, UnicodeError):
        raise forms.ValidationError(NO_ADDRESS) from None
    odd = "@" in parts.netloc or parts.fragment or (parts.query and not query) or not url.isascii()
    if parts.scheme not in {"http", "https"} or not HOST.fullmatch(host) or odd:
        raise forms.ValidationError(NO_ADDRESS)
    host = f"[{host}]" if ":" in host else host
    usual = port in {None, 443 if parts.scheme == "https" else 80}
    asked = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme}://{host}{'' if usual else f':{port}'}{parts.path.rstrip('/')}{asked}"


def server_of(base_url: str) -> str:
    """The address of a server, whichever version of OneRoster is asked there."""
    return SERVICE.sub("", base_url)


def service_of(base_url: str, version: str) -> str:
    """Where a version of OneRoster is at a server: as the address says, or as the standard does."""
    named = VERSIONED.search(base_url)
    return base_url if named and f"1.{named[1]}" == version else f"{server_of(base_url)}{STANDARD[version]}"


def split(url: str) -> tuple[str, str]:
    """The host and the target of an address, as `Client` takes them."""
    parts = urlsplit(url)
    origin = f"{parts.scheme}://{parts.netloc}"
    return origin, url.removeprefix(origin)
