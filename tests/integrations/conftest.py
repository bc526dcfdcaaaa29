"""What the tests of the sources share: a Clever on loopback, and sources that do not really wait.

`sandbox` is an empty Clever, `district` one of its districts (250 people, 20 guardians,
three schools), `open_clever(district)` the provider that reads it in pages of 100.
`google` is a Google that knows our address and has no customer yet, `customer` one of
300 people. No test here needs a database.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from integrations.clever.provider import CleverProvider
from integrations.clever.sandbox import CleverSandbox, District
from integrations.google.sandbox import Customer, GoogleSandbox
from integrations.http import Limits
from tests.integrations.google import BACK

OpenClever = Callable[..., CleverProvider]
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
def google() -> Iterator[GoogleSandbox]:
    """A Google with no customer yet."""
    with GoogleSandbox() as server:
        server.redirect_uris.append(BACK)
        yield server


@pytest.fixture
def customer(google: GoogleSandbox) -> Customer:
    """A customer in the sample's units: 60 people in each student year, 45 in staff, 15 in administration."""
    return google.add_customer(300)
