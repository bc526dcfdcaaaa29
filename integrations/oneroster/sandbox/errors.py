"""How a OneRoster server says no."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.sandbox.server import Response, as_json

HTML = b"<!DOCTYPE html><html><head><title>Sorry</title></head><body>Something went wrong.</body></html>"
MINOR = {
    400: "invaliddata",
    401: "unauthorisedrequest",
    403: "forbidden",
    404: "unknownobject",
    422: "invaliddata",
    429: "server_busy",
}


def refused(version: str, status: int, description: str, faults: Mapping[str, Any], minor: str = "") -> Response:
    """An error in the version's own words, or in another server's (`error_body`)."""
    said = faults.get("error_body", "imsx")
    if said == "html":
        return web_page(status)
    if said == "empty":
        return Response(status)
    if said == "flat":
        return as_json({"error": description}, status)
    return as_json(status_info(version, description, minor or MINOR.get(status, "internal_server_error")), status)


def status_info(version: str, description: str, minor: str) -> dict[str, Any]:
    """1.2 sends one object; 1.1 a list of them with the ids of the message and the operation."""
    field = {"imsx_codeMinorFieldName": "TargetEndSystem", "imsx_codeMinorFieldValue": minor}
    info = {
        "imsx_codeMajor": "failure",
        "imsx_severity": "error",
        "imsx_description": description,
        "imsx_CodeMinor": {"imsx_codeMinorField": [field]},
    }
    if version != "1.1":
        return info
    return {"statusInfoSet": [{**info, "imsx_messageRefIdentifier": "1", "imsx_operationRefIdentifier": "getAll"}]}


def web_page(status: int) -> Response:
    """An error page for people."""
    return Response(status, HTML, "text/html; charset=utf-8")
