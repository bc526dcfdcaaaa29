"""ClassLink's listing of districts, as the partner key opens it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from integrations.classlink.sandbox.tenants import Tenant
from integrations.oneroster.sandbox.faults import PageFaults
from integrations.oneroster.sandbox.query import Window
from integrations.sandbox.server import Request, Response, as_json

DEFAULT_LIMIT = 100
MOST = 10_000
PATH = "/applications"
#: Announces a header that never comes.
BAIT = {"access-control-expose-headers": "x-total-count"}


class Applications:
    """Answers `/applications` and `/applications/{oneroster_application_id}/server`."""

    def __init__(self, partner_key: str, tenants: Callable[[], Collection[Tenant]], origin: Callable[[], str]) -> None:
        """`origin` is where the direct door is."""
        self.partner_key = partner_key
        self._tenants = tenants
        self._origin = origin
        self._walk = PageFaults()

    def answer(self, request: Request, faults: Mapping[str, Any]) -> Response:
        """The partner's bearer is needed; nobody else's works."""
        if request.headers.get("authorization") != f"Bearer {self.partner_key}":
            return as_json({"status": 0, "message": "Unauthorized"}, 401)
        if request.method != "GET":
            return as_json({"status": 0, "message": "Method not allowed"}, 405)
        response = self._list(request, faults) if request.path == PATH else self._server(request, faults)
        response.headers.update(BAIT)
        response.token = "partner"
        return response

    def _list(self, request: Request, faults: Mapping[str, Any]) -> Response:
        asked = Window(_number(request, "limit", DEFAULT_LIMIT) or DEFAULT_LIMIT, _number(request, "offset", 0))
        self._walk.turn(asked)
        spoiled = faults if faults.get("page_of") == "applications" else {}
        answer = self._walk.before("1.1", {**spoiled, "error_body": "flat"})
        if answer is not None:
            return answer
        rows = [row for tenant in self._tenants() for row in tenant.rows()]
        if asked.offset:
            rows = [row for row in rows if row["tenant_id"] not in faults.get("applications_lose", ())]
        if faults.get("applications_single"):
            return as_json({"status": 1, "applications": {**rows[0], "bearer": None} if rows else {}})
        if "applications" in faults:
            return as_json(faults["applications"])
        limit = min(asked.limit, MOST, int(faults.get("applications_clamp", MOST)))
        here = self._walk.rows(spoiled, rows[asked.offset : asked.offset + limit])
        response = as_json({"status": 1, "applications": here})
        return self._walk.body(spoiled, response, "applications", here)

    def _server(self, request: Request, faults: Mapping[str, Any]) -> Response:
        middle, _, word = request.path.removeprefix(f"{PATH}/").rpartition("/")
        found = next((each for each in self._tenants() if each.rows() and each.application_id == middle), None)
        if word != "server" or found is None or faults.get("no_server"):
            return as_json({"status": 0, "message": "Not found"}, 404)
        address = f"{self._origin()}/ims/oneroster/v1p1" if faults.get("endpoint_with_path") else self._origin()
        server = {"client_id": found.key, "client_secret": found.secret, "endpoint_url": address}
        return as_json({"status": 1, "server": server, "message": ""})


def _number(request: Request, name: str, default: int) -> int:
    said = request.first(name, str(default))
    return int(said) if said.isdecimal() else default
