"""The traps of Google's units: the tree, mapped parts of it, and where somebody is.

Numbered as in the third part of docs/traps.md.
"""

from __future__ import annotations

import pytest

from integrations.google.sandbox import Customer, GoogleSandbox
from integrations.google.sandbox.units import ODD, ROOT
from integrations.provider import Changed, Refused, Unreachable
from integrations.records import Role
from tests.integrations.conftest import OpenGoogle
from tests.integrations.gsuite import SCHOOL, SCOPE, everybody, unit, words


def asked(google: GoogleSandbox) -> list[str]:
    """The searches for accounts so far, a page each."""
    return [entry.query for entry in google.log if entry.path.endswith("/v1/users")]


def test_trap_01_every_level_of_units_is_shown(google: GoogleSandbox, open_google: OpenGoogle) -> None:
    """All of them with their paths, each before what lies below it, the root first."""
    customer = google.add_customer(0, ous=500)
    places = open_google(customer).places()
    assert {place.external_id: place.name for place in places} == {
        key: customer.units.path(key) for key in customer.units.by_id
    }
    assert max(place.name.count("/") for place in places) == 6
    assert (places[0].external_id, places[0].parent) == (ROOT, None)
    shown: set[str | None] = {None}
    for place in places:
        assert place.parent in shown
        shown.add(place.external_id)


def test_trap_01_more_units_than_one_answer_holds(google: GoogleSandbox, open_google: OpenGoogle) -> None:
    """They are asked for below each unit of the top level, and below that where it has to be."""
    customer = google.add_customer(0, ous=300)
    every = {key: customer.units.path(key) for key in customer.units.by_id}
    google.set_faults({"ou_most": 60})
    assert {place.external_id: place.name for place in open_google(customer).places()} == every
    google.set_faults({"ou_most": 0})
    with pytest.raises(Unreachable):
        open_google(customer).places()


def test_trap_02_the_deepest_mapped_unit_decides(customer: Customer, open_google: OpenGoogle) -> None:
    people = everybody(open_google(customer))
    by_role = {rule.source_id: rule.role for rule in open_google(customer).rules}
    counted: dict[str, int] = {}
    for person in people.values():
        (word,) = words(person)
        counted[by_role[word]] = counted.get(by_role[word], 0) + 1
    assert counted == {"student": 240, "teacher": 45, "admin": 15}


def test_trap_02_each_place_decides_for_itself(customer: Customer, open_google: OpenGoogle) -> None:
    """Who maps a part of it for another school takes nobody away from this one."""
    here = unit(customer, "/Staff", "teacher")
    there = unit(customer, "/Staff/Administration", "admin", "school:2")
    people = everybody(open_google(customer, [here, there]))
    held = [words(person) for person in people.values()]
    assert sorted(map(len, held)) == [1] * 45 + [2] * 15
    both = next(person for person in people.values() if len(person.roles) == 2)
    assert [(role.place, role.word) for role in both.roles] == [
        ("school:2", there.source_id),
        (SCHOOL, here.source_id),
    ]


def test_trap_02_a_unit_alone(google: GoogleSandbox, customer: Customer, open_google: OpenGoogle) -> None:
    """Without what lies below it; there the next mapped unit above that counts for it decides."""
    alone = unit(customer, "/Staff", "teacher", sub_units=False)
    assert len(everybody(open_google(customer, [alone]))) == 45
    root = unit(customer, "/", "student")
    google.world().move(customer.sync_account, "/Staff")
    people = everybody(open_google(customer, [alone, root]))
    assert sorted(words(person)[0] == root.source_id for person in people.values()) == [False] * 45 + [True] * 256


def test_trap_03_a_name_that_begins_like_another(
    google: GoogleSandbox, customer: Customer, open_google: OpenGoogle
) -> None:
    world = google.world()
    world.add_ou("/Staff2")
    stranger = world.add_user("/Staff2")
    staff, root = unit(customer, "/Staff"), unit(customer, "/", "teacher")
    assert stranger not in everybody(open_google(customer, [staff]))
    people = everybody(open_google(customer, [staff, root]))
    assert words(people[stranger]) == [root.source_id]
    assert sum(words(person) == [staff.source_id] for person in people.values()) == 60


