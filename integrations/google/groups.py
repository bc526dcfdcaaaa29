"""Who is in the mapped groups, by id.

Google: members may stand there under any alias, without a status or a type, and in groups
within groups. Only the id joins them with accounts.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from integrations.google.api import Directory
from integrations.google.faults import GROUPS, Fault, not_given
from integrations.provider import Refused
from integrations.records import Rule

EVERYBODY = "CUSTOMER"
NESTED = "GROUP"
OUTSIDE = "EXTERNAL"


class Broken(NamedTuple):
    """A rule that says of nobody whether they are in it, and why, in words for people."""

    rule: Rule
    words: str
    gone: bool = False


class _Unusable(Exception):
    """A group whose members cannot be told."""


class Group(NamedTuple):
    """The direct members of one group: ids of accounts (or of what says not that it is none), ids of groups."""

    accounts: frozenset[str]
    groups: frozenset[str]


class MappedGroups:
    """The rules about groups, with their members, those of groups within them too."""

    def __init__(self, directory: Directory, rules: Iterable[Rule]) -> None:
        """Read every mapped group; those that cannot be read are in `broken`. Raises a `SourceError`."""
        self._directory = directory
        self._read: dict[str, Group | None] = {}
        self.broken: list[Broken] = []
        self.of: dict[str, tuple[Rule, ...]] = {}
        for rule in rules:
            self._add(rule)

    def _add(self, rule: Rule) -> None:
        try:
            members = self._all(rule.source_id)
        except _Unusable:
            words = f"{rule.name} contains everybody in the organization, which can't be synced as a group: map an OU."
            self.broken.append(Broken(rule, words))
        except Fault as fault:
            gone = fault.status == 404
            words = f"{rule.name} no longer exists in Google." if gone else f"We can't read {rule.name}."
            self.broken.append(Broken(rule, words, gone))
        except Refused as refused:
            # Google: the permission for groups is one of its own. Without it, units can still be read.
            if str(refused) != not_given(GROUPS):
                raise
            self.broken.append(Broken(rule, f"We can't read {rule.name}. {refused}"))
        else:
            for key in members:
                self.of[key] = (*self.of.get(key, ()), rule)

    def _all(self, group: str) -> set[str]:
        """The members of a group and of all groups within it.

        Google: a group within that belongs to somebody else is refused, and says nothing about
        this one. It takes no circles, but nothing here hangs on that.
        """
        found: set[str] = set()
        seen = {group}
        waiting = [group]
        while waiting:
            here = waiting.pop()
            direct = self._direct(here, within=here != group)
            if direct is not None:
                found |= direct.accounts
                waiting += sorted(direct.groups - seen)
                seen |= direct.groups
        return found

    def _direct(self, group: str, *, within: bool) -> Group | None:
        if group not in self._read:
            try:
                self._read[group] = self._members(group)
            except Fault:
                if not within:
                    raise
                self._read[group] = None
        return self._read[group]

    def _members(self, group: str) -> Group:
        accounts: set[str] = set()
        groups: set[str] = set()
        for page in self._directory.members(group):
            for row in page:
                kind, key = row.get("type"), row.get("id")
                if kind == EVERYBODY:
                    raise _Unusable
                if type(key) is str and key and kind != OUTSIDE:
                    (groups if kind == NESTED else accounts).add(key)
        return Group(frozenset(accounts), frozenset(groups))
