"""The traps on the way: paths, signatures, clocks, refusals, waiting, errors, and what is written down.

Numbered as in the second part of docs/traps.md; the engine's half of each stands with the engine.
"""

from __future__ import annotations

import logging
from typing import Any

import pytest

from integrations.classlink.provider import ClassLinkProvider
from integrations.classlink.sandbox import ClassLinkSandbox, Tenant
from integrations.provider import Malformed, Refused, SourceError, Unreachable
from integrations.records import Person
from integrations.sandbox.server import Response, as_json
from tests.integrations.conftest import IMPATIENT, Kept, OpenClassLink
from tests.integrations.wire import Scripted

BASE = "/ims/oneroster/v1p1"
SIGNED = ("client_id", "client_secret")


def read_all(source: ClassLinkProvider) -> list[Person]:
    """Everybody."""
    return list(source.people([]))


def direct(classlink: ClassLinkSandbox, open_classlink: OpenClassLink, tenant: Tenant, **how: Any) -> ClassLinkProvider:
    """The provider of a tenant whose proxy is elsewhere."""
    classlink.set_faults({"prefix": "nowhere"})
    return open_classlink(tenant, **how)


def test_trap_45_the_applications_id_leaves_as_it_came(
    classlink: ClassLinkSandbox, tenant: Tenant, open_classlink: OpenClassLink
) -> None:
    """With `%43` and a lower-case `%2f` in it: a server that compares the raw path finds it."""
    assert "%43" in tenant.application_id
    assert "%2f" in tenant.application_id
    read_all(open_classlink(tenant))
    assert {entry.path for entry in classlink.log} == {
        "/applications",
        f"/{tenant.application_id}{BASE}/orgs",
        f"/{tenant.application_id}{BASE}/users",
    }


@pytest.mark.parametrize("segment", ["a/b", "a?b", "a#b", "a b", "..", "", "a\\b", None, 7])
def test_trap_45_an_id_that_is_no_path_segment_opens_nothing(
    segment: Any, classlink: ClassLinkSandbox, tenant: Tenant, open_classlink: OpenClassLink
) -> None:
    """It could lead to another district's path."""
    row = {**tenant.row(), "oneroster_application_id": segment}
    classlink.set_faults({"applications": {"status": 1, "applications": row}})
    with pytest.raises(Refused, match="names nothing that SmartPass could open"):
        open_classlink(tenant).check()
    assert {entry.path for entry in classlink.log} == {"/applications"}


def test_trap_45_either_shape_of_the_address_is_found_once(
    classlink: ClassLinkSandbox, tenant: Tenant, open_classlink: OpenClassLink, kept: Kept
) -> None:
    """It is tried, kept, and used the next night without asking; when it is no more, the other one is."""
    classlink.set_faults({"prefix": "proxy"})
    read_all(open_classlink(tenant))
    assert kept[str(tenant.tenant_id)]["way"] == "prefixed"
    classlink.log.clear()
    read_all(open_classlink(tenant))
    assert {entry.path for entry in classlink.log} == {
        f"/proxy/v1p0/{tenant.application_id}{BASE}/{name}" for name in ("orgs", "users")
    }
    classlink.set_faults({"prefix": "plain"})
    assert len(read_all(open_classlink(tenant))) == 250
    assert kept[str(tenant.tenant_id)]["way"] == "plain"


@pytest.mark.parametrize("identifier", ["odd/1", "22|22", "odd 1", "odd%2F1", " 123", "é?#", "."])
def test_trap_46_ids_are_encoded_in_a_path(
    identifier: str, classlink: ClassLinkSandbox, tenant: Tenant, open_classlink: OpenClassLink
) -> None:
    """Whatever is in them; one that no path can carry is looked for in the listing."""
    world = classlink.world()
    world.put_user(identifier, {"roles": [{"role": "student", "org": "2"}]})
    source = open_classlink(tenant)
    found = source.look_up(identifier, ["2"])
    assert (found.state, found.person) == (
        "in_scope",
        next(p for p in source.people([]) if p.external_id == identifier),
    )
    world.remove_user(identifier)
    assert source.look_up(identifier, ["2"]).state == "gone"


