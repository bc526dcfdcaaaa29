"""What went wrong, in one shape: application/problem+json (RFC 9457) with a stable code."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from rest_framework import exceptions

from accounts.people import NotPossible

if TYPE_CHECKING:
    from django.http import HttpRequest

MEDIA_TYPE = "application/problem+json"
#: Code -> status and what it means; nothing else is ever said in `code`.
CODES: dict[str, tuple[int, str]] = {
    "unreadable": (400, "The body is not JSON."),
    "not_valid": (400, "Something in the request is missing, unknown or not of its kind; `errors` says what."),
    "no_key": (401, "There is no key in the request, or it opens nothing."),
    "not_yours": (403, "Your key may see this and may not do this."),
    "not_found": (404, "There is no such thing, or your key does not reach it."),
    "no_such_method": (405, "This address has no such method."),
    "not_possible": (409, "It cannot be done as things stand; `detail` says why. Nothing was written."),
    "being_done": (409, "The first request with this Idempotency-Key has not been answered yet."),
    "too_long": (413, "The body is longer than the API reads."),
    "not_json": (415, "Send application/json."),
    "other_request": (422, "This Idempotency-Key was used for another request."),
    "too_many": (429, "Too many requests with this key; wait as long as Retry-After says."),
    "broken": (500, "Something broke at SmartPass. Nothing was written."),
}


class Problem(Exception):
    """A refusal with its code, the words for a person, and what is wrong field by field."""

    def __init__(self, code: str, detail: str = "", errors: list[dict[str, str]] | None = None) -> None:
        super().__init__(code)
        self.code, self.detail, self.errors = code, detail, errors or []


def answer(code: str, detail: str = "", errors: list[dict[str, str]] | None = None) -> HttpResponse:
    """The answer to a request that went wrong."""
    status, meaning = CODES[code]
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail or meaning,
        "errors": errors or [],
    }
    return HttpResponse(json.dumps(body), status=status, content_type=MEDIA_TYPE)


def handle(error: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """As REST framework's handler: the answer to an exception, None for one that nobody expected."""
    del context
    match error:
        case Problem():
            response = answer(error.code, error.detail, error.errors)
        case NotPossible():
            response = answer("not_possible", str(error))
        case Http404():
            response = answer("not_found")
        case PermissionDenied():
            response = answer("not_yours", str(error))
        case exceptions.ValidationError():
            response = answer("not_valid", errors=list(_errors(error.detail, "")))
        case exceptions.APIException():
            response = _known(error)
        case _:
            return None
    return response


def _known(error: exceptions.APIException) -> HttpResponse:
    codes = {
        exceptions.ParseError: "unreadable",
        exceptions.NotAuthenticated: "no_key",
        exceptions.AuthenticationFailed: "no_key",
        exceptions.MethodNotAllowed: "no_such_method",
        exceptions.UnsupportedMediaType: "not_json",
        exceptions.Throttled: "too_many",
    }
    response = answer(codes[type(error)])
    if header := getattr(error, "auth_header", None):
        response.headers["WWW-Authenticate"] = header
    if (wait := getattr(error, "wait", None)) is not None:
        response.headers["Retry-After"] = str(int(wait))
    return response


def _errors(detail: Any, where: str) -> Iterator[dict[str, str]]:
    if isinstance(detail, dict):
        for name, inner in detail.items():
            inside = "" if name == "non_field_errors" else str(name)
            yield from _errors(inner, ".".join(filter(None, (where, inside))))
    elif isinstance(detail, list):
        for inner in detail:
            yield from _errors(inner, where)
    else:
        yield {"field": where, "code": detail.code, "message": str(detail)}


# Django's own ends, for addresses under /api/ that reach no view, or leave one by an error.


def is_api(request: HttpRequest) -> bool:
    """Whether a program asks here, and not a browser."""
    return request.path.startswith("/api/")
