"""SmartPass's side of one district: its nights, and what is in its tables."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, NamedTuple

from django.db.models import F, Model
from django.utils.timezone import now

from accounts import tenancy
from accounts.models import EmailAlias, Membership, User
from integrations.models import Connection, ConnectionState, Link
from rostering import runs
from rostering.limits import DEFAULTS
from rostering.models import Hold, Issue, Record, Run, RunState, Trigger
from rostering.sync import perform
from tests import factories
from tests.lying_wire.sources import There

#: No limit holds anybody back: who is suspended by a lie is really suspended.
UNLIMITED = {name: limit.highest for name, limit in DEFAULTS.items() if name != "confirm_budget"}
#: What two districts with the same past do not share.
OWN = {
    *("id", "district", "connection", "created_at", "updated_at", "password", "until"),
    *("opened_by", "opened_at", "closed_by"),
}
DAY = timedelta(days=1)
MOMENTS = ("created_at", "started_at", "applied_at", "finished_at")


class Seen(NamedTuple):
    """An account: the names and email that it has, and its status at each place (None: at the district)."""

    named: tuple[str, str, str]
    at: dict[str | None, str]


class Night(NamedTuple):
    """One night's run, as it ended: how often a worker took it, and the longest that one was busy."""

    run: Run
    takes: int
    seconds: float


class Home:
    """A district whose schools, all but one, are linked to those of a district at a source."""

    def __init__(self, there: There, name: str) -> None:
        """Nobody is in it yet."""
        self.there = there
        with tenancy.support():
            self.district = factories.district(name)
            self.connection = Connection.objects.create(
                district=self.district,
                kind=there.source.kind,
                tenant=there.tenant,
                limits=UNLIMITED,
                state=ConnectionState.CONNECTED,
            )
            self.places = {}
            for number, place in enumerate(there.places[:-1], start=1):
                school = factories.school(self.district, f"School {number}")
                factories.link(self.connection, school, place)
                self.places[school.pk] = place

    def night(self) -> Night:
        """A day passes; a run is asked for, and workers take it until it has ended."""
        with tenancy.district(self.district.pk):
            Run.objects.update(**{name: F(name) - DAY for name in MOMENTS})
            run, _ = runs.start(self.connection, Trigger.NIGHTLY)
        takes, longest = 0, 0.0
        while run.state == RunState.QUEUED:
            began = time.monotonic()
            perform(run.pk)
            takes, longest = takes + 1, max(longest, time.monotonic() - began)
            run = self._due(run)
        return Night(run, takes, longest)

    def _due(self, run: Run) -> Run:
        """The run as it stands; if it waits for its next try, the wait is over."""
        with tenancy.district(self.district.pk):
            Run.objects.filter(pk=run.pk, state=RunState.QUEUED).update(start_after=now() - DAY)
            return Run.objects.get(pk=run.pk)

    def accounts(self) -> dict[str, Seen]:
        """Everybody who has an account, by their id at the source; those without one by their own."""
        with tenancy.district(self.district.pk):
            known = self._known()
            found = {}
            for user in User.objects.prefetch_related("memberships"):
                at = {self.places.get(each.school_id or 0): each.status for each in user.memberships.all()}
                found[known.get(user.pk, f"account {user.pk}")] = Seen(
                    (user.first_name, user.last_name, user.email), at
                )
        return found

    def holds(self) -> list[str]:
        """The reasons why something waits for a person."""
        with tenancy.district(self.district.pk):
            return list(Hold.objects.values_list("reason", flat=True))

    def disconnect(self) -> None:
        """Let go of the district at the source, so that it can be linked anew."""
        with tenancy.support():
            Connection.objects.filter(pk=self.connection.pk).update(state=ConnectionState.DISCONNECTED)

    def rows(self) -> dict[str, list[str]]:
        """Everything that a twin must have too: rows without numbers and times, people named by their ids."""
        with tenancy.district(self.district.pk):
            tie = Connection.objects.get(pk=self.connection.pk)
            self._names = self._known()
            every: dict[str, Any] = {
                model.__name__: model._default_manager.all() for model in (User, Membership, Link, EmailAlias, Record)
            }
            every["Issue"] = Issue.objects.filter(opened_at__isnull=False, closed_at=None)
            found = {name: sorted(", ".join(self._shown(row)) for row in rows) for name, rows in every.items()}
        return {**found, "Connection": [f"{tie.state} {tie.problem}"], "Hold": self.holds()}

    def _known(self) -> dict[int, str]:
        return dict(Link.objects.filter(kind=Link.Kind.ROSTER).values_list("user_id", "external_id"))

    def _shown(self, row: Model) -> Iterator[str]:
        if isinstance(row, User):
            yield f"user: {self._names.get(row.pk)}"
        for field in row._meta.concrete_fields:
            value = getattr(row, field.attname)
            if field.name in OWN:
                continue
            if field.attname == "user_id":
                value = self._names.get(value, value)
            elif field.attname == "school_id":
                value = self.places.get(value, value)
            elif field.attname in {"source_id", "profile_source"} and value == self.connection.pk:
                value = "the source"
            yield f"{field.name}: {value}"