def test_trap_47_nothing_is_filtered_over_there(
    classlink: ClassLinkSandbox, tenant: Tenant, open_classlink: OpenClassLink
) -> None:
    """Servers ignore filters, refuse them, or answer with nobody: none is sent, so no quote needs escaping."""
    classlink.set_faults({"filter": "empty"})
    source = open_classlink(tenant)
    assert len(read_all(source)) == 250
    source.look_up(tenant.roster.id_at(3), [])
    assert [entry.query for entry in classlink.log if "filter" in entry.query or "'" in entry.query] == []


def test_trap_48_every_request_is_signed_with_its_query(
    classlink: ClassLinkSandbox, tenant: Tenant, open_classlink: OpenClassLink
) -> None:
    """At the district's own server, which refuses a nonce that was used and a query that is not signed."""
    source = direct(classlink, open_classlink, tenant)
    assert len(read_all(source)) == 250
    signed = [entry for entry in classlink.log if entry.token == "oauth1"]
    assert [(entry.path, entry.status) for entry in signed].count((f"{BASE}/users", 200)) == 4
    classlink.set_faults({"fail_every": 3})
    assert len(read_all(direct(classlink, open_classlink, tenant))) == 250


def test_a_districts_own_server_is_not_inside_our_network(
    classlink: ClassLinkSandbox, tenant: Tenant, open_classlink: OpenClassLink
) -> None:
    """Whatever ClassLink says where it is: only on a machine whose sandboxes are, too."""
    source = direct(classlink, open_classlink, tenant)
    source.hosts = classlink.hosts()
    with pytest.raises(Refused, match="must be reached over https"):
        source.check()
    assert [entry for entry in classlink.log if entry.path.startswith(BASE)] == []


@pytest.mark.parametrize(("minutes", "which"), [(10, "ahead of"), (-10, "behind")])
def test_trap_49_a_clock_that_is_off_is_said_to_be(
    minutes: int, which: str, classlink: ClassLinkSandbox, tenant: Tenant, open_classlink: OpenClassLink
) -> None:
    """It is not the secret; nobody has to connect anything again."""
    direct(classlink, open_classlink, tenant).check()
    real = classlink.clock
    classlink.clock = lambda: real() + 60 * minutes
    with pytest.raises(Unreachable) as caught:
        open_classlink(tenant).check()
    told = str(caught.value)
    assert told.startswith("ClassLink refuses what SmartPass signs: its clock is ")
    assert told.endswith(f"minutes {which} SmartPass's.")


def test_trap_49_a_bearer_knows_no_clock(
    classlink: ClassLinkSandbox, tenant: Tenant, open_classlink: OpenClassLink
) -> None:
    """A refusal there is one, whatever the time."""
    real = classlink.clock
    classlink.clock = lambda: real() + 3600
    source = open_classlink(tenant)
    assert len(read_all(source)) == 250
    classlink.world().revoke()
    with pytest.raises(Refused):
        read_all(source)


@pytest.mark.parametrize(
    ("headers", "pause"),
    [({"retry_after": "60"}, 60.0), ({"retry_after": "86400"}, IMPATIENT.pause), ({"retry_after_date": 40}, 40.0)],
)
def test_trap_51_waiting_is_bounded(
    headers: dict[str, Any],
    pause: float,
    classlink: ClassLinkSandbox,
    tenant: Tenant,
    open_classlink: OpenClassLink,
    naps: list[float],
) -> None:
    """Seconds or a date; a day is not slept through."""
    classlink.set_faults({"page_status_at": 2, "page_status": 429, "page_status_times": 1, **headers})
    assert len(read_all(open_classlink(tenant))) == 250
    assert [round(nap) for nap in naps] == [round(pause)]


def test_trap_51_a_source_that_never_stops_asking_is_left(
    classlink: ClassLinkSandbox, tenant: Tenant, open_classlink: OpenClassLink, naps: list[float]
) -> None:
    """For later, and the next district goes on."""
    classlink.set_faults({"page_status_at": 2, "page_status": 429, "error_body": "html", "retry_after": "86400"})
    with pytest.raises(Unreachable) as caught:
        read_all(open_classlink(tenant))
    assert caught.value.code == "E-RATE"
    assert naps == [IMPATIENT.pause] * IMPATIENT.pauses


