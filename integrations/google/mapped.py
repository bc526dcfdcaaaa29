"""The mapping that people made, joined with units and groups as they are now."""

from __future__ import annotations

from collections.abc import Sequence

from integrations.google.api import Directory
from integrations.google.groups import Broken, MappedGroups
from integrations.google.mapping import Account
from integrations.google.units import MappedUnits, Tree
from integrations.records import Role, Rule


class Mapped:
    """Which roles an account has. `broken` are the rules of which that cannot be told."""

    def __init__(self, directory: Directory, rules: Sequence[Rule]) -> None:
        """Read the tree, and every mapped group. Raises a `SourceError`."""
        self._tree = Tree(directory.units())
        self.units = MappedUnits(self._tree, [rule for rule in rules if rule.kind == "ou"])
        self.groups = MappedGroups(directory, [rule for rule in rules if rule.kind == "group"])
        self._doubted: list[Broken] = []

    @property
    def broken(self) -> list[Broken]:
        """Rules whose unit or group is gone or cannot be read, and why."""
        gone = [Broken(rule, f"{rule.name} no longer exists in Google.", gone=True) for rule in self.units.gone]
        return [*gone, *self._doubted, *self.groups.broken]

    def doubt(self, root: str) -> None:
        """Google does not know the unit at this path though it lists it: its rules say nothing tonight."""
        self._doubted += [Broken(rule, f"We can't read {rule.name}.") for rule in self.units.below(root)]

    def knows(self, path: str) -> bool:
        """Whether there is a unit at a path, in the tree as it was read."""
        return self._tree.knows(path)

    def roles(self, account: Account) -> tuple[Role, ...]:
        """What an account is, by its unit and then by its groups; the word of a role is the rule's part of Google."""
        rules = (*self.units.of(account.path), *self.groups.of.get(account.external_id, ()))
        return tuple(dict.fromkeys(Role(rule.place, rule.source_id, number=account.number) for rule in rules))
