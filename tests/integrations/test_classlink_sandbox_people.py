"""Who somebody is at the sandbox's ClassLink. Numbers are the points a faithful server keeps."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from integrations.classlink.sandbox import ClassLinkSandbox, Tenant
from tests.integrations.raw import PARTNER, ask
from tests.integrations.signing_in import BACK, sign_in, verified, who


@pytest.fixture
def server() -> Iterator[ClassLinkSandbox]:
    """A ClassLink that knows where our pages are."""
    with ClassLinkSandbox() as made:
        made.identity.redirect_uris = [BACK, f"{BACK}/again"]
        yield made


@pytest.fixture
def tenant(server: ClassLinkSandbox) -> Tenant:
    """A district of 100 people."""
    return server.add_district(100, 3)


def test_27_who_somebody_is(server: ClassLinkSandbox, tenant: Tenant) -> None:
    """Integers for user and tenant, capitals in the role, the roster's own sourcedId."""
    student = tenant.id_of("student")
    info = who(server, sign_in(server, student))
    row = tenant.user(student)
    assert row is not None
    assert (type(info["UserId"]), info["TenantId"]) == (int, 2222)
    assert (info["SourcedId"], info["OrgId"], info["Role"], info["Role_Level"]) == (student, "", "Student", 4)
    assert (info["FirstName"], info["LastName"], info["LoginId"]) == (
        row["givenName"],
        row["familyName"],
        row["username"],
    )
    assert info["or_email"] == info["Email"]
    server.set_faults({"org_id": "list"})
    assert who(server, sign_in(server, student))["OrgId"] == [role["org"] for role in row["roles"]]


def test_27_a_district_without_oneroster(server: ClassLinkSandbox, tenant: Tenant) -> None:
    """Everybody's SourcedId is blank, and the district is in no listing."""
    world = server.world(tenant)
    world.without_oneroster()
    told = [who(server, sign_in(server, tenant.id_of("student", at=at))) for at in (0, 1)]
    assert [each["SourcedId"] for each in told] == ["", ""]
    assert told[0]["UserId"] != told[1]["UserId"]
    assert ask(server, "/applications", PARTNER).json()["applications"] == []
    world.without_oneroster(on=False)
    assert who(server, sign_in(server, tenant.id_of("student")))["SourcedId"]


def test_27_roles_are_flattened_by_switch(server: ClassLinkSandbox, tenant: Tenant) -> None:
    """An administrator shows as a teacher."""
    head = tenant.id_of("districtAdministrator")
    assert who(server, sign_in(server, head))["Role"] == "Tenant Administrator"
    server.set_faults({"flatten": True})
    told = sign_in(server, head)
    assert (who(server, told)["Role"], who(server, told)["Role_Level"]) == ("Teacher", 3)
    assert verified(server, told["id_token"])["profile"] == "Teacher"
    assert who(server, sign_in(server, tenant.id_of("student")))["Role"] == "Student"


def test_27_the_number_stays_when_the_id_changes(server: ClassLinkSandbox, tenant: Tenant) -> None:
    """After a merge, after another, and when everybody's id changes."""
    world, student = server.world(tenant), tenant.id_of("student")
    number = who(server, sign_in(server, student))["UserId"]
    for _ in range(2):
        world.rename_user(student, first=f"Not {student[:4]}")
        student = world.change_id(student)
        info = who(server, sign_in(server, student))
        assert (info["SourcedId"], info["UserId"]) == (student, number)
    teacher = tenant.id_of("teacher")
    theirs = who(server, sign_in(server, teacher))["UserId"]
    world.change_all_ids("s+")
    for user, expected in ((student, number), (teacher, theirs)):
        info = who(server, sign_in(server, f"s+{user}"))
        assert (info["SourcedId"], info["UserId"]) == (f"s+{user}", expected)


def test_27_somebody_who_is_not_in_the_roster_signs_in_all_the_same(server: ClassLinkSandbox, tenant: Tenant) -> None:
    """Purged, suspended, or never in it."""
    world, student = server.world(tenant), tenant.id_of("student")
    login = world.add_login("teacher", "Sub", "Stitute", "sub@example.net", "not-rostered")
    world.disable_user(student)
    assert who(server, sign_in(server, student))["SourcedId"] == student
    world.remove_user(student)
    assert who(server, sign_in(server, student))["SourcedId"] == student
    info = who(server, sign_in(server, login))
    assert (info["SourcedId"], info["Email"], info["Role"]) == ("not-rostered", "sub@example.net", "Teacher")


def test_28_somebody_elses_session_in_a_persons_name_looks_the_same(server: ClassLinkSandbox, tenant: Tenant) -> None:
    """Byte for byte: a preview by an administrator leaves no trace."""
    now = time.time()
    server.clock = lambda: now
    student = tenant.id_of("student")
    own = sign_in(server, student)
    sign_in(server, tenant.id_of("districtAdministrator"))
    impersonated = sign_in(server, student)
    infos = [ask(server, "/v2/my/info", f"Bearer {told['access_token']}").body for told in (own, impersonated)]
    assert infos[0] == infos[1]
    assert own["id_token"] == impersonated["id_token"]
