"""ClassLink's sandbox."""

from __future__ import annotations

from typing import cast

from bench.sources.source import Source, There
from integrations.classlink.provider import ClassLinkProvider
from integrations.classlink.sandbox import ClassLinkSandbox


class ClassLink(Source):
    """One tenant a sandbox; all hosts are one."""

    kind = "classlink"
    provider = ClassLinkProvider

    def environment(self, url: str) -> dict[str, str]:
        """Every host, and the partner key that every sandbox knows."""
        hosts = dict.fromkeys(("CLASSLINK_API_URL", "CLASSLINK_AUTH_URL", "CLASSLINK_INFO_URL"), url)
        return {**hosts, "CLASSLINK_PARTNER_KEY": "sandbox-partner-key"}

    def fill(self, people: int, schools: int) -> There:
        """Its schools are orgs among others."""
        sandbox = ClassLinkSandbox()
        tenant = sandbox.add_district(people, schools=schools)
        linked = [key for key, org in tenant.orgs_by_id.items() if org["type"] == "school"]
        return There(sandbox, str(tenant.tenant_id), linked)

    def rename(self, there: There, position: int) -> None:
        """In the SIS."""
        sandbox = cast("ClassLinkSandbox", there.sandbox)
        tenant = sandbox.named(there.tenant)
        sandbox.world(tenant).rename_user(tenant.roster.id_at(position), first="Renamed")


SOURCE = ClassLink()
