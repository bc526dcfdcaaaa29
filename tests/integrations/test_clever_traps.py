"""The traps of a Clever integration, as far as the provider alone can fall into them.

Numbered as in docs/traps.md; the engine's half of each stands with the engine.
"""

from __future__ import annotations

import logging
from typing import Any

import pytest

from integrations.clever.provider import CleverProvider
from integrations.clever.sandbox import CleverSandbox, District
from integrations.http import Limits
from integrations.provider import Malformed, Refused, SourceError, Unreachable
from integrations.records import Person, Role
from tests.integrations.conftest import IMPATIENT, OpenClever


def read_all(source: CleverProvider) -> dict[str, Person]:
    """Everybody by id."""
    return {person.external_id: person for person in source.people([])}


def odd(sandbox: CleverSandbox, open_clever: OpenClever) -> dict[str, Person]:
    """Every odd record of a small district, by its name."""
    district = sandbox.add_district(people=4, schools=2, odd=True)
    people = read_all(open_clever(district))
    return {name: people[key] for name, key in district.odd_ids.items()}


def test_trap_04_odd_emails_come_through(sandbox: CleverSandbox, open_clever: OpenClever) -> None:
    """Without an @, with blanks and capitals: the person comes, the email as the source has it."""
    people = odd(sandbox, open_clever)
    assert people["email_without_at"].email == "someone.oddities.example"
    assert people["sis_id_shared_teacher"].email == "Odd.Teacher@Oddities.Example"
    assert people["email_shared_student"].email == people["email_shared_teacher"].email


def test_trap_11_roles_in_any_order(sandbox: CleverSandbox, district: District, open_clever: OpenClever) -> None:
    """Teacher, staff and district admin at once, whatever the order of the keys."""
    employee = district.id_of("teacher", "staff")
    sandbox.world().set_role(employee, "district_admin", {"title": ""})
    before = read_all(open_clever(district))[employee]
    assert {role.word for role in before.roles} == {"teacher", "staff", "district_admin"}
    sandbox.world().reverse_keys(employee)
    assert read_all(open_clever(district))[employee] == before


def test_trap_12_one_person_with_two_roles_comes_once(district: District, open_clever: OpenClever) -> None:
    """With both roles in one record."""
    people = list(open_clever(district).people([]))
    ids = [person.external_id for person in people]
    assert len(ids) == len(set(ids))
    both = [person for person in people if {role.word for role in person.roles} == {"teacher", "staff"}]
    assert len(both) == 5


def test_trap_13_guardians_are_nobody(district: District, open_clever: OpenClever) -> None:
    """Counted, not yielded."""
    source = open_clever(district)
    assert "contact" not in {role.word for person in source.people([]) for role in person.roles}
    assert source.receipt.ignored == 20
    assert source.receipt.rows == source.receipt.announced == 270
    assert CleverProvider.role_defaults["contact"] == ()


def test_trap_14_staff_without_school_and_admins_without_schools(
    sandbox: CleverSandbox, open_clever: OpenClever
) -> None:
    """Staff by their list, a district admin for the whole district."""
    people = odd(sandbox, open_clever)
    assert len(people["staff_two_schools"].roles) == 2
    assert people["admin_without_schools"].roles == (Role(None, "district_admin"),)


@pytest.mark.parametrize("fault", [{"page_status_at": 3}, {"page_status_at": 3, "page_status": 500}])
def test_trap_18_a_failed_page_is_no_end(
    fault: dict[str, Any], sandbox: CleverSandbox, district: District, open_clever: OpenClever
) -> None:
    """It raises, and the next run heals."""
    sandbox.set_faults(fault)
    source = open_clever(district)
    with pytest.raises(Unreachable):
        read_all(source)
    with pytest.raises(RuntimeError):
        _ = source.receipt
    sandbox.set_faults(dict.fromkeys(fault))
    assert len(read_all(source)) == 250
    assert source.receipt.closed


@pytest.mark.parametrize("fault", ["lose_rows_at", "end_at"])
def test_trap_18_a_page_that_lost_rows_is_not_proven(
    fault: str, sandbox: CleverSandbox, district: District, open_clever: OpenClever
) -> None:
    """Nothing looks wrong, but the count tells."""
    sandbox.set_faults({fault: 2})
    source = open_clever(district)
    assert len(read_all(source)) < 250
    assert not source.receipt.proven(set(source.receipt.places))


