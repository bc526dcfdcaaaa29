"""A compact way to tell what happens to a district night by night.

A `Story` is a SmartPass district whose schools are linked to a district of Clever's
sandbox: real HTTP, a real database, real commits. Its people are put into the sandbox by
name, `night()` is one run from the first request to the report, and what came of it is
read back as plain tuples, in the words of a page. A neighbour that has the same ids,
names and emails lives beside it, and is never touched.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from accounts import tenancy
from accounts.models import District, Membership, User
from integrations.clever.sandbox import CleverSandbox, District as CleverDistrict
from integrations.clever.sandbox.edits import Edits
from integrations.models import Connection, Link
from tests import factories
from tests.rostering.passing import Nights, Planned, Row, Seen, Waits, accounts_of, everything_of

__all__ = ["Planned", "Row", "Seen", "Story", "Waits", "accounts_of", "everything_of", "neighbour"]

#: Stands for an email made from the name.
MADE = "(made from the name)"
NUMBERED = {"student": "student_number", "teacher": "teacher_number", "staff": "staff_id"}


class Story(Nights):
    """One district, its source, and the nights that pass."""

    def __init__(self, sandbox: CleverSandbox, clever: CleverDistrict, schools: Iterable[str]) -> None:
        """Link the first schools of a district of Clever's to new, purchased ones of these names."""
        self.sandbox = sandbox
        self.clever = clever
        self.world: Edits = sandbox.world(clever)
        self.places = [str(row["id"]) for row in clever.schools()]
        self.names = {}
        self._number = 0
        with tenancy.support():
            self.district = factories.district()
            self.connection = factories.connection(self.district, clever.id)
            self.schools = [factories.school(self.district, name) for name in schools]
            for school, place in zip(self.schools, self.places, strict=False):
                factories.link(self.connection, school, place)

    # People at the source. Schools are named by their place in the list.

    def student(self, name: str, *schools: int, email: str | None = MADE, **fields: Any) -> str:
        """Add a student at these schools (the first one if none is named); Clever's id."""
        return self.add(name, email, student=self.role("student", *schools, **{"grade": "9", **fields}))

    def teacher(self, name: str, *schools: int, email: str | None = MADE, **fields: Any) -> str:
        """Add a teacher."""
        return self.add(name, email, teacher=self.role("teacher", *schools, **fields))

    def staff(self, name: str, *schools: int, email: str | None = MADE, **fields: Any) -> str:
        """Add one of the staff."""
        return self.add(name, email, staff=self.role("staff", *schools, **fields))

    def head(self, name: str, email: str | None = MADE) -> str:
        """Add a district admin."""
        return self.add(name, email, district_admin=self.role("district_admin"))

    def students(self, count: int, school: int = 0, called: str = "Kid") -> list[str]:
        """Add many students at one school: Kid 01, Kid 02 and so on."""
        return [self.student(f"{called} {number:02}", school) for number in range(1, count + 1)]

    def add(self, name: str, email: str | None = MADE, /, **roles: Row) -> str:
        """Add somebody with these Clever roles; Clever's id."""
        first, _, last = name.rpartition(" ")
        made = f"{name.lower().replace(' ', '.')}@lincoln.example"
        key = self.world.add_user(roles, first, last, made if email == MADE else email)
        self.names[key] = name
        return key

    def role(self, word: str, *schools: int, **fields: Any) -> Row:
        """One role as Clever writes it."""
        self._number += 1
        places = [self.places[each] for each in schools or (0,)]
        number = str(1000 + self._number)
        row: Row = {} if word == "student" else {"legacy_id": f"5a{self._number:022x}"}
        if word != "district_admin":
            row |= {"schools": places, NUMBERED[word]: number}
        if word in {"student", "teacher"}:
            row |= {"school": places[0], "sis_id": number}
        return {**row, **fields}

    def link_to_clever(self) -> Connection:
        """The connection as it stands now."""
        return self.tie()


def neighbour(of: Story, names: Sequence[str]) -> District:
    """Another district at Clever whose people have the very ids, names and emails of the story's first ones."""
    keys = [f"70{of.clever.id[2:8]}{number:016x}" for number, _ in enumerate(names, start=1)]
    with tenancy.support():
        district = factories.district("Shelbyville USD")
        school, tie = factories.school(district, "North"), factories.connection(district)
        last = factories.run(tie)
        mine = {"district": district, "source_id": tie.pk, "origin": "clever"}
        people = User.objects.bulk_create(_namesake(district, tie, name) for name in names)
        Membership.objects.bulk_create(Membership(user=who, school=school, roles=["student"], **mine) for who in people)
        Link.objects.bulk_create(
            Link(district=district, connection=tie, user=who, external_id=key)
            for key, who in zip(keys, people, strict=True)
        )
        for who in people:
            factories.change(last, who, school)
    return district


def _namesake(district: District, tie: Connection, name: str) -> User:
    first, _, last = name.rpartition(" ")
    email = f"{name.lower().replace(' ', '.')}@lincoln.example"
    return User(
        district=district, first_name=first, last_name=last, email=email, login_email=email, profile_source=tie.pk
    )
