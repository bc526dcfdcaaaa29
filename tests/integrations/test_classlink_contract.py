"""ClassLink keeps the contract of a source, through its proxy and through a district's own server."""

from __future__ import annotations

from abc import abstractmethod

import pytest

from integrations.classlink.provider import ClassLinkProvider
from integrations.classlink.sandbox import ClassLinkSandbox, Tenant
from integrations.provider import Provider
from tests.integrations.conftest import OpenClassLink
from tests.integrations.contract import ProviderContract, Stage


class ClassLinkStage(Stage):
    """A tenant of 250 people in pages of 100."""

    kind = ClassLinkProvider
    size = 250

    def __init__(self, sandbox: ClassLinkSandbox, tenant: Tenant, open_classlink: OpenClassLink) -> None:
        """On a running sandbox."""
        self._sandbox, self._tenant, self._open = sandbox, tenant, open_classlink
        somebody = tenant.roster.user_at(5)
        self.unspeakable = [
            tenant.bearer,
            tenant.key,
            tenant.secret,
            *sandbox.secrets().values(),
            "Bearer",
            "OAuth",
            somebody["familyName"],
            somebody["email"],
        ]

    def open(self) -> Provider:
        """A fresh provider."""
        return self._open(self._tenant)

    def requests(self) -> int:
        """Counted from the log."""
        return len(self._sandbox.log)

    def fail_last_page(self) -> None:
        """The third page is a 503."""
        self._sandbox.set_faults({"page_status_at": 3})

    def remove(self, external_id: str) -> None:
        """Purged, as ClassLink does it."""
        self._sandbox.world(self._tenant).remove_user(external_id)

    @abstractmethod
    def refuse(self) -> None:
        """The door shuts."""


class ThroughTheProxy(ClassLinkStage):
    """With the district's bearer."""

    def refuse(self) -> None:
        """The district cuts us off."""
        self._sandbox.world(self._tenant).revoke()


class AtTheDistrictsServer(ClassLinkStage):
    """With signatures."""

    def refuse(self) -> None:
        """The district's server knows no way in any more."""
        self._sandbox.set_faults({"doors": []})


class TestClassLinkContract(ProviderContract):
    """Every test of the contract, against ClassLink's sandbox."""

    provider = ClassLinkProvider

    @pytest.fixture
    def stage(self, classlink: ClassLinkSandbox, tenant: Tenant, open_classlink: OpenClassLink) -> Stage:
        """ClassLink with one tenant."""
        return ThroughTheProxy(classlink, tenant, open_classlink)


class TestClassLinkContractAtTheDistrictsServer(ProviderContract):
    """The same where the proxy is elsewhere and the district's own server has to do."""

    provider = ClassLinkProvider

    @pytest.fixture
    def stage(self, classlink: ClassLinkSandbox, tenant: Tenant, open_classlink: OpenClassLink) -> Stage:
        """ClassLink with one tenant, whose roster was found at its own server before."""
        classlink.set_faults({"prefix": "nowhere"})
        open_classlink(tenant).check()
        return AtTheDistrictsServer(classlink, tenant, open_classlink)
