"""Clever's server side as it really behaves, on loopback, with invented districts.

`CleverSandbox` listens with both of Clever's hosts on one port; their paths do not
collide. Start one, add districts, point CLEVER_API_URL and CLEVER_AUTH_URL at `url`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from integrations.clever.sandbox.data_api import DataApi
from integrations.clever.sandbox.district import District
from integrations.clever.sandbox.edits import Edits
from integrations.clever.sandbox.faults import KNOWN, web_page
from integrations.clever.sandbox.identity import Identity
from integrations.clever.sandbox.rosters import CapturedRoster, InventedRoster, Roster
from integrations.clever.sandbox.throttling import Windows, too_many
from integrations.sandbox.districts import InventedDistrict
from integrations.sandbox.server import (
    Request,
    Response,
    SandboxServer,
    WrongCommand,
    as_json,
)

__all__ = ["CleverSandbox", "District"]


class CleverSandbox(SandboxServer):
    """A whole Clever with any number of districts.

    `identity` holds the app's registration and who sits at the browser; `districts` the
    districts by id; `world(district)` the edits; `faults` the switches (`faults.py`).
    """

    known_faults = KNOWN

    def __init__(self, port: int = 0, client_id: str = "sandbox-client", client_secret: str = "sandbox-secret") -> None:
        """Listens at once, answers after `start`."""
        super().__init__(port)
        self.identity = Identity(client_id, client_secret, self.now)
        self.districts = self.identity.districts
        self._api = DataApi(lambda: self.faults)
        self._windows = Windows()

    def now(self) -> float:
        """The sandbox's own time; `clock` may be replaced at any moment."""
        return self.clock()

    def add_district(
        self, people: int, schools: int = 3, seed: int = 1, guardians: int = 0, *, odd: bool = False
    ) -> District:
        """Add an invented district; another seed is another district. ValueError when it is already here."""
        return self._add(InventedRoster(InventedDistrict(people, schools, seed, guardians)), odd=odd)

    def add_capture(self, folder: Path) -> District:
        """Add the district captured in a folder (users.json, sections.json, districts.json)."""
        return self._add(CapturedRoster(folder), odd=False)

    def world(self, district: District | str | None = None) -> Edits:
        """The edits of a district, named by itself or its id; of the only one when none is named."""
        if isinstance(district, District):
            return Edits(district)
        if district is None:
            (only,) = self.districts.values()
            return Edits(only)
        return Edits(self.districts[district])

    def hosts(self) -> dict[str, str]:
        """Both hosts, as the provider takes them."""
        return {"api": self.url, "auth": self.url}

    def secrets(self) -> dict[str, str]:
        """The app's registration, as the provider takes it."""
        return {"client_id": self.identity.client_id, "client_secret": self.identity.client_secret}

    def environment(self) -> dict[str, str]:
        """The settings that point SmartPass here."""
        return {
            "CLEVER_API_URL": self.url,
            "CLEVER_AUTH_URL": self.url,
            "CLEVER_CLIENT_ID": self.identity.client_id,
            "CLEVER_CLIENT_SECRET": self.identity.client_secret,
        }

    def edit(self, verb: str, args: dict[str, Any]) -> Any:
        """POST /_sandbox/world: a verb of `Edits`, with "district" among the arguments where there are several.

        Also `sign_in_as` (user), `register` (redirect_uris), `oidc` (on) and
        `districts`, which lists ids and names.
        """
        if verb == "districts":
            return [{"id": each.id, "name": each.row.get("name")} for each in self.districts.values()]
        if verb == "sign_in_as":
            self.identity.signed_in = args["user"]
        elif verb == "register":
            self.identity.redirect_uris = list(args["redirect_uris"])
        elif verb == "oidc":
            self.identity.oidc = bool(args["on"])
        else:
            rest = {key: value for key, value in args.items() if key != "district"}
            named = args.get("district")
            if named is not None and named not in self.districts:
                raise WrongCommand("no such district")
            return self.world(named).do(verb, rest)
        return None

    def answer(self, request: Request) -> Response:
        """Either host's answer."""
        for prefix, status in self.faults.get("path_status", {}).items():
            if request.path.startswith(prefix):
                return web_page(status)
        answered = self.identity.answer(request, self.url)
        return answered if answered is not None else self._data(request)

    def _data(self, request: Request) -> Response:
        if request.method != "GET":
            return as_json({"message": "unsupported request"}, 501)
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        district = next((each for each in self.districts.values() if each.connected and each.token == token), None)
        sign_in = self.identity.sign_in_of(token)
        if not token or (district is None and sign_in is None):
            return as_json({"error": "unauthorized", "message": "invalid auth"}, 401)
        headers, over = self._windows.headers(token, self.clock(), self.faults)
        if over:
            response = too_many()
        elif sign_in is not None:
            home = self.districts[sign_in.district]
            mine = request.path == "/userinfo"
            response = self.identity.userinfo(sign_in) if mine else self._api.for_sign_in(sign_in, home, request)
        elif district is not None:
            response = self._api.for_district(district, request)
        response.headers.update(headers)
        response.token = "sso" if sign_in else "district"
        return response

    def _add(self, roster: Roster, *, odd: bool) -> District:
        district = District(roster, self.now, odd=odd)
        if district.id in self.districts:
            raise ValueError("this district is already here: take another seed")
        self.districts[district.id] = district
        return district
