"""Every reason has its words, somebody who can mend it, and a message to them where there is one to write."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from accounts import tenancy
from accounts.models import Roles
from rostering import reasons, sql, wording
from rostering.models import Issue, Record
from tests import factories
from tests.rostering.pages import browser, text


def test_every_code_of_an_issue_is_explained() -> None:
    assert set(wording.ISSUES) - set(reasons.REASONS) == set()


@pytest.mark.parametrize("code", sorted(reasons.REASONS))
def test_every_reason_can_be_told(code: str) -> None:
    told = reasons.reason(code, source="Clever", name="Sasha Bell", known_as="Sasha Bell (sasha@example.org)")
    assert told.says
    assert "{" not in "".join(told)
    assert bool(told.owner) or not told.message
    if told.owner.startswith("your"):
        assert "Clever" in told.owner


def test_a_code_nobody_knows_has_a_reference() -> None:
    assert reasons.reason("E-NEW").says == "Needs a look. Reference E-NEW."


@pytest.fixture
def world(committed_db: None) -> factories.World:
    del committed_db
    with tenancy.support():
        return factories.world("Alder")


@pytest.mark.parametrize(
    ("fields", "says", "owner"),
    [
        ({"email": "", "login": None}, "AlderQuinn Bell has no email in Clever", "your Clever admin"),
        ({"email": "quinn@", "login": None}, "The email “quinn@” isn't complete", "your Clever admin"),
        ({"twin": True}, "Two people in Clever share", "your Clever admin"),
        (
            {"staff_too": True},
            "Clever lists AlderQuinn Bell as Student and as staff at one school.",
            "your Clever admin",
        ),
        ({"admins": True}, "May be an account with Admin that is already here.", "SmartPass"),
    ],
)
def test_what_the_plan_finds_wrong_is_the_reason(
    fields: dict[str, Any], says: str, owner: str, world: factories.World
) -> None:
    record, place = world.record, world.link.external_id
    with tenancy.support():
        if fields.pop("twin", False):
            factories.record(world.connection, place, email=record.email)
        if fields.pop("staff_too", False):
            fields["roles"] = [*record.roles, [place, "teacher", "", ""]]
        if fields.pop("admins", False):
            admin = factories.person(world.district, world.school, Roles.ADMIN)
            fields |= {"email": admin.email, "login": admin.login_email, "roles": [[place, "staff", "", ""]]}
        Record.objects.filter(pk=record.pk).update(**fields)
    page = text(browser(world.admin), f"/accounts/find/record/{record.pk}/")
    assert says in page
    assert f"Who can fix it: {owner} ." in page


def test_whoever_the_list_did_not_name_but_the_source_still_has(world: factories.World) -> None:
    with tenancy.support():
        link = factories.known(world.connection, world.student)
        for code in ("E-STILL-THERE", "E-NOT-CONFIRMED"):
            issue = factories.issue(world.run, world.student, None, code)
            Issue.objects.filter(pk=issue.pk).update(external_id=link.external_id)
    page = text(browser(world.admin), f"/accounts/find/account/{world.student.pk}/")
    assert "Clever was asked about them: Still there" in page
    assert "Clever was asked about them: No answer" in page


def test_somebody_of_smartpass_may_read_every_explanation(world: factories.World) -> None:
    with tenancy.support():
        staff = factories.staff()
    for path in (f"account/{world.student.pk}/", f"record/{world.sister_record.pk}/"):
        assert "What we looked at" in text(browser(staff), f"/accounts/find/{path}")


@pytest.mark.django_db
def test_planning_for_a_few_ends_with_the_block() -> None:
    def hashes() -> str:
        with connection.cursor() as cursor:
            cursor.execute("SHOW enable_hashjoin")
            return str(cursor.fetchone()[0])

    with tenancy.support():
        assert hashes() == "on"
        with sql.about_a_few():
            assert hashes() == "off"
        assert hashes() == "on"
