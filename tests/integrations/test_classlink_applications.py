"""ClassLink's listing of districts: every form of it, and what is made of each record."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.classlink.api import Application, OwnServer, _is_trusted, find_application, list_applications
from integrations.classlink.provider import Access, ClassLinkProvider
from integrations.classlink.sandbox import ClassLinkSandbox, Tenant
from integrations.http import Client
from integrations.provider import Malformed, Refused
from integrations.records import Tenant as Listed
from integrations.sandbox.server import as_json
from tests.integrations.conftest import IMPATIENT, OpenClassLink
from tests.integrations.wire import Scripted

KEY = {"partner_key": "key"}
ROW = {
    "id": 12345,
    "application_id": 67890,
    "tenant_id": 2222,
    "bearer": "8f7c1f6e",
    "tenant_name": "Lincoln",
    "enabled": "true",
    "tenant_status": "Active",
    "oneroster_application_id": "%2Fapp",
}


def listed(*pages: Any) -> list[Application]:
    """What is made of these pages of records."""
    with Scripted(*(as_json({"applications": page}) for page in (*pages, []))) as server:
        return list_applications(Client(server.url, "ClassLink", IMPATIENT), KEY)


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({}, ""),
        ({"enabled": True, "tenant_status": "active"}, ""),
        ({"enabled": "false"}, "not switched it on"),
        ({"enabled": False}, "not switched it on"),
        ({"enabled": None}, "not switched it on"),
        ({"tenant_status": "Suspended"}, "not active but suspended"),
        ({"tenant_status": "<b>1</b>"}, "in no state that SmartPass knows"),
        ({"tenant_status": None}, "in no state that SmartPass knows"),
        ({"bearer": None}, "not given SmartPass a key"),
        ({"bearer": ""}, "not given SmartPass a key"),
        ({"bearer": "two words"}, "nothing that SmartPass could open"),
        ({"oneroster_application_id": None}, "nothing that SmartPass could open"),
    ],
)
def test_what_makes_a_record_usable(fields: dict[str, Any], problem: str) -> None:
    """Active, switched on, a bearer and a path; the status is shown only if it is a word."""
    (application,) = listed([{**ROW, **fields}])
    assert application[:2] == ("2222", "Lincoln")
    assert problem in application.problem
    assert bool(application.problem) is bool(problem)


def test_the_older_form_is_one_object() -> None:
    """A page by itself."""
    with Scripted(as_json({"applications": {**ROW, "bearer": None}})) as server:
        (application,) = list_applications(Client(server.url, "ClassLink", IMPATIENT), KEY)
    assert (application.tenant, len(server.requests)) == ("2222", 1)


def test_a_tenant_without_a_name_is_shown_by_its_number() -> None:
    """And a record without a tenant is nobody's."""
    assert listed([{**ROW, "tenant_name": None}])[0].name == "2222"
    with Scripted(
        as_json({"applications": [{**ROW, "tenant_id": None}, ROW]}), as_json({"applications": []})
    ) as server:
        assert ClassLinkProvider.tenants({"api": server.url}, KEY) == [Listed("2222", "Lincoln")]


def test_of_two_records_the_usable_one_wins(
    classlink: ClassLinkSandbox, tenant: Tenant, open_classlink: OpenClassLink
) -> None:
    """Whichever comes first; the district is listed once."""
    usable = {**ROW, "tenant_id": 7, "id": 2, "bearer": "works"}
    for rows in ([{**usable, "bearer": None, "id": 1}, usable], [usable, {**usable, "enabled": "false", "id": 3}]):
        with Scripted(as_json({"applications": rows}), as_json({"applications": []})) as server:
            assert find_application(Client(server.url, "ClassLink", IMPATIENT), KEY, "7").bearer == "works"
    classlink.world().list_twice()
    source = open_classlink(tenant)
    source.check()
    assert [each.external_id for each in source.tenants(source.hosts, source.secrets)] == ["2222"]


@pytest.mark.parametrize(
    "body", [{}, {"status": 1}, {"applications": "x"}, {"applications": [1]}, {"applications": None}]
)
def test_what_is_no_listing_is_malformed(body: dict[str, Any]) -> None:
    """It does not mean that every district has left."""
    with Scripted(as_json(body)) as server, pytest.raises(Malformed, match="no list of applications"):
        list_applications(Client(server.url, "ClassLink", IMPATIENT), KEY)


def test_a_listing_that_repeats_itself_ends_in_an_error() -> None:
    """A server that takes no offset."""
    with pytest.raises(Malformed, match="already read"):
        listed([ROW], [ROW])


def test_nobody_at_all_is_not_believed(
    classlink: ClassLinkSandbox, tenant: Tenant, open_classlink: OpenClassLink
) -> None:
    """A night with a bearer that works does not ask; whoever has to ask is refused, in words."""
    open_classlink(tenant).check()
    classlink.set_faults({"applications": {"status": 1, "applications": []}})
    assert len(list(open_classlink(tenant).people([]))) == 250
    source = ClassLinkProvider("2222", classlink.hosts(), classlink.secrets())
    for asking in (source.check, lambda: ClassLinkProvider.tenants(classlink.hosts(), classlink.secrets())):
        with pytest.raises(Refused, match="lists no district at all"):
            asking()


@pytest.mark.parametrize("key", ["wrong", "", "two words"])
def test_our_own_key_may_be_refused(key: str, classlink: ClassLinkSandbox) -> None:
    """With a code of its own: no district has to do anything."""
    classlink.add_district(20)
    with pytest.raises(Refused) as caught:
        ClassLinkProvider.tenants(classlink.hosts(), {"partner_key": key})
    assert caught.value.code == "E-CLIENT-REFUSED"


def test_a_bearer_is_no_key_to_the_listing(classlink: ClassLinkSandbox, tenant: Tenant) -> None:
    """And the key is no bearer: neither is ever sent in the place of the other."""
    with pytest.raises(Refused):
        ClassLinkProvider.tenants(classlink.hosts(), {"partner_key": tenant.bearer})
    ClassLinkProvider("2222", classlink.hosts(), classlink.secrets()).check()
    tokens = {(entry.path.partition("?")[0] == "/applications", entry.token) for entry in classlink.log[1:]}
    assert tokens == {(True, "partner"), (False, "bearer")}


@pytest.mark.parametrize(
    "address",
    ["https://lincoln-nj-v2.oneroster.com", "https://lincoln-nj-v2.rosterserver.com/x", "http://127.0.0.1:8000/base"],
)
def test_a_districts_own_server_is_classlinks_or_beside_the_proxy(address: str) -> None:
    """Others are tried under trap 55."""
    assert _is_trusted(address, "http://127.0.0.1:8000")


def test_nothing_that_opens_a_roster_shows_itself() -> None:
    """In whatever prints it."""
    shown = repr(
        [Application("1", "n", "s", "b3ar3r"), OwnServer("u", "k3y", "s3cr3t"), Access("1", "s", "b3ar3r", "w")]
    )
    assert [word for word in ("b3ar3r", "k3y", "s3cr3t") if word in shown] == []
