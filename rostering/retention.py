"""What is kept, and for how long.

The plan of a preview nobody acted on is worth a day; what runs did is worth as long as
the setting says. Run rows stay: they are the history of the nights.
"""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.utils.timezone import now

from accounts import notices, tenancy
from accounts.models import EmailAlias
from rostering.models import Answer, Change, Hold, Issue, Run

PREVIEWS = timedelta(days=1)
AT_ONCE = 50


def prune() -> int:
    """Delete plans, answers, closed issues and aliases that are past their time; how many runs were emptied.

    A few runs a transaction, so that nobody waits for it.
    """
    with tenancy.support():
        EmailAlias.objects.filter(until__lt=now()).delete()
        notices.forget(now() - _kept())
        Issue.objects.filter(closed_at__lt=now() - _kept()).delete()
    emptied = 0
    while runs := _past():
        with tenancy.support():
            Issue.objects.filter(opened_by__in=runs, opened_at=None).delete()
            Issue.objects.filter(closed_by__in=runs, closed_at=None).update(closed_by=None)
            Change.objects.filter(run__in=runs).exclude(hold__state=Hold.State.OPEN).delete()
            Answer.objects.filter(run__in=runs).delete()
            Hold.objects.filter(run__in=runs, state=Hold.State.PREVIEW).delete()
        emptied += len(runs)
    return emptied


def _kept() -> timedelta:
    return timedelta(days=settings.KEEP_DAYS)


def _past() -> list[int]:
    with tenancy.support():
        rows = Change.objects.filter(run__created_at__lt=now() - _kept()).exclude(hold__state=Hold.State.OPEN)
        previews = Run.objects.filter(preview=True, finished_at__lt=now() - PREVIEWS, changes__isnull=False)
        past = set(previews.order_by("pk").values_list("pk", flat=True).distinct()[:AT_ONCE])
        return list(past | set(rows.order_by("run_id").values_list("run_id", flat=True).distinct()[:AT_ONCE]))
