"""The traps in single values: missing ones, grades, schools elsewhere, long names, dates, formulas.

Numbered as in docs/traps.md.
"""

from __future__ import annotations

import csv
import io
from typing import Any

from accounts import tenancy
from accounts.models import School
from integrations import linking
from rostering import lines
from rostering.models import Change, RunState
from tests.rostering.conftest import Tell
from tests.rostering.stories import Planned, Row, Seen, Story

STAMP = "2026-08-01T06:00:00.000Z"
WAYS = ("absent", "null", "empty")


def put(story: Story, key: str, **fields: Any) -> None:
    """Put a student with exactly these top-level fields in the place of somebody."""
    story.world.put_user({"id": key, "district": story.clever.id, **fields}, at=key)


def without(way: str, *names: str) -> Row:
    """These values gone in one of three ways."""
    return {} if way == "absent" else dict.fromkeys(names, None if way == "null" else "")


def test_trap_30_what_the_source_does_not_say_leaves_our_value(story: Story) -> None:
    kids = {way: story.student(f"Kid {way}", grade="7", student_number="S-1", gender="X") for way in WAYS}
    story.night()
    before = story.accounts()
    for way, key in kids.items():
        told = without(way, "grade", "student_number", "gender", "dob", "state_id", "sis_id")
        role = {"school": story.places[0], "schools": [story.places[0]], **told}
        name = without(way, "first", "middle", "last")
        put(story, key, **without(way, "email"), name=name, roles={"student": role})
    assert story.plan(story.night()) == []
    assert story.accounts() == before
    assert {(row["grade"], row["number"]) for row in before["Membership"]} == {("7", "S-1")}


def test_trap_30_somebody_of_whom_nothing_is_said_but_a_school(story: Story) -> None:
    keys = {way: f"70aa0{place}" for place, way in enumerate(WAYS)}
    for way, key in keys.items():
        told = without(way, "grade", "student_number", "sis_id")
        role = {"school": story.places[0], "schools": [story.places[0]], **told}
        name = without(way, "name") if way != "empty" else {"name": {}}
        put(story, key, **without(way, "email"), **name, roles={"student": role})
    assert story.night().state == RunState.DONE
    assert story.people() == [Seen("", "North", "student")] * len(WAYS)
    users = [story.user(key) for key in keys.values()]
    assert [user.get_full_name() for user in users] == [f"Reference {user.pk}" for user in users]
    assert story.issues() == [(key, "E-NO-EMAIL") for key in keys.values()]


GRADES = ("InfantToddler", "PreKindergarten", "Kindergarten", "1", "12", "13", "PostGraduate", "Ungraded", "Year 4 (b)")


def test_trap_31_a_grade_is_a_text(story: Story) -> None:
    keys = {grade: story.student(f"Kid {grade}", grade=grade) for grade in GRADES}
    story.night()
    assert {grade: story.membership(key).grade for grade, key in keys.items()} == {grade: grade for grade in GRADES}
    story.world.set_role(keys["12"], "student", {"grade": "13"})
    assert story.plan(story.night()) == [Planned("Kid 12", "North", "update")]
    assert story.membership(keys["12"]).grade == "13"


def test_trap_32_a_school_elsewhere_is_not_guessed(tell: Tell) -> None:
    story = tell("North", "South", at_clever=3)
    nowhere: Row = {"school": None, "schools": [], "sis_id": "1"}
    story.add("Ana Ruiz", student=nowhere)
    story.student("Ben Lo", 2)
    story.student("Cy Day", 1, school="60ffffff0000000000000001")
    story.student("Di Ash", 2, 0)
    run = story.night()
    assert run.state == RunState.DONE
    assert story.people() == [Seen("Cy Day", "South", "student"), Seen("Di Ash", "North", "student")]
    assert story.issues() == [("Ana Ruiz", "E-SCHOOL-NOT-LINKED"), ("Ben Lo", "E-SCHOOL-NOT-LINKED")]
    assert len(story.accounts()["User"]) == 2


