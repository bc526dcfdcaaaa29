"""The traps in what a Clever roster holds, as far as the provider alone can fall into them.

Numbered as in docs/traps.md; the engine's half of each stands with the engine.
"""

from __future__ import annotations

import pytest

from integrations.clever.provider import CleverProvider
from integrations.clever.sandbox import CleverSandbox, District
from integrations.provider import Malformed
from integrations.records import Role
from tests.integrations.conftest import OpenClever
from tests.integrations.reading import odd, read_all


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
