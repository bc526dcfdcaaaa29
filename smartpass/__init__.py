"""Wiring: settings, addresses, the task queue, the embedded services. No rules of its own."""

from .celery import app as celery_app

__all__ = ["celery_app"]
