"""A worker is killed, anywhere; another one finishes, and nobody can tell."""

from __future__ import annotations

import pytest

from tests.simulation_kills.blocking import MIDDLES
from tests.simulation_kills.night import LASTS, Night
from tests.simulation_kills.processes import until

pytestmark = pytest.mark.long
STEPS = ("fetch", "match", "plan", "confirm", "guard", "apply", "report")
BOUNDARIES = [*(f"before {step}" for step in STEPS), *(f"uncommitted {step}" for step in STEPS), "after report"]
#: How long PostgreSQL may go on with the statement of somebody who is gone.
NOTICED = 10.0


@pytest.mark.parametrize("point", BOUNDARIES)
def test_killed_at_a_boundary(point: str, night: Night) -> None:
    with night.case() as case, case.worker("--lasts", str(LASTS), "--halt", point) as first, case.worker() as second:
        first.go()
        first.says(point)
        first.kill()
        second.go()
        second.says("over")
        assert case.differences() == []
        assert case.attempts() == (1 if point == "after report" else 2)


@pytest.mark.parametrize("step", MIDDLES)
def test_killed_in_the_middle_of_a_statement(step: str, night: Night) -> None:
    with (
        night.case() as case,
        case.blocker() as blocker,
        case.worker("--lasts", str(LASTS)) as first,
        case.worker() as second,
    ):
        first.go()
        blocker.stop_inside(step)
        first.kill()
        # Nobody tells PostgreSQL; it finds out by itself, and undoes what was done.
        until(blocker.worker_is_gone, "PostgreSQL misses the worker", NOTICED)
        blocker.release()
        second.go()
        second.says("over")
        assert case.differences() == []
        assert case.attempts() == 2


def test_killed_again_and_again(night: Night) -> None:
    with night.case() as case:
        for point in ("uncommitted plan", "before guard", "uncommitted apply", "before report"):
            with case.worker("--lasts", str(LASTS), "--halt", point) as worker:
                worker.go()
                worker.says(point)
        with case.worker() as last:
            last.go()
            last.says("over")
        assert case.differences() == []
        assert case.attempts() == 5
