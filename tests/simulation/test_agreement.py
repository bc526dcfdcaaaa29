"""Engine and reference planner must say the same: plan, holds, issues and the state afterwards.

A failing world is printed small, with the seed it replays from.
"""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings

from tests.simulation.harness import differences, tell
from tests.simulation.world import World
from tests.simulation.worlds import draw, worlds

SEEDS = 1_500
BATCHES = 8


@pytest.mark.usefixtures("lab")
@settings(settings.get_profile("simulation"), max_examples=80)
@given(world=worlds())
def test_on_drawn_worlds(world: World) -> None:
    _agree("a drawn world", world)


@pytest.mark.usefixtures("lab")
@pytest.mark.parametrize("batch", range(4))
def test_on_the_first_seeds(batch: int) -> None:
    for seed in range(batch * 25, batch * 25 + 25):
        _agree(f"seed {seed}", draw(random.Random(seed)))


@pytest.mark.long
@pytest.mark.usefixtures("lab")
@pytest.mark.parametrize("batch", range(BATCHES))
def test_on_many_seeds(batch: int) -> None:
    for seed in range(batch, SEEDS, BATCHES):
        _agree(f"seed {seed}", draw(random.Random(seed)))


def _agree(name: str, world: World) -> None:
    if differences(world):
        pytest.fail(tell(name, world, differences))
