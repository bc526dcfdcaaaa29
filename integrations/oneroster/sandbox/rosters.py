"""An invented district as a student information system holds it, in neither version's wording.

Rows carry OneRoster's field names where both versions agree; `wording.py` turns them into
what 1.1 or 1.2 puts on the wire. Everything is computed from the position, nothing stored.
Ids are a district's own: two districts use the same ones, as real ones do.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from typing import Any

from integrations.sandbox.districts import InventedDistrict, InventedPerson, kinds_at

Row = dict[str, Any]
STAMP = "2026-08-01T06:00:00.000Z"
DISTRICT_ORG = "D1"
FIRST = 1_000_000
#: CEDS codes, the words OneRoster wants for grades.
CODES = {"Kindergarten": "KG", **{str(number): f"{number:02d}" for number in range(1, 13)}}
#: Classes made for each fifty people, each with the teacher at this place.
CLASS_TEACHERS = (1, 14, 20, 27)
SUBJECTS = ("Homeroom", "Mathematics", "Science", "Art")
#: What those are who work at a school without teaching, in 1.2's words.
OFFICE = ("aide", "principal", "counselor", "proctor", "siteAdministrator")
FAMILY = ("guardian", "parent", "relative")
YEAR = ("2026-08-10", "2027-06-11")
HALVES = (("2026-08-10", "2026-12-18"), ("2027-01-04", "2027-06-11"))


class InventedRoster:
    """The people, orgs, classes and sessions of an invented district, by position in id order."""

    def __init__(self, invented: InventedDistrict) -> None:
        """`prefix` stands before everybody's id: another one is another student information system."""
        self.invented = invented
        self.prefix = ""
        self.name = invented.name

    def __len__(self) -> int:
        """People and guardians."""
        return self.invented.people + self.invented.guardians

    def id_at(self, index: int) -> str:
        """The sourcedId at a position; text order is the order of positions."""
        people = self.invented.people
        own = f"{FIRST + index}" if index < people else f"G{FIRST + index - people}"
        return f"{self.prefix}{own}"

    def position(self, identifier: str) -> int:
        """Where `identifier` stands or would stand."""
        return bisect_left(range(len(self)), identifier, key=self.id_at)

    def find(self, identifier: str) -> int | None:
        """The position of exactly this id."""
        index = self.position(identifier)
        return index if index < len(self) and self.id_at(index) == identifier else None

    def user_at(self, index: int) -> Row:
        """The user at a position, made anew each time."""
        if index >= self.invented.people:
            return self._guardian(index)
        person = self.invented.person(index)
        grades = [CODES[person.grade]] if person.grade else []
        kin = self._guardians_of(index) if self.invented.guardians and person.kinds == ("student",) else []
        return {
            "sourcedId": self.id_at(index),
            "status": "active",
            "dateLastModified": STAMP,
            "username": person.username,
            "userIds": [
                {"type": "Fed", "identifier": f"F{person.number}"},
                {"type": "StateID", "identifier": f"9{person.number}"},
            ],
            "enabledUser": True,
            "givenName": person.first,
            "familyName": person.last,
            "middleName": person.middle,
            "roles": list(_roles(person)),
            "identifier": person.number,
            "email": person.email,
            "sms": "",
            "phone": "",
            "agents": kin,
            "grades": grades,
        }

    def orgs(self) -> list[Row]:
        """The district and its schools."""
        home = org_row(DISTRICT_ORG, self.name, "district", "000", "")
        return [home, *(self._school(index) for index in range(self.invented.schools))]

    def sessions(self) -> list[Row]:
        """One school year of two semesters, each of one grading period."""
        year = _session("FY27", "2026-2027", "schoolYear", YEAR, "")
        rows = [year]
        for number, dates in enumerate(HALVES, 1):
            rows.append(_session(f"S{number}", f"Semester {number}", "semester", dates, "FY27"))
            rows.append(_session(f"GP{number}", f"Grading period {number}", "gradingPeriod", dates, f"S{number}"))
        return sorted(rows, key=_key)

    def courses(self) -> list[Row]:
        """One course for each subject."""
        fields = {"status": "active", "dateLastModified": STAMP, "org": DISTRICT_ORG}
        return [
            {"sourcedId": f"CR{at}", **fields, "title": title, "courseCode": f"{title[:3].upper()}1"}
            for at, title in enumerate(SUBJECTS, 1)
        ]

    def class_count(self) -> int:
        """Four classes for each fifty people."""
        blocks, rest = divmod(self.invented.people, 50)
        return blocks * len(CLASS_TEACHERS) + sum(place < rest for place in CLASS_TEACHERS)

    def class_at(self, index: int) -> Row:
        """A class of one teacher and the students near by who share the school."""
        block, place = divmod(index, len(CLASS_TEACHERS))
        teacher = self.invented.person(block * 50 + CLASS_TEACHERS[place])
        around = range(max(0, block * 50 - 50), min(self.invented.people, block * 50 + 100))
        near = [self.invented.person(each) for each in around if kinds_at(each) == ("student",)]
        taught = [each for each in near if teacher.schools and each.schools[0] == teacher.schools[0]]
        students = [self.id_at(each.position) for each in taught[place :: len(CLASS_TEACHERS)] or taught[:1]]
        title = f"{SUBJECTS[place]} {index + 1}"
        return {
            "sourcedId": f"C{FIRST + index}",
            "status": "active",
            "dateLastModified": STAMP,
            "title": f"{title} ({title})",
            "classType": "homeroom" if place == 0 else "scheduled",
            "course": f"CR{place + 1}",
            "school": school_id(teacher.schools[0]) if teacher.schools else DISTRICT_ORG,
            "terms": ["S1", "S2"],
            "teachers": [self.id_at(teacher.position)],
            "students": students,
        }

    def _guardians_of(self, index: int) -> list[str]:
        """Guardian k belongs to person k modulo people, or to the next student where that is none."""
        people, guardians = self.invented.people, self.invented.guardians
        first = index
        while first > 0 and kinds_at(first - 1) != ("student",):
            first -= 1
        found = [each for start in range(first, index + 1) for each in range(start, guardians, people)]
        return [self.id_at(people + each) for each in found]

    def _guardian(self, index: int) -> Row:
        people, number = self.invented.people, index - self.invented.people
        ward = number % people if people else 0
        while ward < people and kinds_at(ward) != ("student",):
            ward += 1
        student = self.invented.person(ward) if ward < people else None
        org = school_id(student.schools[0]) if student else DISTRICT_ORG
        return {
            "sourcedId": self.id_at(index),
            "status": "active",
            "dateLastModified": STAMP,
            "username": f"g{number + 1}@{self.invented.domain}",
            "userIds": [],
            "enabledUser": True,
            "givenName": f"Guardian {number + 1}",
            "familyName": student.last if student else "Unknown",
            "middleName": "",
            "roles": [{"role": FAMILY[number % len(FAMILY)], "org": org}],
            "identifier": f"G{number + 1}",
            "email": f"family{ward}@{self.invented.domain}",
            "sms": "",
            "phone": "",
            "agents": [self.id_at(ward)] if student else [],
            "grades": [],
        }

    def _school(self, index: int) -> Row:
        return org_row(school_id(index), self.invented.school(index).name, "school", f"{index + 101}", DISTRICT_ORG)


