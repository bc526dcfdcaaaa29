"""Engine and reference agree night after night, while the source and people go on."""

from __future__ import annotations

import random

import pytest

from tests.simulation import nights
from tests.simulation.harness import compared, night
from tests.simulation.loading import load
from tests.simulation.seeds import FEW, MANY
from tests.simulation.worlds import draw

NIGHTS = 4
BATCHES = 4


@pytest.mark.usefixtures("lab")
def test_nights_that_follow_one_another() -> None:
    for seed in FEW:
        _follow(seed)


@pytest.mark.long
@pytest.mark.usefixtures("lab")
@pytest.mark.parametrize("batch", range(BATCHES))
def test_many_nights_that_follow_one_another(batch: int) -> None:
    for seed in MANY[batch::BATCHES]:
        _follow(seed)


def _follow(seed: int) -> None:
    rng = random.Random(seed)
    world = draw(rng)
    place = load(world)
    for number in range(NIGHTS):
        found = night(place, world)
        assert found.run.state == "done", f"seed {seed}, night {number}: {found.run.problem}"
        wrong = compared(world, place, found)
        assert not wrong, "\n".join([f"seed {seed}, night {number}", *wrong])
        nights.by_day(rng, world, place)
        world = nights.tomorrow(rng, world, place, found)
