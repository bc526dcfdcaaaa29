"""Pages: an opaque token holds the question, where to go on and when it was given."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any, NamedTuple

from integrations.google.sandbox.errors import invalid
from integrations.sandbox.server import Request

#: Google: so long a page token of users.list may be used.
TOKEN_SECONDS = 3 * 86_400
#: These may differ from one page to the next.
FREE = frozenset({"pageToken", "maxResults", "fields", "prettyPrint", "alt", "quotaUser", "key", "$.xgafv"})


class Place(NamedTuple):
    """Where a walk is: the page, counted from 1, and the key behind which it goes on."""

    page: int = 1
    after: str = ""


class Pages:
    """Gives tokens and takes them back."""

    def __init__(self, secret: str) -> None:
        """With the secret that a made-up token does not know."""
        self._secret = secret

    def token(self, request: Request, place: Place, now: float) -> str:
        """A token for the page at a place, for this question."""
        body = json.dumps([_question(request), place.page, place.after, int(now)], ensure_ascii=False)
        return base64.urlsafe_b64encode(f"{self._signed(body)}{body}".encode()).decode()

    def place(self, request: Request, now: float) -> Place:
        """Where the request's token points. 400 for one that is not ours, too old, or of another question."""
        token = request.first("pageToken")
        if not token:
            return Place()
        try:
            text = base64.urlsafe_b64decode(token.encode()).decode()
        except ValueError:
            raise invalid(token) from None
        sign, body = text[:16], text[16:]
        if sign != self._signed(body):
            raise invalid(token)
        question, page, after, made = json.loads(body)
        if question != _question(request) or now - made > TOKEN_SECONDS:
            raise invalid(token)
        return Place(page, after)

    def _signed(self, body: str) -> str:
        return hashlib.sha256(f"{self._secret}{body}".encode()).hexdigest()[:16]


def size(request: Request, usual: int, most: int) -> int:
    """How many rows a page has: never more than Google's most. 400 for what is no number."""
    said = request.first("maxResults", str(usual))
    if not said.isdecimal() or int(said) < 1:
        raise invalid("maxResults")
    return min(int(said), most)


def _question(request: Request) -> str:
    asked: list[Any] = sorted((name, value) for name, value in request.query.items() if name not in FREE)
    return hashlib.sha256(json.dumps([request.path, asked]).encode()).hexdigest()[:16]
