"""What people decide about a sync, on drawn worlds, and what an explanation then says of everybody."""

from __future__ import annotations

import pytest

from tests.simulation import decisions, explaining
from tests.simulation.seeds import FEW, MANY, Check, kept

CHECKS: list[Check] = [
    decisions.back,
    decisions.back_by_part,
    decisions.forth,
    decisions.hold,
    explaining.explained,
    explaining.explained_after_undo,
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
