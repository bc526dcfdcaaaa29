"""How Google's APIs say no, in each of the shapes in which they do."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from integrations.sandbox.server import Response

HTML = (
    "<!DOCTYPE html><html lang=en><meta charset=utf-8><title>Error {0} (Server Error)!!1</title>"
    "<p><b>{0}.</b> <ins>That's an error.</ins><p>The server encountered an error. Please try again in 30 seconds."
)


class Refusal(NamedTuple):
    """One refusal: the HTTP status, Google's reason and message, the domain of the reason, gRPC's status."""

    status: int
    reason: str
    message: str
    domain: str = "global"
    rpc: str = ""
    detail: str = ""


class Refused(Exception):
    """The API says no."""

    def __init__(self, refusal: Refusal) -> None:
        """With what it says."""
        super().__init__(refusal.message)
        self.refusal = refusal


DENIED = "PERMISSION_DENIED"
REFUSALS = {
    each.reason: each
    for each in (
        Refusal(400, "badRequest", "Bad Request", rpc="INVALID_ARGUMENT"),
        Refusal(401, "authError", "Invalid Credentials", rpc="UNAUTHENTICATED"),
        Refusal(401, "required", "Login Required.", rpc="UNAUTHENTICATED"),
        Refusal(403, "forbidden", "Not Authorized to access this resource/api", rpc=DENIED),
        Refusal(
            403,
            "insufficientPermissions",
            "Request had insufficient authentication scopes.",
            rpc=DENIED,
            detail="ACCESS_TOKEN_SCOPE_INSUFFICIENT",
        ),
        Refusal(
            403,
            "accessNotConfigured",
            "Admin SDK API has not been used in project 1234567890 before or it is disabled.",
            "usageLimits",
            DENIED,
            "SERVICE_DISABLED",
        ),
        Refusal(403, "domainCannotUseApis", "Domain cannot use apis", rpc=DENIED),
        Refusal(403, "quotaExceeded", "Request rate higher than configured.", "usageLimits", DENIED),
        Refusal(403, "userRateLimitExceeded", "User Rate Limit Exceeded", "usageLimits", DENIED),
        Refusal(403, "dailyLimitExceeded", "Daily Limit Exceeded", "usageLimits", DENIED),
        Refusal(
            429,
            "rateLimitExceeded",
            "Quota exceeded for quota metric 'Queries' of service 'admin.googleapis.com'.",
            "usageLimits",
            "RESOURCE_EXHAUSTED",
            "RATE_LIMIT_EXCEEDED",
        ),
        Refusal(412, "conditionNotMet", "User is deleted.", rpc="FAILED_PRECONDITION"),
        Refusal(500, "internalError", "Internal error encountered.", rpc="INTERNAL"),
        Refusal(502, "badGateway", "Bad Gateway", rpc="UNAVAILABLE"),
        Refusal(503, "backendError", "Service unavailable. Please try again", rpc="UNAVAILABLE"),
        Refusal(504, "deadlineExceeded", "Deadline exceeded", rpc="DEADLINE_EXCEEDED"),
    )
}


def invalid(what: str) -> Refused:
    """400: a parameter is wrong."""
    return Refused(Refusal(400, "invalid", f"Invalid Input: {what}", rpc="INVALID_ARGUMENT"))


def missing(message: str) -> Refused:
    """404: there is no such thing."""
    return Refused(Refusal(404, "notFound", message, rpc="NOT_FOUND"))


def refused(reason: str, message: str = "") -> Refused:
    """A refusal by its reason, in its usual words or others."""
    found = REFUSALS[reason]
    return Refused(found._replace(message=message) if message else found)


def drawn(refusal: Refusal, shape: str) -> Response:
    """A refusal in one of the six shapes; "" is (b) for what has a detail, and (a) for everything else.

    (a) code, message, errors; (b) with status and details too; (c) without errors; (d) plain
    text; (e) a web page; (f) as OAuth says it.
    """
    if shape == "d":
        return Response(refusal.status, refusal.message.encode(), "text/plain; charset=utf-8")
    if shape == "e":
        return Response(refusal.status, HTML.format(refusal.status).encode(), "text/html; charset=utf-8")
    if shape == "f":
        return _json({"error": refusal.reason, "error_description": refusal.message}, refusal.status)
    listed = {"message": refusal.message, "domain": refusal.domain, "reason": refusal.reason}
    error: dict[str, Any] = {"code": refusal.status, "message": refusal.message}
    if shape != "c":
        error["errors"] = [listed]
    if shape in {"b", "c"} or (refusal.detail and not shape):
        error["status"] = refusal.rpc or "UNKNOWN"
        info = {
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": refusal.detail or refusal.reason,
            "domain": "googleapis.com",
            "metadata": {"service": "admin.googleapis.com"},
        }
        error["details"] = [info]
    return _json({"error": error}, refusal.status)


def _json(body: Any, status: int) -> Response:
    return Response(status, json.dumps(body, indent=2).encode(), "application/json; charset=UTF-8")
