"""The traps of Google's groups.

Numbered as in the third part of docs/traps.md.
"""

from __future__ import annotations

from typing import Any

import pytest

from integrations.google import listing
from integrations.google.sandbox import Customer, GoogleSandbox
from integrations.google.sandbox.groups import Member
from integrations.provider import Refused, Unreachable
from integrations.records import Role
from tests.integrations.conftest import OpenGoogle
from tests.integrations.google import UNITS, USERS
from tests.integrations.gsuite import SCHOOL, SCOPE, everybody, group, mapping, unit, words


@pytest.fixture
def odd(google: GoogleSandbox) -> Customer:
    """A customer with every odd group."""
    return google.add_customer(40, odd=True)


def test_trap_26_members_of_every_kind(odd: Customer, open_google: OpenGoogle) -> None:
    """Nested, twice, under an alias, without status and type, suspended; strangers and guests are nobody."""
    rule = group(odd, odd.odd_ids["odd_group"])
    source = open_google(odd, [rule])
    people = everybody(source)
    ids = odd.odd_ids
    assert {
        name: people[ids[name]].active for name in ("secondary", "renamed", "one_name", "suspended", "archived")
    } == {
        "secondary": True,
        "renamed": True,
        "one_name": True,
        "suspended": False,
        "archived": False,
    }
    assert len(people) == 5
    assert source.receipt.proven({SCHOOL})
    for key, person in people.items():
        assert source.look_up(key, SCOPE) == ("in_scope" if person.active else "inactive", person)
    assert source.look_up(ids["apostrophe"], SCOPE).state == "out_of_scope"


def test_trap_26_groups_within_groups_in_a_circle(
    google: GoogleSandbox, customer: Customer, open_google: OpenGoogle
) -> None:
    """Google takes none, but nothing hangs on that; each group is read once."""
    world = google.world()
    outer, inner = world.add_group("Outer"), world.add_group("Inner")
    world.add_member(outer, inner)
    customer.groups[inner].members.append(Member(outer, "GROUP"))
    world.add_member(inner, customer.invented.id_at(0))
    google.counts.clear()
    people = everybody(open_google(customer, [group(customer, outer), group(customer, inner, "admin")]))
    assert [words(person) for person in people.values()] == [[outer, inner]]
    assert google.counts["groups/*/members"] == 2


def test_trap_26_in_a_unit_and_in_a_group(customer: Customer, open_google: OpenGoogle) -> None:
    """One person with both roles, the unit's first."""
    office = group(customer, f"office@{customer.domain}", "admin")
    source = open_google(customer, [*mapping(customer), office])
    people = everybody(source)
    both = [person for person in people.values() if len(person.roles) == 2]
    assert (len(people), len(both)) == (300, 5)
    staff = {unit(customer, path).source_id for path in ("/Staff", "/Staff/Administration")}
    for person in both:
        number = customer.known(person.external_id).number
        (at_unit, in_group) = person.roles
        assert at_unit.word in staff
        assert in_group == Role(SCHOOL, office.source_id, "", number)


