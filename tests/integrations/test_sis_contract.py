"""A school's own OneRoster server keeps the contract of a source: 1.1 with signed requests, 1.2 with tokens."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from integrations.oneroster.sandbox import District, OneRosterSandbox
from integrations.provider import Provider
from integrations.sis.provider import SisProvider
from tests.integrations.conftest import IMPATIENT
from tests.integrations.contract import ProviderContract, Stage
from tests.integrations.sis import typed


class SisStage(Stage):
    """A district of 250 people in pages of 100."""

    kind = SisProvider
    size = 250

    def __init__(self, sandbox: OneRosterSandbox, district: District) -> None:
        """On a running sandbox."""
        self._sandbox, self._district = sandbox, district
        somebody = district.user(district.id_of("student"))
        assert somebody
        self.unspeakable = [district.key, district.secret, "oauth_", "Bearer", "Basic", somebody["familyName"]]

    def open(self) -> Provider:
        """A fresh provider."""
        changed = {"page_size": 100, "limits": IMPATIENT, "sleep": staticmethod(lambda _: None)}
        kind: type[SisProvider] = type("ImpatientSis", (SisProvider,), changed)
        settings, secrets = typed(self._sandbox, self._district)
        return kind(kind.upstream(settings).external_id, {"private": "yes"}, secrets, settings)

    def requests(self) -> int:
        """Counted from the log."""
        return len(self._sandbox.log)

    def fail_last_page(self) -> None:
        """The third page is a 503."""
        self._sandbox.set_faults({"page_status_at": 3})

    def refuse(self) -> None:
        """The district takes the key back."""
        self._sandbox.set_faults({"doors": []})

    def remove(self, external_id: str) -> None:
        """Deleted in the student information system."""
        self._sandbox.world(self._district).remove_user(external_id)


class TestSisContract(ProviderContract):
    """Every test of the contract, against both versions."""

    provider = SisProvider

    @pytest.fixture(params=["1.1", "1.2"])
    def stage(self, request: pytest.FixtureRequest) -> Iterator[Stage]:
        """A server with one district."""
        with OneRosterSandbox(version=request.param) as sandbox:
            yield SisStage(sandbox, sandbox.add_district(people=250, schools=3, guardians=20))
