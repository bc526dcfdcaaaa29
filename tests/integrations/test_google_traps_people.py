"""The traps of Google's accounts: who is active, who comes twice, and what names can be.

Numbered as in the third part of docs/traps.md.
"""

from __future__ import annotations

from typing import Any

import pytest

from integrations.google.mapping import read
from integrations.google.sandbox import Customer, GoogleSandbox
from integrations.provider import Changed
from integrations.records import Person, Unreadable
from tests.integrations.conftest import OpenGoogle
from tests.integrations.gsuite import GOOD, SCOPE, everybody, unit


@pytest.fixture
def odd(google: GoogleSandbox) -> Customer:
    """A customer with every odd account."""
    return google.add_customer(40, odd=True)


def named(odd: Customer, open_google: OpenGoogle) -> dict[str, Person]:
    """The odd accounts that are somebody, by what is odd about them."""
    people = everybody(open_google(odd, [unit(odd, "/")]))
    return {name: people[key] for name, key in odd.odd_ids.items() if key in people}


def test_trap_07_archived_is_not_active(odd: Customer, open_google: OpenGoogle) -> None:
    """Nor is suspended, nor both; who says neither yes nor no cannot be read."""
    people = named(odd, open_google)
    assert [people[name].active for name in ("suspended", "archived", "both", "renamed")] == [False, False, False, True]
    assert people["without_flags"].problem == "suspended: neither yes nor no"
    source = open_google(odd, [unit(odd, "/")])
    for name in ("suspended", "archived"):
        assert source.look_up(odd.odd_ids[name], SCOPE) == ("inactive", people[name])


def test_trap_08_an_index_of_yesterday(google: GoogleSandbox, customer: Customer, open_google: OpenGoogle) -> None:
    """The search shows who was there; what counts is what each account says of itself today."""
    world = google.world()
    gone, moved, came = (customer.invented.id_at(at) for at in (0, 1, 2))
    world.move(came, "/")
    google.set_faults({"lagging": True})
    world.suspend(gone)
    world.move(moved, "/")
    world.move(came, "/Students/2022")
    source = open_google(customer)
    people = everybody(source)
    assert not people[gone].active
    assert {moved, came}.isdisjoint(people)
    states = [source.look_up(key, SCOPE).state for key in (gone, moved, came)]
    assert states == ["inactive", "out_of_scope", "in_scope"]


def test_trap_18_who_comes_as_two_things_has_everything_read_anew(
    google: GoogleSandbox, customer: Customer, open_google: OpenGoogle
) -> None:
    """From staff, which was read, to the students, who come next."""
    mover = next(customer.users(customer.units.at("/Staff").id)).id
    google.world().change_email(mover, f"zz@{customer.domain}")
    google.world().move(mover, "/Staff/Administration")
    google.set_faults({"edit_at": 3, "edit": {"do": "move", "args": {"user": mover, "unit": "/Students/2025"}}})
    source = open_google(customer)
    with pytest.raises(Changed):
        everybody(source)
    with pytest.raises(RuntimeError):
        _ = source.receipt
    google.set_faults({"edit_at": None})
    people = everybody(source)
    assert len(people) == 300
    assert [role.word for role in people[mover].roles] == [unit(customer, "/Students").source_id]


def test_trap_18_a_source_that_never_holds_still_comes_to_an_end(
    google: GoogleSandbox, customer: Customer, open_google: OpenGoogle
) -> None:
    """After two beginnings the first word counts, and tomorrow's listing has the last one."""
    mover = next(customer.users(customer.units.at("/Staff").id)).id
    google.world().change_email(mover, f"zz@{customer.domain}")
    source = open_google(customer)
    for at in range(3):
        google.world().move(mover, "/Staff/Administration")
        google.set_faults({"edit_at": 3, "edit": {"do": "move", "args": {"user": mover, "unit": "/Students/2025"}}})
        if at < 2:
            with pytest.raises(Changed):
                everybody(source)
    people = everybody(source)
    assert [role.word for role in people[mover].roles] == [unit(customer, "/Staff/Administration").source_id]
    assert len(people) == 300


def test_trap_18_a_row_that_comes_twice_is_one_person(
    google: GoogleSandbox, customer: Customer, open_google: OpenGoogle
) -> None:
    google.set_faults({"repeat_row_at": 2})
    source = open_google(customer)
    assert len(everybody(source)) == 300
    assert (source.receipt.rows, source.receipt.ignored) == (301, 1)


