"""Organizational units: a tree in which the path of each follows from its name and its parents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

ROOT = "id:03ph8a2z0root"
GUESTS = "/Workspace guests"
#: The units of a district that keeps its students by the year they leave.
SAMPLE = (
    "/Students/2022",
    "/Students/2023",
    "/Students/2024",
    "/Students/2025",
    "/Staff",
    "/Staff/Administration",
)
#: Names that break a path, a query, a URL or a list; a path separates with "/", so "/"-like signs stand for it.
ODD = (
    "O'Brien HS",
    "R&D",
    "A, B",
    "C+D",
    "C D",
    "E#F",
    "50 %25",
    "Arts\u2215Music",
    "Maths\uff0fPhysics",
    "What?",
    "x=y;z",
    'The "Annex"',
    "back\\slash",
    "Школа 7",
    "学校",
    "مدرسة",
    "Größe",
    "Staff2",
)
LEVELS = ("Region", "School", "House", "Grade", "Room", "Table")
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(slots=True)
class Unit:
    """One organizational unit. The root has no name and is its own parent."""

    id: str
    name: str
    parent: str
    description: str = ""


class Units:
    """The tree of one customer. Paths are compared as Google does: without regard to case."""

    def __init__(self, paths: Sequence[str] = ()) -> None:
        """The root, and these units with whatever lies above them."""
        self.by_id = {ROOT: Unit(ROOT, "", ROOT)}
        self._children: dict[str, dict[str, str]] = {ROOT: {}}
        self._made = 0
        self._paths: dict[str, str] = {}
        for path in paths:
            self.ensure(path)

    def __len__(self) -> int:
        """How many there are, the root apart."""
        return len(self.by_id) - 1

    def path(self, unit: str) -> str:
        """The path of a unit by its id."""
        if unit not in self._paths:
            names: list[str] = []
            at = unit
            while at != ROOT:
                names.append(self.by_id[at].name)
                at = self.by_id[at].parent
            self._paths[unit] = "/" + "/".join(reversed(names))
        return self._paths[unit]

    def find(self, path: str) -> str | None:
        """The id of the unit at a path, which begins with "/" and does not end with one; None when there is none."""
        if path == "/":
            return ROOT
        if not path.startswith("/") or path.endswith("/"):
            return None
        at: str | None = ROOT
        for name in path[1:].split("/"):
            at = self._children[at].get(name.casefold()) if at else None
        return at

    def at(self, path: str) -> Unit:
        """The unit at a path. KeyError when there is none."""
        found = self.find(path)
        if found is None:
            raise KeyError(f"no unit {path}")
        return self.by_id[found]

    def children(self, unit: str) -> list[str]:
        """The ids of the units right below one, by name."""
        return [key for _, key in sorted(self._children[unit].items())]

    def below(self, unit: str) -> Iterator[str]:
        """The ids of all units below one, each before what lies below it."""
        for child in self.children(unit):
            yield child
            yield from self.below(child)

    def tree(self, unit: str) -> frozenset[str]:
        """A unit and all below it."""
        return frozenset({unit, *self.below(unit)})

    def ensure(self, path: str) -> Unit:
        """The unit at a path, made with all above it where it is missing."""
        at = ROOT
        for name in path.strip("/").split("/"):
            at = self._children[at].get(name.casefold()) or self.add(at, name).id
        return self.by_id[at]

    def add(self, parent: str, name: str, description: str = "") -> Unit:
        """A new unit. ValueError when its parent has one of that name, or the name is no name."""
        if not name or "/" in name or name.casefold() in self._children[parent]:
            raise ValueError(f"no unit can be called {name} there")
        self._made += 1
        unit = Unit(f"id:03ph8a2z{_base36(self._made + 46_656)}", name, parent, description)
        self.by_id[unit.id] = unit
        self._children[unit.id] = {}
        self._children[parent][name.casefold()] = unit.id
        return unit

    def put(self, unit: Unit, parent: str, name: str) -> None:
        """Give a unit a name and a parent: its own path and all below it change. ValueError when that is taken."""
        taken = self._children[parent].get(name.casefold(), unit.id)
        if unit.id == ROOT or parent in self.tree(unit.id) or taken != unit.id or not name or "/" in name:
            raise ValueError(f"{name} cannot be there")
        del self._children[unit.parent][unit.name.casefold()]
        unit.parent, unit.name = parent, name
        self._children[parent][name.casefold()] = unit.id
        self._paths.clear()

    def remove(self, unit: Unit) -> frozenset[str]:
        """Delete a unit and all below it; their ids. ValueError for the root."""
        if unit.id == ROOT:
            raise ValueError("the root stays")
        gone = self.tree(unit.id)
        del self._children[unit.parent][unit.name.casefold()]
        for each in gone:
            del self.by_id[each], self._children[each]
        self._paths.clear()
        return gone


def many(count: int, *, odd: bool) -> list[str]:
    """The paths of `count` units, the sample's and a tree of six levels above it; `odd` mixes odd names in."""
    paths = list(SAMPLE)
    room = max(count - len(SAMPLE) - 1, 0)
    breadth = next(each for each in range(1, count + 2) if sum(each**level for level in range(1, 7)) >= room)
    above = [""]
    for level in LEVELS:
        above = [f"{parent}/{_name(level, at, odd=odd)}" for parent in above for at in range(breadth)][:room]
        room -= len(above)
        paths += above
    return paths


def _name(level: str, at: int, *, odd: bool) -> str:
    return ODD[(at + len(level)) % len(ODD)] if odd and at % 2 else f"{level} {at + 1}"


def _base36(number: int) -> str:
    text = ""
    while number:
        number, digit = divmod(number, len(DIGITS))
        text = DIGITS[digit] + text
    return text
