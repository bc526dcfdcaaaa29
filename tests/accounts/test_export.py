"""Accounts as a sheet: who is in it, and that no cell of it is dangerous or a password."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import export, tenancy
from accounts.models import Membership, Roles, Status, User
from tests import factories
from tests.accounts.reading import browser, text


@pytest.fixture
def world(committed_db: None) -> factories.World:
    del committed_db
    with tenancy.support():
        return factories.world("Alder")


def sheet(client: Client, path: str = "/accounts/export/") -> list[dict[str, str]]:
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="accounts-20')
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def test_a_sheet_has_what_the_list_shows(world: factories.World) -> None:
    with tenancy.support():
        person = factories.person(
            world.district, world.school, Roles.ADMIN, first_name="Zoë", last_name="Bell", email="zoe@example.org"
        )
        seen = datetime(2026, 11, 3, 18, 5, tzinfo=UTC)
        User.objects.filter(pk=person.pk).update(last_login=seen)
        Membership.objects.filter(user=person).update(grade="9", number="0042", origin_label="Clever")
    rows = sheet(browser(world.admin))
    assert [row["Last name"] for row in rows] == ["Bell", "Moss", "Moss", "Moss"]
    assert rows[0] == {
        "Last name": "Bell",
        "First name": "Zoë",
        "Email": "zoe@example.org",
        "Username": "",
        "School": world.school.name,
        "Roles": "Admin, Teacher",
        "Status": "Active",
        "Grade": "9",
        "Student number": "0042",
        "Source": "Clever",
        "Last sign-in (Eastern)": "2026-11-03 13:05",
    }


def test_it_follows_the_filter_or_the_ticks_and_the_walls(world: factories.World) -> None:
    admin, chief = browser(world.admin), browser(world.district_admin)
    with tenancy.support():
        ours = factories.membership(world.student, world.school).pk
        theirs = factories.membership(world.sister_student, world.sister).pk
        Membership.objects.filter(user=world.teacher).update(status=Status.DISABLED)
    assert len(sheet(admin)) == 2
    assert [row["Status"] for row in sheet(admin, "/accounts/export/?status=any&role=teacher&q=toni")] == ["Disabled"]
    assert [row["First name"] for row in sheet(admin, f"/accounts/export/?ids={ours}&ids={theirs}")] == ["AlderJordan"]
    assert admin.get(f"/accounts/export/?ids={theirs}").headers["Location"] == "/accounts/"
    assert len(sheet(chief)) == 5
    assert [row["School"] for row in sheet(chief, "/accounts/export/?role=district_admin")] == [""]


def test_no_cell_is_a_formula_and_none_a_password(world: factories.World) -> None:
    with tenancy.support():
        User.objects.filter(pk=world.student.pk).update(first_name="=1+1", last_name="@SUM(A1)")
        Membership.objects.filter(user=world.student).update(grade="-1", number="+1")
    answer = browser(world.admin).get("/accounts/export/")
    row = next(row for row in sheet(browser(world.admin)) if "SUM" in row["Last name"])
    assert [row[name] for name in ("First name", "Last name", "Grade", "Student number")] == [
        "'=1+1",
        "'@SUM(A1)",
        "'-1",
        "'+1",
    ]
    assert world.student.password not in answer.content.decode()


def test_more_than_a_sheet_holds_is_refused_in_words(world: factories.World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "MOST", 2)
    admin = browser(world.admin)
    answer = admin.get("/accounts/export/?status=any")
    assert answer.headers["Location"] == "/accounts/?status=any"
    assert "That is more than 2 accounts" in text(admin, answer.headers["Location"])
    assert len(sheet(admin, "/accounts/export/?role=teacher")) == 2


def test_it_asks_the_database_once_however_many_there_are(world: factories.World) -> None:
    def asked() -> int:
        client = browser(world.admin)
        with CaptureQueriesContext(connection) as queries:
            sheet(client)
        return len(queries)

    few = asked()
    with tenancy.support():
        for number in range(20):
            factories.person(world.district, world.school, last_name=f"Fox{number}")
    assert asked() == few