def test_trap_18_a_school_unshared_during_the_walk_is_not_proven(
    sandbox: CleverSandbox, district: District, open_clever: OpenClever
) -> None:
    """It was there before and is not there after."""
    source = open_clever(district)
    linked = {place.external_id for place in source.places()}
    walk = source.people([])
    next(walk)
    sandbox.world().unshare_school(min(linked))
    list(walk)
    assert set(source.receipt.places) == linked - {min(linked)}
    assert not source.receipt.proven(linked)


def test_trap_19_an_empty_roster_is_told_honestly(
    sandbox: CleverSandbox, district: District, open_clever: OpenClever
) -> None:
    """Status 200, nobody, no schools: nothing is yielded and no linked school is proven."""
    source = open_clever(district)
    linked = {place.external_id for place in source.places()}
    sandbox.set_faults({"no_data": True})
    assert read_all(source) == {}
    assert (source.receipt.rows, source.receipt.places) == (0, [])
    assert not source.receipt.proven(linked)
    source.check()


def test_trap_20_a_revoked_token_is_read_once_more_and_refused(
    sandbox: CleverSandbox, district: District, open_clever: OpenClever
) -> None:
    """One look at the token list, no retry, and other districts are unaffected."""
    other = sandbox.add_district(people=30, schools=1, seed=2)
    source = open_clever(district)
    source.check()
    sandbox.world(district).revoke()
    sandbox.log.clear()
    with pytest.raises(Refused) as caught:
        read_all(source)
    assert caught.value.code == "E-GRANT-REVOKED"
    assert [entry.path for entry in sandbox.log] == [f"/v3.1/districts/{district.id}", "/oauth/tokens"]
    assert len(read_all(open_clever(other))) == 30


def test_trap_20_a_rotated_token_is_found(sandbox: CleverSandbox, district: District, open_clever: OpenClever) -> None:
    """In the middle of a walk, which goes on at the same page."""
    source = open_clever(district)
    walk = source.people([])
    people = [next(walk)]
    sandbox.world().rotate_token()
    people += walk
    assert len(people) == 250
    paths = sandbox.paths()
    assert sum(path.startswith("/oauth/tokens") for path in paths) == 2
    again = paths.index(next(path for path in paths if "starting_after" in path))
    assert paths[again] == paths[again + 2]


def test_trap_20_the_token_list_is_read_once_more_and_not_again(
    sandbox: CleverSandbox, district: District, open_clever: OpenClever
) -> None:
    """A second rotation in one run is for the next run."""
    source = open_clever(district)
    walk = source.people([])
    next(walk)
    sandbox.world().rotate_token()
    for _ in range(100):
        next(walk)
    sandbox.world().rotate_token()
    with pytest.raises(Refused):
        list(walk)
    assert sum(path.startswith("/oauth/tokens") for path in sandbox.paths()) == 2


def test_trap_26_a_404_on_a_referenced_id_is_an_answer(
    sandbox: CleverSandbox, district: District, open_clever: OpenClever
) -> None:
    """Gone, with a message or without; a web page is no answer; and the walk is not disturbed."""
    source = open_clever(district)
    hidden = district.id_of("student")
    sandbox.world().unshare_user(hidden)
    for body in ("message", "empty"):
        sandbox.set_faults({"not_found": body})
        assert source.look_up(hidden, []).state == "gone"
    sandbox.set_faults({"not_found": "html"})
    with pytest.raises(Malformed):
        source.look_up(hidden, [])
    assert len(read_all(source)) == 249


def test_trap_27_a_pause_is_noted(sandbox: CleverSandbox, district: District, open_clever: OpenClever) -> None:
    """Data as of, and until when; a pause that is over or still to come is none."""
    source, world = open_clever(district), sandbox.world()
    world.pause("2020-06-01", "2999-08-15T00:00:00.000Z")
    assert world.sync("2026-09-01T00:00:00.000Z") == "2026-08-01T06:00:00.000Z"
    assert len(read_all(source)) == 250
    assert source.receipt.as_of == "2026-08-01T06:00:00.000Z"
    assert source.receipt.notes == {"paused_until": "2999-08-15T00:00:00.000Z", "state": "paused"}
    for start, end in (("2020-06-01", "2020-08-15"), ("2998-06-01", "2999-08-15"), ("2020-06-01", "soon")):
        world.set_district(pause_start=start, pause_end=end)
        read_all(source)
        assert "paused_until" not in source.receipt.notes
    world.resume()
    world.set_district(last_sync=None, state="")
    read_all(source)
    assert (source.receipt.as_of, source.receipt.notes) == ("", {})


