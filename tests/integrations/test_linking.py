"""Tying districts and schools to a source: what is refused, and that it is refused in words."""

from collections.abc import Iterator

import pytest
from django.core.cache import cache

from accounts import tenancy
from accounts.models import AuditEvent, Membership
from accounts.people import NotPossible
from integrations import access, linking, registry, stopping
from integrations.models import Connection, ConnectionState, SchoolLink, UpstreamTenant
from integrations.provider import Unreachable
from integrations.records import Place, Tenant
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _support() -> Iterator[None]:
    """Everything here stands behind support's door."""
    cache.clear()
    with tenancy.support():
        yield


@pytest.fixture
def world() -> factories.World:
    return factories.world("Alder")


def version(of: Connection) -> int:
    return Connection.objects.get(pk=of.pk).settings_version


def test_the_token_list_is_kept_and_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = [Tenant("5f1", "Springfield USD"), Tenant("5f2", "Shelbyville Unified"), Tenant("5f3", "")]
    monkeypatch.setattr(registry, "tenants", lambda _: listed)
    assert linking.refresh_tenants("clever") == 3
    support = factories.staff()

    def found(words: str) -> list[str]:
        return [each.external_id for each, _ in access.upstreams_like(support, "clever", words)]

    assert found("usd spring") == ["5f1"]
    assert found("5f3") == ["5f3"]
    assert found("nobody") == []
    monkeypatch.setattr(registry, "tenants", lambda _: listed[:1])
    linking.refresh_tenants("clever")
    assert list(UpstreamTenant.objects.values_list("external_id", flat=True)) == ["5f1"]


def test_a_district_is_linked_once_and_nowhere_else() -> None:
    by, ours, theirs = factories.staff(), factories.district("Alder USD"), factories.district("Birch USD")
    made = linking.link_district(by, ours, "clever", "5f1", "Alder at Clever", "Asked by Ravi")
    assert linking.link_district(by, ours, "clever", "5f1", "Alder at Clever") == made
    assert made.state == ConnectionState.SETTING_UP
    with pytest.raises(NotPossible, match="already linked to Alder USD"):
        linking.link_district(by, theirs, "clever", "5f1", "Alder at Clever")
    assert AuditEvent.objects.get(action="connection.link").why == "Asked by Ravi"


def test_reconnecting_keeps_the_row_and_so_every_link() -> None:
    ours = factories.district("Alder USD")
    made = linking.link_district(None, ours, "clever", "5f1", "")
    Connection.objects.filter(pk=made.pk).update(state=ConnectionState.DISCONNECTED)
    again = linking.link_district(None, ours, "clever", "5f1", "")
    assert (again.pk, again.state) == (made.pk, ConnectionState.SETTING_UP)


def test_a_school_is_linked_side_by_side(world: factories.World) -> None:
    ours = factories.school(world.district, "Alder Primary")
    before = version(world.connection)
    place = Place("5f9", "Primary at Clever")
    made = linking.link_school(factories.staff(), world.connection, place, ours, "Asked by Ravi")
    assert linking.link_school(None, world.connection, place, ours) == made
    assert version(world.connection) == before + 1
    line = AuditEvent.objects.get(action="school.link")
    assert (line.after["external_id"], line.after["school"], line.why) == ("5f9", ours.pk, "Asked by Ravi")


def test_a_taken_school_is_refused_in_words(world: factories.World) -> None:
    free = factories.school(world.district, "Alder Primary")
    taken = Place(world.link.external_id, "High at Clever")
    with pytest.raises(NotPossible, match="already linked to Alder High"):
        linking.link_school(None, world.connection, taken, free)
    with pytest.raises(NotPossible, match="already takes its people from Alder High at Clever"):
        linking.link_school(None, world.connection, Place("5f9", "New"), world.school)
    elsewhere = factories.world("Birch")
    with pytest.raises(NotPossible, match="not a school of this district"):
        linking.link_school(None, world.connection, Place("5f9", "New"), elsewhere.school)
    assert SchoolLink.objects.filter(connection=world.connection).count() == 2


def test_unlinking_suspends_no_one_and_can_be_taken_back(world: factories.World) -> None:
    before = list(Membership.objects.order_by("pk").values())
    assert linking.unlink_school(factories.staff(), world.link, "Sold")
    assert not linking.unlink_school(factories.staff(), world.link, "Sold")
    assert list(Membership.objects.order_by("pk").values()) == before
    place = Place(world.link.external_id, "High at Clever")
    again = linking.link_school(None, world.connection, place, world.school)
    assert (again.pk, again.active) == (world.link.pk, True)


def test_only_what_differs_from_the_defaults_is_kept(world: factories.World) -> None:
    chosen = {**registry.roles_of(world.connection), "staff": ["admin", "teacher"]}
    assert linking.set_roles(factories.staff(), world.connection, chosen, "Asked by Ravi")
    assert not linking.set_roles(factories.staff(), world.connection, chosen, "Asked by Ravi")
    kept = Connection.objects.get(pk=world.connection.pk)
    assert kept.roles == {"staff": ["admin", "teacher"]}
    assert registry.roles_of(kept)["staff"] == ["admin", "teacher"]
    assert registry.roles_of(kept)["student"] == ["student"]


def test_taking_purchase_away_plans_the_school_anew(world: factories.World) -> None:
    before = version(world.connection)
    assert linking.set_purchased(factories.staff(), world.school, purchased=False, why="Contract ended")
    assert version(world.connection) == before + 1


def test_stop_switches_are_pressed_once(world: factories.World) -> None:
    by = factories.staff()
    first = stopping.stop_everything(by, "clever", "Strange data")
    assert stopping.stop_everything(by, "clever", "Strange data") == first
    assert stopping.lift_stop(by, "clever", "Fixed")
    assert not stopping.lift_stop(by, "clever", "Fixed")
    assert stopping.set_stopped(by, world.connection, stopped=True, why="Strange data")
    assert not stopping.set_stopped(by, world.connection, stopped=True, why="Strange data")
    actions = list(AuditEvent.objects.filter(by=by).order_by("pk").values_list("action", flat=True))
    assert actions == ["stop", "stop.lift", "connection.stop"]


def test_a_source_that_does_not_answer_is_left_alone_for_a_while(
    world: factories.World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def silent(_: Connection, *, hurried: bool) -> None:
        assert hurried
        asked.append("once")
        raise Unreachable("Clever does not answer.")

    monkeypatch.setattr(registry, "open_provider", silent)
    for _ in range(3):
        with pytest.raises(Exception, match="does not answer"):
            linking.places(world.connection)
    assert asked == ["once"]


def test_the_sources_schools_are_asked_for_once(world: factories.World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "open_provider", factories.Source)
    first = linking.places(world.connection)
    monkeypatch.setattr(registry, "open_provider", None)
    assert linking.places(world.connection) == first
    assert linking.place_names(world.connection)[factories.Source.FREE] == "Ogdenville Middle"
