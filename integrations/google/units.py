"""The tree of organizational units, and which mapped ones somebody is in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from integrations.google.api import ROOT, Row
from integrations.google.faults import SOURCE
from integrations.google.mapping import fold
from integrations.provider import Malformed
from integrations.records import Place, Rule


class Tree:
    """All units as they are now. Google: a path follows from names, so units are known by their ids."""

    def __init__(self, rows: Iterable[Row]) -> None:
        """Raises `Malformed` for a row that is no unit."""
        self.places = [_place(row) for row in rows]
        self._paths = {place.external_id: place.name for place in self.places}
        self._known = {fold(place.name) for place in self.places}

    def path(self, unit: str) -> str | None:
        """Where a unit is now; None when it is gone."""
        return self._paths.get(unit)

    def knows(self, path: str) -> bool:
        """Whether there is a unit at a path."""
        return fold(path) in self._known


class MappedUnits:
    """The rules about units whose units are there."""

    def __init__(self, tree: Tree, rules: Iterable[Rule]) -> None:
        """Rules whose unit is gone are in `gone`."""
        self.gone: list[Rule] = []
        self._at: dict[str, list[Rule]] = {}
        self._answers: dict[str, tuple[Rule, ...]] = {}
        self._paths: dict[str, str] = {}
        for rule in rules:
            path = tree.path(rule.source_id)
            if path is None:
                self.gone.append(rule)
            else:
                self._at.setdefault(fold(path), []).append(rule)
                self._paths[fold(path)] = path

    def of(self, path: str) -> tuple[Rule, ...]:
        """The rules that count for whoever is in the unit at `path`, the deepest first.

        At each place the deepest mapped unit decides, and only it: who maps a unit elsewhere
        takes nobody away here. A unit counts for what lies below it only if its rule says so.
        """
        key = fold(path)
        if key not in self._answers:
            self._answers[key] = tuple(self._climb(key))
        return self._answers[key]

    def roots(self) -> list[str]:
        """The fewest paths whose trees hold every mapped unit.

        How a search takes a backslash is nowhere written: such a unit is found below the one
        above it.
        """
        askable = {fold(path): path for path in (_askable(path) for path in self._paths.values())}
        return [path for key, path in sorted(askable.items()) if not any(above in askable for above in _above(key))]

    def below(self, root: str) -> list[Rule]:
        """The rules about the unit at a path and about all below it."""
        key = fold(root)
        return [rule for at, rules in self._at.items() if at == key or key in _above(at) for rule in rules]

    def _climb(self, key: str) -> Iterable[Rule]:
        decided: set[str] = set()
        here = key
        while True:
            found = [
                rule for rule in self._at.get(here, ()) if rule.place not in decided and (rule.sub_units or here == key)
            ]
            yield from found
            decided.update(rule.place for rule in found)
            if here == ROOT:
                return
            here = here.rpartition("/")[0] or ROOT


def in_order(places: Sequence[Place]) -> list[Place]:
    """Each unit before what lies below it, neighbours by name."""
    return sorted(places, key=lambda place: (fold(place.name).split("/") if place.name != ROOT else [], place.name))


def _above(key: str) -> Iterable[str]:
    while key != ROOT:
        key = key.rpartition("/")[0] or ROOT
        yield key


def _askable(path: str) -> str:
    while "\\" in path:
        path = path.rpartition("/")[0] or ROOT
    return path


def _place(row: dict[str, Any]) -> Place:
    unit, path, parent = row.get("orgUnitId"), row.get("orgUnitPath"), row.get("parentOrgUnitId")
    if type(unit) is not str or not unit or type(path) is not str or not path.startswith("/"):
        raise Malformed(f"{SOURCE} listed an organizational unit without an id or a path.")
    return Place(unit, path, "ou", parent=parent if type(parent) is str and parent and path != ROOT else None)
