"""Google keeps the contract of a source."""

from __future__ import annotations

import pytest

from integrations.google.provider import GoogleProvider
from integrations.google.sandbox import Customer, GoogleSandbox
from integrations.provider import Provider
from tests.integrations.conftest import OpenGoogle
from tests.integrations.contract import ProviderContract, Stage
from tests.integrations.gsuite import SCHOOL, SCOPE, group, mapping


class GoogleStage(Stage):
    """A customer of 300 people in pages of 100, mapped by units and a group."""

    kind = GoogleProvider
    size = 300
    scope = SCOPE

    def __init__(self, sandbox: GoogleSandbox, customer: Customer, open_google: OpenGoogle) -> None:
        """On a running sandbox."""
        self._sandbox, self._customer, self._open = sandbox, customer, open_google
        self._rules = [*mapping(customer), group(customer, f"office@{customer.domain}")]
        somebody = customer.invented.at(5)
        secrets = self.open().secrets
        self._refresh = secrets["refresh_token"]
        self.unspeakable = [
            *(secrets["client_secret"], self._refresh, "Bearer", "ya29."),
            *(somebody.last, somebody.email, customer.sync_account),
        ]

    def open(self) -> Provider:
        """A fresh provider."""
        return self._open(self._customer, self._rules)

    def places(self, source: Provider) -> set[str]:
        """The school that all of it is mapped for."""
        assert {rule.place for rule in source.rules} == {SCHOOL}
        return {SCHOOL}

    def requests(self) -> int:
        """Counted from the log."""
        return len(self._sandbox.log)

    def fail_last_page(self) -> None:
        """The third page of students is a 503."""
        self._sandbox.set_faults({"page_fail_at": 3})

    def refuse(self) -> None:
        """The account's owner takes the permission back."""
        self._sandbox.tokens.revoke(self._refresh)

    def remove(self, external_id: str) -> None:
        """Deleted; Google remembers for twenty days."""
        self._sandbox.world(self._customer).delete(external_id)


class TestGoogleContract(ProviderContract):
    """Every test of the contract, against Google's sandbox."""

    provider = GoogleProvider

    @pytest.fixture
    def stage(self, google: GoogleSandbox, customer: Customer, open_google: OpenGoogle) -> Stage:
        """Google with one customer."""
        return GoogleStage(google, customer, open_google)
