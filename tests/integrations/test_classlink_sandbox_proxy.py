"""The two doors to a ClassLink district's roster. Numbers are the points a faithful server keeps."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from integrations.classlink.sandbox import ClassLinkSandbox, Tenant
from tests.integrations.raw import PARTNER, Answer, ask, path, post, read, rows, signed

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


def direct(server: ClassLinkSandbox, tenant: Tenant, rest: str = USERS, method: str = "HMAC-SHA256") -> Answer:
    """The answer of a district's own server."""
    target = f"/ims/oneroster/v1p1/{rest}"
    return ask(server, target, signed(server, tenant, target, method))


@pytest.mark.parametrize("method", ["HMAC-SHA256", "HMAC-SHA1"])
def test_7_both_doors_lead_to_the_same_data(method: str, server: ClassLinkSandbox, tenant: Tenant) -> None:
    """For each of two districts."""
    other = server.add_district(100, seed=2)
    for each in (tenant, other):
        assert direct(server, each, USERS, method).json() == {"users": rows(server, each, USERS)}
    assert rows(server, tenant, USERS) != rows(server, other, USERS)


def test_7_the_direct_server_takes_oauth_1_alone(server: ClassLinkSandbox, tenant: Tenant) -> None:
    """No bearer, and no token endpoint."""
    assert ask(server, "/ims/oneroster/v1p1/users", f"Bearer {tenant.bearer}").status == 401
    assert post(server, "/oauth/token", grant_type="client_credentials").status == 404


@pytest.mark.parametrize(("where", "plain", "proxy"), [(None, 200, 404), ("proxy", 404, 200), ("both", 200, 200)])
def test_7_the_proxy_may_have_a_prefix(
    where: str | None, plain: int, proxy: int, server: ClassLinkSandbox, tenant: Tenant
) -> None:
    """Both are documented by somebody."""
    server.set_faults({"prefix": where})
    target, held = path(server, tenant, "users"), f"Bearer {tenant.bearer}"
    assert [ask(server, each, held).status for each in (target, f"/proxy/v1p0{target}")] == [plain, proxy]


def test_9_every_district_has_its_own_bearer(server: ClassLinkSandbox, tenant: Tenant) -> None:
    """Another district's opens nothing; nor does none."""
    other = server.add_district(10, seed=2)
    target = path(server, tenant, "users")
    for said in ("", f"Bearer {other.bearer}", tenant.bearer, f"Bearer {tenant.bearer.upper()}"):
        assert ask(server, target, said).status == 401
    assert ask(server, target, f"bearer {tenant.bearer}").status == 200


def test_9_a_rotated_bearer_and_a_revoked_district(server: ClassLinkSandbox, tenant: Tenant) -> None:
    """401 either way: the listing shows another bearer, or the same one."""
    old, target = tenant.bearer, path(server, tenant, "users")
    new = server.world(tenant).rotate_bearer()
    assert new != old
    assert told(server) == new
    assert [ask(server, target, f"Bearer {each}").status for each in (old, new)] == [401, 200]
    server.world(tenant).revoke()
    assert told(server) == new
    assert ask(server, target, f"Bearer {new}").status == direct(server, tenant).status == 401
    server.world(tenant).allow()
    assert ask(server, target, f"Bearer {new}").status == direct(server, tenant).status == 200


def test_12_the_headers_of_a_collection(server: ClassLinkSandbox, tenant: Tenant) -> None:
    """Counts, the revision, several that say nothing; no Link."""
    headers = read(server, tenant, "students?limit=10").headers
    total = len(rows(server, tenant, "students?limit=1000"))
    told = {"x-count": "10", "x-total-count": str(total), "x-next-page-token": "", "x-obfuscated": "", "x-modified": ""}
    assert {name: headers[name] for name in told} == told
    assert headers["x-endpoint"] == "students"
    assert headers["x-host-name"] == "undefined"
    assert headers["x-page-generation-time-ms"].isdecimal()
    assert headers["cltraceid"] != read(server, tenant, "students?limit=10").headers["cltraceid"]
    assert "link" not in headers
    server.set_faults({"link": "skips"})
    assert "offset=11>" in read(server, tenant, "students?limit=10").headers["link"]
    server.set_faults({"obfuscated": "true", "total": False, "perm_rev": False})
    headers = read(server, tenant, "students").headers
    assert headers["x-obfuscated"] == "true"
    assert not {"x-total-count", "x-perm-rev"} & set(headers)


def told(server: ClassLinkSandbox) -> str:
    """The bearer the listing shows for the first district."""
    (row,) = ask(server, "/applications", PARTNER).json()["applications"]
    return str(row["bearer"])


def revisions(server: ClassLinkSandbox, tenant: Tenant) -> list[str]:
    """The revision each of three pages tells."""
    asked = [f"users?limit=100&offset={offset}&sort=sourcedId" for offset in (0, 100, 200)]
    return [read(server, tenant, each).headers["x-perm-rev"] for each in asked]


def test_20_the_revision_stays_as_long_as_nothing_changes(server: ClassLinkSandbox, tenant: Tenant) -> None:
    """Through whole pulls; an edit makes another one, in this district only."""
    other = server.add_district(300, seed=2)
    theirs = revisions(server, other)
    first, *more = revisions(server, tenant) + revisions(server, tenant)
    assert set(more) == {first}
    server.world(tenant).add_user("student", "2")
    assert first not in revisions(server, tenant)
    assert revisions(server, other) == theirs


def test_20_the_revision_changes_in_the_middle(server: ClassLinkSandbox, tenant: Tenant) -> None:
    """Once, or in every pull."""
    server.set_faults({"perm_rev_at": 2, "perm_rev_times": 1})
    first, *later = revisions(server, tenant)
    assert first not in later
    assert len(set(later)) == 1
    assert set(revisions(server, tenant)) == set(later)
    server.set_faults({"perm_rev_times": None})
    for _ in range(4):
        assert len(set(revisions(server, tenant))) == 2


def test_the_log_holds_no_secret(server: ClassLinkSandbox, tenant: Tenant) -> None:
    """Neither the partner's nor a district's."""
    told(server)
    read(server, tenant, "users")
    direct(server, tenant)
    log = ask(server, "/_sandbox/log")
    assert [row["token"] for row in log.json()] == ["partner", "bearer", "oauth1"]
    for secret in (PARTNER.removeprefix("Bearer "), tenant.bearer, tenant.key, tenant.secret):
        assert secret.encode() not in log.body
