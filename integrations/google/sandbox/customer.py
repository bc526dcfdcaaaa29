"""One Google customer: its units, its accounts with what was edited above them, its groups, its admins."""

from __future__ import annotations

import copy
import heapq
from bisect import bisect_right, insort
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from integrations.google.sandbox.groups import Group
from integrations.google.sandbox.people import InventedPeople, User, shown
from integrations.google.sandbox.units import ROOT, Units

Row = dict[str, Any]
#: Google: so long a deleted account can be brought back, and is told apart from one that never was.
UNDELETE_SECONDS = 20 * 86_400
PRIVILEGES = frozenset({"users", "orgunits", "groups"})


@dataclass(frozen=True, slots=True)
class Role:
    """What an admin may read: these rights, or everything; `unit` is the only part of the tree it reaches."""

    rights: frozenset[str] = PRIVILEGES
    everything: bool = False
    unit: str | None = None

    def has(self, right: str) -> bool:
        """Whether a right is in it. Google: the one for groups cannot be limited to a unit."""
        return self.everything or right in self.rights


@dataclass(slots=True)
class State:
    """Accounts above the invented ones, those that are deleted and since when, and the tree."""

    units: Units
    above: dict[str, User] = field(default_factory=dict)
    deleted: dict[str, float] = field(default_factory=dict)
    #: Where the people of deleted units went.
    instead: dict[str, str] = field(default_factory=dict)
    #: The accounts of `above`, by mail.
    order: list[tuple[str, str]] = field(default_factory=list)

    def copied(self) -> State:
        """The state as it is now, for an index that has not caught up."""
        tree = copy.deepcopy(self.units)
        return State(tree, dict(self.above), dict(self.deleted), dict(self.instead), list(self.order))

    def unit_of(self, user: User) -> str:
        """The id of the unit somebody is in."""
        unit = user.unit
        while unit in self.instead:
            unit = self.instead[unit]
        return unit


class Customer:
    """A Google Workspace with its directory.

    `sync_account` is the mail of the admin whose consent we get: its role may read users,
    units and groups. `second_admin` is a super admin. Both stand in the root unit, above
    the `people` that were asked for.
    """

    def __init__(self, people: InventedPeople, units: Units, clock: Callable[[], float]) -> None:
        """A customer of these people in these units."""
        self.invented = people
        self.clock = clock
        self.id = f"C0{people.seed % 10_000:04d}sbx"
        self.name = people.name
        self.domain, self.secondary = people.domain, people.secondary
        self.state = State(units)
        #: What searches see when it lags behind; None while it is up to date.
        self.index: State | None = None
        self.groups: dict[str, Group] = {}
        self.roles: dict[str, Role] = {}
        #: The error on Google's page for whoever signs in from a unit, by the unit's id, or by a mail.
        self.policies: dict[str, str] = {}
        self.odd_ids: dict[str, str] = {}
        self._made = 0
        self.sync_account = self._admin("smartpass-sync", "delegated", Role())
        self.second_admin = self._admin("admin", "super", Role(everything=True))

    @property
    def units(self) -> Units:
        """The tree as it is."""
        return self.state.units

    @property
    def domains(self) -> tuple[str, str]:
        """The primary domain and the secondary one."""
        return self.domain, self.secondary

    # Reading.

    def user(self, key: str) -> User | None:
        """A living account by id, mail or alias."""
        found = self.ever(key)
        return found if found and found.id not in self.state.deleted else None

    def ever(self, key: str) -> User | None:
        """An account by id, mail or alias, deleted or not; a living one before a deleted one."""
        if key in self.state.above:
            return self.state.above[key]
        text = key.lower()
        found = [each for each in self.state.above.values() if text in each.mails] if "@" in text else []
        position = self.invented.find(text)
        if position is not None and self.invented.id_at(position) not in self.state.above:
            found.append(self.invented.at(position))
        return min(found, key=lambda each: each.id in self.state.deleted, default=None)

    def deleted_since(self, user: User) -> float | None:
        """How many seconds ago an account was deleted; None while it lives."""
        since = self.state.deleted.get(user.id)
        return None if since is None else self.clock() - since

    def users(self, unit: str | None = None, after: str = "", state: State | None = None) -> Iterator[User]:
        """The living accounts below a unit (None: all), by mail, from behind a mail on."""
        held = state or self.state
        units = held.units.tree(unit) if unit is not None else None
        return (
            user
            for _, user in heapq.merge(
                self._invented(held, units, after), self._above(held, units, after), key=lambda pair: pair[0]
            )
        )

    def deleted(self) -> list[User]:
        """The accounts that can still be brought back, by mail."""
        found = [self.ever(key) for key in self.state.deleted]
        recent = [each for each in found if each and (self.deleted_since(each) or 0) <= UNDELETE_SECONDS]
        return sorted(recent, key=lambda each: each.key)

    def stamp(self, seconds: float) -> str:
        """A time as rows tell it."""
        return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def path_of(self, user: User) -> str:
        """The path of the unit somebody is in."""
        return self.units.path(self.state.unit_of(user))

    def row(self, user: User) -> Row:
        """An account as an admin sees it."""
        return shown(user, self.path_of(user), self.id, self.domain)

    def group(self, key: str) -> Group | None:
        """A group by id, mail or alias."""
        text = key.lower()
        return self.groups.get(key) or next((each for each in self.groups.values() if text in each.mails), None)

    # Changing.

    def put(self, user: User) -> User:
        """Put an account, new or instead of what it was."""
        before = self.state.above.get(user.id)
        if before is not None:
            self.state.order.remove((before.key, before.id))
        self.state.above[user.id] = user
        insort(self.state.order, (user.key, user.id))
        return user

    def change(self, key: str, **fields: Any) -> User:
        """Change a living account. KeyError when there is none."""
        return self.put(replace(self.known(key), **fields))

    def known(self, key: str) -> User:
        """A living account. KeyError when there is none."""
        found = self.user(key)
        if found is None:
            raise KeyError(f"no user {key}")
        return found

    def fresh_id(self) -> str:
        """Twenty-one digits nobody has."""
        self._made += 1
        return f"2{self.invented.seed % 10_000:04d}{self._made * 7_919_000_017 % 10**16:016d}"

    def _admin(self, name: str, role: str, rights: Role) -> str:
        user = User(self.fresh_id(), f"{name}@{self.domain}", name.title(), "Admin", ROOT, role=role)
        self.roles[self.put(user).id] = rights
        return user.email

    def _invented(self, state: State, units: frozenset[str] | None, after: str) -> Iterator[tuple[str, User]]:
        sources = None if units is None else units | {gone for gone in state.instead if _ends(state, gone) in units}
        for position in self.invented.positions(sources, self.invented.after(after) if after else 0):
            key = self.invented.id_at(position)
            if key not in state.above and key not in state.deleted:
                user = self.invented.at(position)
                yield user.key, user

    def _above(self, state: State, units: frozenset[str] | None, after: str) -> Iterator[tuple[str, User]]:
        for mail, key in state.order[bisect_right(state.order, (after, "~")) if after else 0 :]:
            user = state.above[key]
            if key not in state.deleted and (units is None or state.unit_of(user) in units):
                yield mail, user


def _ends(state: State, unit: str) -> str:
    while unit in state.instead:
        unit = state.instead[unit]
    return unit
