"""The task queue's application. Tasks are `@shared_task`s of the apps and carry ids only."""

import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smartpass.settings")

app = Celery("smartpass")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def _keep_django_logging(**_: Any) -> None:
    """Stop Celery from setting up logging of its own: a receiver here is all it asks for."""


@app.on_after_finalize.connect
def _bind_task_ids(sender: Celery, **_: Any) -> None:
    """Put the task's and the request's ids on every log line a worker writes."""
    from django_structlog.celery.steps import DjangoStructLogInitStep  # noqa: PLC0415  (needs settings)

    sender.steps["worker"].add(DjangoStructLogInitStep)
