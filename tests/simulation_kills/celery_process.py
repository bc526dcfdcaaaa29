"""The product's real worker or scheduler, with shorter waits, or with clocks that show another time.

python -m tests.simulation_kills celery_process worker|beat [--tick SECONDS] [--lasts SECONDS] [--ahead SECONDS]

`--tick` is how often the scheduler ticks, `--lasts` how long a lease lasts, `--ahead` how
far every clock of this process is ahead of the real one. A worker says "tick" and the time
on its clock after each tick it carried out.
"""

from __future__ import annotations

import argparse
import sys
from datetime import datetime, timedelta
from typing import Any

import time_machine
from celery.signals import task_postrun
from django.conf import settings
from django.utils.timezone import now

from rostering import lease

WORKER = ["--quiet", "worker", "--concurrency=2", "--loglevel=WARNING", "--without-gossip", "--without-mingle"]
BEAT = ["--quiet", "beat", "--loglevel=WARNING", "--pidfile=", "--max-interval=1"]


def say_when(*_: object, task: Any = None, **__: object) -> None:
    """Tell whoever started us of a tick."""
    if task and task.name == "rostering.tick":
        print(f"tick {now().isoformat()}", flush=True)  # noqa: T201  (how we answer)


def main(words: list[str]) -> None:
    """Be a worker, or beat."""
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=["worker", "beat"])
    parser.add_argument("--tick", type=float)
    parser.add_argument("--lasts", type=float)
    parser.add_argument("--ahead", type=float, default=0)
    told = parser.parse_args(words)
    if told.ahead:
        time_machine.travel(datetime.now().astimezone() + timedelta(seconds=told.ahead), tick=True).start()
    if told.lasts:
        lease.LASTS = timedelta(seconds=told.lasts)
        settings.HEARTBEAT_SECONDS = told.lasts / 4
    if told.tick:
        settings.CELERY_BEAT_SCHEDULE["rostering.tick"]["schedule"] = told.tick
    from smartpass.celery import app  # noqa: PLC0415  (reads the settings changed above)

    task_postrun.connect(say_when, weak=False)
    sys.argv[1:] = []
    app.start(WORKER if told.kind == "worker" else BEAT)
