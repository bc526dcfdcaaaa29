"""Invented districts of any size: the same seed gives the same people, one at a time.

Nothing is stored. The person at an index is computed from the index and the seed, so a
district of 300,000 costs no more memory than one of 30.
"""

from __future__ import annotations

from typing import NamedTuple

from integrations.sandbox.names import FIRST, LANDSCAPES, LAST, PLACES

MASK = (1 << 64) - 1
LEVELS = (
    ("Elementary", ("Kindergarten", "1", "2", "3", "4", "5")),
    ("Middle School", ("6", "7", "8")),
    ("High School", ("9", "10", "11", "12")),
)
#: One in this many people is a district admin, starting with the first.
ADMIN_EVERY = 2500
#: Places in each fifty people that are not students.
STAFF_AT, BOTH_AT, TEACHERS_AT = 10, 20, frozenset({1, 14, 27, 40})


class InventedSchool(NamedTuple):
    """One school: its position, name, level, and the grades it teaches."""

    position: int
    name: str
    level: str
    grades: tuple[str, ...]


class InventedPerson(NamedTuple):
    """One person. `kinds` are student, teacher, staff, district_admin; `schools` positions, main one first.

    `grade` is "" for employees, `email` is "" for the youngest students, who have none.
    """

    position: int
    kinds: tuple[str, ...]
    first: str
    middle: str
    last: str
    schools: tuple[int, ...]
    grade: str
    number: str
    email: str
    username: str


class InventedDistrict:
    """A district of `people` people (guardians apart) in `schools` schools."""

    def __init__(self, people: int, schools: int = 3, seed: int = 1, guardians: int = 0) -> None:
        """Raises ValueError unless there is a school for the people to be in."""
        if people < 0 or guardians < 0 or schools < 1:
            raise ValueError("a district needs at least one school and no negative number of people")
        self.people = people
        self.schools = schools
        self.seed = seed
        self.guardians = guardians
        self.name = f"{PLACES[seed % len(PLACES)]} County Schools"
        self.domain = f"{PLACES[seed % len(PLACES)].lower().replace(' ', '')}{seed}.example"

    def school(self, index: int) -> InventedSchool:
        """The school at `index`; names repeat with a numeral once all are used."""
        level, grades = LEVELS[index % len(LEVELS)]
        chance = _chance(self.seed, -1 - index)
        place = PLACES[(index + self.seed) % len(PLACES)]
        again = index // len(PLACES)
        name = f"{place} {LANDSCAPES[chance % len(LANDSCAPES)]} {level}"
        return InventedSchool(index, f"{name} {again + 1}" if again else name, level, grades)

    def person(self, index: int) -> InventedPerson:
        """The person at `index`, counted from 0."""
        kinds = kinds_at(index)
        chance = _chance(self.seed, index)
        main, chance = chance % self.schools, chance // self.schools
        student = kinds == ("student",)
        grades = LEVELS[main % len(LEVELS)][1]
        grade, chance = (grades[chance % len(grades)] if student else ""), chance // 8
        more, chance = chance % 10, chance // 10
        first, chance = FIRST[chance % len(FIRST)], chance // len(FIRST)
        last, chance = LAST[chance % len(LAST)], chance // len(LAST)
        number = f"{self.seed % 100:02d}{index + 100_000}"
        handle = f"{'s' if student else 'e'}{number}"
        schools: tuple[int, ...] = () if kinds == ("district_admin",) else (main,)
        if schools and more == 0 and self.schools > 1:
            schools = (main, (main + 1 + chance % (self.schools - 1)) % self.schools)
        middle = "ABCDEFGHJKLM"[chance % 12] if chance % 3 else ""
        email = "" if grade == "Kindergarten" else f"{handle}@{self.domain}"
        return InventedPerson(index, kinds, first, middle, last, schools, grade, number, email, handle)

    def guardian_of(self, index: int) -> int:
        """The index of the student that the guardian at `index` belongs to, or of the nearest student."""
        ward = _chance(self.seed, -1_000_000 - index) % max(self.people, 1)
        while ward + 1 < self.people and kinds_at(ward) != ("student",):
            ward += 1
        return ward


def kinds_at(index: int) -> tuple[str, ...]:
    """What the person at an index is: student, teacher, staff, district_admin, or two of them."""
    if index % ADMIN_EVERY == 0:
        return ("district_admin",)
    place = index % 50
    if place == STAFF_AT:
        return ("staff",)
    if place == BOTH_AT:
        return ("teacher", "staff")
    return ("teacher",) if place in TEACHERS_AT else ("student",)


def _chance(seed: int, index: int) -> int:
    """64 well-mixed bits (splitmix64), the same on every machine."""
    mixed = (seed * 0x9E3779B97F4A7C15 + index * 0xD1B54A32D192ED03 + 0x632BE59BD9B4E019) & MASK
    mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & MASK
    return mixed ^ (mixed >> 31)
