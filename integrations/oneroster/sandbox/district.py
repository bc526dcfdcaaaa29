"""One district of the sandbox: its roster, what was edited above it, and what is shared with us."""

from __future__ import annotations

import copy
import hashlib
import heapq
from bisect import insort
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar, cast

from integrations.oneroster.sandbox.oddities import odd_orgs, oddities
from integrations.oneroster.sandbox.rosters import STAMP, InventedRoster

Row = dict[str, Any]
#: A person's key: the position in the roster, or the id of one who was added.
Key = int | str
T = TypeVar("T")


class District:
    """A district's people, orgs and classes, and the revision they are at.

    The roster never changes; `_above` holds what was added or edited, `_deleted` what is
    gone. `hidden_schools` are not shared with the app: neither are those who are at no
    other org, while somebody at a shared one goes on naming the hidden one.
    """

    def __init__(self, roster: InventedRoster, clock: Callable[[], float], *, odd: bool = False) -> None:
        """`odd` adds one of every odd record; `odd_ids` then names them."""
        self.roster = roster
        self.clock = clock
        self.revision = 1
        self.hidden_schools: set[str] = set()
        self.orgs_by_id = {row["sourcedId"]: row for row in roster.orgs()}
        self._above: dict[str, Row] = {}
        self._added: list[str] = []
        self._deleted: set[str] = set()
        self._kept: dict[Any, Any] = {}
        self._made = 0
        seed = hashlib.sha256(f"{roster.invented.seed} {roster.name}".encode()).hexdigest()
        self.key, self.secret, self.bearer = f"key{seed[:12]}", seed[12:44], f"static{seed[44:]}"
        self.odd_ids: dict[str, str] = {}
        if odd:
            self._add_oddities()

    @property
    def name(self) -> str:
        """What the district is called."""
        return self.roster.name

    @property
    def id(self) -> str:
        """A word of the sandbox's own for the district."""
        return self.roster.invented.domain.partition(".")[0]

    @property
    def host(self) -> str:
        """The district's own server, as its hrefs name it."""
        return f"https://{self.id}-v2.oneroster.example"

    # Reading, as the app may.

    def people(self) -> Sequence[Key]:
        """The key of everybody shared, in the order of their ids."""
        if not self._added and not self._deleted and not self.hidden_schools:
            return range(len(self.roster))
        return self.kept("people", lambda: list(self._people()))

    def whole(self, key: Key) -> Row:
        """The row of a key; not to be changed in place."""
        if isinstance(key, str):
            return self._above[key]
        if self._above:
            found = self._above.get(self.roster.id_at(key))
            if found is not None:
                return found
        return self.roster.user_at(key)

    def user(self, identifier: str) -> Row | None:
        """One shared user."""
        row = self.anybody(identifier)
        return row if row is not None and self._shared(row) else None

    def anybody(self, identifier: str) -> Row | None:
        """One user as the district has them, shared or not."""
        return None if identifier in self._deleted else self.ever(identifier)

    def ever(self, identifier: str) -> Row | None:
        """One user as the district has them or had them last."""
        if identifier in self._above:
            return self._above[identifier]
        index = self.roster.find(identifier)
        return None if index is None else self.roster.user_at(index)

    def orgs(self) -> list[Row]:
        """The shared orgs, in the order of their ids."""
        return [row for key, row in sorted(self.orgs_by_id.items()) if key not in self.hidden_schools]

    def classes(self) -> list[Row]:
        """The classes of shared schools."""
        every = (self.roster.class_at(index) for index in range(self.roster.class_count()))
        shared = (row for row in every if row["school"] in self.orgs_by_id)
        return self.kept("classes", lambda: [row for row in shared if row["school"] not in self.hidden_schools])

    def enrollments(self) -> list[Row]:
        """One row for every person in every class."""
        return self.kept("enrollments", lambda: list(self._enrollments()))

    def kept(self, name: Any, make: Callable[[], list[T]]) -> list[T]:
        """What `make` gives, made once for each revision."""
        if name not in self._kept:
            self._kept[name] = make()
        return cast("list[T]", self._kept[name])

    def id_of(self, role: str, at: int = 0) -> str:
        """The id of the first ordinary shared person (or the one at a position) whose first role this is."""
        odd = set(self.odd_ids.values())
        held = ((row["sourcedId"], row["roles"]) for row in map(self.whole, self.people()))
        found = (str(key) for key, roles in held if roles and roles[0]["role"] == role and key not in odd)
        return next(key for place, key in enumerate(found) if place == at)

    # Changing. Every change makes another revision.

    def changed(self) -> None:
        """Say that something changed."""
        self.revision += 1
        self._kept.clear()

    def now(self) -> str:
        """The sandbox's time as rows tell it."""
        now = datetime.fromtimestamp(self.clock(), UTC)
        return now.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def fresh_id(self, first: str = "9") -> str:
        """An id nobody has: above every other number, or with another beginning."""
        self._made += 1
        return f"{first}{self._made:09d}"

    def put(self, key: str, row: Row) -> None:
        """Put a user under an id, new or instead of whom it was."""
        if self.roster.find(key) is None and key not in self._above:
            insort(self._added, key)
        self._above[key] = row
        self._deleted.discard(key)
        self.changed()

    def remove(self, key: str) -> None:
        """Take a user away; `restore` brings the same one back. KeyError when there is none."""
        if self.anybody(key) is None:
            raise KeyError(f"no user {key}")
        self._deleted.add(key)
        self.changed()

    def restore(self, key: str) -> None:
        """Bring a removed user back as they were."""
        self._deleted.discard(key)
        self.changed()

    def renumber(self, prefix: str) -> None:
        """Put `prefix` before everybody's id: the same people from another student information system."""
        self.roster.prefix = f"{prefix}{self.roster.prefix}"
        self._above = {f"{prefix}{key}": {**row, "sourcedId": f"{prefix}{key}"} for key, row in self._above.items()}
        self._added = sorted(f"{prefix}{key}" for key in self._added)
        self._deleted = {f"{prefix}{key}" for key in self._deleted}
        self.changed()

    def editable(self, key: str) -> Row:
        """A copy of a user that may be changed and put back. KeyError when there is none."""
        row = self.anybody(key)
        if row is None:
            raise KeyError(f"no user {key}")
        return copy.deepcopy(row)

    def _people(self) -> Iterator[Key]:
        base = self.roster
        below: Iterable[tuple[str, Key]] = ((base.id_at(index), index) for index in range(len(base)))
        for identifier, key in heapq.merge(below, ((each, each) for each in self._added), key=lambda pair: pair[0]):
            if identifier not in self._deleted and (not self.hidden_schools or self._shared(self.whole(key))):
                yield key

    def _shared(self, row: Row) -> bool:
        orgs = [role["org"] for role in row["roles"] if role.get("org")]
        return not orgs or any(each not in self.hidden_schools for each in orgs)

    def _enrollments(self) -> Iterator[Row]:
        for each in self.classes():
            members = [(user, "teacher") for user in each["teachers"]] + [
                (user, "student") for user in each["students"]
            ]
            for user, role in sorted(members):
                yield {
                    "sourcedId": f"{each['sourcedId']}_{user}",
                    "status": "active",
                    "dateLastModified": STAMP,
                    "role": role,
                    "user": user,
                    "class": each["sourcedId"],
                    "school": each["school"],
                    "beginDate": "2026-08-10",
                    "endDate": "2027-06-11",
                }

    def _add_oddities(self) -> None:
        schools = sorted(key for key, row in self.orgs_by_id.items() if row["type"] == "school")
        self.orgs_by_id |= {row["sourcedId"]: row for row in odd_orgs()}
        for name, row in oddities(schools).items():
            self.put(row["sourcedId"], row)
            self.odd_ids[name] = row["sourcedId"]
        self.revision = 1
