"""Clever's record of changes, as the Events API tells it. Off until a district turns it on."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

Row = dict[str, Any]
#: Clever: events are kept for thirty days.
KEPT_SECONDS = 30 * 86_400


class EventLog:
    """What happened, oldest first. `previous` adds `previous_attributes` to updates."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """`clock` gives Unix seconds."""
        self.enabled = False
        self.previous = True
        self._clock = clock
        self._events: list[tuple[float, Row]] = []

    def record(self, kind: str, before: Row | None, after: Row | None) -> None:
        """Write down one change of one object; nothing when it looks the same as before.

        Clever: sharing an object creates it, un-sharing deletes it; `object` is the whole
        current object, and the last known one when it is deleted.
        """
        if not self.enabled or before == after:
            return
        word = "created" if before is None else "deleted" if after is None else "updated"
        told: Row = {"object": copy.deepcopy(after if after is not None else before)}
        if word == "updated" and self.previous and before is not None and after is not None:
            changed = {key for key in {*before, *after} if before.get(key) != after.get(key)}
            told["previous_attributes"] = {key: copy.deepcopy(before.get(key)) for key in sorted(changed)}
        now = self._clock()
        event = {
            "id": f"6e{len(self._events):022x}",
            "type": f"{kind}.{word}",
            "created": datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "data": told,
        }
        self._events.append((now, event))

    def listed(self, school: str = "", record_types: Iterable[str] = ()) -> list[Row]:
        """The events of the last thirty days, oldest first, narrowed as `/events` can be."""
        oldest = self._clock() - KEPT_SECONDS
        wanted = set(record_types)
        return [
            event
            for when, event in self._events
            if when >= oldest
            and (not wanted or event["type"].partition(".")[0] in wanted)
            and (not school or school in schools_of(event["data"]["object"]))
        ]


def schools_of(data: Row) -> set[str]:
    """Every school an object belongs to: its own id for a school, its roles' schools for a user."""
    found = {data.get("school"), data["id"] if "school_number" in data else None}
    roles = data.get("roles")
    for role in roles.values() if isinstance(roles, dict) else ():
        if isinstance(role, dict):
            found |= {role.get("school"), *(role.get("schools") or ())}
    return {each for each in found if isinstance(each, str) and each}
