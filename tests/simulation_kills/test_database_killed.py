"""PostgreSQL is killed under a worker; started again, it has every committed row and no other."""

from __future__ import annotations

import pytest

from tests.simulation_kills.night import LASTS, Night

pytestmark = pytest.mark.long


@pytest.mark.parametrize("step", ["fetch", "plan", "apply"])
def test_killed_in_the_middle_of_a_statement(step: str, night: Night) -> None:
    with night.case() as case, case.blocker() as blocker, case.worker("--lasts", str(LASTS)) as worker:
        worker.go()
        blocker.stop_inside(step)
        night.servers.kill_postgres()
        worker.says("failed")
        night.servers.start_postgres()
        # The same worker goes on with its next task.
        worker.go()
        worker.says("over")
        assert case.differences() == []
        assert case.attempts() == 2


@pytest.mark.parametrize("point", ["before match", "uncommitted apply", "before report"])
def test_killed_between_two_statements(point: str, night: Night) -> None:
    with night.case() as case, case.worker("--lasts", str(LASTS), "--halt", point) as first, case.worker() as second:
        first.go()
        first.says(point)
        night.servers.kill_postgres()
        night.servers.start_postgres()
        first.go()
        first.says("failed")
        second.go()
        second.says("over")
        assert case.differences() == []
        assert case.attempts() == 2
