"""Each page in each of its states: accessible, whole at 320 px, and reachable by keyboard."""

from __future__ import annotations

import pytest

from accounts import tenancy
from accounts.models import User
from tests import factories
from tests.factories import World
from tests.journeys import scanning
from tests.journeys.conftest import DESK, Open
from tests.journeys.states import State
from tests.journeys.states.every import NO_PAGE, STATES
from tests.test_walls import addresses

NARROW = {"width": 320, "height": 640}
#: Addresses that are no pages of the schools' app.
ELSEWHERE = ("admin/", "healthz", "readyz", "api/")


def prepared(state: State) -> tuple[World, User | None]:
    """A world in which this state is so, and who looks."""
    with tenancy.support():
        world = factories.world("Alder")
        state.given(world)
    return world, getattr(world, state.who) if state.who else None


def test_every_page_has_its_states() -> None:
    pages = {each.name for each in addresses() if not each.template.startswith(ELSEWHERE)}
    known = {state.page for state in STATES}
    assert pages - known - set(NO_PAGE) == set()
    assert known - pages == set()


def test_states_have_names_of_their_own() -> None:
    names = [state.name for state in STATES]
    assert len(names) == len(set(names))


@pytest.mark.long
@pytest.mark.parametrize("state", STATES, ids=lambda state: state.name)
def test_a_state_is_accessible(state: State, see: Open) -> None:
    world, user = prepared(state)
    wrong = []
    for dark in (False, True):
        page = see(user, state.address(world), size=DESK, dark=dark, status=state.status)
        state.then(page)
        page.wait_for_load_state("networkidle")
        wrong += scanning.axe(page)
    wrong += scanning.keyboard(page)
    page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    wrong += scanning.cut_off(page)
    assert wrong == []
