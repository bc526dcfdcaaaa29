"""Where a sandbox district's people come from: invented on demand, or read from a capture.

Both give Clever user objects in ascending id order by position, and never change; edits
lie above them in `district.py`.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from pathlib import Path
from typing import Any, Protocol

from integrations.sandbox.districts import InventedDistrict, InventedPerson
from integrations.sandbox.names import LANDSCAPES, PLACES

Row = dict[str, Any]
STAMP = "2026-08-01T06:00:00.000Z"
#: Sections made for each fifty people; the last teacher of each fifty has none.
SECTION_TEACHERS = (1, 14, 20, 27)


class Roster(Protocol):
    """A fixed, sorted collection of users with its schools and sections."""

    district: Row

    def __len__(self) -> int:
        """How many users there are."""

    def id_at(self, index: int) -> str:
        """The id of the user at a position."""

    def user_at(self, index: int) -> Row:
        """The user at a position; not to be changed in place."""

    def position(self, identifier: str) -> int:
        """The first position whose id is not below `identifier`."""

    def schools(self) -> list[Row]:
        """Every school, ascending."""

    def section_count(self) -> int:
        """How many sections there are."""

    def section_at(self, index: int) -> Row:
        """The section at a position."""


class InventedRoster:
    """Clever's view of an invented district. Ids hold the position, so nothing is stored."""

    def __init__(self, invented: InventedDistrict) -> None:
        """Ids are made from the seed: two districts of one seed would share them."""
        self.invented = invented
        self._seed = f"{invented.seed & 0xFFFFFF:06x}"
        self._first = f"64{self._seed}"
        district = self._id("5f", 0)
        self.district = district_row(district, invented.name, f"{invented.domain.partition('.')[0]}")
        self._schools = [self._school(index) for index in range(invented.schools)]
        self._school_ids = [row["id"] for row in self._schools]

    def __len__(self) -> int:
        """People and guardians."""
        return self.invented.people + self.invented.guardians

    def id_at(self, index: int) -> str:
        """The id at a position."""
        return f"{self._first}{index:016x}"

    def position(self, identifier: str) -> int:
        """Where `identifier` stands or would stand."""
        head, tail = identifier[:8], identifier[8:]
        if head != self._first:
            return 0 if identifier < self._first else len(self)
        try:
            return min(int(tail.ljust(16, "0"), 16), len(self))
        except ValueError:
            return len(self)

    def user_at(self, index: int) -> Row:
        """The user at a position, made anew each time."""
        if index >= self.invented.people:
            return self._guardian(index)
        person = self.invented.person(index)
        roles = {kind: self._role(kind, person) for kind in person.kinds}
        user = self._user(index, {"first": person.first, "middle": person.middle, "last": person.last}, roles)
        if person.email:
            user["email"] = person.email
        return user

    def schools(self) -> list[Row]:
        """Every school."""
        return self._schools

    def section_count(self) -> int:
        """Four sections for each fifty people."""
        blocks, rest = divmod(self.invented.people, 50)
        return blocks * len(SECTION_TEACHERS) + sum(place < rest for place in SECTION_TEACHERS)

    def section_at(self, index: int) -> Row:
        """A section of one teacher and the students near by who share the school."""
        block, place = divmod(index, len(SECTION_TEACHERS))
        teacher = self.invented.person(block * 50 + SECTION_TEACHERS[place])
        near = [self.invented.person(each) for each in self._near(block)]
        taught = [each for each in near if each.kinds == ("student",) and each.schools[0] == teacher.schools[0]]
        students = [self.id_at(each.position) for each in taught[place :: len(SECTION_TEACHERS)] or taught[:1]]
        return {
            "id": self._id("65", index),
            "district": self.district["id"],
            "school": self._school_ids[teacher.schools[0]],
            "name": f"Homeroom - {teacher.last} - {place}",
            "sis_id": str(index + 1),
            "teacher": self.id_at(teacher.position),
            "teachers": [self.id_at(teacher.position)],
            "students": students,
            "created": STAMP,
            "last_modified": STAMP,
        }

    def _near(self, block: int) -> range:
        return range(max(0, block * 50 - 50), min(self.invented.people, block * 50 + 100))

    def _id(self, kind: str, index: int) -> str:
        return f"{kind}{self._seed}{index:016x}"

    def _legacy(self, code: int, index: int) -> str:
        return f"5a{self._seed}{code:x}{index:015x}"

    def _user(self, index: int, name: Row, roles: Row) -> Row:
        return {
            "id": self.id_at(index),
            "district": self.district["id"],
            "name": name,
            "roles": roles,
            "created": STAMP,
            "last_modified": STAMP,
        }

    def _role(self, kind: str, person: InventedPerson) -> Row:
        schools = [self._school_ids[each] for each in person.schools]
        credentials = {"district_username": person.username}
        if kind == "district_admin":
            return {"legacy_id": self._legacy(3, person.position), "title": "Superintendent's office"}
        if kind == "staff":
            return {
                "legacy_id": self._legacy(2, person.position),
                "staff_id": f"S-{person.number}",
                "title": "Dean",
                "department": "Office",
                "schools": schools,
                "roles": [],
                "credentials": credentials,
            }
        common = {
            "sis_id": person.number,
            "state_id": f"9{person.number}",
            "school": schools[0],
            "schools": schools,
            "credentials": credentials,
        }
        if kind == "teacher":
            teacher = {"legacy_id": self._legacy(1, person.position), "teacher_number": person.number, "title": ""}
            return {**common, **teacher}
        return {
            **common,
            "legacy_id": self.id_at(person.position),
            "student_number": person.number,
            "grade": person.grade,
            "graduation_year": "",
            "dob": f"{person.position % 12 + 1}/{person.position % 28 + 1}/2014",
            "gender": ("F", "M", "X", "")[person.position % 4],
            "enrollments": [],
            "location": {"address": "", "city": "", "state": "", "zip": ""},
            "home_language": "",
            "gifted_status": "",
        }

    def _guardian(self, index: int) -> Row:
        ward = self.invented.guardian_of(index)
        relation = {"student": self.id_at(ward), "relationship": "Parent", "type": "Primary"}
        contact = {"phone": "", "phone_type": "", "student_relationships": [relation]}
        return self._user(index, {"last": f"Guardian {index}"}, {"contact": contact})

    def _school(self, index: int) -> Row:
        school = self.invented.school(index)
        low, high = school.grades[0], school.grades[-1]
        return school_row(self._id("60", index), self.district["id"], school.name, str(index + 101), low, high)