@pytest.mark.parametrize("name", ODD)
def test_trap_04_units_with_odd_names(name: str, google: GoogleSandbox, open_google: OpenGoogle) -> None:
    """Whatever a unit is called, exactly its people come; so do those below it."""
    customer = google.add_customer(20)
    world = google.world()
    for other in ODD:
        world.add_ou(f"/{other}/Inner")
        world.add_user(f"/{other}")
    wanted = {world.add_user(f"/{name}"), world.add_user(f"/{name}/Inner")}
    there = [user.id for user in customer.users(customer.units.at(f"/{name}").id)]
    assert wanted < set(there)
    assert len(there) == 3
    people = everybody(open_google(customer, [unit(customer, f"/{name}"), unit(customer, f"/{name}/Inner", "teacher")]))
    assert sorted(people) == sorted(there)


def test_trap_04_the_spelling_of_a_path_means_nothing(
    google: GoogleSandbox, customer: Customer, open_google: OpenGoogle
) -> None:
    """Google: paths are compared without regard to case."""
    world = google.world()
    somebody = world.add_user("/Staff")
    world.set_fields(somebody, orgUnitPath="/STAFF")
    assert words(everybody(open_google(customer))[somebody]) == [unit(customer, "/Staff").source_id]


def test_trap_04_a_long_path_is_asked_for_whole(google: GoogleSandbox, open_google: OpenGoogle) -> None:
    """Six levels in another script: the library would make another kind of request of so long a question."""
    path = "".join(f"/{'学校' * 28}{level}" for level in range(6))
    customer = google.add_customer(0, ous=[path])
    somebody = google.world().add_user(path)
    assert list(everybody(open_google(customer, [unit(customer, path)]))) == [somebody]
    assert {entry.method for entry in google.log if entry.path != "/token"} == {"GET"}
    assert max(map(len, asked(google))) > 2048


def test_trap_05_a_renamed_unit_is_followed(google: GoogleSandbox, customer: Customer, open_google: OpenGoogle) -> None:
    """By its id; wherever it is moved."""
    source = open_google(customer)
    before = everybody(source)
    google.world().rename_ou("/Staff", "Team")
    google.world().add_ou("/People")
    google.world().move_ou("/Team", "/People")
    assert everybody(source) == before
    assert source.receipt.proven({SCHOOL})
    somebody = next(iter(before.values()))
    assert source.look_up(somebody.external_id, SCOPE) == ("in_scope", somebody)
    google.world().rename_ou("/People", "Everybody")
    google.world().rename_ou("/Students", "Learners")
    assert {source.look_up(key, SCOPE).state for key in list(before)[::40]} == {"in_scope"}


@pytest.mark.parametrize("page", [1, 3])
def test_trap_05_a_unit_renamed_while_it_is_read(
    page: int, google: GoogleSandbox, customer: Customer, open_google: OpenGoogle
) -> None:
    """What was read is worth nothing; reading anew finds everybody."""
    before = everybody(open_google(customer))
    source = open_google(customer)
    args = {"unit": "/Students", "name": "Classes"}
    google.set_faults({"edit_at": page, "edit": {"do": "rename_ou", "args": args}})
    with pytest.raises(Changed):
        everybody(source)
    google.set_faults({"edit_at": None})
    assert everybody(source) == before
    assert source.receipt.proven({SCHOOL})


def test_trap_06_a_deleted_unit_breaks_only_itself(
    google: GoogleSandbox, customer: Customer, open_google: OpenGoogle
) -> None:
    """The others are read; the place of the broken one is not proven, in words, and the one of another is."""
    admins = unit(customer, "/Staff/Administration", "admin", "school:2")
    source = open_google(customer, [unit(customer, "/Students"), admins])
    google.world().delete_ou("/Staff/Administration")
    assert len(list(source.people([SCHOOL, "school:2"]))) == 240
    receipt = source.receipt
    assert (receipt.places, receipt.closed) == ([SCHOOL], False)
    assert receipt.notes == {
        "open": "/Staff/Administration no longer exists in Google.",
        "gone": admins.source_id,
    }
    assert not receipt.proven({"school:2"})
    assert len(everybody(source)) == 240
    assert source.receipt.proven({SCHOOL})


