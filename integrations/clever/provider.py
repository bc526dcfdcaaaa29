"""Clever as a source of people: a district's whole shared roster, read once a night."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from typing import Any, ClassVar
from urllib.parse import quote

from integrations.clever.api import AUTH, SOURCE, Api, list_tokens, open_api
from integrations.clever.mapping import read, read_place
from integrations.http import Client, Limits, Traffic
from integrations.provider import Keep, Malformed, Provider, Refused, SourceError, forget
from integrations.records import Found, Person, Place, Receipt, Tenant

#: Naming one district in a list must not wait for one that does not answer.
QUICK = Limits(connect=5.0, read=15.0, answer=30.0, attempts=2, pause=5.0, pauses=2)


class CleverProvider(Provider):
    """One district at Clever.

    `hosts` holds ``api`` and ``auth``, `secrets` our ``client_id`` and ``client_secret``;
    `tenant` is Clever's district id.
    """

    kind = "clever"
    label = "Clever"
    place_words = ("Clever id", "School ID")
    role_defaults: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "student": ("student",),
        "teacher": ("teacher",),
        "staff": ("teacher",),
        "district_admin": ("district_admin",),
        "contact": (),
    }
    #: Rows per page. Clever: at most 10,000; this many keep a page at a few megabytes.
    page_size: ClassVar[int] = 2000
    #: Schools per page; no district has more, and another page would be followed.
    place_page_size: ClassVar[int] = 10_000
    limits: ClassVar[Limits] = Limits()
    #: Called for every pause, with seconds; may raise to stop the run.
    sleep: Callable[[float], None] = staticmethod(time.sleep)

    def __init__(
        self,
        tenant: str,
        hosts: Mapping[str, str],
        secrets: Mapping[str, str],
        settings: Mapping[str, str] | None = None,
        keep: Keep = forget,
    ) -> None:
        """Asks nothing yet: the district's token is read when it is first needed."""
        super().__init__(tenant, hosts, secrets, settings, keep)
        self._api: Api = open_api(hosts, secrets, tenant, self.limits, self.sleep)

    @classmethod
    def tenants(cls, hosts: Mapping[str, str], secrets: Mapping[str, str]) -> list[Tenant]:
        """Every district in Clever's token list, sorted by name.

        A district whose token is dead, or that does not answer, stays in the list with an
        empty name. Raises as `list_tokens` does when the list itself cannot be read.
        """
        with closing(Client(hosts[AUTH], SOURCE, cls.limits, cls.sleep)) as client:
            tokens = list_tokens(client, secrets)
        found = []
        for token in tokens:
            api = open_api(hosts, secrets, token.district, QUICK)
            api.token, api.renewed = token.secret, True
            with closing(api.client):
                found.append(Tenant(token.district, _name_of(api, token.district)))
        return sorted(found, key=lambda tenant: (tenant.name.casefold(), tenant.external_id))

    @property
    def traffic(self) -> Traffic:
        """What this object's requests to the Data API have cost."""
        return self._api.client.traffic

    def close(self) -> None:
        """The Data API's; the one to the token list is closed each time."""
        self._api.client.close()

    def check(self) -> None:
        """Four requests: the token, the district, one school, one person. Raises a `SourceError`."""
        self._district()
        for path in ("/schools", "/users"):
            next(self._api.pages(path, "limit=1"))

    def places(self) -> list[Place]:
        """The schools the district shares now, sorted by name."""
        listed = [read_place(row) for page in self._school_pages() for row in page]
        return sorted((place for place in listed if place), key=lambda place: (place.name.casefold(), place))

    def people(self, scope: Sequence[str]) -> Iterator[Person]:  # noqa: ARG002  the whole district is listed
        """Everybody the district shares, guardians left out, in ascending id order.

        `scope` narrows nothing: Clever lists the whole district, and people outside are
        yielded too. Schools are read before and after the walk, and only those shared both
        times are in the receipt, so that a school withdrawn meanwhile proves nothing.
        """
        self._receipt = None
        receipt = Receipt()
        self._describe(receipt)
        before = self._school_ids()
        for page in self._api.pages("/users", f"limit={self.page_size}&count=true"):
            receipt.pages += 1
            if receipt.announced is None:
                receipt.announced = page.announced
            for row in page.rows:
                receipt.rows += 1
                person = read(row, self.tenant)
                if person is None:
                    receipt.ignored += 1
                else:
                    yield person
        still = set(self._school_ids())
        receipt.places = [each for each in before if each in still]
        receipt.closed = True
        self._receipt = receipt

    def look_up(self, external_id: str, scope: Sequence[str]) -> Found:
        """What Clever says about one person now.

        Clever: 404 means deleted or no longer shared. Somebody present counts as in scope
        with a school in `scope`, or a role that stands for the whole district; so does a
        record that cannot be read, because nothing may be concluded from it.
        """
        data = self._api.one(f"/users/{quote(external_id, safe='')}")
        if data is None:
            return Found("gone")
        if data.get("id") != external_id:
            raise Malformed("Clever answered a question about one person with another person.")
        person = read(data, self.tenant)
        if person is None:
            return Found("out_of_scope")
        linked = set(scope)
        within = person.problem or any(_covers(role.place, role.word, linked) for role in person.roles)
        return Found("in_scope" if within else "out_of_scope", person)

    def _district(self) -> dict[str, Any]:
        district = self._api.one(f"/districts/{quote(self.tenant, safe='')}")
        if district is None:
            raise Refused("Clever's token for this district does not open this district.")
        return district

    def _describe(self, receipt: Receipt) -> None:
        """Note how old the source's own data is. Clever: a paused district keeps showing old data."""
        district = self._district()
        receipt.as_of = _said(district, "last_sync")
        paused_until = _said(district, "pause_end")
        if _in_future(paused_until) and not _in_future(_said(district, "pause_start")):
            receipt.notes["paused_until"] = paused_until
        if _said(district, "state"):
            receipt.notes["state"] = _said(district, "state")

    def _school_pages(self) -> Iterator[list[dict[str, Any]]]:
        for page in self._api.pages("/schools", f"limit={self.place_page_size}"):
            yield page.rows

    def _school_ids(self) -> list[str]:
        places = [read_place(row) for page in self._school_pages() for row in page]
        return [place.external_id for place in places if place]


def _covers(place: str | None, word: str, linked: set[str]) -> bool:
    return word == "district_admin" if place is None else place in linked


def _name_of(api: Api, district: str) -> str:
    """The district's name, or "" when its own token does not open it."""
    try:
        described = api.one(f"/districts/{quote(district, safe='')}")
    except SourceError:
        return ""
    return _said(described or {}, "name")


def _said(district: dict[str, Any], key: str) -> str:
    value = district.get(key)
    return value.strip() if type(value) is str and "\0" not in value else ""


def _in_future(moment: str) -> bool:
    """Whether an ISO date or time lies ahead; False for anything that cannot be read."""
    try:
        when = datetime.fromisoformat(moment)
    except ValueError:
        return False
    return (when if when.tzinfo else when.replace(tzinfo=UTC)) > datetime.now(UTC)
