"""The promises of a sync, each on drawn worlds. What each one means stands with its check."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from tests.simulation import decisions, explaining, invariants, nights
from tests.simulation.harness import compared, night
from tests.simulation.loading import load
from tests.simulation.worlds import draw

CHECKS: list[Callable[[int], list[str]]] = [
    invariants.twice,
    invariants.settled,
    invariants.crash,
    invariants.loss,
    invariants.order,
    decisions.back,
    decisions.back_by_part,
    decisions.forth,
    invariants.walls,
    decisions.hold,
    invariants.pins,
    explaining.explained,
    explaining.explained_after_undo,
]
BY_NAME = pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
FEW, MANY = 15, 25
NIGHTS = 4


@pytest.mark.usefixtures("lab")
@BY_NAME
def test_on_a_few_seeds(check: Callable[[int], list[str]]) -> None:
    _kept(check, range(FEW))


@pytest.mark.long
@pytest.mark.usefixtures("lab")
@BY_NAME
def test_on_many_seeds(check: Callable[[int], list[str]]) -> None:
    _kept(check, range(FEW, FEW + MANY))


def _kept(check: Callable[[int], list[str]], seeds: range) -> None:
    for seed in seeds:
        wrong = check(seed)
        assert not wrong, "\n".join([f"{check.__module__}.{check.__name__}({seed})", (check.__doc__ or ""), *wrong])


@pytest.mark.usefixtures("lab")
def test_nights_that_follow_one_another() -> None:
    for seed in range(FEW):
        _follow(seed)


@pytest.mark.long
@pytest.mark.usefixtures("lab")
@pytest.mark.parametrize("batch", range(4))
def test_many_nights_that_follow_one_another(batch: int) -> None:
    for seed in range(FEW + batch, FEW + MANY, 4):
        _follow(seed)


def _follow(seed: int) -> None:
    """Engine and reference agree night after night, while the source and people go on."""
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
