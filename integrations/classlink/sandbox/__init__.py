"""ClassLink Roster Server as it really behaves, on loopback, with invented districts.

All of ClassLink's hosts share one port: the proxy with its listing of districts, every
district's direct server (whose OAuth 1 key says whose it is), and the sign-in pages.
"""

from __future__ import annotations

import hashlib
from typing import Any, cast

from integrations.classlink.sandbox.applications import PATH, Applications
from integrations.classlink.sandbox.edits import TenantEdits
from integrations.classlink.sandbox.faults import KNOWN
from integrations.classlink.sandbox.identity import Identity
from integrations.classlink.sandbox.people import SignIn
from integrations.classlink.sandbox.tenants import Tenant
from integrations.oneroster.sandbox import District, OneRosterSandbox
from integrations.oneroster.sandbox.api import Page
from integrations.oneroster.sandbox.doors import Shut
from integrations.oneroster.sandbox.errors import refused
from integrations.sandbox.server import Request, Response, WrongCommand

__all__ = ["ClassLinkSandbox", "Tenant"]

BASE = "/ims/oneroster/v1p1"
PROXY = "/proxy/v1p0"


class ClassLinkSandbox(OneRosterSandbox):
    """A whole ClassLink with any number of tenants, by the sandbox's id or by tenant id.

    `identity` holds our registration for signing in, and who is signed in at the browser.
    """

    known_faults = KNOWN
    district_class = Tenant

    def __init__(
        self,
        port: int = 0,
        partner_key: str = "sandbox-partner-key",
        client_id: str = "sandbox-client",
        client_secret: str = "sandbox-secret",
    ) -> None:
        """Listens at once, answers after `start`."""
        super().__init__(port, "1.1")
        self.identity = Identity(client_id, client_secret, lambda: list(self.tenants.values()), self.now)
        self._applications = Applications(partner_key, lambda: list(self.tenants.values()), lambda: self.url)

    @property
    def tenants(self) -> dict[str, Tenant]:
        """The districts, as what they are here."""
        return cast("dict[str, Tenant]", self.districts)

    def add_district(
        self, people: int, schools: int = 3, seed: int = 1, guardians: int = 0, *, odd: bool = False
    ) -> Tenant:
        """Add a tenant with an invented roster; another seed is another one. ValueError when it is already here."""
        return cast("Tenant", super().add_district(people, schools, seed, guardians, odd=odd))

    def add_districts(self, count: int, people: int = 20) -> list[Tenant]:
        """Add so many small tenants of one school each, with the first seeds nobody has yet."""
        taken = {tenant.roster.invented.seed for tenant in self.tenants.values()}
        free = [seed for seed in range(1, count + len(taken) + 1) if seed not in taken][:count]
        return [self.add_district(people, 1, seed) for seed in free]

    def world(self, district: District | str | None = None) -> TenantEdits:
        """The edits of a tenant, named by itself, its id or its tenant id; of the only one when none is named."""
        return TenantEdits(cast("Tenant", self.named(district)))

    def named(self, district: District | str | None = None) -> District:
        """A tenant by itself, its id or its tenant id; the only one when none is named."""
        by_number = {str(tenant.tenant_id): tenant for tenant in self.tenants.values()}
        return by_number[district] if isinstance(district, str) and district in by_number else super().named(district)

    def hosts(self) -> dict[str, str]:
        """ClassLink's hosts, as the provider takes them."""
        return {"api": self.url, "auth": self.url, "info": self.url}

    def secrets(self) -> dict[str, str]:
        """Our registration, as the provider takes it."""
        return {
            "partner_key": self._applications.partner_key,
            "client_id": self.identity.client_id,
            "client_secret": self.identity.client_secret,
        }

    def environment(self) -> dict[str, str]:
        """The settings that point SmartPass here."""
        told = {"api_url": self.url, "auth_url": self.url, "info_url": self.url, **self.secrets()}
        return {f"CLASSLINK_{name.upper()}": value for name, value in told.items()}

    def routed(self, request: Request) -> Response:
        """The listing, the proxy, or a district's direct server."""
        if request.path == PATH or request.path.startswith(f"{PATH}/"):
            return self._applications.answer(request, self.faults)
        if request.path.startswith(f"{BASE}/"):
            return self._direct(request)
        answered = self.identity.answer(request, self.url, self.faults)
        return answered if answered is not None else self._proxied(request)

    def sign_in_as(self, user: str, district: District | str | None = None) -> None:
        """Let the browser show this person's session: their own, or one somebody else opened in their name."""
        self.identity.signed_in = SignIn(cast("Tenant", self.named(district)).tenant_id, user)

    def edit(self, verb: str, args: dict[str, Any]) -> Any:
        """POST /_sandbox/world: a verb of `TenantEdits`, with "district" (id or tenant id) among the arguments.

        Also `districts`, which lists ids, names and tenant ids; `register` (redirect_uris);
        `sign_in_as` (user); and `rotate_key`, another key for id_tokens.
        """
        if verb == "register":
            self.identity.redirect_uris = list(args["redirect_uris"])
            return None
        if verb == "rotate_key":
            self.identity.openid.rotate()
            return None
        if verb == "districts":
            return [{"id": each.id, "name": each.name, "tenant_id": each.tenant_id} for each in self.tenants.values()]
        rest = {key: value for key, value in args.items() if key != "district"}
        try:
            tenant = self.named(args.get("district"))
        except KeyError:
            raise WrongCommand("no such district") from None
        if verb == "sign_in_as":
            self.sign_in_as(rest["user"], tenant)
            return None
        return self.world(tenant).do(verb, rest)

    def page_headers(self, page: Page) -> dict[str, str]:
        """ClassLink's: counts, the revision, and several that say nothing; a Link by switch only."""
        revision = hashlib.sha256(f"{page.district.id} {page.district.revision}".encode()).hexdigest()[:16]
        trace = hashlib.sha256(f"{page.request.target} {self._asked}".encode()).hexdigest()[:32]
        told = {
            "x-count": str(page.rows),
            "x-total-count": page.total,
            "x-perm-rev": page.faults.get("perm_rev", revision),
            "x-next-page-token": "",
            "x-obfuscated": str(page.faults.get("obfuscated", "")),
            "x-modified": "",
            "x-endpoint": page.endpoint,
            "x-page-generation-time-ms": str(page.rows // 10 + 3),
            "x-host-name": "undefined",
            "cltraceid": trace,
        }
        links = self.link(page) if page.faults.get("link") else {}
        return {name: str(value) for name, value in told.items() if value not in (None, False)} | links

    def _direct(self, request: Request) -> Response:
        """A district's own server: OAuth 1 and nothing else."""
        access = self.doors.open(request, self.faults, shut=("bearer", "oauth2"))
        if isinstance(access, Shut) or self._is_shut(access.district):
            status, why = (access.status, access.why) if isinstance(access, Shut) else (401, "access was revoked")
            response = refused("1.1", status, why, self.faults)
        else:
            response = self.rostering(access.district, request, request.path.removeprefix(f"{BASE}/"))
        response.token = access.door
        return response

    def _proxied(self, request: Request) -> Response:
        """The proxy: the raw path has to hold the application's id byte for byte, the bearer has to be its own."""
        segment, _, rest = self._below_prefix(request.path).partition(f"{BASE}/")
        tenant = next((each for each in self.tenants.values() if f"/{each.application_id}" == segment), None)
        if tenant is None:
            return refused("1.1", 404, "Not Found", {**self.faults, "error_body": "flat"})
        known = {f"{word} {tenant.bearer}" for word in ("Bearer", "bearer")}
        if request.headers.get("authorization", "") not in known or self._is_shut(tenant):
            response = refused("1.1", 401, "the Request requires authorization", self.faults)
        else:
            response = self.rostering(tenant, request, rest)
        response.token = "bearer"
        return response

    def _below_prefix(self, path: str) -> str:
        where = self.faults.get("prefix", "plain")
        if path.startswith(f"{PROXY}/"):
            return path.removeprefix(PROXY) if where in {"proxy", "both"} else ""
        return path if where in {"plain", "both"} else ""

    def _is_shut(self, district: District) -> bool:
        tenant = cast("Tenant", district)
        return tenant.revoked or not tenant.rows() or (tenant.enabled, tenant.status) != ("true", "Active")
