"""Thin Celery wrappers. A task carries a run's id and nothing else; doing it twice changes nothing.

They are acknowledged when they begin: what is lost with a worker, a row brings back. A
message that waits for its acknowledgement when the broker dies takes the worker with it
(kombu 5.7 trips over giving it back).
"""

from __future__ import annotations

from celery import shared_task

from rostering import queue, retention, schedule
from rostering.sync import perform


@shared_task(name=queue.SYNC, ignore_result=True, acks_late=False)
def sync(*, run_id: int) -> None:
    """Carry out a run, unless it was carried out or is being carried out."""
    perform(run_id)


@shared_task(name="rostering.tick", ignore_result=True, acks_late=False)
def tick() -> None:
    """Each minute: tonight's runs, every run that is due and that nobody works on, and sweeping up."""
    for run_id in schedule.tick():
        queue.enqueue(run_id)
    schedule.sweep()
    schedule.sound_alarms()


@shared_task(name="rostering.prune", ignore_result=True, acks_late=False)
def prune() -> None:
    """Each day: what is past its time goes."""
    retention.prune()