@pytest.mark.parametrize("limit", [50, 0])
def test_trap_26_members_in_no_mapped_unit(
    limit: int, google: GoogleSandbox, customer: Customer, open_google: OpenGoogle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A few are asked for one by one, many are found in the list of everybody; it is the same people."""
    monkeypatch.setattr(listing, "ASKED_ONE_BY_ONE", limit)
    students, teachers = unit(customer, "/Students"), group(customer, f"teachers@{customer.domain}")
    source = open_google(customer, [students, teachers])
    google.counts.clear()
    people = everybody(source)
    assert sorted(
        sum(words(person) == [word] for person in people.values()) for word in (students[2], teachers[2])
    ) == [
        35,
        240,
    ]
    assert (google.counts["users"], google.counts["users/*"]) == ((3, 36) if limit else (3 + 4, 1))
    assert source.receipt.rows - source.receipt.ignored == 275
    assert source.receipt.proven({SCHOOL})


@pytest.mark.parametrize("path", ["direct", "nested"])
def test_trap_26_everybody_is_no_group(
    path: str, google: GoogleSandbox, customer: Customer, open_google: OpenGoogle
) -> None:
    """Refused, in words; the units are read all the same."""
    world = google.world()
    key = world.add_group("All", f"all@{customer.domain}", members=("everybody",))
    rule = group(customer, key)
    if path == "nested":
        rule = group(customer, world.add_group("Outer", f"all.staff@{customer.domain}", members=(key,)))
    source = open_google(customer, [*mapping(customer), rule])
    assert len(everybody(source)) == 300
    assert not source.receipt.proven({SCHOOL})
    assert source.receipt.notes == {
        "open": f"{rule.name} contains everybody in the organization, which can't be synced as a group: map an OU."
    }


@pytest.mark.parametrize("what", ["gone", "outside"])
def test_trap_26_a_group_that_cannot_be_read(what: str, odd: Customer, open_google: OpenGoogle) -> None:
    """Deleted, or somebody else's: it breaks only itself."""
    rule = group(odd, odd.odd_ids["outside_group"])
    if what == "gone":
        rule = rule._replace(source_id="03gnobody", name="old@lincoln.example")
    source = open_google(odd, [unit(odd, "/Students"), rule])
    assert len(everybody(source)) == 32
    gone = {"open": "old@lincoln.example no longer exists in Google.", "gone": "03gnobody"}
    assert source.receipt.notes == (gone if what == "gone" else {"open": "We can't read all@elsewhere.example."})
    assert source.receipt.places == []


def test_trap_26_an_empty_group_is_empty(odd: Customer, open_google: OpenGoogle) -> None:
    """Its word sends nobody, which the guard judges."""
    source = open_google(odd, [group(odd, odd.odd_ids["empty_group"])])
    assert everybody(source) == {}
    assert source.receipt.proven({SCHOOL})


def test_trap_26_without_the_permission_for_groups(customer: Customer, open_google: OpenGoogle) -> None:
    """Units are read; the group's place is not proven, and the check says what is missing."""
    rules = [*mapping(customer), group(customer, f"office@{customer.domain}")]
    source = open_google(customer, rules, scopes=(USERS, UNITS))
    assert source.groups() == []
    assert len(everybody(source)) == 300
    assert source.receipt.notes == {
        "open": f"We can't read office@{customer.domain}. SmartPass was not given permission to read groups."
        " Link G Suite again and tick every box."
    }
    with pytest.raises(Refused, match="tick every box") as caught:
        source.check()
    assert caught.value.code == "E-PRIVILEGE-MISSING"


def test_trap_26_groups_to_choose_from(odd: Customer, open_google: OpenGoogle) -> None:
    listed = {place.name: place.external_id for place in open_google(odd).groups()}
    own = {held.mail.lower(): held.id for held in odd.groups.values() if not held.outside}
    assert listed == own
    assert list(listed) == sorted(listed)


@pytest.mark.parametrize(("fault", "error"), [("backendError", Unreachable), ("quotaExceeded", Unreachable)])
def test_trap_26_groups_that_do_not_answer_end_the_run(
    fault: str, error: type[Exception], google: GoogleSandbox, customer: Customer, open_google: OpenGoogle
) -> None:
    """Nobody knows who is in them: that is no reading at all."""
    rules: list[Any] = [*mapping(customer), group(customer, f"office@{customer.domain}")]
    google.set_faults({"refuse": {"members": fault}})
    with pytest.raises(error):
        everybody(open_google(customer, rules))


def test_trap_27_a_renamed_group_is_followed(
    google: GoogleSandbox, customer: Customer, open_google: OpenGoogle
) -> None:
    rule = group(customer, f"teachers@{customer.domain}")
    source = open_google(customer, [rule])
    before = everybody(source)
    google.world().rename_group(rule.source_id, "Faculty", f"faculty@{customer.domain}")
    assert everybody(source) == before
    assert len(before) == 35
