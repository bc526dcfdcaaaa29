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

    `status` is the answer's; `who` names somebody of the world, "" nobody.
    """

    page: str
    state: str
    path: str
    who: str = "admin"
    given: Callable[[World], None] = nothing
    then: Callable[[Page], None] = look
    status: int = 200

    @property
    def name(self) -> str:
        """Its name in tests and of its photographs."""
        return f"{self.page}-{self.state}".replace(" ", "-")

    def address(self, world: World) -> str:
        """Where it is in this world."""
        return self.path.format(world=world)


def submit(button: str, **fields: str) -> Callable[[Page], None]:
    """Fill fields by their labels and press a button."""

    def then(page: Page) -> None:
        for label, value in fields.items():
            page.get_by_label(label.replace("_", " ")).first.fill(value)
        page.get_by_role("button", name=button).click()
        page.wait_for_load_state()

    return then