def test_trap_18_who_was_not_seen_is_found_by_id(
    google: GoogleSandbox, customer: Customer, open_google: OpenGoogle
) -> None:
    """A page that lost somebody proves nothing about them; the account itself does."""
    source = open_google(customer)
    before = everybody(source)
    google.set_faults({"lose_rows_at": 2})
    after = everybody(source)
    (lost,) = before.keys() - after.keys()
    assert source.look_up(lost, SCOPE) == ("in_scope", before[lost])
    google.set_faults({"lose_rows_at": None})
    google.world().delete(lost)
    assert source.look_up(lost, SCOPE) == ("gone", None)


def test_trap_18_what_is_said_of_one_account(
    google: GoogleSandbox, customer: Customer, open_google: OpenGoogle
) -> None:
    """Deleted lately, deleted long ago, never there; of somebody else; of a group; and when we may not ask at all."""
    google.add_customer(3, seed=2)
    source, world = open_google(customer), google.world(customer)
    lately = customer.invented.id_at(7)
    world.delete(lately)
    other = next(each for each in google.customers.values() if each is not customer)
    group = next(iter(customer.groups))
    keys = (lately, "nobody", "..", "", group)
    assert [source.look_up(key, SCOPE).state for key in keys] == ["gone"] * 5
    assert source.look_up(other.invented.id_at(0), SCOPE) == ("out_of_scope", None)
    today = google.clock
    google.clock = lambda: today() + 30 * 86_400
    assert open_google(customer).look_up(lately, SCOPE) == ("gone", None)


def test_trap_18_found_by_email(google: GoogleSandbox, customer: Customer, open_google: OpenGoogle) -> None:
    """By any address that is theirs, as they are now."""
    source, world = open_google(customer), google.world()
    key = customer.invented.id_at(0)
    old = customer.known(key).email
    world.change_email(key, f"new.name@{customer.domain}")
    student = everybody(source)[key]
    assert source.find(f"New.Name@{customer.domain}") == source.find(old) == ("in_scope", student)
    world.move(key, "/")
    elsewhere = source.find(old)
    assert elsewhere
    assert (elsewhere.state, elsewhere.person and elsewhere.person.roles) == ("out_of_scope", (("", "/", "", ""),))
    assert source.find(f"nobody@{customer.domain}") is None
    assert source.find("no address") is None


def test_trap_22_emails_in_small_letters(odd: Customer, open_google: OpenGoogle) -> None:
    assert named(odd, open_google)["mixed_case"].email == f"mixed.case@{odd.domain}"


def test_trap_23_names_arrive_whole(odd: Customer, open_google: OpenGoogle) -> None:
    """Composed, trimmed, without what cannot be seen, and never cut."""
    people = named(odd, open_google)
    names = {name: (person.first_name, person.last_name) for name, person in people.items()}
    assert {
        "one_name": ("Suharto", ""),
        "no_names": ("", ""),
        "longest": ("Ā" * 60, "Ž" * 60),
        "right_to_left": ("مريم", "بن علي"),
        "apostrophe": ("D'Andre", "O'Neill"),
        "decomposed": ("Zoë", "Müller"),
        "spaces": ("Ana", "Ruiz"),
    }.items() <= names.items()


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"id": None}, "id: missing or not text"),
        ({"id": 1034}, "id: missing or not text"),
        ({"name": "Ana"}, "name: not an object"),
        ({"name": {"givenName": 1}}, "givenName: not text"),
        ({"primaryEmail": ["a"]}, "primaryEmail: not text"),
        ({"archived": "false"}, "archived: neither yes nor no"),
        ({"orgUnitPath": None}, "orgUnitPath: not a path"),
        ({"name": {"givenName": "A\0"}}, "text: a character that cannot be stored"),
        ({"name": {"familyName": "\ud800"}}, "text: a character that cannot be stored"),
    ],
)
def test_trap_23_what_cannot_be_read_says_why(fields: dict[str, Any], problem: str) -> None:
    with pytest.raises(Unreadable) as caught:
        read({**GOOD, **fields})
    assert str(caught.value) == problem


def test_trap_23_a_record_that_cannot_be_read_spoils_only_itself(
    google: GoogleSandbox, customer: Customer, open_google: OpenGoogle
) -> None:
    """It keeps its id where it has one, and nothing else of it is trusted."""
    broken, nameless = (customer.invented.id_at(at) for at in (0, 1))
    google.world().set_fields(broken, name="x", externalIds="y")
    google.world().set_fields(nameless, id=None)
    source = open_google(customer)
    people = everybody(source)
    assert (people[broken], people[""]) == (
        Person(broken, problem="name: not an object"),
        Person("", problem="id: missing or not text"),
    )
    assert len(people) == 300
    assert source.look_up(broken, SCOPE) == ("in_scope", people[broken])
