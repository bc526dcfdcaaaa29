"""The reference planner stands alone: an error it shared with the product would go unseen."""

from __future__ import annotations

import ast
import random
from pathlib import Path

import pytest

from tests.simulation import reference
from tests.simulation.worlds import draw

HERE = Path(__file__).parent
DRAWING = [HERE / f"{name}.py" for name in ("world", "worlds", "records", "scenes")]
ALONE = sorted([*HERE.glob("reference*.py"), *DRAWING])
ALLOWED = {"__future__", "ast", "collections", "copy", "dataclasses", "random", "re", "typing", "hypothesis", "tests"}


def imported(path: Path) -> set[str]:
    """The first part of every import in a file, and the whole of those from the tests."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} imports relatively"
            names.add(node.module or "")
    return names


@pytest.mark.parametrize("path", ALONE, ids=lambda path: path.name)
def test_the_reference_knows_nothing_of_the_product(path: Path) -> None:
    for name in imported(path):
        assert name.split(".")[0] in ALLOWED
        if name.startswith("tests"):
            assert HERE / (name.rpartition(".")[2] + ".py") in ALONE or name == "tests.simulation"


def test_worlds_replay_from_their_seed() -> None:
    assert draw(random.Random(7)) == draw(random.Random(7))


def test_worlds_reach_every_kind_of_change() -> None:
    """A generator that never draws something proves nothing about it."""
    rows = [row for seed in range(400) for row in reference.plan(draw(random.Random(seed)))]
    kinds = {row.kind for row in rows}
    reasons = {row.why for row in rows}
    assert kinds == {"create", "adopt", "relink", "join", "suspend", "reactivate", "roles", "update"}
    assert reasons == {"", "absent", "inactive", "left_school", "out_of_scope"}
