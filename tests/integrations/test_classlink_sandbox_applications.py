"""ClassLink's listing of districts, and the two doors behind it. Numbers are the points a faithful server keeps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote
from uuid import UUID

import pytest

from integrations.classlink.sandbox import ClassLinkSandbox, Tenant
from tests.integrations.raw import PARTNER, ask, path, post, read

FIELDS = [
    *("id", "application_id", "tenant_id", "bearer", "tenant_name", "enabled", "tenant_status"),
    *("oneroster_application_id", "name", "version"),
]
USERS = "users?limit=10&sort=sourcedId"


@pytest.fixture
def server() -> Iterator[ClassLinkSandbox]:
    """A ClassLink without districts."""
    with ClassLinkSandbox() as made:
        yield made


@pytest.fixture
def tenant(server: ClassLinkSandbox) -> Tenant:
    """A district of 250 people."""
    return server.add_district(250, 3)


def listed(server: ClassLinkSandbox, target: str = "/applications") -> list[dict[str, Any]]:
    """The rows of the listing."""
    answer = ask(server, target, PARTNER)
    assert answer.status == 200
    body = answer.json()
    assert (list(body), body["status"]) == (["status", "applications"], 1)
    found: list[dict[str, Any]] = body["applications"]
    return found


def test_1_only_the_partner_may_list_districts(server: ClassLinkSandbox, tenant: Tenant) -> None:
    """And the partner key opens no roster."""
    for said in ("", "Bearer wrong", f"Bearer {tenant.bearer}", PARTNER.removeprefix("Bearer ")):
        assert ask(server, "/applications", said).status == 401
        assert ask(server, f"/applications/{tenant.application_id}/server", said).status == 401
    assert ask(server, path(server, tenant, "users"), PARTNER).status == 401
    assert ask(server, "/ims/oneroster/v1p1/users", PARTNER).status == 401
    assert post(server, "/applications", PARTNER).status == 405


def test_2_a_record_has_ten_fields(server: ClassLinkSandbox, tenant: Tenant) -> None:
    """Three integers, `enabled` as text, a UUID as the bearer."""
    other = server.add_district(10, seed=2)
    one, two = listed(server)
    assert list(one) == list(two) == FIELDS
    assert {type(one[field]) for field in ("id", "application_id", "tenant_id")} == {int}
    assert len({one["id"], one["application_id"], one["tenant_id"]}) == 3
    assert (one["enabled"], one["tenant_status"], one["tenant_id"]) == ("true", "Active", 2222)
    assert str(UUID(one["bearer"])) == one["bearer"] == tenant.bearer
    assert one["application_id"] == two["application_id"]
    assert (two["bearer"], two["tenant_id"]) == (other.bearer, 2223)
    assert one["oneroster_application_id"] != two["oneroster_application_id"]


def test_3_the_applications_id_works_byte_for_byte(server: ClassLinkSandbox, tenant: Tenant) -> None:
    """Decoded, encoded again, in another case, tidied up, or another of the three ids: an unhelpful error."""
    told = listed(server)[0]["oneroster_application_id"]
    assert all(escape in told for escape in ("%2F", "%3D", "%43", "%2f"))
    held = f"Bearer {tenant.bearer}"
    rest = "/ims/oneroster/v1p1/users"
    assert ask(server, f"/{told}{rest}", held).status == 200
    wrong = [
        unquote(told),
        told.replace("%", "%25"),
        told.replace("%2f", "%2F"),
        told.replace("%43", "C"),
        told.lower(),
        told.upper(),
        str(tenant.pairing_id),
        "67890",
        str(tenant.tenant_id),
    ]
    for each in wrong:
        answer = ask(server, f"/{each}{rest}", held)
        assert (answer.status, answer.json()) == (404, {"error": "Not Found"}), each


def test_4_pages_without_totals(server: ClassLinkSandbox) -> None:
    """630 districts: a hundred unless asked, limit and offset honoured, only a bait of a header."""
    server.add_districts(630, people=1)
    answer = ask(server, "/applications", PARTNER)
    assert len(answer.json()["applications"]) == 100
    assert answer.headers["access-control-expose-headers"] == "x-total-count"
    assert not {"x-total-count", "x-count", "link"} & set(answer.headers)
    pages = [listed(server, f"/applications?limit=250&offset={offset}") for offset in (0, 250, 500, 750)]
    assert [len(page) for page in pages] == [250, 250, 130, 0]
    every = listed(server, "/applications?limit=10000")
    assert every == [row for page in pages for row in page]
    for field in ("tenant_id", "tenant_name", "bearer", "oneroster_application_id"):
        assert len({row[field] for row in every}) == 630, field
    server.set_faults({"applications_clamp": 60})
    assert len(listed(server, "/applications?limit=250")) == 60


def test_5_records_that_are_not_to_be_used(server: ClassLinkSandbox, tenant: Tenant) -> None:
    """Disabled, of another status, without a bearer, twice, gone: and back as they were."""
    world = server.world(tenant)

    def sole(field: str) -> Any:
        (row,) = listed(server)
        return row[field]

    world.disable_application()
    assert sole("enabled") == "false"
    assert read(server, tenant, USERS).status == 401
    world.enable_application()
    world.set_tenant_status("Suspended")
    assert sole("tenant_status") == "Suspended"
    assert read(server, tenant, USERS).status == 401
    world.set_tenant_status("Active")
    world.withhold_bearer()
    assert sole("bearer") is None
    world.withhold_bearer(on=False)
    world.list_twice()
    one, two = listed(server)
    assert (one["tenant_id"], one["id"] == two["id"]) == (two["tenant_id"], False)
    world.list_twice(on=False)
    world.hide_tenant()
    assert listed(server) == []
    assert read(server, tenant, USERS).status == 401
    world.show_tenant()
    assert sole("tenant_id") == 2222
    assert read(server, tenant, USERS).status == 200


def test_5_a_district_leaves_between_two_pages(server: ClassLinkSandbox) -> None:
    """Those behind it move up, and one of them is on no page."""
    server.add_districts(5, people=1)
    server.set_faults({"applications_lose": [2222]})
    found = [
        row["tenant_id"] for offset in (0, 2, 4) for row in listed(server, f"/applications?limit=2&offset={offset}")
    ]
    assert found == [2222, 2223, 2225, 2226]


def test_5_other_shapes(server: ClassLinkSandbox, tenant: Tenant) -> None:
    """One object with a null bearer, as an old sample shows it; or anything else."""
    server.set_faults({"applications_single": True})
    sole = ask(server, "/applications", PARTNER).json()["applications"]
    assert (sole["tenant_id"], sole["bearer"]) == (tenant.tenant_id, None)
    server.set_faults({"applications_single": None, "applications": {"status": 0}})
    assert ask(server, "/applications", PARTNER).json() == {"status": 0}
    server.set_faults({"applications": None, "page_of": "applications", "page_status_at": 1, "page_status_times": 1})
    assert [ask(server, "/applications", PARTNER).status for _ in range(2)] == [503, 200]
    server.set_faults({"page_status_at": None, "not_json_at": 1})
    assert not ask(server, "/applications", PARTNER).body.endswith(b"}")


def test_6_the_direct_servers_credentials(server: ClassLinkSandbox, tenant: Tenant) -> None:
    """A key, a secret and where they work; or 404."""
    target = f"/applications/{tenant.application_id}/server"
    body = ask(server, target, PARTNER).json()
    said = {"client_id": tenant.key, "client_secret": tenant.secret, "endpoint_url": server.url}
    assert body == {"status": 1, "server": said, "message": ""}
    server.set_faults({"endpoint_with_path": True})
    assert ask(server, target, PARTNER).json()["server"]["endpoint_url"] == f"{server.url}/ims/oneroster/v1p1"
    assert ask(server, f"/applications/{unquote(tenant.application_id)}/server", PARTNER).status == 404
    server.set_faults({"no_server": True})
    assert ask(server, target, PARTNER).status == 404


def test_edits_name_a_district_by_either_id(server: ClassLinkSandbox, tenant: Tenant) -> None:
    """The sandbox's own, or the tenant's."""
    other = server.add_district(10, seed=2)
    body = b'{"do": "revoke", "args": {"district": "%s"}}'
    assert ask(server, "/_sandbox/world", method="POST", body=body % b"2223").status == 200
    assert (tenant.revoked, other.revoked) == (False, True)
    assert ask(server, "/_sandbox/world", method="POST", body=body % b"birch1").status == 200
    assert tenant.revoked
    assert ask(server, "/_sandbox/world", method="POST", body=body % b"9").status == 400
    told = ask(server, "/_sandbox/world", method="POST", body=b'{"do": "districts"}').json()["done"]
    assert [(each["tenant_id"], each["id"]) for each in told] == [(2222, "birch1"), (2223, other.id)]


def test_settings_point_here(server: ClassLinkSandbox) -> None:
    """Hosts and secrets as the provider takes them, and as a shell does."""
    assert set(server.hosts().values()) == {server.url}
    assert server.environment() == {
        **{f"CLASSLINK_{name.upper()}_URL": url for name, url in server.hosts().items()},
        **{f"CLASSLINK_{name.upper()}": value for name, value in server.secrets().items()},
    }