def test_trap_29_nothing_is_read_that_depends_on_order(
    sandbox: CleverSandbox, district: District, open_clever: OpenClever
) -> None:
    """Only the token, the district, its schools and its users; never sections before users."""
    read_all(open_clever(district))
    asked = {entry.path.removeprefix("/v3.1") for entry in sandbox.log}
    assert asked == {"/oauth/tokens", f"/districts/{district.id}", "/schools", "/users"}


def test_trap_30_missing_is_one_thing(sandbox: CleverSandbox, open_clever: OpenClever) -> None:
    """Absent, null and empty."""
    people = odd(sandbox, open_clever)
    for name in ("email_absent", "email_null", "email_empty"):
        assert people[name].email == ""
        assert people[name].roles[0].number == ""
        assert not people[name].problem
    assert people["name_missing"].last_name == ""


def test_trap_31_grades_are_texts(sandbox: CleverSandbox, open_clever: OpenClever) -> None:
    """Known, unknown and thirteenth."""
    people = odd(sandbox, open_clever)
    assert people["grade_unknown"].roles[0].grade == "Year 4 (bilingual)"
    assert people["grade_13"].roles[0].grade == "13"


def test_trap_32_a_main_school_outside_and_no_school_at_all(sandbox: CleverSandbox, open_clever: OpenClever) -> None:
    """The unshared main school is named first; no school is no place, and not the district."""
    people = odd(sandbox, open_clever)
    assert people["primary_not_listed"].roles[0].place == "60ffffff0000000000000001"
    assert people["no_school"].roles == (Role("", "student"),)


def test_trap_33_names_arrive_whole(sandbox: CleverSandbox, open_clever: OpenClever) -> None:
    """300 characters, emoji, right to left, only a last name."""
    people = odd(sandbox, open_clever)
    assert (people["name_300"].first_name, people["name_300"].last_name) == ("Æ" * 300, "x" * 300)
    assert people["name_emoji"].first_name == "Joy 🎒"
    assert people["name_rtl"].last_name == "כהן"
    assert people["name_only_last"][1:3] == ("", "Solo")


def test_trap_34_dates_are_not_read(sandbox: CleverSandbox, open_clever: OpenClever) -> None:
    """A birthday in any format, or none, changes nothing; no cursor is made of a date."""
    people = odd(sandbox, open_clever)
    read_without = [people[name]._replace(external_id="") for name in ("dob_iso", "dob_stamp", "dob_absent")]
    assert not [person.problem for person in read_without if person.problem]
    assert not [path for path in sandbox.paths() if "last_modified" in path or "created" in path]


def test_trap_36_more_than_one_page(sandbox: CleverSandbox, district: District, open_clever: OpenClever) -> None:
    """270 rows at a hundred a page, and at two thousand."""
    assert len(read_all(open_clever(district, page_size=100))) == 250
    assert sum(entry.path == "/v3.1/users" for entry in sandbox.log) == 3
    assert len(read_all(open_clever(district, page_size=CleverProvider.page_size))) == 250


@pytest.mark.parametrize("empty_end", [False, True])
def test_trap_37_next_is_followed_exactly(
    *, empty_end: bool, sandbox: CleverSandbox, district: District, open_clever: OpenClever
) -> None:
    """The version once, the limit kept, the same host; an empty last page is an end."""
    sandbox.set_faults({"empty_last_page": True} if empty_end else {})
    district_page = f"/v3.1/districts/{district.id}"
    ids = [district.roster.id_at(99), district.roster.id_at(199), district.roster.id_at(269)]
    pages = ["/v3.1/users?limit=100&count=true", *(f"/v3.1/users?limit=100&count=true&starting_after={i}" for i in ids)]
    schools = ["/v3.1/schools?limit=10000"]
    if empty_end:
        schools.append(f"/v3.1/schools?limit=10000&starting_after={district.schools()[-1]['id']}")
    assert len(read_all(open_clever(district))) == 250
    token = f"/oauth/tokens?owner_type=district&district={district.id}"
    assert sandbox.paths() == [token, district_page, *schools, *(pages if empty_end else pages[:3]), *schools]


@pytest.mark.parametrize("fault", ["foreign_next_at", "doubled_next_at", "bare_next_at"])
def test_trap_37_a_next_that_leads_elsewhere_is_malformed(
    fault: str, sandbox: CleverSandbox, district: District, open_clever: OpenClever
) -> None:
    """It is not asked for."""
    sandbox.set_faults({fault: 2})
    with pytest.raises(Malformed):
        read_all(open_clever(district))
    assert sum(entry.path.endswith("/users") for entry in sandbox.log) == 2


