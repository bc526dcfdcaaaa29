"""All schools of a district in one table: where each takes its people from, how it stands, whose move it is."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Count

from accounts import clock
from accounts.access import schools_of, zone_of
from accounts.models import Roles
from accounts.sheets import harmless
from integrations import linking, registry
from integrations.access import bought_but_not_linked, stopped_kinds
from integrations.models import ConnectionState, SchoolLink
from rostering import runs, sql, wording
from rostering.access import holds_of, runs_of
from rostering.models import Hold, Run, RunState
from rostering.sources import asked_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from accounts.models import School, User
    from integrations.models import Connection

ROLES = (Roles.STUDENT, Roles.TEACHER, Roles.ADMIN, Roles.ASSISTANT)
YOU, SOURCE_ADMIN, SMARTPASS, NOBODY = "You", "Your {source} admin", "SmartPass", "Nobody"
#: Who comes first where the table is sorted by what needs the reader.
URGENCY = (YOU, SOURCE_ADMIN, SMARTPASS, NOBODY)
NOT_SHARED, NOT_BOUGHT = "Bought, not shared in {source}", "Shared, not bought"
NO_SYNC = {ConnectionState.SETTING_UP, ConnectionState.PAUSED, ConnectionState.DISCONNECTED}


@dataclass(frozen=True, slots=True)
class Row:
    """One school. `people` counts who is active, in the order of ROLES; `move` says who acts next, and why."""

    school: School
    source: str
    word: str
    tone: str
    last: datetime | None
    next: str
    people: tuple[int, ...]
    attention: int
    holds: int
    move: str
    owner: str
    why: str

    @property
    def counts(self) -> list[tuple[str, int]]:
        """The roles somebody has here, and how many have each."""
        words = [role.label.lower() if number == 1 else f"{role.label.lower()}s" for role, number in self._pairs()]
        return [(word, number) for word, (_, number) in zip(words, self._pairs(), strict=True) if number]

    def _pairs(self) -> list[tuple[Roles, int]]:
        return list(zip(ROLES, self.people, strict=True))


SORTS: dict[str, Callable[[Row], Any]] = {
    "needs": lambda row: (URGENCY.index(row.owner), -row.holds, -row.attention, row.school.name),
    "school": lambda row: row.school.name,
    "last": lambda row: (row.last is not None, row.last.timestamp() if row.last else 0, row.school.name),
    "students": lambda row: (-row.people[0], row.school.name),
    "attention": lambda row: (-row.attention, row.school.name),
    "holds": lambda row: (-row.holds, row.school.name),
}


def rows(reader: User, sort: str = "needs") -> list[Row]:
    """Every school this District admin answers for, and those that are bought and take people from no source.

    Asks the same number of questions for one school and for a hundred.
    """
    schools = {school.pk: school for school in [*schools_of(reader), *bought_but_not_linked(reader)]}
    links = SchoolLink.objects.filter(active=True, school__in=schools).select_related("connection")
    found = _Found(reader, list(schools), {link.school_id: link.connection for link in links})
    return sorted((found.row(school) for school in schools.values()), key=SORTS.get(sort, SORTS["needs"]))


def not_linked(reader: User) -> list[tuple[str, list[str]]]:
    """By source: the schools it shares that are linked to none of ours, by name."""
    good = runs_of(reader).filter(state=RunState.DONE, undoes=None).order_by("connection", "-created_at", "-pk")
    found = []
    for run in good.distinct("connection"):
        shared = run.receipt.get("places", [])
        linked = SchoolLink.objects.filter(connection=run.connection_id, active=True)
        names = linking.place_names(run.connection)
        free = set(shared) - set(linked.values_list("external_id", flat=True))
        if free:
            found.append((registry.label(run.connection.kind), sorted(names.get(place, place) for place in free)))
    return found


def as_csv(reader: User, table: Iterable[Row]) -> str:
    """The table as a sheet that no spreadsheet takes for formulas."""
    zone, out = zone_of(reader), io.StringIO()
    writer = csv.writer(out)
    roles = [f"{role.label}s" for role in ROLES]
    head = ["School", "Source", "State", "Last success", "Next sync", *roles, "Needs attention", "Holds"]
    writer.writerow([*head, "Whose move it is", "Why"])
    for row in table:
        last = clock.both(row.last, zone) if row.last else ""
        cells = [row.school.name, row.source, row.word, last, row.next, *row.people, row.attention, row.holds]
        writer.writerow([harmless(str(cell)) for cell in [*cells, row.move, row.why]])
    return out.getvalue()


class _Found:
    """What is known of all schools at once, each thing by one question."""

    def __init__(self, reader: User, schools: list[int], connections: dict[int, Connection]) -> None:
        self.connections = connections
        self.tonight = clock.tonight(zone_of(reader))
        newest = runs_of(reader).order_by("connection", "-created_at", "-pk").distinct("connection")
        self.last: dict[int, Run] = {run.connection_id: run for run in newest}
        good = newest.filter(state=RunState.DONE, undoes=None)
        self.good: dict[int, Run] = {run.connection_id: run for run in good}
        self.people: dict[tuple[int, str], int] = {
            (row["school_id"], row["role"]): row["people"] for row in sql.rows("overview.people", {"schools": schools})
        }
        self.attention: dict[int, int] = {
            row["school_id"]: row["people"] for row in sql.rows("overview.attention", {"schools": schools})
        }
        held = holds_of(reader).filter(state=Hold.State.OPEN).order_by().values_list("school")
        self.holds: dict[int | None, int] = dict(held.annotate(number=Count("pk")))
        self.asked = set(asked_of(reader, connections.values()))
        self.stops = stopped_kinds()
        # A bought school that is linked to nothing waits for the source that serves the others.
        self.kinds = sorted({each.kind for each in connections.values()}) or sorted(registry.PROVIDERS)

    def row(self, school: School) -> Row:
        connection = self.connections.get(school.pk)
        people = tuple(self.people.get((school.pk, role.value), 0) for role in ROLES)
        attention, holds = self.attention.get(school.pk, 0), self.holds.get(school.pk, 0)
        if connection is None:
            return self._unlinked(school, people, attention, holds)
        source = registry.label(connection.kind)
        stopped = connection.stopped or bool(self.stops & {"", connection.kind})
        word, tone = self._word(connection, stopped=stopped, attention=attention, holds=holds)
        next_one = "" if stopped or connection.state in NO_SYNC else self.tonight
        if not school.purchased:
            word, tone, next_one = NOT_BOUGHT, "warn", ""
        owner, why = _move(connection, school, source, attention, holds, stopped=stopped)
        good = self.good.get(connection.pk) if school.purchased else None
        last = good.finished_at if good else None
        said = owner.format(source=source)
        return Row(school, source, word, tone, last, next_one, people, attention, holds, said, owner, why)

    def _word(self, connection: Connection, *, stopped: bool, attention: int, holds: int) -> tuple[str, str]:
        last, good = self.last.get(connection.pk), self.good.get(connection.pk)
        return wording.connection_state(
            connection,
            stopped=stopped,
            going=last is not None and last.state in runs.ACTIVE,
            asked=connection.pk in self.asked,
            held=holds > 0,
            warned=attention > 0 or bool(good and good.removals),
        )

    def _unlinked(self, school: School, people: tuple[int, ...], attention: int, holds: int) -> Row:
        source = " or ".join(registry.label(kind) for kind in self.kinds)
        word = NOT_SHARED.format(source=source) if school.purchased else "Not linked"
        owner = SOURCE_ADMIN if school.purchased else NOBODY
        why = "Share this school with SmartPass" if school.purchased else ""
        said = owner.format(source=source)
        return Row(school, "", word, "warn", None, "", people, attention, holds, said, owner, why)


def _move(
    connection: Connection, school: School, source: str, attention: int, holds: int, *, stopped: bool
) -> tuple[str, str]:
    """Who acts next, and what they do: the first of these that is true."""
    state, one_hold, one_person = connection.state, holds == 1, attention == 1
    moves = (
        (not school.purchased, SMARTPASS, "Ask SmartPass to add this school"),
        (stopped, SMARTPASS, "SmartPass has stopped the sync"),
        (state == ConnectionState.NEEDS_ATTENTION, SOURCE_ADMIN, f"Share your data in {source} again"),
        (state == ConnectionState.SETTING_UP, SMARTPASS, "Starts the first sync with you"),
        (holds > 0, YOU, f"Review {holds:,} hold{'' if one_hold else 's'}"),
        (state == ConnectionState.PAUSED, YOU, "Resume the sync"),
        (state == ConnectionState.DISCONNECTED, YOU, f"Reconnect {source}"),
        (attention > 0, YOU, f"Look at {attention:,} {'person' if one_person else 'people'}"),
    )
    return next(((owner, why) for true, owner, why in moves if true), (NOBODY, ""))
