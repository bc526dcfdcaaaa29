"""Giving a source up: everybody stays, and what ties them to it stays too."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache

from accounts import tenancy
from accounts.models import Membership
from integrations import linking
from integrations.models import Connection, ConnectionState, Link, SchoolLink
from integrations.records import Place
from rostering.models import SupportRequest
from tests import factories
from tests.desk import rows
from tests.rostering.pages import press


@pytest.fixture
def world(committed_db: None) -> factories.World:
    del committed_db
    cache.clear()
    with tenancy.support():
        return factories.world("Alder")


def change(world: factories.World, **fields: Any) -> None:
    with tenancy.support():
        Connection.objects.filter(pk=world.connection.pk).update(**fields)


def tie(world: factories.World) -> Connection:
    (found,) = rows(Connection, pk=world.connection.pk)
    assert isinstance(found, Connection)
    return found


def address(world: factories.World, deed: str) -> str:
    return f"/accounts/connections/{world.connection.pk}/{deed}/"


def test_disconnecting_keeps_everybody(world: factories.World) -> None:
    with tenancy.support():
        before = list(Membership.objects.order_by("pk").values())
        Link.objects.create(district=world.district, connection=world.connection, user=world.student, external_id="1")
    refused = press(world.district_admin, address(world, "disconnect"), typed="Google", why="x")
    assert "That is not the same name. Type Clever." in refused
    assert "Disconnected." in press(world.district_admin, address(world, "disconnect"), typed="clever", why="Moving")
    assert tie(world).state == ConnectionState.DISCONNECTED
    with tenancy.support():
        assert list(Membership.objects.order_by("pk").values()) == before
    assert len(rows(Link)) == 1
    assert len(rows(SchoolLink, active=True)) == 2
    assert "Sent to SmartPass" in press(world.district_admin, address(world, "reconnect"))
    (request,) = rows(SupportRequest, kind="ready")
    assert (request.connection_id, request.school_id) == (world.connection.pk, None)
    press(world.district_admin, address(world, "reconnect"))
    assert len(rows(SupportRequest, kind="ready")) == 1


def test_a_school_may_go_to_another_source_after_that(world: factories.World) -> None:
    change(world, state=ConnectionState.DISCONNECTED)
    with tenancy.support():
        other = factories.connection(world.district)
        linking.link_school(None, other, Place("new", "New High", "school", ""), world.school)
    active = rows(SchoolLink, active=True)
    assert {(each.connection_id, each.school_id) for each in active} == {
        (other.pk, world.school.pk),
        (world.connection.pk, world.sister.pk),
    }
