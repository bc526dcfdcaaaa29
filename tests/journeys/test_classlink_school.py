"""A school comes to ClassLink: its Admin sends identifiers, support links and syncs, the school sees its people.

Told with ClassLink's server side over HTTP, the engine, the database and two people's
browsers; only the worker is a thread of this process.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from django.core.cache import cache
from playwright.sync_api import Page, expect

from accounts import tenancy
from accounts.models import Membership, Roles, School, User
from integrations.classlink.sandbox import ClassLinkSandbox, Tenant
from integrations.models import Connection, SchoolLink
from tests import factories
from tests.journeys.conftest import Open

WHY = "They are ready"
pytestmark = pytest.mark.usefixtures("worker")


@dataclass
class Cast:
    """A tenant with people at two schools, our district that knows nothing of it yet, its Admin, and support."""

    tenant: Tenant
    orgs: list[dict[str, str]]
    schools: list[School]
    dana: User
    mina: User


@pytest.fixture
def cast(classlink: ClassLinkSandbox, committed_db: None) -> Cast:
    del committed_db
    cache.clear()
    tenant = classlink.add_district(0, schools=12, seed=4)
    edits = classlink.world(tenant)
    orgs = [row for row in tenant.orgs() if row["type"] == "school"][:2]
    for org, students in zip(orgs, (3, 2), strict=True):
        for number in range(students):
            edits.add_user("student", org["sourcedId"], "Kid", f"{number}", f"kid{number}@{org['sourcedId']}.example")
        edits.add_user("teacher", org["sourcedId"], "Toni", "Bell", f"toni@{org['sourcedId']}.example")
    classlink.add_districts(3)
    with tenancy.support():
        district = factories.district("Cedar County")
        schools = [factories.school(district, name) for name in ("Cedar High", "Cedar Middle")]
        dana = factories.person(district, schools[0], Roles.ADMIN, first_name="Dana", last_name="Moss")
        return Cast(tenant, orgs, schools, dana, factories.staff())


def send_identifiers(cast: Cast, page: Page) -> None:
    """The Admin types the first school and pastes the second."""
    first, second = cast.orgs
    page.get_by_role("link", name="Setup ClassLink").click()
    page.get_by_label("Tenant Name").fill(cast.tenant.name)
    page.get_by_label("Tenant ID").fill("cedar")
    expect(page.get_by_text("This is not a number.")).to_be_visible()
    page.get_by_label("Tenant ID").fill(str(cast.tenant.tenant_id))
    expect(page.get_by_text("This is not a number.")).to_be_hidden()
    assert page.get_by_label("Name", exact=True).input_value() == "Cedar High"
    page.get_by_label("Sourced ID").fill(first["sourcedId"])
    page.get_by_label("Identifier", exact=True).fill(first["identifier"])
    page.get_by_text("Paste from a table").click()
    page.get_by_label("Schools, one a line").fill(
        f"Sourced ID\tName\tIdentifier\n{second['sourcedId']}\tCedar Middle\t"
    )
    page.get_by_role("button", name="Add these schools").click()
    expect(page.get_by_text("1 school came from the table.")).to_be_visible()
    page.get_by_role("button", name="We're ready to sync").click()
    expect(page.get_by_role("alert")).to_contain_text("School 2, Identifier: Fill this in")
    page.get_by_label("Identifier unknown").nth(1).check()
    # Enter sends, whatever button stands first on the page.
    page.get_by_label("Tenant Name").press("Enter")
    expect(page.locator("main")).to_contain_text("Waiting for SmartPass")
    expect(page.get_by_role("row", name=re.compile("Cedar Middle"))).to_contain_text(second["sourcedId"])


def link_tenant(cast: Cast, page: Page) -> None:
    """Support finds the tenant by the id that was sent, among others."""
    page.get_by_role("link", name=re.compile("^Requests")).click()
    page.get_by_role("link", name=re.compile("^Request #")).click()
    expect(page.get_by_role("row", name=re.compile("Cedar High"))).to_contain_text(cast.orgs[0]["sourcedId"])
    page.get_by_role("link", name=f"Find Tenant ID {cast.tenant.tenant_id}").click()
    page.get_by_role("button", name="Ask ClassLink again").click()
    expect(page.get_by_role("row")).to_have_count(2)
    page.get_by_role("row", name=re.compile(cast.tenant.name)).get_by_role("link", name="Link").click()
    page.get_by_label("Type Cedar County to confirm").fill("Cedar County")
    page.get_by_label("Reason").fill(WHY)
    page.get_by_role("button", name="Link district").click()


def link_schools(cast: Cast, page: Page) -> None:
    """The first from what was sent, the second by its Sourced ID in the search."""
    asked = page.locator("section", has=page.get_by_role("heading", name=re.compile("^Asked for by Cedar High")))
    expect(asked.get_by_role("row")).to_have_count(3)
    expect(asked).not_to_contain_text("E-ORG-UNKNOWN")
    asked.get_by_role("row", name=re.compile("Cedar High")).get_by_role("link", name="Link").click()
    link(page, "Cedar High")
    expect(asked.get_by_role("row", name=re.compile("^Cedar High"))).to_contain_text("Linked to Cedar High")
    page.get_by_label("Sourced ID, Name or Identifier").fill(cast.orgs[1]["sourcedId"])
    page.get_by_role("button", name="Search").click()
    found = page.locator("section", has=page.get_by_role("heading", name="Shared but not linked"))
    expect(found.get_by_role("row")).to_have_count(2)
    found.get_by_role("link", name="Link").click()
    link(page, "Cedar Middle")


def link(page: Page, school: str) -> None:
    """Say which of our schools it is."""
    page.get_by_label("SmartPass school", exact=True).select_option(label=school)
    page.get_by_label(re.compile("^Type the SmartPass school's name")).fill(school)
    page.get_by_label("Reason").fill(WHY)
    page.get_by_role("button", name="Link school").click()


def preview_and_sync(page: Page) -> None:
    """Support reads what would happen, then lets it happen."""
    page.get_by_role("link", name="Preview").click()
    page.get_by_label("Reason").fill(WHY)
    page.get_by_role("button", name="Start preview").click()
    wait_for(page, page.url, "Preview ready")
    page.get_by_role("link", name="Run the first sync").click()
    page.get_by_label("I have read this preview").check()
    page.get_by_label("Reason").fill(WHY)
    page.get_by_role("button", name="Run the first sync").click()
    wait_for(page, page.url, "Completed")


def wait_for(page: Page, path: str, words: str) -> None:
    """Look again until the worker is done."""
    for _ in range(60):
        page.goto(path)
        if words in page.locator("main, #content").first.inner_text():
            return
        page.wait_for_timeout(250)
    raise AssertionError(page.locator("main, #content").first.inner_text())


def test_from_identifiers_to_everybody_in_class(cast: Cast, see: Open) -> None:
    """Sent, linked, previewed, synced, answered: Connected, with as many as ClassLink has at this school."""
    school = see(cast.dana, "/accounts/integrations/")
    send_identifiers(cast, school)
    desk = see(cast.mina, "/admin/")
    link_tenant(cast, desk)
    link_schools(cast, desk)
    school.goto("/accounts/integrations/")
    mine = school.locator("section", has=school.get_by_role("heading", name="ClassLink"))
    expect(mine).to_contain_text("Waiting for SmartPass")

    preview_and_sync(desk)
    with tenancy.support():
        (tie,) = Connection.objects.all()
        came = Membership.objects.filter(source_id=tie.pk)
        roles = sorted((each.school.name, *each.roles) for each in came.select_related("school") if each.school)
        linked = dict(SchoolLink.objects.values_list("school__name", "external_id"))
    high, middle = ("Cedar High", "student"), ("Cedar Middle", "student")
    assert roles == [*[high] * 3, ("Cedar High", "teacher"), *[middle] * 2, ("Cedar Middle", "teacher")]
    assert linked == dict(zip(("Cedar High", "Cedar Middle"), (org["sourcedId"] for org in cast.orgs), strict=True))
    assert (tie.kind, tie.tenant) == ("classlink", str(cast.tenant.tenant_id))

    desk.goto("/admin/rostering/supportrequest/")
    desk.get_by_role("link", name=re.compile("^Request #")).click()
    desk.get_by_role("link", name="Answer: You're all set").click()
    desk.get_by_role("button", name="Answer").click()
    school.reload()
    expect(mine).to_contain_text("Connected")
    expect(mine).to_contain_text(re.compile(r"3\s*students\s*1\s*teacher"))
    school.get_by_role("link", name="ClassLink settings").click()
    linked_row = school.get_by_role("row", name=re.compile("Cedar High"))
    expect(linked_row).to_contain_text("3 students, 1 teacher")
    school.goto("/help/")
    expect(school.locator("main")).to_contain_text("Cedar High is rostered: 3 students, 1 teacher.")
