"""Clever, one question at a time: looking up, checking, listing districts."""

from __future__ import annotations

import pytest

from integrations.clever.provider import CleverProvider
from integrations.clever.sandbox import CleverSandbox, District
from integrations.provider import Malformed, Refused
from tests.integrations.conftest import OpenClever


def test_look_up_without_the_right_to_the_roster_is_no_answer(
    sandbox: CleverSandbox, district: District, open_clever: OpenClever
) -> None:
    """The 404 of a token without scope must not pass for somebody who is gone."""
    source = open_clever(district)
    sandbox.world().secure_sync(on=False)
    with pytest.raises(Refused) as caught:
        source.look_up(district.id_of("student"), [])
    assert caught.value.code == "E-PRIVILEGE-MISSING"
    with pytest.raises(Refused):
        source.check()


def test_look_up_of_the_district_wide_and_of_guardians(
    sandbox: CleverSandbox, district: District, open_clever: OpenClever
) -> None:
    """A district admin is in every scope, a guardian in none, an unreadable record stays."""
    source = open_clever(district)
    assert source.look_up(district.id_of("district_admin"), []).state == "in_scope"
    assert source.look_up(district.id_of("contact"), []).state == "out_of_scope"
    student = district.id_of("student")
    sandbox.world().put_user({"id": student, "district": district.id, "roles": [], "name": None})
    found = source.look_up(student, [])
    assert found.state == "in_scope"
    assert found.person
    assert found.person.problem
    sandbox.world().put_user({"id": "another", "roles": {}}, at=student)
    with pytest.raises(Malformed):
        source.look_up(student, [])


def test_unreadable_records_are_yielded_among_the_others(
    sandbox: CleverSandbox, district: District, open_clever: OpenClever
) -> None:
    """With an id where there is one; the run goes on."""
    world = sandbox.world()
    world.put_user({"district": district.id})
    wrong = world.put_user({"id": "70000001ffffffffffffffff", "district": district.id, "email": 7})
    half = world.put_user({"id": "70000001fffffffffffffffe\ud800", "district": district.id})
    source = open_clever(district)
    problems = {person.external_id for person in source.people([]) if person.problem}
    assert half != wrong
    assert problems == {"", wrong}
    assert source.receipt.rows == source.receipt.announced == 273


def test_tenants_survive_a_dead_token(sandbox: CleverSandbox, district: District) -> None:
    """A district that does not answer keeps its place in the list, without a name."""
    other = sandbox.add_district(people=1, schools=1, seed=2)
    sandbox.set_faults({"path_status": {f"/v3.1/districts/{other.id}": 404}})
    listed = CleverProvider.tenants(sandbox.hosts(), sandbox.secrets())
    assert [tuple(tenant) for tenant in listed] == [(other.id, ""), (district.id, district.row["name"])]
    assert sum(entry.path == "/oauth/tokens" for entry in sandbox.log) == 1


def test_a_wrong_client_secret_is_ours_to_repair(sandbox: CleverSandbox, district: District) -> None:
    """Refused, and not as if the school had to do something."""
    secrets = {**sandbox.secrets(), "client_secret": "wrong"}
    for ask in (
        lambda: CleverProvider.tenants(sandbox.hosts(), secrets),
        CleverProvider(district.id, sandbox.hosts(), secrets).check,
    ):
        with pytest.raises(Refused, match="own client id") as caught:
            ask()
        assert caught.value.code != "E-GRANT-REVOKED"