def test_trap_52_a_page_too_heavy_is_asked_for_in_parts(
    classlink: ClassLinkSandbox, tenant: Tenant, open_classlink: OpenClassLink
) -> None:
    """Half, and half again; nobody is missed or counted twice."""
    classlink.set_faults({"heavy_above": 60})
    source = open_classlink(tenant, page_size=200)
    assert len(read_all(source)) == 250
    assert source.receipt.proven(set(source.receipt.places))
    limits = [entry.query.partition("&")[0] for entry in classlink.log if entry.path.endswith("/users")]
    assert limits == ["limit=200", "limit=100", *["limit=50"] * 7]


def test_trap_54_nothing_secret_is_written_down(
    classlink: ClassLinkSandbox, tenant: Tenant, open_classlink: OpenClassLink, caplog: pytest.LogCaptureFixture
) -> None:
    """A good night, bad pages, a dead bearer, the district's own server: no key, no bearer, no password, no name."""
    caplog.set_level(logging.DEBUG)
    classlink.world().set_fields(tenant.roster.id_at(3), {"password": "open-sesame"})
    source = open_classlink(tenant)
    people = read_all(source)
    told = [repr(source)]
    for fault in (
        {"not_json_at": 1},
        {"error_envelope_at": 1},
        {"page_401_from": 1},
        {"prefix": "nowhere", "doors": []},
    ):
        classlink.faults = dict(fault)
        with pytest.raises(SourceError) as caught:
            read_all(open_classlink(tenant) if "prefix" in fault else source)
        told += [str(caught.value), repr(caught.value)]
    written = caplog.text + "".join(told)
    secrets = [
        tenant.bearer,
        tenant.key,
        tenant.secret,
        *classlink.secrets().values(),
        "Bearer ",
        "oauth_",
        "open-sesame",
    ]
    names = {person.last_name for person in people if len(person.last_name) > 4}
    assert "/users" in caplog.text
    assert [word for word in {*secrets, *names} if word in written] == []


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_trap_55_a_redirect_to_another_host_is_not_followed(status: int) -> None:
    """Nothing arrives there, and the key least of all."""
    with Scripted(Response(200)) as elsewhere, Scripted(Response(status)) as here:
        here.answers = [Response(status, headers={"Location": f"{elsewhere.url}/applications"})]
        with pytest.raises(Malformed, match="a link that leads to another host"):
            ClassLinkProvider.tenants({"api": here.url}, {"partner_key": "key"})
        assert elsewhere.requests == []


@pytest.mark.parametrize(
    "address",
    [
        "http://lincoln-nj-v2.oneroster.com",
        "https://oneroster.com.elsewhere.example",
        "https://user@lincoln-nj-v2.oneroster.com",
        "https://lincoln-nj-v2.oneroster.com:8443",
        "https://169.254.169.254",
        "https://oneroster.com",
        "https://[::1]/x.oneroster.com",
        "nonsense",
        "",
        None,
    ],
)
def test_trap_55_a_districts_server_elsewhere_is_signed_nothing(address: Any) -> None:
    """ClassLink names the address; only its own are believed."""
    application = {"tenant_id": 2222, "tenant_status": "Active", "enabled": "true", "bearer": "b", "tenant_name": "L"}
    listing = {"applications": {**application, "oneroster_application_id": "app"}}
    server = {"server": {**dict.fromkeys(SIGNED, "s"), "endpoint_url": address}}
    with Scripted(*answers(listing, 404, 404, server)) as here:
        with pytest.raises(Malformed, match="HTTP 404"):
            ClassLinkProvider("2222", {"api": here.url}, {"partner_key": "key"}).check()
        assert [request.path for request in here.requests][-1] == "/applications/app/server"
        assert len(here.requests) == 4


def answers(*told: Any) -> list[Response]:
    """One answer each: a body, or a status without one."""
    return [Response(each) if isinstance(each, int) else as_json(each) for each in told]