class CapturedRoster:
    """A folder in Clever's own shape: users.json, sections.json and districts.json.

    Schools are made, with invented names, from the ids in the people and the sections.
    """

    def __init__(self, folder: Path) -> None:
        """Raises OSError or ValueError when the folder does not hold such a capture."""
        users = _rows(folder / "users.json")
        self._users = sorted(users, key=lambda user: str(user["id"]))
        self._ids = [str(user["id"]) for user in self._users]
        self._sections = sorted(_rows(folder / "sections.json"), key=lambda section: str(section["id"]))
        self.district = _rows(folder / "districts.json")[0]
        found = {section["school"] for section in self._sections}
        for user in self._users:
            for role in user.get("roles", {}).values():
                found |= {*role.get("schools", ()), *filter(None, [role.get("school")])}
        self._schools = [self._school(index, each) for index, each in enumerate(sorted(found))]

    def __len__(self) -> int:
        """Every row of users.json."""
        return len(self._ids)

    def id_at(self, index: int) -> str:
        """The id at a position."""
        return self._ids[index]

    def user_at(self, index: int) -> Row:
        """The user as captured."""
        return self._users[index]

    def position(self, identifier: str) -> int:
        """Where `identifier` stands or would stand."""
        return bisect_left(self._ids, identifier)

    def schools(self) -> list[Row]:
        """The schools found in the capture."""
        return self._schools

    def section_count(self) -> int:
        """Every row of sections.json."""
        return len(self._sections)

    def section_at(self, index: int) -> Row:
        """The section as captured."""
        return self._sections[index]

    def _school(self, index: int, identifier: str) -> Row:
        name = f"{PLACES[index % len(PLACES)]} {LANDSCAPES[index % len(LANDSCAPES)]} School"
        return school_row(identifier, self.district["id"], name, str(index + 101), "", "")


def district_row(identifier: str, name: str, shortname: str) -> Row:
    """A district object as Clever gives it."""
    return {
        "id": identifier,
        "name": name,
        "sis_type": "sftp",
        "state": "running",
        "error": "",
        "launch_date": "2026-08-10",
        "last_sync": STAMP,
        "portal_url": f"https://clever.com/in/{shortname}",
        "login_methods": ["Clever Badges", "Clever Passwords"],
        "district_contact": {
            "id": f"5c{identifier[2:]}",
            "district": identifier,
            "email": f"office@{shortname}.example",
            "name": {"first": "Rosa", "last": "Vega"},
            "title": "",
        },
        "lms_state": "",
        "lms_type": "",
    }


def school_row(identifier: str, district: str, name: str, number: str, low: str, high: str) -> Row:
    """A school object as Clever gives it."""
    return {
        "id": identifier,
        "district": district,
        "name": name,
        "sis_id": number,
        "school_number": number,
        "low_grade": low,
        "high_grade": high,
        "principal": {"name": "", "email": ""},
        "location": {"address": "", "city": "", "state": "", "zip": ""},
        "created": STAMP,
        "last_modified": STAMP,
    }


def _rows(path: Path) -> list[Row]:
    rows: list[Row] = [row["data"] for row in json.loads(path.read_text("utf-8"))["data"]]
    return rows
