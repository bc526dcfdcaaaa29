"""The traps of ClassLink and OneRoster in what somebody is and where: words, places, dates, grades, names.

Numbered as in the second part of docs/traps.md.
"""

from __future__ import annotations

from typing import Any

import pytest

from accounts import tenancy
from accounts.models import User
from tests.rostering.classlink import DISTRICT, ClassLinkStory
from tests.rostering.passing import Row, Seen


def newer(story: ClassLinkStory, name: str, *roles: Row, **fields: Any) -> str:
    """Somebody whose row carries 1.2's roles beside those of 1.1."""
    key = story.somebody(name, [], **fields)
    story.world.set_fields(key, {"roles": [{**role, "org": {"sourcedId": role["org"]}} for role in roles]})
    return key


def test_trap_30_a_role_counts_while_it_is_held(at_classlink: ClassLinkStory) -> None:
    here, there = at_classlink.role("teacher", 0), at_classlink.role("teacher", 1)
    moves = newer(at_classlink, "Ana Ruiz", {**here, "endDate": "2999-06-11"}, {**there, "beginDate": "2999-08-10"})
    at_classlink.teacher("Ben Lo", 0, 1)
    at_classlink.night()
    assert at_classlink.people()[0] == Seen("Ana Ruiz", "North", "teacher")
    roles = [{**here, "endDate": "2026-06-12"}, {**there, "beginDate": "2026-08-10"}]
    at_classlink.world.set_fields(moves, {"roles": [{**role, "org": {"sourcedId": role["org"]}} for role in roles]})
    at_classlink.night()
    assert at_classlink.people()[:2] == [
        Seen("Ana Ruiz", "North", "teacher", "suspended"),
        Seen("Ana Ruiz", "South", "teacher"),
    ]


def test_trap_33_a_word_that_is_not_known_makes_no_student(at_classlink: ClassLinkStory) -> None:
    at_classlink.students(2)
    unknown = at_classlink.person("Ana Ruiz", "ext:nurse")
    for name, fields in (("Ben Lo", {"role": ""}), ("Cy Day", {"role": None}), ("Di Ash", {"roles": [{"org": "2"}]})):
        key = at_classlink.teacher(name)
        at_classlink.world.set_fields(key, fields)
    capital = at_classlink.person("Eve Fox", "teacher")
    at_classlink.world.set_fields(capital, {"role": "Teacher"})
    at_classlink.night()
    assert at_classlink.issues() == [
        ("Ana Ruiz", "E-ROLE-UNKNOWN"),
        ("Ben Lo", "E-UNREADABLE"),
        ("Cy Day", "E-UNREADABLE"),
        ("Di Ash", "E-UNREADABLE"),
    ]
    assert [(each.name, each.roles) for each in at_classlink.people()] == [
        ("Eve Fox", "teacher"),
        ("Kid 01", "student"),
        ("Kid 02", "student"),
    ]
    at_classlink.world.set_fields(unknown, {"role": "aide"})
    at_classlink.night()
    assert at_classlink.people()[0] == Seen("Ana Ruiz", "North", "teacher")


def test_trap_33_a_role_that_is_not_said_takes_nothing_away(at_classlink: ClassLinkStory) -> None:
    ben = at_classlink.teacher("Ben Lo")
    at_classlink.night()
    at_classlink.world.set_fields(ben, {"role": ""})
    at_classlink.night()
    assert at_classlink.people() == [Seen("Ben Lo", "North", "teacher")]
    assert at_classlink.issues() == [("Ben Lo", "E-UNREADABLE")]
    at_classlink.world.set_fields(ben, {"role": "teacher"})
    at_classlink.night()
    assert (at_classlink.people(), at_classlink.issues()) == ([Seen("Ben Lo", "North", "teacher")], [])


def test_trap_34_more_guardians_than_students_make_no_account(at_classlink: ClassLinkStory) -> None:
    at_classlink.students(3)
    for number in range(9):
        at_classlink.person(f"Kin {number}", ("guardian", "parent", "relative")[number % 3], email="family@x.example")
    run = at_classlink.night()
    assert (len(at_classlink.people()), at_classlink.issues()) == (3, [])
    assert (run.people_read, run.receipt["ignored"], run.removals) == (3, 9, "")


STAFF = {
    "aide": "teacher",
    "proctor": "teacher",
    "administrator": "admin teacher",
    "principal": "admin teacher",
    "siteAdministrator": "admin teacher",
    "teacher": "teacher",
}


