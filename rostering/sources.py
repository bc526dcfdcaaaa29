"""Where a school's accounts come from, as one person may know it: asked of the database at once, however many."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Count
from django.utils.timezone import now

from accounts.access import reach_of, schools_of
from accounts.models import Roles
from integrations import registry
from integrations.access import connections_of, links_of, steered_by, stopped_kinds
from integrations.models import ConnectionState, SchoolLink
from rostering import access, runs, sql, wording
from rostering.models import Hold, Issue, Run, RunState, SupportRequest
from rostering.support.access import open_requests_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from accounts.models import School, User
    from integrations.models import Connection

#: What is asked of SmartPass about a connection; a plain question is not waited for here.
ABOUT_A_SYNC = (SupportRequest.Kind.SYNC, SupportRequest.Kind.FIRST_SYNC, SupportRequest.Kind.READY)
#: For so long a preview says what a sync would do.
PREVIEW_STANDS = timedelta(hours=1)
#: Role -> one of them, many of them, in the order of a page.
COUNTED = {
    Roles.STUDENT: ("student", "students"),
    Roles.TEACHER: ("teacher", "teachers"),
    Roles.ADMIN: ("admin", "admins"),
    Roles.DISTRICT_ADMIN: ("district admin", "district admins"),
}


@dataclass(frozen=True)
class Source:
    """One connection. `several` counts those who have both Teacher and an Admin's role."""

    connection: Connection
    links: list[SchoolLink]
    last: Run | None
    good: Run | None
    counts: list[tuple[int, str]]
    several: int
    attention: int
    holds: list[Hold]
    asked: SupportRequest | None
    steers: bool
    stopped: bool

    @property
    def label(self) -> str:
        """The source's name."""
        return registry.label(self.connection.kind)

    @property
    def going(self) -> bool:
        """Whether a sync goes or waits for its turn."""
        return self.last is not None and self.last.state in runs.ACTIVE

    @property
    def word(self) -> tuple[str, str]:
        """The main word for it, and its tone."""
        return wording.connection_state(
            self.connection,
            stopped=self.stopped,
            going=self.going,
            asked=self.asked is not None,
            held=bool(self.holds),
            warned=bool(self.attention or (self.good and self.good.removals)),
        )


def sources(user: User, at: School | None = None, kind: str = "") -> list[Source]:
    """This person's connections (of one kind), for all their schools or for `at`."""
    found = connections_of(user, at).select_related("paused_by").order_by("kind", "pk")
    connections = list(found.filter(kind=kind) if kind else found)
    if not connections:
        return []
    links: dict[int, list[SchoolLink]] = {}
    for link in links_of(user, connections, at):
        links.setdefault(link.connection_id, []).append(link)
    last, good = last_runs(connections, good=False), last_runs(connections, good=True)
    people, eyes = people_of(user, connections, at), attention(user, connections, at)
    holds, steers, stops = waiting_holds(user, connections, at), steered_by(user, connections), stopped_kinds()
    asked = asked_of(user, connections, at)
    return [
        Source(
            each,
            links.get(each.pk, []),
            last.get(each.pk),
            good.get(each.pk),
            counted(people.get(each.pk, {})),
            people.get(each.pk, {}).get("several", 0),
            eyes.get(each.pk, 0),
            holds.get(each.pk, []),
            asked.get(each.pk),
            each.pk in steers,
            each.stopped or bool(stops & {"", each.kind}),
        )
        for each in connections
    ]


def asked_of(user: User, connections: Iterable[Connection], at: School | None = None) -> dict[int, SupportRequest]:
    """For each connection, what this person's schools wait for. Until it works, that is also being linked at all."""
    waiting = list(open_requests_of(user, at).filter(kind__in=ABOUT_A_SYNC))
    found = {each.connection_id: each for each in waiting if each.connection_id}
    begun = {each.about: each for each in waiting if not each.connection_id}
    for each in connections:
        ready = begun.get(f"source:{each.kind}")
        if ready and each.state == ConnectionState.SETTING_UP:
            found.setdefault(each.pk, ready)
    return found


def people_of(user: User, connections: Iterable[Connection], at: School | None = None) -> dict[int, dict[str, Any]]:
    """For each connection, how many people have which role through it at this person's schools, or at `at`."""
    everywhere = at is None and (reach_of(user).district_wide or reach_of(user).everything)
    found = sql.rows(
        "summary.roles",
        {
            "connections": [each.pk for each in connections],
            "schools": list(schools_of(user, at).values_list("pk", flat=True)),
            "district": everywhere,
        },
    )
    return {row["connection"]: row for row in found}


def attention(user: User, connections: Iterable[Connection], at: School | None = None) -> dict[int, int]:
    """For each connection, how many people of this person's schools (or of `at`) need an eye now."""
    opened = Issue.objects.filter(
        access.issues_seen_by(user, at), connection__in=[each.pk for each in connections], opened_at__isnull=False
    )
    counting = opened.filter(closed_at=None).order_by().values_list("connection")
    return dict(counting.annotate(people=Count("external_id", distinct=True)))


def waiting_holds(user: User, connections: Iterable[Connection], at: School | None = None) -> dict[int, list[Hold]]:
    """For each connection, the holds that wait for a decision at this person's schools, or at `at`."""
    waiting = access.holds_of(user).filter(state=Hold.State.OPEN, connection__in=[each.pk for each in connections])
    found: dict[int, list[Hold]] = {}
    for hold in waiting.filter(school=at) if at else waiting:
        found.setdefault(hold.connection_id, []).append(hold)
    return found


def linked_places(connections: Iterable[Connection]) -> dict[int, set[str]]:
    """For each connection, the ids of its linked source schools, for whoever was let to the connections."""
    found: dict[int, set[str]] = {each.pk: set() for each in connections}
    links = SchoolLink.objects.filter(connection__in=found, active=True)
    for connection_id, place in links.values_list("connection_id", "external_id"):
        found[connection_id].add(place)
    return found


def last_runs(connections: Iterable[Connection], *, good: bool) -> dict[int, Run]:
    """The newest sync of each connection, or the newest good one, for whoever was let to the connections."""
    syncs = Run.objects.filter(connection__in=[each.pk for each in connections], preview=False)
    if good:
        syncs = syncs.filter(state=RunState.DONE, undoes=None)
    newest = syncs.order_by("connection", "-created_at", "-pk").distinct("connection")
    return {run.connection_id: run for run in newest}


def preview_ahead(connection: Connection) -> Run | None:
    """The preview of what resuming would do, if a fresh one was started; for whoever may steer the connection."""
    fresh = Run.objects.filter(connection=connection, preview=True, undoes=None, created_at__gt=now() - PREVIEW_STANDS)
    return fresh.select_related("connection", "district").order_by("-created_at", "-pk").first()


def people_by_school(links: Iterable[SchoolLink]) -> dict[tuple[int, int], list[tuple[int, str]]]:
    """For each linked school, how many people have which role there through its connection."""
    linked = list(links)
    asked = {"connections": [each.connection_id for each in linked], "schools": [each.school_id for each in linked]}
    return {(row["connection"], row["school"]): counted(row) for row in sql.rows("summary.roles_by_school", asked)}


def counted(row: dict[str, Any]) -> list[tuple[int, str]]:
    """Numbers by role in words: (1142, "students")."""
    numbers = [(row.get(role, 0), one, many) for role, (one, many) in COUNTED.items()]
    return [(number, one if number == 1 else many) for number, one, many in numbers if number]
