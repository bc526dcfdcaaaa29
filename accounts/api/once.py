"""A request that is sent twice is done once: Idempotency-Key.

What was answered is kept for a day, encrypted with the key that asked: there may be a
first password in it, and whoever reads the cache must not.
"""

from __future__ import annotations

import base64
import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from cryptography.fernet import Fernet
from django.core.cache import cache
from django.db import transaction
from rest_framework.response import Response

from accounts.api.keys import key
from accounts.api.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from rest_framework.request import Request

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
LONGEST = 255
#: Seconds for which an answer is kept.
KEPT = 24 * 3600
#: Seconds after which a request that never came to an end may be sent again.
GIVEN_UP = 120


def once(request: Request, do: Callable[[], Response]) -> Response:
    """Do it, or answer as before if this key's request with this Idempotency-Key was answered.

    Only what was done is remembered: a refusal may be tried again. Raises a Problem if the
    key was used for another request, or the first one is not over.
    """
    given = request.headers.get(HEADER, "")
    if not given:
        return do()
    if len(given) > LONGEST or not given.isprintable():
        raise Problem("not_valid", f"{HEADER} is at most {LONGEST} printable characters.")
    asked = {"digest": _digest(request), "answer": ""}
    name = f"api:once:{key(request).token_id}:{sha256(given.encode()).hexdigest()}"
    if not cache.add(name, asked, GIVEN_UP):
        return _again(request, cache.get(name), asked["digest"])
    try:
        response = do()
    except BaseException:
        cache.delete(name)
        raise
    kept = {**asked, "answer": _box(request).encrypt(_written(response)).decode()}
    # Not before it is true: until then the same request is told to wait.
    transaction.on_commit(lambda: cache.set(name, kept, KEPT))
    return response


def _again(request: Request, before: dict[str, str] | None, digest: str) -> Response:
    if before is None or (before["digest"] == digest and not before["answer"]):
        raise Problem("being_done")
    if before["digest"] != digest:
        raise Problem("other_request")
    kept: dict[str, Any] = json.loads(_box(request).decrypt(before["answer"].encode()))
    return Response(kept["body"], status=kept["status"], headers={**kept["headers"], REPLAYED: "true"})


def _digest(request: Request) -> str:
    """The request: where to, and what it says, in whatever order it says it."""
    body = json.dumps(request.data, sort_keys=True)
    return sha256(f"{request.method} {request.path}\n{body}".encode()).hexdigest()


def _written(response: Response) -> bytes:
    kept = {"status": response.status_code, "body": response.data, "headers": dict(response.headers)}
    return json.dumps(kept, default=str).encode()


def _box(request: Request) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(sha256(b"idempotency:" + key(request).shown.encode()).digest()))
