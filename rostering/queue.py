"""Tells the workers that a run waits. The run's row is the queue; this only saves the wait for the next tick."""

from __future__ import annotations

import logging

from celery import current_app
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)

SYNC = "rostering.sync"


def enqueue(run_id: int) -> None:
    """Ask for a worker now. If the broker is away, the next tick finds the row."""
    try:
        current_app.send_task(SYNC, kwargs={"run_id": run_id}, retry=False, ignore_result=True)
    except OperationalError:
        logger.warning("The broker is away; run %s waits for the next tick.", run_id)
