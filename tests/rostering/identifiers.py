"""A district that comes to ClassLink: what its schools send, and what its tenant shares."""

from __future__ import annotations

import pytest
from django.core.cache import cache

from accounts import tenancy
from integrations import registry
from integrations.models import Connection, SchoolLink
from integrations.records import Place
from rostering.models import SupportRequest
from tests import factories


@pytest.fixture
def fresh(world: factories.World) -> factories.World:
    """A district that takes nobody from anywhere."""
    with tenancy.support():
        SchoolLink.objects.all().delete()
        Connection.objects.filter(pk=world.connection.pk).update(state="disconnected")
    return world


class Classlink:
    """A tenant that shares three schools and its own office."""

    def __init__(self, _: Connection, *, hurried: bool) -> None:
        assert hurried, "somebody waits for this page"

    def places(self) -> list[Place]:
        """All of its orgs."""
        return [
            Place("D1", "Alder USD", "district", ""),
            Place("0042", "Alder High", "school", "4402"),
            Place("a b", "Alder Middle School", "school", "4403"),
            *(Place(f"more-{number}", f"Elm {number}", "school", "") for number in range(120)),
        ]

    def close(self) -> None:
        """Nothing was opened."""


@pytest.fixture
def tied(fresh: factories.World, monkeypatch: pytest.MonkeyPatch) -> Connection:
    """That district, linked to its tenant of ClassLink."""
    monkeypatch.setattr(registry, "open_provider", Classlink)
    cache.clear()
    with tenancy.support():
        return factories.connection(fresh.district, "2041", "classlink")


def sent(world: factories.World, *orgs: tuple[str, str, str], tenant_id: str = "2041") -> SupportRequest:
    """What a school sent."""
    named = [dict(zip(("sourced_id", "name", "identifier"), org, strict=True)) for org in orgs]
    details = {"tenant_name": "Alder USD", "tenant_id": tenant_id, "orgs": named}
    with tenancy.support():
        return factories.request(
            world.admin, world.school, kind="ready", about="source:classlink", details=details, words=""
        )
