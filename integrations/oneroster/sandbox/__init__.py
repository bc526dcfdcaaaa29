"""A district's own OneRoster server as such servers really behave, on loopback, with invented people.

One server may hold several districts: the credentials say whose data is read. `version`
is the one it speaks, 1.1 at /ims/oneroster/v1p1 or 1.2 at /ims/oneroster/rostering/v1p2.
"""

from __future__ import annotations

from typing import Any

from integrations.oneroster.sandbox.api import Page, RosterApi
from integrations.oneroster.sandbox.district import District
from integrations.oneroster.sandbox.doors import OPEN, Doors, Shut
from integrations.oneroster.sandbox.edits import Edits
from integrations.oneroster.sandbox.errors import refused, web_page
from integrations.oneroster.sandbox.faults import KNOWN
from integrations.oneroster.sandbox.rosters import InventedRoster
from integrations.oneroster.sandbox.wording import BASES
from integrations.sandbox.districts import InventedDistrict
from integrations.sandbox.server import Request, Response, SandboxServer, WrongCommand

__all__ = ["District", "Edits", "OneRosterSandbox"]

TOKEN_PATH = "/oauth/token"


class OneRosterSandbox(SandboxServer):
    """A OneRoster server with any number of districts.

    `districts` holds them by id; `world(district)` gives the edits, `settings(district)`
    what somebody types in to connect one, `faults` the switches (`faults.py`).
    """

    known_faults = KNOWN
    district_class = District

    def __init__(self, port: int = 0, version: str = "1.1") -> None:
        """Listens at once, answers after `start`. ValueError for a version nobody speaks."""
        if version not in BASES:
            raise ValueError(f"no such version of OneRoster: {version}")
        super().__init__(port)
        self.version = version
        self.districts: dict[str, District] = {}
        self.doors = Doors(version, self.districts.values, self.now)
        self._api = RosterApi(version, self.page_headers)
        self._asked = 0

    def now(self) -> float:
        """The sandbox's own time; `clock` may be replaced at any moment."""
        return self.clock()

    def add_district(
        self, people: int, schools: int = 3, seed: int = 1, guardians: int = 0, *, odd: bool = False
    ) -> District:
        """Add an invented district; another seed is another district. ValueError when it is already here."""
        roster = InventedRoster(InventedDistrict(people, schools, seed, guardians))
        district = self.district_class(roster, self.now, odd=odd)
        if district.id in self.districts:
            raise ValueError("this district is already here: take another seed")
        self.districts[district.id] = district
        return district

    def world(self, district: District | str | None = None) -> Edits:
        """The edits of a district, named by itself or its id; of the only one when none is named."""
        return Edits(self.named(district))

    def named(self, district: District | str | None = None) -> District:
        """A district by itself or its id; the only one when none is named."""
        if isinstance(district, District):
            return district
        if district is None:
            (only,) = self.districts.values()
            return only
        return self.districts[district]

    def settings(self, district: District | str | None = None, auth: str = "") -> dict[str, str]:
        """What somebody types in to connect a district; `auth` is the door (the version's first one by default)."""
        held = self.named(district)
        auth = auth or ("oauth1-sha256" if self.version == "1.1" else "oauth2")
        if auth not in OPEN[self.version]:
            raise ValueError(f"OneRoster {self.version} has no such door here: {auth}")
        return {
            "base_url": f"{self.url}{BASES[self.version]}",
            "version": self.version,
            "auth": auth,
            "key": held.key,
            "secret": held.secret,
            "bearer": held.bearer,
            "token_url": f"{self.url}{TOKEN_PATH}",
        }

    def environment(self) -> dict[str, str]:
        """What somebody types in to connect the first district, under names for a shell."""
        first = next(iter(self.districts.values()))
        return {f"ONEROSTER_{name.upper()}": value for name, value in self.settings(first).items()}

    def edit(self, verb: str, args: dict[str, Any]) -> Any:
        """POST /_sandbox/world: a verb of `Edits`, with "district" among the arguments where there are several.

        Also `districts`, which lists ids and names.
        """
        if verb == "districts":
            return [{"id": each.id, "name": each.name} for each in self.districts.values()]
        rest = {key: value for key, value in args.items() if key != "district"}
        if args.get("district") is not None and args["district"] not in self.districts:
            raise WrongCommand("no such district")
        return self.world(args.get("district")).do(verb, rest)

    def answer(self, request: Request) -> Response:
        """The answer to anything; some requests fail before they reach a door."""
        self._asked += 1
        for prefix, status in self.faults.get("path_status", {}).items():
            if request.path.startswith(prefix):
                return web_page(int(status))
        if self._asked % int(self.faults.get("fail_every", self._asked + 1)) == 0:
            return refused(self.version, int(self.faults.get("fail_status", 500)), "something went wrong", self.faults)
        response = self.routed(request)
        if self._asked % int(self.faults.get("slow_every", self._asked + 1)) == 0:
            response.delay = float(self.faults.get("slow_seconds", 1.0))
        return response

    def routed(self, request: Request) -> Response:
        """The answer by what stands at the path."""
        if request.path == TOKEN_PATH and request.method == "POST":
            return self.doors.token(request, self.faults)
        return self.collections(request)

    def collections(self, request: Request) -> Response:
        """The rostering service, for whoever gets in."""
        base = f"{BASES[self.version]}/"
        if not request.path.startswith(base):
            return refused(self.version, 404, "nothing is here", self.faults)
        access = self.doors.open(request, self.faults)
        if isinstance(access, Shut):
            response = refused(self.version, access.status, access.why, self.faults)
            response.token = access.door
            return response
        rest = request.path.removeprefix(base)
        response = self.rostering(access.district, request, rest, nested=access.nested)
        response.token = access.door
        return response

    def rostering(self, district: District, request: Request, rest: str, *, nested: bool = True) -> Response:
        """What stands below the base path, for somebody who was let in."""
        return self._api.answer(district, request, rest, self.faults, nested=nested)

    def page_headers(self, page: Page) -> dict[str, str]:
        """The standard's X-Total-Count and Link."""
        told = {} if page.total is None else {"X-Total-Count": page.total}
        return told if page.faults.get("link") is False else told | self.link(page)

    def link(self, page: Page) -> dict[str, str]:
        """A Link to the next page, where there is one: right, or as the switch wants it."""
        said, following = page.faults.get("link"), page.asked.offset + page.asked.limit
        if following >= page.real_total:
            return {}
        host = "http://localhost:1" if said == "foreign" else self.url
        query = f"limit={page.asked.limit}&offset={following + (said == 'skips')}"
        return {"Link": f'<{host}{page.request.path}?{query}>; rel="next"'}