def test_trap_38_a_next_that_repeats_ends_with_an_error(
    sandbox: CleverSandbox, district: District, open_clever: OpenClever
) -> None:
    """After that page, not never."""
    sandbox.set_faults({"repeat_next_at": 2})
    with pytest.raises(Malformed, match="already read"):
        read_all(open_clever(district))
    assert sum(entry.path == "/v3.1/users" for entry in sandbox.log) == 2


def test_trap_39_a_rate_limit_is_waited_for(
    sandbox: CleverSandbox, district: District, open_clever: OpenClever, naps: list[float]
) -> None:
    """An empty 429 with two buckets: a bounded pause, then the same page again."""
    sandbox.set_faults({"rate_limit": 3, "rate_bucket": 1200})
    late = [0.0]
    sandbox.clock = lambda: 1_800_000_000.0 + late[0] + sum(naps)
    assert len(read_all(open_clever(district))) == 250
    assert len(naps) == 1
    assert naps[0] == 60
    limited = [index for index, entry in enumerate(sandbox.log) if entry.status == 429]
    paths = sandbox.paths()
    assert [paths[index] for index in limited] == [paths[index + 1] for index in limited]


def test_trap_39_a_reset_far_ahead_is_not_slept_through(
    sandbox: CleverSandbox, district: District, open_clever: OpenClever, naps: list[float]
) -> None:
    """Ninety seconds at a time, and then later."""
    sandbox.set_faults({"rate_limit": 0, "rate_reset_in": 5_000_000})
    with pytest.raises(Unreachable) as caught:
        read_all(open_clever(district))
    assert caught.value.code == "E-RATE"
    assert naps == [90.0] * IMPATIENT.pauses


@pytest.mark.parametrize(("status", "asked"), [(400, 1), (401, 1), (403, 1), (404, 1), (413, 1), (500, 3), (503, 3)])
def test_trap_40_what_is_asked_again(
    status: int, asked: int, sandbox: CleverSandbox, district: District, open_clever: OpenClever
) -> None:
    """Failures are, refusals are not; a 401 reads the token list once."""
    sandbox.set_faults({"page_status_at": 2, "page_status": status})
    with pytest.raises(SourceError) as caught:
        read_all(open_clever(district))
    expected = {401: Refused, 403: Refused, 500: Unreachable, 503: Unreachable}
    assert type(caught.value) is expected.get(status, Malformed)
    pages = [entry for entry in sandbox.log if entry.path == "/v3.1/users"]
    assert len(pages) == 1 + asked
    lists = [entry for entry in sandbox.log if entry.path == "/oauth/tokens"]
    assert len(lists) == (2 if status == 401 else 1)


def test_trap_40_a_failure_that_passes_heals(
    sandbox: CleverSandbox, district: District, open_clever: OpenClever
) -> None:
    """Two bad answers and a reset connection on the way to the whole roster."""
    sandbox.set_faults({"page_status_at": 2, "page_status_times": 2, "page_reset_at": 3, "page_reset_times": 1})
    assert len(read_all(open_clever(district))) == 250


def test_trap_41_nothing_secret_in_logs_or_errors(
    sandbox: CleverSandbox, district: District, open_clever: OpenClever, caplog: pytest.LogCaptureFixture
) -> None:
    """A good run, a bad page, a dead token: no token, no client secret, no name."""
    caplog.set_level(logging.DEBUG)
    source = open_clever(district)
    people = read_all(source)
    told = [repr(source)]
    for fault in ({"page_status_at": 1}, {"not_json_at": 1}, {"page_401_from": 1}):
        sandbox.faults = dict(fault)
        with pytest.raises(SourceError) as caught:
            read_all(source)
        told += [str(caught.value), repr(caught.value)]
    written = caplog.text + "".join(told)
    secrets = [district.token, *sandbox.secrets().values(), "Bearer", "Basic"]
    names = {person.last_name for person in people.values() if len(person.last_name) > 4}
    assert "/v3.1/users" in caplog.text
    assert [word for word in {*secrets, *names} if word in written] == []


def test_a_slow_page_is_given_up(sandbox: CleverSandbox, district: District, open_clever: OpenClever) -> None:
    """The read time-out, then tries, then later."""
    sandbox.set_faults({"page_slow_at": 2, "slow_seconds": 1})
    with pytest.raises(Unreachable):
        read_all(open_clever(district, limits=Limits(read=0.2, attempts=2)))


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
