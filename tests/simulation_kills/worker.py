"""A worker process that can be told where to stand still, so that it can be killed there.

python -m tests.simulation_kills worker RUN [--halt POINT] [--lasts SECONDS]

Waits for a line, does what workers and ticks do until the run is over, and says "over".
Says "failed" when the database fails it, and waits for a line before it looks again. At
POINT it says so, and waits for a line or to be killed. A point is one of

  before STEP       right before the step's transaction writes its first row: the steps
                    before it are committed, of this one there is nothing
  uncommitted STEP  the step's work is done and not committed
  after report      everything is done

Standing still is done from out here, by wrapping how a worker shows and renews its lease.
"""

from __future__ import annotations

import argparse
import sys
import threading
import time
from datetime import timedelta
from typing import Any

import psycopg2
from django.conf import settings
from django.db import InterfaceError, OperationalError, connections

from accounts import tenancy
from rostering import lease, runs, schedule
from rostering.models import Run
from rostering.sync import perform

#: What a task fails with when the database is gone. Some of it comes from the driver as it is.
GONE = (OperationalError, InterfaceError, psycopg2.OperationalError, psycopg2.InterfaceError)


def say(words: str) -> None:
    """Tell whoever started us."""
    print(words, flush=True)  # noqa: T201  (how we answer)


def stand_still(words: str) -> None:
    """Say something, and wait to be killed or told to go on; the heart goes on beating."""
    say(words)
    sys.stdin.readline()


def halt_at(point: str) -> None:
    """Stand still at this point when this process's own work comes there."""
    when, _, wanted = point.partition(" ")
    show, renew, worker = lease.show, lease.renew, threading.current_thread()
    step = [""]

    def shown(run: Run, **progress: Any) -> None:
        if "step" in progress:
            step[0] = progress["step"]
            if (when, wanted) == ("before", step[0]):
                stand_still(point)
        show(run, **progress)

    def renewed(run: Run, **progress: Any) -> bool:
        mine = threading.current_thread() is worker
        if mine and not progress and (when, wanted) == ("uncommitted", step[0]):
            stand_still(point)
        return renew(run, **progress)

    lease.show, lease.renew = shown, renewed


def is_over(run_id: int) -> bool:
    """Whether the run has come to an end."""
    with tenancy.support():
        return not Run.objects.filter(pk=run_id, state__in=runs.ACTIVE).exists()


def work(run_id: int) -> None:
    """What the ticks of many minutes and the workers they wake would do, until the run is over."""
    over = False
    while not over:
        try:
            with tenancy.support():
                due = schedule.due()
            for each in due:
                perform(each)
            over = is_over(run_id)
        except GONE as error:
            # The task fails, and the worker takes another one.
            print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)  # noqa: T201  (a log)
            connections.close_all()
            stand_still("failed")
        time.sleep(0.05)
    schedule.sweep()


def main(words: list[str]) -> None:
    """Work until the run is over, or stand still."""
    parser = argparse.ArgumentParser()
    parser.add_argument("run", type=int)
    parser.add_argument("--halt", default="")
    parser.add_argument("--lasts", type=float)
    told = parser.parse_args(words)
    if told.lasts:
        lease.LASTS = timedelta(seconds=told.lasts)
        settings.HEARTBEAT_SECONDS = told.lasts / 4
    if told.halt:
        halt_at(told.halt)
    sys.stdin.readline()
    work(told.run)
    if told.halt == "after report":
        stand_still(told.halt)
    say("over")