def school_id(index: int) -> str:
    """The sourcedId of the school at a position."""
    return str(index + 2)


def org_row(identifier: str, name: str, kind: str, number: str, parent: str) -> Row:
    """An org; `parent` is "" where none is told."""
    return {
        "sourcedId": identifier,
        "status": "active",
        "dateLastModified": STAMP,
        "name": name,
        "type": kind,
        "identifier": number,
        "parent": parent,
    }


def _roles(person: InventedPerson) -> Iterator[Row]:
    """The person's roles in 1.2's words: the first kind at every school, a second one at the last of them."""
    if person.kinds == ("district_admin",):
        yield {"role": "districtAdministrator", "org": DISTRICT_ORG}
        return
    words = [OFFICE[person.position // 50 % len(OFFICE)] if kind == "staff" else kind for kind in person.kinds]
    for school in person.schools:
        yield {"role": words[0], "org": school_id(school)}
    for word in words[1:]:
        yield {"role": word, "org": school_id(person.schools[-1])}


def _session(identifier: str, title: str, kind: str, dates: tuple[str, str], parent: str) -> Row:
    return {
        "sourcedId": identifier,
        "status": "active",
        "dateLastModified": STAMP,
        "title": title,
        "type": kind,
        "startDate": dates[0],
        "endDate": dates[1],
        "schoolYear": "2027",
        "parent": parent,
    }


def _key(row: Row) -> str:
    return str(row["sourcedId"])
