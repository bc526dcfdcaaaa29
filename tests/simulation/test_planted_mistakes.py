"""The comparison would notice: each planted mistake in the SQL is found, and the SQL without one passes."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from django.db import Error

from tests.simulation.harness import differences, tell
from tests.simulation.mistakes import MISTAKES, Mistake, NotThere, planted
from tests.simulation.scenes import Scene, absent
from tests.simulation.world import World
from tests.simulation.worlds import draw

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("lab")]

SEEDS = range(600)
AT_LEAST = 20


def test_there_are_enough() -> None:
    assert len({mistake.name for mistake in MISTAKES}) == len(MISTAKES) >= AT_LEAST


def test_the_sql_without_mistakes_passes_every_seed() -> None:
    for seed in SEEDS:
        for world in _worlds(seed):
            if differences(world):
                pytest.fail(tell(f"seed {seed}", world, differences))


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_is_found(mistake: Mistake) -> None:
    with planted(mistake):
        assert any(_noticed(seed) for seed in SEEDS), f"{mistake.name}: not noticed on {len(SEEDS)} seeds"


def _noticed(seed: int) -> bool:
    try:
        return any(differences(world) for world in _worlds(seed))
    except Error:
        # The database itself refused what the mistake led to.
        return True


def _worlds(seed: int) -> Iterator[World]:
    """Give a drawn world, and one in which more are missing than may be asked about."""
    rng = random.Random(seed)
    yield draw(rng)
    crowded = draw(rng)
    if crowded.places:
        for number in range(90, 93):
            absent(Scene(rng, crowded, number))
        crowded.budget = 1
    yield crowded


def test_a_mistake_that_cannot_be_planted_is_told() -> None:
    with pytest.raises(NotThere), planted(Mistake("nowhere", "plan.people", "no such words", "")):
        pass
