"""A compact way to tell what happens to a district night by night.

A `Story` is a SmartPass district whose schools are linked to a district of Clever's
sandbox: real HTTP, a real database, real commits. Its people are put into the sandbox by
name, `night()` is one run from the first request to the report, and what came of it is
read back as plain tuples, in the words of a page. A neighbour that has the same ids,
names and emails lives beside it, and is never touched.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import F
from django.utils.timezone import now

from accounts import tenancy
from accounts.models import District, EmailAlias, Membership, Pin, School, User
from integrations.clever.sandbox import CleverSandbox, District as CleverDistrict
from integrations.clever.sandbox.edits import Edits
from integrations.models import Connection, Link
from rostering import runs
from rostering.models import Change, Hold, Issue, Record, Run, RunState, Trigger
from rostering.summary import words
from rostering.sync import perform
from tests import factories

Row = dict[str, Any]

#: Stands for an email made from the name.
MADE = "(made from the name)"
AT_THE_DISTRICT = "District"
#: What makes an account: a night that changes none of these changed nobody.
ACCOUNTS = (User, Membership, Link, Pin, EmailAlias)
NUMBERED = {"student": "student_number", "teacher": "teacher_number", "staff": "staff_id"}


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


class Story:
    """One district, its source, and the nights that pass."""

    def __init__(self, sandbox: CleverSandbox, clever: CleverDistrict, schools: Iterable[str]) -> None:
        """Link the first schools of a district of Clever's to new, purchased ones of these names."""
        self.sandbox = sandbox
        self.clever = clever
        self.world: Edits = sandbox.world(clever)
        self.places = [str(row["id"]) for row in clever.schools()]
        self.names: dict[str, str] = {}
        self._number = 0
        with tenancy.support():
            self.district: District = factories.district()
            self.connection = factories.connection(self.district, clever.id)
            self.schools = [factories.school(self.district, name) for name in schools]
            for school, place in zip(self.schools, self.places, strict=False):
                factories.link(self.connection, school, place)

    # People at the source. Schools are named by their place in the list.

    def student(self, name: str, *schools: int, email: str | None = MADE, **fields: Any) -> str:
        """Add a student at these schools (the first one if none is named); Clever's id."""
        return self.add(name, email, student=self.role("student", *schools, **{"grade": "9", **fields}))

    def teacher(self, name: str, *schools: int, email: str | None = MADE, **fields: Any) -> str:
        """Add a teacher."""
        return self.add(name, email, teacher=self.role("teacher", *schools, **fields))

    def staff(self, name: str, *schools: int, email: str | None = MADE, **fields: Any) -> str:
        """Add one of the staff."""
        return self.add(name, email, staff=self.role("staff", *schools, **fields))

    def head(self, name: str, email: str | None = MADE) -> str:
        """Add a district admin."""
        return self.add(name, email, district_admin=self.role("district_admin"))

    def students(self, count: int, school: int = 0, called: str = "Kid") -> list[str]:
        """Add many students at one school: Kid 01, Kid 02 and so on."""
        return [self.student(f"{called} {number:02}", school) for number in range(1, count + 1)]

    def add(self, name: str, email: str | None = MADE, /, **roles: Row) -> str:
        """Add somebody with these Clever roles; Clever's id."""
        first, _, last = name.rpartition(" ")
        made = f"{name.lower().replace(' ', '.')}@lincoln.example"
        key = self.world.add_user(roles, first, last, made if email == MADE else email)
        self.names[key] = name
        return key

    def role(self, word: str, *schools: int, **fields: Any) -> Row:
        """One role as Clever writes it."""
        self._number += 1
        places = [self.places[each] for each in schools or (0,)]
        number = str(1000 + self._number)
        row: Row = {} if word == "student" else {"legacy_id": f"5a{self._number:022x}"}
        if word != "district_admin":
            row |= {"schools": places, NUMBERED[word]: number}
        if word in {"student", "teacher"}:
            row |= {"school": places[0], "sis_id": number}
        return {**row, **fields}

    def known_as(self, name: str, *keys: str) -> None:
        """Call whoever has these ids by a name, in what is read back."""
        self.names.update(dict.fromkeys(keys, name))

    # Time.

    def night(self, *, preview: bool = False, **start: Any) -> Run:
        """One run, from the first request to the report."""
        with tenancy.district(self.district.pk):
            run, _ = runs.start(self.link_to_clever(), Trigger.NIGHTLY, preview=preview, **start)
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

    def link_to_clever(self) -> Connection:
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
        """The account that Clever's id leads to."""
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


def neighbour(of: Story, names: Sequence[str]) -> District:
    """Another district at Clever whose people have the very ids, names and emails of the story's first ones."""
    keys = [f"70{of.clever.id[2:8]}{number:016x}" for number, _ in enumerate(names, start=1)]
    with tenancy.support():
        district = factories.district("Shelbyville USD")
        school, tie = factories.school(district, "North"), factories.connection(district)
        last = factories.run(tie)
        mine = {"district": district, "source_id": tie.pk, "origin": "clever"}
        people = User.objects.bulk_create(_namesake(district, tie, name) for name in names)
        Membership.objects.bulk_create(Membership(user=who, school=school, roles=["student"], **mine) for who in people)
        Link.objects.bulk_create(
            Link(district=district, connection=tie, user=who, external_id=key)
            for key, who in zip(keys, people, strict=True)
        )
        for who in people:
            factories.change(last, who, school)
    return district


def _namesake(district: District, tie: Connection, name: str) -> User:
    first, _, last = name.rpartition(" ")
    email = f"{name.lower().replace(' ', '.')}@lincoln.example"
    return User(
        district=district, first_name=first, last_name=last, email=email, login_email=email, profile_source=tie.pk
    )


def _named(school: School | None) -> str:
    return school.name if school else AT_THE_DISTRICT