def test_trap_06_a_unit_that_is_listed_and_not_known(
    google: GoogleSandbox, customer: Customer, open_google: OpenGoogle
) -> None:
    """Read anew twice; then it says nothing tonight, and the others do."""
    source = open_google(customer)
    google.set_faults({"refuse": {"users": "badRequest"}, "message": "Invalid Input: INVALID_OU_ID", "refuse_times": 3})
    for _ in range(2):
        with pytest.raises(Changed):
            everybody(source)
    assert len(everybody(source)) == 240
    assert (source.receipt.closed, source.receipt.places) == (False, [])
    assert source.receipt.notes == {"open": "We can't read /Staff. We can't read /Staff/Administration."}


def test_trap_06_a_role_that_reaches_only_a_part(
    google: GoogleSandbox, customer: Customer, open_google: OpenGoogle
) -> None:
    """Google: lists then hold only what it may read, without a word. What is not seen is not taken for empty."""
    source = open_google(customer)
    google.world().limit_role("/Staff")
    assert len(everybody(source)) == 60
    assert source.receipt.notes["open"] == "/Students no longer exists in Google."
    assert not source.receipt.proven({SCHOOL})
    google.set_faults({"limited_role": "refuse"})
    with pytest.raises(Refused, match="for the whole organization"):
        everybody(source)


def test_trap_06_people_in_units_that_are_not_shown(
    google: GoogleSandbox, customer: Customer, open_google: OpenGoogle
) -> None:
    """Whatever units their accounts name: read anew twice, and then what is mapped above them counts."""
    strange = [user.id for user in customer.users(customer.units.at("/Staff").id)][:4]
    for at, key in enumerate(strange):
        google.world().set_fields(key, orgUnitPath=f"/Staff/Hidden {at}" if at else "/Hidden")
    source = open_google(customer)
    for _ in range(2):
        with pytest.raises(Changed):
            everybody(source)
    people = everybody(source)
    assert len(people) == 299
    assert [words(people[key]) for key in strange[1:]] == [[unit(customer, "/Staff").source_id]] * 3


def test_trap_13_nobody_is_lost_behind_the_first_page(
    google: GoogleSandbox, customer: Customer, open_google: OpenGoogle
) -> None:
    """The mask names the token of the next page, and nothing that nobody reads."""
    google.log.clear()
    assert len(everybody(open_google(customer, page_size=37))) == 300
    pages = asked(google)
    assert len(pages) == 2 + 7
    assert all("fields=nextPageToken%2Cusers%28id%2C" in query and "prettyPrint=false" in query for query in pages)


def test_trap_13_only_what_is_mapped_is_read(
    google: GoogleSandbox, customer: Customer, open_google: OpenGoogle
) -> None:
    """A unit that lies in another mapped one is not read twice."""
    rules = [unit(customer, path) for path in ("/Staff/Administration", "/Students/2023", "/Staff")]
    people = everybody(open_google(customer, rules))
    assert len(people) == 120
    assert [
        entry.query.partition("query=")[2].partition("&")[0] for entry in google.log if "query=" in entry.query
    ] == [
        "orgUnitPath%3D%27%2FStaff%27",
        "orgUnitPath%3D%27%2FStudents%2F2023%27",
    ]


def test_trap_24_people_of_a_second_domain_come(
    google: GoogleSandbox, customer: Customer, open_google: OpenGoogle
) -> None:
    people = everybody(open_google(customer))
    assert sum(person.email.endswith(f"@{customer.secondary}") for person in people.values()) == 30
    assert not [query for query in asked(google) if "domain=" in query]


def test_trap_25_the_root_brings_no_strangers(google: GoogleSandbox, open_google: OpenGoogle) -> None:
    """Guests and the linked account itself are nobody, whatever that account is called now."""
    customer = google.add_customer(20)
    world = google.world()
    root = unit(customer, "/")
    guest = world.add_guest("visitor@elsewhere.example")
    hidden = world.add_user("/Workspace guests", "Not", "Flagged")
    own = customer.user(customer.sync_account)
    assert own
    source = open_google(customer, [root])
    world.change_email(customer.sync_account, f"sync@{customer.domain}")
    people = everybody(source)
    assert {guest, hidden, own.id}.isdisjoint(people)
    assert len(people) == 21
    assert (source.receipt.rows, source.receipt.ignored) == (24, 3)
    for nobody in (guest, own.id):
        found = source.look_up(nobody, SCOPE)
        assert found.state == "out_of_scope"
        assert found.person
        assert found.person.roles == (Role("", customer.path_of(customer.known(nobody))),)
