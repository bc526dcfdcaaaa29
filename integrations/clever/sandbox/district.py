"""One district of the sandbox: its roster, what lies above it, and what is shared with us."""

from __future__ import annotations

import copy
import hashlib
import heapq
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from integrations.clever.sandbox.events import EventLog
from integrations.clever.sandbox.oddities import oddities
from integrations.clever.sandbox.rosters import STAMP, Roster

Row = dict[str, Any]
EMPLOYEES = ("teacher", "staff", "district_admin")


class District:
    """A district's people, schools, sections, token and events.

    The roster never changes; `_above` holds what was added or edited, `_deleted` what is
    gone. `hidden_*` is what the district does not share with the app.
    """

    def __init__(self, roster: Roster, clock: Callable[[], float], *, odd: bool = False) -> None:
        """`odd` adds one of every odd record; `odd_ids` then names them."""
        self.roster = roster
        self.row: Row = copy.deepcopy(roster.district)
        self.events = EventLog(clock)
        self.connected = True
        self.secure_sync = True
        self.hidden_schools: set[str] = set()
        self.hidden_roles: set[str] = set()
        self.hidden_users: set[str] = set()
        self._schools = {row["id"]: row for row in copy.deepcopy(roster.schools())}
        self._above: dict[str, Row] = {}
        self._added: list[str] = []
        self._deleted: set[str] = set()
        self._counted: int | None = None
        self._made = self._tokens_made = 0
        self.dead_tokens: set[str] = set()
        self.token = ""
        self.new_token()
        rows = oddities(self._odd, sorted(self._schools)) if odd else {}
        self.odd_ids = {name: row["id"] for name, row in rows.items()}

    @property
    def id(self) -> str:
        """Clever's id of the district."""
        return str(self.row["id"])

    def new_token(self) -> None:
        """Give the district another token; the one before is dead."""
        if self.token:
            self.dead_tokens.add(self.token)
        self._tokens_made += 1
        seed = f"{self.id} {self._tokens_made}".encode()
        self.token = hashlib.sha256(seed).hexdigest()[:40]

    # Reading, as the app may.

    def users(self, after: str = "") -> Iterator[tuple[str, Row]]:
        """Everybody shared behind a cursor, ascending, with the cursor each stands at."""
        base = self.roster
        start = base.position(after)
        if start < len(base) and base.id_at(start) == after:
            start += 1
        below = ((base.id_at(index), index) for index in range(start, len(base)))
        added = ((each, -1) for each in self._added[bisect_right(self._added, after) :])
        return self._shared(heapq.merge(below, added))

    def users_before(self, before: str | None) -> Iterator[tuple[str, Row]]:
        """Everybody shared before a cursor (None: from the end), descending."""
        base = self.roster
        end = len(base) if before is None else base.position(before)
        added_end = len(self._added) if before is None else bisect_left(self._added, before)
        below = ((base.id_at(index), index) for index in range(end - 1, -1, -1))
        added = ((each, -1) for each in reversed(self._added[:added_end]))
        return self._shared(heapq.merge(below, added, reverse=True))

    def user(self, identifier: str) -> Row | None:
        """One shared user; None where Clever would say 404."""
        whole = self.whole_user(identifier)
        return None if whole is None else self._seen(identifier, whole)

    def whole_user(self, identifier: str) -> Row | None:
        """One user as the district has them, shared or not."""
        if identifier in self._deleted:
            return None
        if identifier in self._above:
            return self._above[identifier]
        index = self.roster.position(identifier)
        if index < len(self.roster) and self.roster.id_at(index) == identifier:
            return self.roster.user_at(index)
        return None

    def schools(self) -> list[Row]:
        """The shared schools, ascending."""
        return [row for key, row in sorted(self._schools.items()) if key not in self.hidden_schools]

    def sections(self) -> Iterator[Row]:
        """The sections of shared schools, ascending; their people may be ids nobody can read."""
        every = (self.roster.section_at(index) for index in range(self.roster.section_count()))
        return (row for row in every if row["school"] in self._schools and row["school"] not in self.hidden_schools)

    def shared_count(self) -> int:
        """How many users `/users` would list."""
        hidden = self.hidden_schools or self.hidden_roles or self.hidden_users
        if not hidden and not self._deleted:
            return len(self.roster) + len(self._added)
        if self._counted is None:
            self._counted = sum(1 for _ in self.users())
        return self._counted

    def _shared(self, keys: Iterable[tuple[str, int]]) -> Iterator[tuple[str, Row]]:
        for key, index in keys:
            if key in self._deleted:
                continue
            whole = self._above[key] if key in self._above else self.roster.user_at(index)
            seen = self._seen(key, whole)
            if seen is not None:
                yield key, seen

    def _seen(self, key: str, whole: Row) -> Row | None:
        """The user as the app sees them: without hidden roles and schools; None when nothing is left."""
        if key in self.hidden_users:
            return None
        if not self.hidden_schools and not self.hidden_roles:
            return whole
        held = whole.get("roles")
        if not isinstance(held, dict) or not held:
            return whole
        roles = {word: self._seen_role(role) for word, role in held.items() if word not in self.hidden_roles}
        left = {word: role for word, role in roles.items() if role is not None}
        return {**whole, "roles": left} if left else None

    def _seen_role(self, role: Any) -> Any:
        """A role without its hidden schools; a hidden main school goes on being named."""
        listed = role.get("schools") if isinstance(role, dict) else None
        if not isinstance(listed, list) or not listed or not self.hidden_schools:
            return role
        shared = [each for each in listed if each not in self.hidden_schools]
        return {**role, "schools": shared} if shared else None

    # Changing. Every edit goes through `changing`, which tells the events.

    @contextmanager
    def changing(self, *identifiers: str) -> Iterator[None]:
        """Tell the events how what the app sees of these users changed (nobody named: of everybody)."""
        self._counted = None
        if not self.events.enabled:
            yield
            return
        before = self._pictures(identifiers)
        yield
        after = self._pictures(identifiers)
        for key in sorted({*before, *after}):
            self.events.record(key[0], before.get(key), after.get(key))

    def _pictures(self, identifiers: Iterable[str]) -> dict[tuple[str, str], Row]:
        users = [(each, self.user(each)) for each in identifiers] if identifiers else self.users()
        seen: dict[tuple[str, str], Row] = {("users", key): row for key, row in users if row is not None}
        return seen | {("schools", row["id"]): copy.deepcopy(row) for row in self.schools()}

    def fresh_id(self) -> str:
        """An id above all others of the district."""
        self._made += 1
        return f"70{self.id[2:8]}{self._made:016x}"

    def put(self, key: str, row: Row) -> None:
        """Put a user at a place in the order, new or instead of what is there."""
        index = self.roster.position(key)
        known = index < len(self.roster) and self.roster.id_at(index) == key
        if not known and key not in self._above:
            insort(self._added, key)
        self._above[key] = row
        self._deleted.discard(key)

    def remove(self, key: str) -> None:
        """Take a user away; `restore` brings the same one back."""
        self._deleted.add(key)

    def restore(self, key: str) -> None:
        """Bring a removed user back as they were."""
        self._deleted.discard(key)

    def editable(self, key: str) -> Row:
        """A copy of a user that may be changed and put back. KeyError when there is none."""
        whole = self.whole_user(key)
        if whole is None:
            raise KeyError(f"no user {key}")
        return copy.deepcopy(whole)

    def school_rows(self) -> dict[str, Row]:
        """Every school by id, to be changed in place."""
        return self._schools

    def id_of(self, *words: str, at: int = 0) -> str:
        """The id of the first shared person (or the one at a position) with exactly these roles."""
        found = (key for key, row in self.users() if set(row.get("roles") or ()) == set(words))
        return next(key for place, key in enumerate(found) if place == at)

    def shortname(self) -> str:
        """The name in the portal's address."""
        return str(self.row.get("portal_url", "")).rpartition("/")[2]

    def _odd(self, name: str, fields: Row) -> Row:
        key = self.fresh_id()
        row = {"id": key, "district": self.id, "created": STAMP, "last_modified": STAMP}
        called = {"name": {"first": "Odd", "middle": "", "last": name.replace("_", " ").title()}}
        whole = {**row, **called, **fields}
        self.put(key, whole)
        return whole