def test_trap_32_a_school_that_has_not_bought_waits(story: Story) -> None:
    with tenancy.support():
        School.objects.filter(pk=story.schools[1].pk).update(purchased=False)
    story.student("Ana Ruiz", 1)
    story.night()
    assert (story.people(), story.issues()) == ([], [("Ana Ruiz", "E-SCHOOL-NOT-LINKED")])
    with tenancy.support():
        linking.set_purchased(None, School.objects.get(pk=story.schools[1].pk), purchased=True, why="Signed")
    story.night()
    assert (story.people(), story.issues()) == ([Seen("Ana Ruiz", "South", "student")], [])


def test_trap_32_whose_school_goes_out_of_reach_leaves_for_that_reason(tell: Tell) -> None:
    story = tell("North", "South", at_clever=3)
    ana = story.student("Ana Ruiz")
    story.student("Ben Lo")
    story.night()
    story.world.move_user(ana, story.places[2])
    assert story.plan(story.night()) == [Planned("Ana Ruiz", "North", "suspend", "out_of_scope")]
    assert story.people() == [Seen("Ana Ruiz", "North", "student", "suspended"), Seen("Ben Lo", "North", "student")]
    assert story.issues() == [("Ana Ruiz", "E-SCHOOL-NOT-LINKED")]


NAMES = (
    ("Æ" * 300, "x" * 300),
    ("Joy 🎒👩🏽‍🎓", "李"),
    ("مريم", "כהן"),
    ("", "Solo"),
    ("Zoë\u200f", "O'Neill-Núñez"),
    ("N\u0303", "ﬁ"),
)


def test_trap_33_names_of_any_length_and_script_are_kept_whole(story: Story) -> None:
    keys = [story.student(f"Kid {place}") for place in range(len(NAMES))]
    for key, (first, last) in zip(keys, NAMES, strict=True):
        story.world.rename_user(key, first, last)
    story.night()
    users = [story.user(key) for key in keys]
    assert tuple((user.first_name, user.last_name) for user in users) == NAMES
    before = story.accounts()
    assert story.plan(story.night()) == []
    assert story.accounts() == before


def test_trap_34_dates_decide_nothing(story: Story) -> None:
    born = ("2/11/2015", "2015-02-11", "2015-02-11T00:00:00.000Z", "11 February", None, 20150211)
    keys = [story.student(f"Kid {number}", dob=dob) for number, dob in enumerate(born)]
    story.night()
    assert story.people() == [Seen(f"Kid {number}", "North", "student") for number in range(len(born))]
    assert story.issues() == []
    row = story.clever.editable(keys[0])
    for stamp in ("1999-01-01T00:00:00.000Z", STAMP, "soon", None):
        row |= {"created": stamp, "last_modified": stamp, "name": {"first": f"At {stamp}", "last": "Kid"}}
        story.world.put_user(row)
        story.night()
        assert story.user(keys[0]).first_name == f"At {stamp}"


def test_trap_35_a_name_is_no_formula_in_a_sheet(story: Story) -> None:
    named = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "Ana")
    for number, first in enumerate(named):
        key = story.student(f"Kid {number}", email=f"{number}@lincoln.example")
        story.world.rename_user(key, first, "Ruiz")
    run = story.night()
    with tenancy.district(story.district.pk):
        sheet = lines.as_csv(run, Change.objects.filter(run=run).order_by("external_id"))
    first_cells = [row[0] for row in csv.reader(io.StringIO(sheet))][1:]
    people = list(dict.fromkeys(first_cells))
    # The source's own blanks around a name are not kept.
    assert people == ["'=1+1 Ruiz", "'+1 Ruiz", "'-1 Ruiz", "'@SUM(A1) Ruiz", "'=1 Ruiz", "Ana Ruiz"]
