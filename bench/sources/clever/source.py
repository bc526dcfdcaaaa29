"""Clever's sandbox."""

from __future__ import annotations

from typing import cast

from bench.sources.source import Source, There
from integrations.clever.provider import CleverProvider
from integrations.clever.sandbox import CleverSandbox


class Clever(Source):
    """One district a sandbox; both hosts are one."""

    kind = "clever"
    provider = CleverProvider

    def environment(self, url: str) -> dict[str, str]:
        """Both hosts, and the app that every sandbox knows."""
        return {
            "CLEVER_API_URL": url,
            "CLEVER_AUTH_URL": url,
            "CLEVER_CLIENT_ID": "sandbox-client",
            "CLEVER_CLIENT_SECRET": "sandbox-secret",
        }

    def fill(self, people: int, schools: int) -> There:
        """Its schools, as Clever lists them."""
        sandbox = CleverSandbox()
        district = sandbox.add_district(people, schools=schools)
        return There(sandbox, district.id, [str(row["id"]) for row in district.schools()])

    def rename(self, there: There, position: int) -> None:
        """In the SIS."""
        sandbox = cast("CleverSandbox", there.sandbox)
        district = sandbox.districts[there.tenant]
        sandbox.world(district).rename_user(district.roster.id_at(position), first="Renamed")


SOURCE = Clever()
