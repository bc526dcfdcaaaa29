"""Records such as real rosters hold, one of each: what a reader has to survive.

Clever: strings have no greatest length and any script; emails are not verified; a value
may be missing in three ways; new fields and role keys may appear at any time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Row = dict[str, Any]
Make = Callable[[str, Row], Row]


def oddities(make: Make, schools: list[str]) -> dict[str, Row]:
    """Named odd users. `make(name, fields)` gives a user object with a fresh id."""
    here, there = schools[0], schools[-1]
    rows = {
        **_students(here, there),
        **_employees(here, there),
        "empty_roles": {"roles": {}},
        "unknown_role": {"roles": {"volunteer": {"schools": [here], "legacy_id": "5b0000000000000000000901"}}},
        "unknown_fields": {
            "badge": {"colour": "blue"},
            "roles": {"student": _student(here, "odd-16", favourite_fruit=["fig"], ext={"bus": 7})},
        },
    }
    return {name: make(name, fields) for name, fields in rows.items()}


def _student(school: str, number: str, **more: Any) -> Row:
    role = {"school": school, "schools": [school], "sis_id": number, "student_number": number, "grade": "4"}
    return {**role, "dob": "2/11/2015", **more}


def _students(here: str, there: str) -> dict[str, Row]:
    shared = "the.same@oddities.example"
    return {
        "email_without_at": {"email": "someone.oddities.example", "roles": {"student": _student(here, "odd-1")}},
        "email_null": {"email": None, "roles": {"student": _student(here, "odd-2", student_number=None)}},
        "email_empty": {"email": "", "roles": {"student": _student(here, "odd-3", student_number="", grade="")}},
        "email_absent": {"roles": {"student": {"school": here, "schools": [here], "sis_id": "odd-4"}}},
        "email_shared_student": {"email": shared, "roles": {"student": _student(here, "odd-5")}},
        "sis_id_shared_student": {"roles": {"student": _student(here, "47")}},
        "dob_iso": {"roles": {"student": _student(here, "odd-6", dob="2015-02-11")}},
        "dob_stamp": {"roles": {"student": _student(here, "odd-7", dob="2015-02-11T00:00:00.000Z")}},
        "dob_absent": {"roles": {"student": {"school": here, "schools": [here], "sis_id": "odd-8"}}},
        "grade_unknown": {"roles": {"student": _student(here, "odd-9", grade="Year 4 (bilingual)")}},
        "grade_13": {"roles": {"student": _student(here, "odd-10", grade="13")}},
        "two_schools": {"roles": {"student": _student(here, "odd-11", schools=sorted({here, there}))}},
        "primary_not_listed": {"roles": {"student": _student("60ffffff0000000000000001", "odd-12", schools=[here])}},
        "no_school": {"roles": {"student": {"school": None, "schools": [], "sis_id": "odd-13"}}},
        "same_name_one": {"name": {"first": "Sam", "last": "Lee"}, "roles": {"student": _student(here, "odd-14")}},
        "same_name_two": {"name": {"first": "Sam", "last": "Lee"}, "roles": {"student": _student(here, "odd-15")}},
        "name_300": {"name": {"first": "Æ" * 300, "last": "x" * 300}, "roles": {"student": _student(here, "odd-17")}},
        "name_emoji": {"name": {"first": "Joy 🎒", "last": "李"}, "roles": {"student": _student(here, "odd-18")}},
        "name_rtl": {"name": {"first": "مريم", "last": "כהן"}, "roles": {"student": _student(here, "odd-19")}},
        "name_only_last": {"name": {"last": "Solo"}, "roles": {"student": _student(here, "odd-20")}},
        "name_missing": {"name": None, "roles": {"student": _student(here, "odd-21")}},
        "name_formula": {"name": {"first": "=1+1", "last": "@x"}, "roles": {"student": _student(here, "odd-22")}},
    }


def _employees(here: str, there: str) -> dict[str, Row]:
    both = sorted({here, there})
    teacher = {"school": here, "schools": [here], "sis_id": "47", "teacher_number": "47", "title": None}
    staff = {"staff_id": "S-odd", "schools": both, "title": "", "roles": ["PortalOnly"], "credentials": None}
    shared = "the.same@oddities.example"
    return {
        "email_shared_teacher": {"email": shared, "roles": {"teacher": {**teacher, "sis_id": "odd-t1"}}},
        "sis_id_shared_teacher": {"email": " Odd.Teacher@Oddities.Example ", "roles": {"teacher": teacher}},
        "staff_two_schools": {"email": "dean@oddities.example", "roles": {"staff": staff}},
        "admin_without_schools": {"email": "head@oddities.example", "roles": {"district_admin": {"title": ""}}},
        "all_three_roles": {
            "email": "all@oddities.example",
            "roles": {
                "district_admin": {"legacy_id": "5b0000000000000000000003", "title": ""},
                "staff": {**staff, "legacy_id": "5b0000000000000000000002"},
                "teacher": {**teacher, "sis_id": "odd-t2", "legacy_id": "5b0000000000000000000001"},
            },
        },
    }
