"""Nights that pass over a district, whatever its source, and what came of them.

One `night()` is one run from the first request to the report; what it did is read back as
plain tuples, in the words of a page.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import F
from django.utils.timezone import now

from accounts import tenancy
from accounts.models import District, EmailAlias, Membership, Pin, School, User
from integrations.models import Connection, Link
from rostering import runs
from rostering.models import Change, Hold, Issue, Record, Run, RunState, Trigger
from rostering.summary import words
from rostering.sync import perform

Row = dict[str, Any]

AT_THE_DISTRICT = "District"
#: What makes an account: a night that changes none of these changed nobody.
ACCOUNTS = (User, Membership, Link, Pin, EmailAlias)


class Seen(NamedTuple):
    """Somebody at one school, or at the district, as a page shows them."""

    name: str
    school: str
    roles: str
    status: str = "active"


class Planned(NamedTuple):
    """One row of a run: what it does to whom, and the reason of the hold it waits in."""

    name: str
    school: str
    kind: str
    why: str = ""
    waits: str = ""


class Waits(NamedTuple):
    """An open hold."""

    reason: str
    school: str
    people: int


class Nights:
    """One district, tied to a source by `connection`, with its `schools`; `names` says who has which id there."""

    district: District
    connection: Connection
    schools: list[School]
    names: dict[str, str]

    def known_as(self, name: str, *keys: str) -> None:
        """Call whoever has these ids by a name, in what is read back."""
        self.names.update(dict.fromkeys(keys, name))

    # Time.

    def night(self, *, preview: bool = False, **start: Any) -> Run:
        """One run, from the first request to the report."""
        with tenancy.district(self.district.pk):
            run, _ = runs.start(self.tie(), Trigger.NIGHTLY, preview=preview, **start)
        return self.worked(run)

    def worked(self, run: Run) -> Run:
        """A worker takes this run, if there is something to take; how it stands then."""
        perform(run.pk)
        return self.fresh(run)

    def fresh(self, run: Run) -> Run:
        """The run as it stands now."""
        with tenancy.district(self.district.pk):
            return Run.objects.select_related("connection").get(pk=run.pk)

    def an_hour_later(self, run: Run) -> Run:
        """A run that waits is due, and a worker takes it."""
        with tenancy.district(self.district.pk):
            Run.objects.filter(pk=run.pk, state=RunState.QUEUED).update(start_after=now() - timedelta(seconds=1))
        return self.worked(run)

    def days_pass(self, days: int) -> None:
        """Everything that has run lies so many days further back."""
        self.hours_pass(24 * days)

    def hours_pass(self, hours: float) -> None:
        """Everything that has run lies so many hours further back."""
        earlier = timedelta(hours=hours)
        with tenancy.district(self.district.pk):
            Run.objects.update(
                applied_at=F("applied_at") - earlier, created_at=F("created_at") - earlier,
                started_at=F("started_at") - earlier, finished_at=F("finished_at") - earlier,
            )  # fmt: skip

    # What came of it.

    def tie(self) -> Connection:
        """The connection as it stands now."""
        with tenancy.district(self.district.pk):
            return Connection.objects.select_related("district").get(pk=self.connection.pk)

    def people(self) -> list[Seen]:
        """Everybody at every school, sorted."""
        with tenancy.district(self.district.pk):
            found = list(Membership.objects.select_related("user", "school"))
        return sorted(
            Seen(
                f"{each.user.first_name} {each.user.last_name}".strip(), _named(each.school),
                " ".join(sorted(each.roles)),
                "suspended by hand" if each.suspended_by == "person" else each.status,
            )
            for each in found
        )  # fmt: skip

    def logins(self) -> dict[str, str | None]:
        """The email each person of the district signs in by, by first name."""
        with tenancy.district(self.district.pk):
            return dict(User.objects.order_by("first_name").values_list("first_name", "login_email"))

    def user(self, key: str) -> User:
        """The account that an id of the source leads to."""
        with tenancy.district(self.district.pk):
            return Link.objects.select_related("user").get(connection=self.connection, external_id=key).user

    def membership(self, key: str, school: int = 0) -> Membership:
        """Somebody's membership at one school."""
        with tenancy.district(self.district.pk):
            return Membership.objects.get(user=self.user(key), school=self.schools[school])

    def plan(self, run: Run) -> list[Planned]:
        """The rows of a run, sorted."""
        with tenancy.district(self.district.pk):
            rows = list(Change.objects.filter(run=run).select_related("school", "hold"))
        return sorted(
            Planned(
                self.names.get(row.external_id, row.external_id), _named(row.school), row.kind, row.why,
                row.hold.reason if row.hold else "",
            )
            for row in rows
        )  # fmt: skip

    def issues(self) -> list[tuple[str, str]]:
        """What needs an eye now: (name, code), sorted."""
        with tenancy.district(self.district.pk):
            found = Issue.objects.filter(opened_at__isnull=False, closed_at=None).values_list("external_id", "code")
            return sorted((self.names.get(key, key), code) for key, code in found)

    def holds(self) -> list[Waits]:
        """What waits for a person, sorted."""
        return sorted(Waits(hold.reason, _named(hold.school), hold.people) for hold in self.open_holds())

    def open_holds(self) -> list[Hold]:
        """The holds that wait, oldest first."""
        with tenancy.district(self.district.pk):
            opened = Hold.objects.filter(state=Hold.State.OPEN).select_related("school", "connection")
            return list(opened.order_by("pk"))

    def words(self, run: Run) -> str:
        """What a page calls the state of a run."""
        with tenancy.district(self.district.pk):
            return words(run)

    def accounts(self) -> Row:
        """Every row that makes an account here, with its times."""
        return accounts_of(self.district)


def accounts_of(district: District) -> Row:
    """Every row that makes an account in a district, with its times."""
    with tenancy.district(district.pk):
        return {model.__name__: list(model._default_manager.order_by("pk").values()) for model in ACCOUNTS}


def everything_of(district: District) -> dict[str, str]:
    """A digest of each table's rows in a district, their times included."""
    digests = " UNION ALL ".join(
        f"SELECT '{name}', count(*) || md5(coalesce(string_agg(t::text, '|' ORDER BY id), '')) FROM {name} t"  # noqa: S608
        for name in (model._meta.db_table for model in (*ACCOUNTS, Run, Change, Hold, Issue, Record, Connection))
    )
    with tenancy.district(district.pk), connection.cursor() as cursor:
        cursor.execute(digests)
        return dict(cursor.fetchall())


def _named(school: School | None) -> str:
    return school.name if school else AT_THE_DISTRICT
