"""Three days of a Clever school: somebody is missing, a whole class vanishes, somebody marries.

Told with the source's server side over HTTP, the engine, the database and a browser; only
the worker is a thread of this process.
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from accounts import tenancy
from accounts.models import Roles, User
from rostering.models import RunState
from tests import factories
from tests.journeys.conftest import Open
from tests.rostering.stories import Seen, Story

#: How a page asks for a reason.
WHY = re.compile("^(Why|Reason)")
JORDAN = re.compile("Jordan Diaz|Diaz, Jordan")
MARRIED = "ana.lopez@lincoln.example"
pytestmark = pytest.mark.usefixtures("worker")


@pytest.fixture
def dana(story: Story) -> User:
    """Give the Admin of the story's first school."""
    with tenancy.support():
        return factories.person(story.district, story.schools[0], Roles.ADMIN, first_name="Dana", last_name="Moss")


def statuses(story: Story) -> dict[str, int]:
    """How many students of the first school have which status."""
    found: dict[str, int] = {}
    for each in story.people():
        if each.roles == "student" and each.school == "North":
            found[each.status] = found.get(each.status, 0) + 1
    return found


def test_somebody_is_missing(story: Story, dana: User, see: Open) -> None:
    """Not in the list; the explanation names the school that is not linked; moved, re-checked, synced, there."""
    elsewhere = story.world.add_school("Transfers")
    jordan = story.student("Jordan Diaz")
    story.students(3)
    story.world.move_user(jordan, elsewhere)
    story.night()

    page = see(dana, "/accounts/")
    page.get_by_role("searchbox").fill("jordan diaz")
    page.get_by_role("searchbox").press("Enter")
    page.get_by_role("link", name="Why is this person missing?").click()
    expect(page.locator("main")).to_contain_text("We have never seen")

    # Whose school is not linked is nobody's of this Admin's; the District admin may know.
    with tenancy.support():
        ravi = factories.person(story.district, None, Roles.DISTRICT_ADMIN, first_name="Ravi", last_name="Nair")
    page = see(ravi, "/accounts/find/?q=jordan+diaz")
    if page.get_by_role("link", name=JORDAN).count():
        page.get_by_role("link", name=JORDAN).click()
    expect(page.locator("main")).to_contain_text("shared but not linked yet")

    story.world.move_user(jordan, story.places[0])
    page.get_by_role("button", name="Re-check now").click()
    expect(page.locator("main")).to_contain_text("Different from what the last sync read")
    assert story.night().state == RunState.DONE

    page = see(dana, "/accounts/?q=jordan+diaz")
    page.get_by_role("link", name=JORDAN).click()
    expect(page.get_by_role("heading", name="Jordan Diaz")).to_be_visible()
    expect(page.locator("main")).to_contain_text("Where this account comes from")
    assert Seen("Jordan Diaz", "North", "student") in story.people()


def test_a_class_vanishes_and_comes_back(story: Story, dana: User, see: Open) -> None:
    """Unshared by mistake: held, kept. Then approved by mistake: undone, and what people did meanwhile stays."""
    kids = story.students(40)
    story.night()
    for key in kids[:30]:
        story.world.unshare_user(key)
    story.night()
    assert statuses(story) == {"active": 40}

    page = see(dana, "/accounts/syncs/")
    page.get_by_role("link", name=re.compile("^#")).first.click()
    page.get_by_role("link", name="Review").first.click()
    page.get_by_role("link", name="Review hold").or_(page.get_by_role("link", name=re.compile("Suspend"))).first.click()
    page.get_by_role("link", name="Keep everyone").click()
    page.get_by_label(WHY).fill("A sharing rule was changed by mistake")
    page.get_by_role("button", name=re.compile("Keep")).click()
    expect(page.locator("main")).to_contain_text("Kept as they are")
    for key in kids[:30]:
        story.world.share_user(key)
    story.night()
    assert (statuses(story), story.holds()) == ({"active": 40}, [])

    # The second time a smaller class, so that one yes is enough; it should have been a no.
    for key in kids[:12]:
        story.world.unshare_user(key)
    story.night()
    (hold,) = story.open_holds()
    page = see(dana, f"/accounts/holds/{hold.pk}/")
    page.get_by_role("link", name=re.compile("^Approve: suspend 12")).click()
    page.get_by_label(WHY).fill("They graduated")
    page.get_by_role("button", name=re.compile("Suspend 12")).click()
    expect(page.locator("main")).to_contain_text("done")
    assert statuses(story) == {"active": 28, "suspended": 12}

    edited = [story.user(kids[0]), story.user(kids[1])]
    for who in edited:
        page.goto(f"/accounts/{who.pk}/")
        page.get_by_role("link", name="Reactivate").click()
        page.get_by_label(WHY).fill("Still here")
        page.get_by_label("Keep my change").check()
        page.get_by_role("button", name="Save").click()
    assert statuses(story) == {"active": 30, "suspended": 10}

    page.goto(f"/accounts/syncs/{hold.run_id}/")
    page.get_by_role("link", name="Undo this sync").click()
    page.get_by_label(WHY).fill("They did not graduate")
    page.get_by_role("button", name=re.compile("Undo")).click()
    expect(page.locator("main")).to_contain_text("Completed", timeout=20_000)
    assert statuses(story) == {"active": 40}
    for _ in range(3):
        story.night()
    assert statuses(story) == {"active": 40}


def test_somebody_marries(story: Story, dana: User, see: Open) -> None:
    """The same id with another name and email: one account, renamed; the old email still opens the door."""
    ana = story.teacher("Ana Ruiz")
    story.students(3)
    story.night()
    account = story.user(ana)
    with tenancy.support():
        account.set_password(factories.PASSWORD)
        account.save(update_fields=["password"])
    story.world.rename_user(ana, last="Lopez")
    story.world.set_email(ana, MARRIED)
    story.night()

    page = see(dana, f"/accounts/{account.pk}/")
    expect(page.get_by_role("heading", name="Ana Lopez", level=1)).to_be_visible()
    history = page.locator("section", has=page.get_by_role("heading", name="History"))
    expect(history).to_contain_text("Ruiz")
    expect(history).to_contain_text("Lopez")
    assert [each.name for each in story.people() if each.roles == "teacher"] == ["Ana Lopez"]

    door = see(None, "/auth/login/")
    door.get_by_label("Email or username").fill("ana.ruiz@lincoln.example")
    door.get_by_label("Password", exact=True).fill(factories.PASSWORD)
    door.get_by_role("button", name="Sign in").click()
    expect(door.locator("main")).to_contain_text("Ana Lopez")
