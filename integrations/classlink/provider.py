"""ClassLink Roster Server as a source: one partner key, and a bearer for each district that shares with us."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from functools import cached_property
from typing import NamedTuple
from urllib.parse import urlsplit

from integrations.classlink.api import (
    API,
    RECONNECT,
    SOURCE,
    Application,
    find_application,
    find_server,
    list_applications,
)
from integrations.http import Client
from integrations.oneroster.client import Server
from integrations.oneroster.doors import Bearer, OAuth1
from integrations.oneroster.roster import OneRosterProvider
from integrations.provider import Malformed, Refused, SourceError
from integrations.records import Tenant

#: ClassLink: what is live is OneRoster 1.1, whatever a portal says.
BASE = "/ims/oneroster/v1p1"
#: ClassLink: the two shapes of the proxy's address that are told of, by our word for each.
PROXIES = {"plain": "", "prefixed": "/proxy/v1p0"}
DIRECT = "direct"


class Access(NamedTuple):
    """What opened one tenant's roster: kept as this connection's secrets, so that a night need not search."""

    tenant: str
    segment: str
    bearer: str
    way: str
    url: str = ""
    key: str = ""
    secret: str = ""

    def __repr__(self) -> str:
        """Without what opens it."""
        return f"Access({self.tenant!r}, …, {self.way!r})"


class ClassLinkProvider(OneRosterProvider):
    """One district at ClassLink.

    `hosts` holds ``api`` (the proxy and its listing) beside those of signing in, `secrets`
    our ``partner_key`` and what was kept; `tenant` is ClassLink's tenant id, as text.
    """

    kind = "classlink"
    label = SOURCE

    _found: Application | None = None

    @classmethod
    def tenants(cls, hosts: Mapping[str, str], secrets: Mapping[str, str]) -> list[Tenant]:
        """Every district in ClassLink's listing, each once, sorted by name.

        A district whose record is not usable yet is listed too: opening it says what is missing.
        """
        with closing(Client(hosts[API], SOURCE, cls.limits, cls.sleep)) as client:
            listed = {each.tenant: each.name for each in list_applications(client, secrets) if each.tenant}
        found = [Tenant(tenant, name) for tenant, name in listed.items()]
        return sorted(found, key=lambda tenant: (tenant.name.casefold(), tenant.external_id))

    def open(self) -> Server:
        """The roster by what opened it last; searched for where nothing is kept, or what is kept leads nowhere.

        ClassLink: after a 401 the listing is read once more. Another bearer is kept and used;
        the same one means that the district shut us out, and nothing is tried again.
        """
        kept = self._kept()
        if kept is not None:
            try:
                return self._tried(kept, renews=True)
            except Malformed:
                self._found = None
            except Refused:
                if kept.way != DIRECT and not self._moved(kept):
                    raise
        return self._search(self._found or self._find())

    def close(self) -> None:
        """Those to the proxy, and to a district's own server."""
        super().close()
        if "_proxy" in self.__dict__:
            self._proxy.close()

    def _search(self, application: Application) -> Server:
        """Try each shape of the proxy, then the district's own server; keep what answers as a roster."""
        problems: list[SourceError] = []
        for way in PROXIES:
            try:
                return self._tried(Access(self.tenant, application.segment, application.bearer, way), renews=False)
            except (Refused, Malformed) as problem:
                problems.append(problem)
        refused = [problem for problem in problems if isinstance(problem, Refused)]
        if refused:
            raise refused[0]
        try:
            return self._tried(self._direct(application), renews=False)
        except Malformed:
            raise problems[0] from None

    def _tried(self, access: Access, *, renews: bool) -> Server:
        """The server, after it showed an org (or none) as a roster does; kept if it was not before."""
        server = self._server(access, renews=renews)
        server.first("org")
        if renews:
            return server
        self.keep(access._asdict())
        return self._server(access, renews=True)

    def _server(self, access: Access, *, renews: bool) -> Server:
        if access.way == DIRECT:
            parts = urlsplit(access.url)
            path = parts.path.rstrip("/")
            base = path if path.endswith(BASE) else f"{path}{BASE}"
            origin = f"{parts.scheme}://{parts.netloc}"
            http = Client(origin, SOURCE, self.limits, self.sleep, public_only=self.public_only)
            return Server(http, base, OAuth1(access.key, access.secret), RECONNECT)
        door = Bearer(access.bearer, self._another(access) if renews else None)
        return Server(self._proxy, f"{PROXIES[access.way]}/{access.segment}{BASE}", door, RECONNECT)

    def _another(self, access: Access) -> Callable[[], str]:
        """What gives the bearer that holds now, if the tenant's record still names the same path."""

        def renew() -> str:
            application = self._find()
            if application.segment != access.segment or application.bearer == access.bearer:
                return access.bearer
            self.keep(access._replace(bearer=application.bearer)._asdict())
            return application.bearer

        return renew

    def _direct(self, application: Application) -> Access:
        server = find_server(self._proxy, self.secrets, application)
        return Access(self.tenant, application.segment, application.bearer, DIRECT, *server)

    def _find(self) -> Application:
        self._found = find_application(self._proxy, self.secrets, self.tenant)
        return self._found

    def _moved(self, kept: Access) -> bool:
        """Whether the listing was read meanwhile and names another path."""
        return self._found is not None and self._found.segment != kept.segment

    def _kept(self) -> Access | None:
        """What opened this tenant last; never what opened another one."""
        told = {name: self.secrets.get(name, "") for name in Access._fields}
        kept = Access(**told)
        whole = kept.segment and kept.bearer and kept.way in {*PROXIES, DIRECT}
        return kept if whole and kept.tenant == self.tenant else None

    @cached_property
    def _proxy(self) -> Client:
        return Client(self.hosts[API], SOURCE, self.limits, self.sleep)
