"""A district as ClassLink knows it: a tenant with its application, its bearer, and who can sign in."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable
from typing import Any

from integrations.oneroster.sandbox import District
from integrations.oneroster.sandbox.rosters import InventedRoster

Row = dict[str, Any]
FIRST_TENANT, FIRST_PAIRING = 2222, 12345
#: ClassLink: the same in every record, our own registered application.
APPLICATION = 67890
#: Districts in `/applications` beyond this many share a name with another one unless numbered.
NAMES = 25


class Tenant(District):
    """A district that added our app.

    `application_id` is the path segment of the proxy, percent escapes and all: it works
    as it stands and in no other form.
    """

    def __init__(self, roster: InventedRoster, clock: Callable[[], float], *, odd: bool = False) -> None:
        """Numbers come from the seed."""
        seed = roster.invented.seed
        if seed // NAMES:
            roster.name = f"{roster.name} {seed // NAMES + 1}"
        super().__init__(roster, clock, odd=odd)
        self.tenant_id = FIRST_TENANT + seed - 1
        self.pairing_id = FIRST_PAIRING + seed - 1
        mark = hashlib.sha256(f"application {seed}".encode()).hexdigest()
        self.application_id = f"%2FgV{mark[:6]}%43{mark[6:12]}%2f{mark[12:16]}%3D"
        #: Who can sign in without being in the roster, by a word of the sandbox's own.
        self.logins: dict[str, Row] = {}
        #: Under which id somebody was first known: ClassLink's own number stays.
        self.former: dict[str, str] = {}
        self.enabled = "true"
        self.status = "Active"
        self.listed = self.oneroster = True
        self.twice = self.without_bearer = self.revoked = False
        self._bearers = 0
        self.new_bearer()

    def new_bearer(self) -> None:
        """Give the tenant another bearer; the one before is dead."""
        self._bearers += 1
        seed = f"bearer {self.tenant_id} {self._bearers}".encode()
        self.bearer = str(uuid.UUID(bytes=hashlib.sha256(seed).digest()[:16], version=4))

    def lasting(self, user: str) -> str:
        """The id somebody was first known by."""
        own = user.removeprefix(self.roster.prefix)
        return self.former.get(user, self.former.get(own, own))

    def row(self) -> Row:
        """The tenant's record in `/applications`."""
        return {
            "id": self.pairing_id,
            "application_id": APPLICATION,
            "tenant_id": self.tenant_id,
            "bearer": None if self.without_bearer else self.bearer,
            "tenant_name": self.name,
            "enabled": self.enabled,
            "tenant_status": self.status,
            "oneroster_application_id": self.application_id,
            "name": "SmartPass",
            "version": "",
        }

    def rows(self) -> list[Row]:
        """None, one or two records."""
        if not self.listed or not self.oneroster:
            return []
        return [self.row(), {**self.row(), "id": self.pairing_id + 500_000}] if self.twice else [self.row()]
