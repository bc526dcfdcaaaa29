"""Each page in each of its states: accessible, whole at 320 px, and reachable by keyboard."""

from __future__ import annotations

from typing import TYPE_CHECKING

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

if TYPE_CHECKING:
    from playwright.sync_api import Page, Response

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


def opened(state: State, see: Open) -> Page:
    """The page in this state, at desk size; one that ended elsewhere than meant, as an error page, fails."""
    world, user = prepared(state)
    page = see(user, state.address(world), size=DESK, status=state.status)
    answers = [state.status]
    page.on("response", lambda answer: answers.append(answer.status) if _is_a_page(answer) else None)
    state.then(page)
    page.wait_for_load_state("networkidle")
    assert answers[-1] == (state.ends or state.status), f"{state.name} ended at {page.url}"
    return page


def _is_a_page(answer: Response) -> bool:
    return answer.request.is_navigation_request() and not 300 <= answer.status < 400


@pytest.mark.long
@pytest.mark.parametrize("state", STATES, ids=lambda state: state.name)
def test_a_state_is_accessible(state: State, see: Open) -> None:
    page = opened(state, see)
    wrong = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        wrong += scanning.axe(page)
    wrong += scanning.keyboard(page)
    page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    wrong += scanning.cut_off(page)
    assert wrong == []
