"""Every page in each of its states: what the scans look at and what `make shots` photographs.

A state is a page (by the name of its address), a word for what it shows, who looks, and
what must be so before. `test_every_page_has_its_states` fails for a page that is not here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.factories import World


def nothing(world: World) -> None:
    """Leave the world as it is."""
    del world


def look(page: Page) -> None:
    """Do nothing but look."""
    del page


@dataclass(frozen=True)
class State:
    """`path` may hold {world.…}; `given` is done inside support's door, `then` in the browser.

    `status` is the answer's, `ends` that of the last page if `then` leads to another; `who`
    names somebody of the world, "" nobody.
    """

    page: str
    state: str
    path: str
    who: str = "admin"
    given: Callable[[World], None] = nothing
    then: Callable[[Page], None] = look
    status: int = 200
    ends: int = 0

    @property
    def name(self) -> str:
        """Its name in tests and of its photographs."""
        return f"{self.page}-{self.state}".replace(" ", "-")

    @property
    def refused(self) -> bool:
        """Whether it shows that something is not there, or not for them."""
        return max(self.status, self.ends) >= 400

    def address(self, world: World) -> str:
        """Where it is in this world."""
        return self.path.format(world=world)


def both(*first: Callable[[World], None]) -> Callable[[World], None]:
    """Have all of this be so."""

    def given(world: World) -> None:
        for each in first:
            each(world)

    return given


def after(*deeds: Callable[[Page], None]) -> Callable[[Page], None]:
    """Do one thing after the other."""

    def then(page: Page) -> None:
        for deed in deeds:
            deed(page)

    return then


def press(button: str) -> Callable[[Page], None]:
    """Press the first button of this name, to wherever it leads."""

    def then(page: Page) -> None:
        page.get_by_role("button", name=button, exact=True).first.click()
        page.wait_for_load_state()

    return then


def opened(menu: str) -> Callable[[Page], None]:
    """Open a menu by its words."""

    def then(page: Page) -> None:
        page.locator("details.menu > summary", has_text=menu).click()

    return then


def chosen(name: str) -> Callable[[Page], None]:
    """Tick every box of the list, by the one above them."""

    def then(page: Page) -> None:
        page.locator(f'[data-all="{name}"]').check()

    return then


def part(address: str, status: int) -> Callable[[Page], None]:
    """Read the page again while a part that loads apart is answered with this: 204 for one that is on its way."""

    def then(page: Page) -> None:
        page.route(address, lambda route: route.fulfill(status=status))
        page.reload()

    return then


def submit(button: str, **fields: str) -> Callable[[Page], None]:
    """Fill fields by their labels and press a button."""

    def then(page: Page) -> None:
        for label, value in fields.items():
            page.get_by_label(label.replace("_", " ")).first.fill(value)
        page.get_by_role("button", name=button).click()
        page.wait_for_load_state()

    return then
