"""What the tests of the sources share: sources on loopback, and providers that do not really wait.

`sandbox` is an empty Clever, `district` one of its districts (250 people, 20 guardians,
three schools), `open_clever(district)` the provider that reads it in pages of 100;
`classlink`, `tenant` and `open_classlink(tenant)` are the same of ClassLink, and `kept`
what its providers gave to be kept, by tenant. `google` is a Google that knows our address and
has no customer yet, `customer` one of 300 people, and `open_google(customer)` the provider that
reads it with the sample's mapping. Of these only `dana` (an Admin who links it) needs a database.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import pytest
from django.core.cache import cache
from pytest_django import Settings

from integrations import registry
from integrations.classlink.provider import ClassLinkProvider
from integrations.classlink.sandbox import ClassLinkSandbox, Tenant
from integrations.clever.provider import CleverProvider
from integrations.clever.sandbox import CleverSandbox, District
from integrations.google.provider import GoogleProvider
from integrations.google.sandbox import ASKED, Customer, GoogleSandbox
from integrations.http import Limits
from integrations.records import Rule
from tests.integrations import consenting
from tests.integrations.consenting import Browser, browser
from tests.integrations.google import BACK
from tests.integrations.gsuite import mapping

OpenClever = Callable[..., CleverProvider]
OpenClassLink = Callable[..., ClassLinkProvider]
OpenGoogle = Callable[..., GoogleProvider]
Kept = dict[str, dict[str, str]]
#: Limits under which a test that goes wrong fails soon.
IMPATIENT = Limits(connect=2.0, read=2.0, answer=5.0, attempts=3, pause=90.0, pauses=3)


@pytest.fixture
def sandbox() -> Iterator[CleverSandbox]:
    """A Clever with no district yet."""
    with CleverSandbox() as server:
        yield server


@pytest.fixture
def district(sandbox: CleverSandbox) -> District:
    """A district of three pages."""
    return sandbox.add_district(people=250, schools=3, guardians=20)


@pytest.fixture
def naps() -> list[float]:
    """Every pause a source took, in seconds; none of them really passes."""
    return []


@pytest.fixture
def open_clever(sandbox: CleverSandbox, naps: list[float]) -> OpenClever:
    """Open the provider of a district; `page_size` and `limits` may be given."""

    def open_it(district: District, page_size: int = 100, limits: Limits = IMPATIENT) -> CleverProvider:
        changed = {"page_size": page_size, "limits": limits, "sleep": staticmethod(naps.append)}
        kind: type[CleverProvider] = type("ImpatientClever", (CleverProvider,), changed)
        return kind(district.id, sandbox.hosts(), sandbox.secrets())

    return open_it


@pytest.fixture
def classlink() -> Iterator[ClassLinkSandbox]:
    """A ClassLink with no tenant yet."""
    with ClassLinkSandbox() as server:
        yield server


@pytest.fixture
def tenant(classlink: ClassLinkSandbox) -> Tenant:
    """A tenant of three pages."""
    return classlink.add_district(people=250, schools=3, guardians=20)


@pytest.fixture
def kept() -> Kept:
    """What each tenant's providers gave to be kept."""
    return {}


@pytest.fixture
def open_classlink(classlink: ClassLinkSandbox, naps: list[float], kept: Kept) -> OpenClassLink:
    """Open the provider of a tenant, with what was kept of it; `page_size` and `limits` may be given."""

    def open_it(tenant: Tenant, page_size: int = 100, limits: Limits = IMPATIENT) -> ClassLinkProvider:
        changed = {"page_size": page_size, "limits": limits, "sleep": staticmethod(naps.append)}
        kind: type[ClassLinkProvider] = type("ImpatientClassLink", (ClassLinkProvider,), changed)
        own = kept.setdefault(str(tenant.tenant_id), {})
        secrets = {**classlink.secrets(), **own}
        hosts = {**classlink.hosts(), "private": "yes"}
        return kind(str(tenant.tenant_id), hosts, secrets, keep=own.update)

    return open_it


@pytest.fixture
def google() -> Iterator[GoogleSandbox]:
    """A Google with no customer yet."""
    with GoogleSandbox() as server:
        server.redirect_uris.append(BACK)
        yield server


@pytest.fixture
def customer(google: GoogleSandbox) -> Customer:
    """A customer in the sample's units: 60 people in each student year, 45 in staff, 15 in administration."""
    return google.add_customer(300)


@pytest.fixture
def open_google(google: GoogleSandbox, naps: list[float], kept: Kept) -> OpenGoogle:
    """Open the provider of a customer with a mapping (the sample's if none is given), in pages of 100."""
    agreed: dict[tuple[str, Sequence[str]], dict[str, str]] = {}

    def open_it(
        customer: Customer, rules: Sequence[Rule] | None = None, scopes: Sequence[str] = ASKED, **more: object
    ) -> GoogleProvider:
        changed = {"page_size": 100, "limits": IMPATIENT, "sleep": staticmethod(naps.append), **more}
        kind: type[GoogleProvider] = type("ImpatientGoogle", (GoogleProvider,), changed)
        own = kept.setdefault(customer.id, {})
        settings = {"account": customer.sync_account, "granted": " ".join(scopes)}
        if (customer.id, scopes) not in agreed:
            agreed[customer.id, scopes] = google.secrets(customer, scopes)
        secrets = {**agreed[customer.id, scopes], **own}
        source = kind(customer.id, google.hosts(), secrets, settings, own.update)
        source.rules = mapping(customer) if rules is None else rules
        return source

    return open_it


@pytest.fixture
def dana(db: None, google: GoogleSandbox, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Browser:
    """An Admin of a school, with SmartPass pointed at that Google and registered there; this one needs a database."""
    del db
    cache.clear()
    settings.PUBLIC_URL = "https://app.example"
    settings.SOURCE_HOSTS = {"gsuite": google.hosts()}
    settings.SOURCE_SECRETS = {"gsuite": {"client_id": "sandbox-client", "client_secret": "sandbox-secret"}}
    monkeypatch.setitem(registry.PROVIDERS, "gsuite", GoogleProvider)
    google.redirect_uris[:] = [consenting.BACK]
    return browser(google)
