"""What the source wants for people: section 2 of the rules, with loops."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from tests.simulation.world import DISTRICT_ADMIN, STUDENT, Staged, World, key

#: A role entry after translation: where, as what, grade, number.
Meant = tuple[int | None, frozenset[str], str, str]


@dataclass
class Want:
    """What is wanted at one school (or the district)."""

    roles: set[str] = field(default_factory=set)
    grade: str = ""
    number: str = ""

    @property
    def conflict(self) -> bool:
        """Whether this is Student and something else at once."""
        return STUDENT in self.roles and len(self.roles) > 1


@dataclass
class Wanted:
    """Everything wanted for one user; `main` is the main school, where anything is wanted."""

    at: dict[int | None, Want] = field(default_factory=dict)
    main: int | None = None

    @property
    def family(self) -> str | None:
        """Student, staff, or None for both and for neither."""
        return family(role for want in self.at.values() for role in want.roles)


def family(roles: Iterable[str]) -> str | None:
    """Of which family somebody with these roles is."""
    kinds = {"student" if role == STUDENT else "staff" for role in roles}
    return kinds.pop() if len(kinds) == 1 else None


def mapped(world: World, word: str) -> frozenset[str] | None:
    """The roles a word gives here; None for a word nobody knows. Admin brings Teacher."""
    if word not in world.role_map:
        return None
    roles = frozenset(world.role_map[word])
    return roles | {"teacher"} if "admin" in roles else roles


def synced(world: World) -> set[int]:
    """The schools that this connection looks after now: actively linked, and purchased."""
    return {place.school for place in world.places if place.active and world.schools[place.school]}


def school_of(world: World, place: str | None) -> int | None:
    """The purchased school that a place is actively linked to, or None."""
    for link in world.places:
        if link.active and link.external_id == place and world.schools[link.school]:
            return link.school
    return None


def meant(world: World, person: Staged) -> Iterator[Meant]:
    """Each role entry that counts, translated; one word may mean two places.

    A grade and a number belong to a school, so that the district has none.
    """
    for entry in person.roles if person.speaks else ():
        roles = mapped(world, entry.word) or frozenset()
        school = school_of(world, entry.place)
        if school is not None and roles - {DISTRICT_ADMIN}:
            yield school, roles - {DISTRICT_ADMIN}, entry.grade, entry.number
        if DISTRICT_ADMIN in roles:
            yield None, frozenset({DISTRICT_ADMIN}), "", ""


def wanted(world: World, people: Iterable[Staged]) -> Wanted:
    """What these records, all of one user, want together."""
    result = Wanted()
    for person in sorted(people, key=lambda each: key(each.external_id)):
        for school, roles, grade, number in meant(world, person):
            want = result.at.setdefault(school, Want())
            want.roles |= roles
            want.grade = want.grade or grade
            want.number = want.number or number
    result.main = _main(result.at)
    return result


def _main(at: dict[int | None, Want]) -> int | None:
    """The first school that was named; the district only without one, a conflict last of all."""
    calm = [school for school in at if not at[school].conflict]
    schools = [school for school in calm if school is not None]
    return (schools or calm or [*at, None])[0]
