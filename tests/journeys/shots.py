"""`make shots`: a photograph of every page in each state, at phone and desk size, light and dark.

They lie in var/shots/ to be looked at. No two may be alike, and none may be an error page by
accident; what is refused or is not there may and must look the same everywhere. Times and
emails differ from one state to the next by themselves, so two states are alike as well if
they say the same but for those.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.conf import settings

from tests.journeys.conftest import DESK, PHONE, Open
from tests.journeys.states import State
from tests.journeys.states.every import STATES
from tests.journeys.test_every_page import opened

if TYPE_CHECKING:
    from playwright.sync_api import Page

FOLDER = Path(settings.BASE_DIR) / "var" / "shots"
SIZES = {"1280": DESK, "375": PHONE}
#: The bars at the window's edges would lie across the middle of a photograph of the whole page.
NOTHING_STICKS = """() => {
  for (const each of document.querySelectorAll(".bulk")) each.style.position = "static";
  scrollTo(0, 0);
}"""
#: What is to be read on a page, what was typed and ticked, and what is open.
SAID = r"""() => [
  document.body.innerText,
  ...[...document.querySelectorAll("input:not([type=hidden]), select, textarea")].map((each) =>
    ["checkbox", "radio"].includes(each.type) ? each.checked : each.value),
  ...[...document.querySelectorAll("details")].map((each) => each.open),
].join("\n")"""
#: Times, emails, the port, keys and first passwords.
BY_ITSELF = re.compile(r"\d+:\d\d [AP]M|\S+@\S+|127\.0\.0\.1:\d+|sp_\S+|[a-z]+-[a-z]+-[a-z]+-\d{4}")


class Album:
    """What was photographed so far, and what of it looks or says the same as something before."""

    def __init__(self) -> None:
        self.alike: list[tuple[str, str]] = []
        self._known: dict[str, str] = {}

    def read(self, state: State, page: Page) -> None:
        """Keep what a state says."""
        self._keep(BY_ITSELF.sub("…", page.evaluate(SAID)).encode(), state.name)

    def take(self, state: State, page: Page, view: str) -> None:
        """Photograph a state."""
        path = FOLDER / f"{state.name}-{view}.png"
        page.screenshot(path=path, full_page=True)
        if not state.refused:
            self._keep(path.read_bytes(), path.name)

    def _keep(self, what: bytes, name: str) -> None:
        before = self._known.setdefault(sha256(what).hexdigest(), name)
        if before != name:
            self.alike.append((before, name))


@pytest.fixture(scope="module")
def album() -> Iterator[Album]:
    """Begin with an empty folder; at the end, no two are alike."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    taken = Album()
    yield taken
    assert taken.alike == []


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.name)
def test_shot(state: State, see: Open, album: Album) -> None:
    page = opened(state, see)
    if not state.refused:
        album.read(state, page)
    for width, size in SIZES.items():
        page.set_viewport_size(size)  # type: ignore[arg-type]
        page.evaluate(NOTHING_STICKS)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            album.take(state, page, f"{width}-{scheme}")
