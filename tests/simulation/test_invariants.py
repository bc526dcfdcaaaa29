"""The promises of a sync, each on drawn worlds. What each one means stands with its check."""

from __future__ import annotations

import pytest

from tests.simulation import invariants
from tests.simulation.seeds import FEW, MANY, Check, kept

CHECKS: list[Check] = [
    invariants.twice,
    invariants.settled,
    invariants.crash,
    invariants.loss,
    invariants.order,
    invariants.walls,
    invariants.pins,
]
BY_NAME = pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)


@pytest.mark.usefixtures("lab")
@BY_NAME
def test_on_a_few_seeds(check: Check) -> None:
    kept(check, FEW)


@pytest.mark.long
@pytest.mark.usefixtures("lab")
@BY_NAME
def test_on_many_seeds(check: Check) -> None:
    kept(check, MANY)
