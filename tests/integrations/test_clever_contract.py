"""Clever keeps the contract of a source."""

from __future__ import annotations

import pytest

from integrations.clever.provider import CleverProvider
from integrations.clever.sandbox import CleverSandbox, District
from integrations.provider import Provider
from tests.integrations.conftest import OpenClever
from tests.integrations.contract import ProviderContract, Stage


class CleverStage(Stage):
    """A district of 250 people in pages of 100."""

    kind = CleverProvider
    size = 250

    def __init__(self, sandbox: CleverSandbox, district: District, open_clever: OpenClever) -> None:
        """On a running sandbox."""
        self._sandbox, self._district, self._open = sandbox, district, open_clever
        somebody = district.roster.user_at(5)
        self.unspeakable = [
            district.token,
            *sandbox.secrets().values(),
            "Bearer",
            "Basic",
            "owner_type",
            somebody["name"]["last"],
            somebody["email"],
        ]

    def open(self) -> Provider:
        """A fresh provider."""
        return self._open(self._district)

    def requests(self) -> int:
        """Counted from the log."""
        return len(self._sandbox.log)

    def fail_last_page(self) -> None:
        """The third page is a 503."""
        self._sandbox.set_faults({"page_status_at": 3})

    def refuse(self) -> None:
        """The district disconnects the app."""
        self._sandbox.world(self._district).revoke()

    def remove(self, external_id: str) -> None:
        """Deleted in the SIS."""
        self._sandbox.world(self._district).delete_user(external_id)


class TestCleverContract(ProviderContract):
    """Every test of the contract, against Clever's sandbox."""

    provider = CleverProvider

    @pytest.fixture
    def stage(self, sandbox: CleverSandbox, district: District, open_clever: OpenClever) -> Stage:
        """Clever with one district."""
        return CleverStage(sandbox, district, open_clever)
