"""The real worker and the real scheduler: the broker is killed, forgets everything, or a worker is lost."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.simulation_kills.ground import CELERY, CLERK
from tests.simulation_kills.night import LASTS, Case, Night
from tests.simulation_kills.processes import Process, run, until

pytestmark = pytest.mark.long
QUICK = ("--tick", "1", "--lasts", str(LASTS * 2))
#: What the product promises about a worker that is gone.
TWO_MINUTES = 120.0


@contextmanager
def parts(case: Case, *options: str) -> Iterator[tuple[Process, Process]]:
    """A real worker and a real scheduler on an empty broker."""
    case.night.servers.empty_broker()
    with (
        Process(case.given, *CELERY, "worker", *options) as worker,
        Process(case.given, *CELERY, "beat", *options) as beat,
    ):
        yield worker, beat


def asked_again(case: Case) -> None:
    """Somebody asks for another run while everything is up, and it is done."""
    run(case.given, *CLERK, "ask", case.night.connection)
    until(case.done, "worker and scheduler go on")


def test_the_broker_is_killed_during_a_run(night: Night) -> None:
    with night.case() as case, case.blocker() as blocker, parts(case, *QUICK) as (worker, beat):
        blocker.stop_inside("plan")
        night.servers.kill_valkey()
        blocker.release()
        until(case.done, "the run ends without a broker")
        assert case.differences() == []
        assert case.attempts() == 1
        night.servers.start_valkey()
        asked_again(case)
        assert not worker.ended()
        assert not beat.ended()


def test_the_broker_forgets_everything_and_the_worker_is_killed(night: Night) -> None:
    with night.case() as case, case.blocker() as blocker, parts(case, *QUICK) as (worker, _):
        blocker.stop_inside("apply")
        worker.kill()
        night.servers.empty_broker()
        blocker.release()
        with Process(case.given, *CELERY, "worker", *QUICK):
            until(case.done, "another worker finishes")
        assert case.differences() == []
        assert case.attempts() == 2


def test_postgresql_is_killed_under_the_real_worker(night: Night) -> None:
    with night.case() as case, case.blocker() as blocker, parts(case, *QUICK) as (worker, beat):
        blocker.stop_inside("apply")
        night.servers.kill_postgres()
        night.servers.start_postgres()
        until(case.done, "the run ends after all")
        assert case.differences() == []
        assert case.attempts() == 2
        assert not worker.ended()
        assert not beat.ended()


def test_a_killed_workers_run_is_taken_over_within_two_minutes(night: Night) -> None:
    """With the product's own lease and its own tick."""
    with night.case() as case, case.blocker() as blocker, parts(case) as (worker, _):
        run(case.given, *CLERK, "tell", str(night.run))
        blocker.stop_inside("plan")
        began = time.monotonic()
        worker.kill()
        blocker.release()
        with Process(case.given, *CELERY, "worker"):
            until(lambda: case.attempts() == 2, "another worker takes the run", TWO_MINUTES)
            assert time.monotonic() - began < TWO_MINUTES
            until(case.done, "another worker finishes")
        assert case.differences() == []
