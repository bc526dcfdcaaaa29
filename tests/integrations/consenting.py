"""Somebody at a browser who links G Suite, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from accounts import tenancy
from accounts.models import AuditEvent, Roles, School, User
from accounts.people import NotPossible
from integrations import connecting, registry
from integrations.google.sandbox import GoogleSandbox
from integrations.google.sandbox.accounts import Account
from integrations.models import Connection, SchoolLink
from tests import factories
from tests.integrations.google import consent

BACK = "https://app.example/accounts/integrations/gsuite/callback/"


@dataclass
class Browser:
    """Somebody at a browser of their own: their session, and Google."""

    google: GoogleSandbox
    who: User
    school: School
    session: dict[str, Any] = field(default_factory=dict)

    def start(self, *, groups: bool = False) -> str:
        """Press Setup G Suite."""
        with tenancy.district(self.school.district_id):
            return connecting.start(self.session, self.who, self.school, "gsuite", groups=groups)

    def back(self, address: str) -> Connection:
        """Come back from Google."""
        told = dict(parse_qsl(urlsplit(address).query))
        with tenancy.district(self.school.district_id):
            return connecting.finish(self.session, self.who, "gsuite", told)

    def agree(self, account: str, *, groups: bool = False, ticked: tuple[str, ...] = ("all",)) -> str:
        """Go to Google and agree; the address that leads back."""
        return consent(self.google, self.start(groups=groups), account, ticked)

    def link(self, account: str, *, groups: bool = False) -> Connection:
        """The whole way."""
        return self.back(self.agree(account, groups=groups))

    def refused(self, address: str) -> str:
        """What is said to somebody who comes back and is refused."""
        with pytest.raises(NotPossible) as said:
            self.back(address)
        return str(said.value)


def browser(google: GoogleSandbox, name: str = "Alder") -> Browser:
    """An Admin of a school of a new district."""
    with tenancy.support():
        district = factories.district(f"{name} USD")
        school, _ = factories.school(district, f"{name} High"), factories.school(district, f"{name} Middle")
        return Browser(google, factories.person(district, school, Roles.ADMIN), school)


def kept() -> list[Any]:
    """Everything that stands: connections, links of schools, and how long the trail is."""
    with tenancy.support():
        ties = Connection.objects.filter(kind="gsuite").order_by("pk")
        rows = [(each.tenant, each.account, each.state, each.secrets, str(each.settings)) for each in ties]
        links = SchoolLink.objects.filter(connection__kind="gsuite").values_list("school_id", "external_id", "active")
        return [*rows, *links, AuditEvent.objects.count()]


def token_of(connection: Connection) -> str:
    """What the vault has of it."""
    with tenancy.support():
        return registry.secrets_of(Connection.objects.get(pk=connection.pk))["refresh_token"]


def beside(of: Browser) -> Browser:
    """A sister school's Admin."""
    with tenancy.support():
        sister = School.objects.filter(district=of.school.district_id).exclude(pk=of.school.pk).get()
        return Browser(of.google, factories.person(sister.district, sister, Roles.ADMIN), sister)


def account_of(google: GoogleSandbox, email: str) -> Account:
    """Somebody at Google."""
    found = google.accounts.find(email)
    assert found
    return found
