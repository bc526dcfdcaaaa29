"""`make shots`: a photograph of every page in each state, at phone and desk size, light and dark.

They lie in var/shots/ to be looked at. No two may be alike, and none may be an error page
by accident; what is refused or is not there may and must look the same everywhere.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from django.conf import settings

from tests.journeys.conftest import DESK, PHONE, Open
from tests.journeys.states import State
from tests.journeys.states.every import STATES
from tests.journeys.test_every_page import prepared

FOLDER = Path(settings.BASE_DIR) / "var" / "shots"
#: The bar at the window's edge would lie across the middle of a photograph of the whole page.
NOTHING_STICKS = "() => document.querySelectorAll('.bulk').forEach((e) => { e.style.position = 'static'; })"
SIZES = {"375": PHONE, "1280": DESK}


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Give an empty folder, and hold what is in it at the end against itself."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    yield FOLDER
    taken: dict[str, str] = {}
    alike = []
    refused = tuple(f"{state.name}-" for state in STATES if state.status >= 400)
    for shot in sorted(FOLDER.glob("*.png")):
        if shot.name.startswith(refused):
            continue
        print_of = sha256(shot.read_bytes()).hexdigest()
        if print_of in taken:
            alike.append((taken[print_of], shot.name))
        taken[print_of] = shot.name
    assert alike == []


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.name)
def test_shot(state: State, see: Open, folder: Path) -> None:
    world, user = prepared(state)
    for size_name, size in SIZES.items():
        page = see(user, state.address(world), size=size, status=state.status)
        state.then(page)
        page.wait_for_load_state("networkidle")
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            page.evaluate(NOTHING_STICKS)
            page.screenshot(path=folder / f"{state.name}-{size_name}-{scheme}.png", full_page=True)
