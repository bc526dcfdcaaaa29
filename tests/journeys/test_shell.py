"""The shell: everything in it is reached by keyboard, and nothing is wider than a phone."""

from __future__ import annotations

from accounts import tenancy
from tests import factories
from tests.journeys.conftest import PHONE, Open

WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def test_a_menu_opens_and_closes_by_keyboard(see: Open) -> None:
    with tenancy.support():
        world = factories.world("Alder")
    page = see(world.district_admin, "/accounts/syncs/")
    menu = page.locator("details.switch")
    menu.locator("summary").focus()
    page.keyboard.press("Enter")
    assert menu.get_attribute("open") is not None
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.textContent") == "Alder High"
    page.keyboard.press("Escape")
    assert menu.get_attribute("open") is None
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"


def test_a_menu_closes_when_focus_goes_on(see: Open) -> None:
    with tenancy.support():
        world = factories.world("Alder")
    page = see(world.district_admin, "/accounts/syncs/")
    menu = page.locator("details.switch")
    menu.locator("summary").click()
    places = menu.get_by_role("button").count()
    for _ in range(places):
        page.keyboard.press("Tab")
        assert menu.get_attribute("open") is not None
    page.keyboard.press("Tab")
    assert menu.get_attribute("open") is None


def test_a_strip_that_is_cut_off_shows_where_one_is(see: Open) -> None:
    with tenancy.support():
        world = factories.world("Alder")
    page = see(world.district_admin, "/help/", size=PHONE)
    here = page.locator(".side [aria-current]").bounding_box()
    assert here is not None
    assert 0 < here["x"] < here["x"] + here["width"] <= PHONE["width"]


def test_the_switcher_changes_the_school_and_stays(see: Open) -> None:
    with tenancy.support():
        world = factories.world("Alder")
    page = see(world.district_admin, "/accounts/syncs/")
    page.locator("details.switch summary").click()
    page.get_by_role("button", name="Alder Middle").click()
    assert page.url.endswith("/accounts/syncs/")
    assert page.locator("details.switch summary").inner_text().endswith("Alder Middle")


def test_nothing_is_wider_than_a_phone(see: Open) -> None:
    with tenancy.support():
        world = factories.world("Alder")
    for path in ("/accounts/syncs/", "/accounts/integrations/", f"/accounts/syncs/{world.run.pk}/"):
        page = see(world.district_admin, path, size={**PHONE, "width": 320})
        assert page.evaluate(WIDER) == 0, path
