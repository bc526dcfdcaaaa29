"""Thin Celery wrappers. A task carries a run's id and nothing else; doing it twice changes nothing."""

from __future__ import annotations

from celery import shared_task

from rostering import queue, retention, schedule
from rostering.sync import perform


@shared_task(name=queue.SYNC, ignore_result=True)
def sync(*, run_id: int) -> None:
    """Carry out a run, unless it was carried out or is being carried out."""
    perform(run_id)


@shared_task(name="rostering.tick", ignore_result=True)
def tick() -> None:
    """Each minute: tonight's runs, every run that is due and that nobody works on, and sweeping up."""
    for run_id in schedule.tick():
        queue.enqueue(run_id)
    schedule.sweep()
    schedule.sound_alarms()


@shared_task(name="rostering.prune", ignore_result=True)
def prune() -> None:
    """Each day: what is past its time goes."""
    retention.prune()