def test_trap_35_staff_of_every_word_get_an_account(at_classlink: ClassLinkStory) -> None:
    for word in STAFF:
        at_classlink.person(f"The {word}", word)
    newer(at_classlink, "The counselor", at_classlink.role("counselor"))
    at_classlink.somebody("The head", [{"role": "districtAdministrator", "org": DISTRICT}])
    at_classlink.night()
    seen = {name.partition(" ")[2]: (school, roles) for name, school, roles, _ in at_classlink.people()}
    assert seen == {
        **{word: ("North", roles) for word, roles in STAFF.items()},
        "counselor": ("North", "teacher"),
        "head": ("District", "district_admin"),
    }


def test_trap_36_student_here_and_aide_there(at_classlink: ClassLinkStory) -> None:
    aide = {**at_classlink.role("aide", 1), "roleType": "secondary"}
    student = {**at_classlink.role("student", 0), "roleType": "primary"}
    key = newer(at_classlink, "Ana Ruiz", aide, student, grades=["12"])
    at_classlink.students(2)
    run = at_classlink.night()
    assert at_classlink.people()[:2] == [Seen("Ana Ruiz", "North", "student"), Seen("Ana Ruiz", "South", "teacher")]
    # The row of the account itself stands at the school where they land.
    assert [(each.school, each.kind) for each in at_classlink.plan(run) if each.name == "Ana Ruiz"] == [
        ("North", "create"),
        ("South", "join"),
    ]
    assert (at_classlink.membership(key).grade, at_classlink.membership(key, 1).grade) == ("12", "")


def test_trap_37_who_has_no_school_is_kept_and_put_into_none(at_classlink: ClassLinkStory) -> None:
    world = at_classlink.world
    world.add_org("L1", "North Complex", "local")
    world.add_org("P1", "Transportation", "department")
    for name, org in (("Ana Ruiz", DISTRICT), ("Ben Lo", "L1"), ("Cy Day", "P1"), ("Di Ash", "unseen")):
        at_classlink.somebody(name, [{"role": "teacher", "org": org}])
    at_classlink.somebody("Eve Fox", [{"role": "student"}])
    later = at_classlink.somebody("Fay Gil", [{"role": "administrator", "org": "L1"}])
    at_classlink.students(1)
    run = at_classlink.night()
    assert run.removals == ""
    assert at_classlink.people() == [Seen("Kid 01", "North", "student")]
    names = ["Ana Ruiz", "Ben Lo", "Cy Day", "Di Ash", "Eve Fox", "Fay Gil"]
    assert at_classlink.issues() == [(name, "E-SCHOOL-NOT-LINKED") for name in names]
    world.set_roles(later, [at_classlink.role("administrator", 1)])
    at_classlink.night()
    assert at_classlink.people()[0] == Seen("Fay Gil", "South", "admin teacher")


@pytest.mark.parametrize("absent", ["empty", "missing", "null"])
def test_trap_38_what_is_not_said_leaves_what_we_have(absent: str, at_classlink: ClassLinkStory) -> None:
    ana = at_classlink.student("Ana Ruiz")
    nameless = at_classlink.student("Ben Lo", email="")
    at_classlink.world.rename_user(nameless, first="")
    at_classlink.night()
    at_classlink.world.set_email(ana, "")
    at_classlink.world.rename_user(ana, first="")
    at_classlink.world.set_grades(ana, [])
    at_classlink.sandbox.set_faults({"absent": absent})
    assert at_classlink.plan(at_classlink.night()) == []
    assert at_classlink.people() == [Seen("Ana Ruiz", "North", "student"), Seen("Lo", "North", "student")]
    with tenancy.district(at_classlink.district.pk):
        assert set(User.objects.values_list("login_email", flat=True)) == {"ana.ruiz@lincoln.example", None}


def test_trap_39_a_grade_is_what_the_source_says(at_classlink: ClassLinkStory) -> None:
    said: list[tuple[Any, str]] = [(["KG"], "KG"), (["9"], "9"), (["09"], "09"), (["Ninth grade"], "Ninth grade")]
    said += [(["05", "11", "10"], "05"), (["PS"], "PS"), ([], ""), ("07", "07"), ([8], "8")]
    keys = [at_classlink.student(f"Kid {number}") for number, _ in enumerate(said)]
    for key, (grades, _) in zip(keys, said, strict=True):
        at_classlink.world.set_fields(key, {"grades": grades})
    at_classlink.night()
    assert [at_classlink.membership(key).grade for key in keys] == [grade for _, grade in said]
