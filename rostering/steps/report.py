"""report: what was found becomes issues, written as differences, and the run is closed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import connection
from django.utils.timezone import now

from rostering import sql
from rostering.models import RunState

if TYPE_CHECKING:
    from rostering.models import Run

DIFFERENCES = ("report.open_found", "report.close_vanished", "report.open_standing", "report.close_standing")


def report(run: Run, seconds: dict[str, float]) -> None:
    """Open and close issues (unless this is a preview), drop the staging table, close the run."""
    params = {"run": run.pk, "connection": run.connection_id, "district": run.district_id}
    standing = {row["code"]: row["people"] for row in sql.rows("report.count_standing", params)}
    if not run.preview:
        for difference in DIFFERENCES:
            sql.run(difference, params)
    with connection.cursor() as cursor:
        cursor.execute("SELECT smartpass_drop_staging(%s)", [run.pk])
    run.state, run.step, run.finished_at, run.seconds = RunState.DONE, "", now(), seconds
    run.issue_counts = {**run.issue_counts, **standing}
    run.lease_token = run.lease_until = None
    run.save(update_fields=["state", "step", "finished_at", "seconds", "issue_counts", "lease_token", "lease_until"])
