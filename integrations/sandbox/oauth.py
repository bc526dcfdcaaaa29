"""What the sandboxes' OAuth sides answer: redirects, errors and pages for people, as the vendors' own do."""

from __future__ import annotations

import base64
import binascii
import html
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from integrations.sandbox.server import Request, Response, as_json

if TYPE_CHECKING:
    from collections.abc import Mapping


def redirect(uri: str, fields: Mapping[str, str], raw: Mapping[str, str]) -> Response:
    """Back to the client: `fields` are encoded, `raw` go as they came."""
    query = "&".join([urlencode(fields), *(f"{key}={value}" for key, value in raw.items())])
    joined = "&" if urlsplit(uri).query else "?"
    return Response(302, headers={"Location": f"{uri}{joined}{query}"})


def oauth_error(status: int, error: str, description: str) -> Response:
    """An OAuth error body."""
    return as_json({"error": error, "error_description": description}, status)


def page(status: int, title: str, body: str = "") -> Response:
    """A page for people; `body` is HTML."""
    shown = html.escape(title)
    text = f"<!DOCTYPE html><html lang=en><title>{shown}</title><h1>{shown}</h1>{body}</html>"
    return Response(status, text.encode(), "text/html; charset=utf-8")


def client_of(request: Request, fields: Mapping[str, str]) -> tuple[str, str]:
    """The client's id and secret as sent, from HTTP Basic or else from the body; empty where Basic is not readable."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return fields.get("client_id", ""), fields.get("client_secret", "")
    try:
        name, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return "", ""
    return name, secret
