"""plan: what tonight's listing would change, written as rows that a person can read."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from django.db import connection

from rostering import sql

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rostering.models import Run

WORTH_ANALYZING = 1_000


def parameters(run: Run, roles: Mapping[str, list[str]], *, removals: bool) -> dict[str, Any]:
    """What a plan depends on beside the tables."""
    return {
        "district": run.district_id,
        "connection": run.connection_id,
        "run": run.pk,
        "settings_version": run.settings_version,
        "roles": json.dumps(roles),
        "removals": removals,
        "only": None,
    }


def facts(run: Run, staged: str, roles: Mapping[str, list[str]], *, removals: bool) -> str:
    """Names everything the plan is made from: while it stays the same, so does the plan."""
    rules = hashlib.sha256(sql.text("plan.write", staged).replace(staged, "").encode()).hexdigest()
    named = sql.one("plan.facts", {**parameters(run, roles, removals=removals), "rules": rules}, staged)
    return str(named["facts"])


def plan(run: Run, staged: str, roles: Mapping[str, list[str]], *, removals: bool) -> dict[str, int]:
    """Write the plan and what it found wrong; how many people have which issue.

    Replaces whatever an earlier attempt of this run had planned.
    """
    discard(run)
    written = sql.one("plan.write", parameters(run, roles, removals=removals), staged)
    if written["changes"] > WORTH_ANALYZING:
        with connection.cursor() as cursor:
            cursor.execute("SELECT smartpass_analyze(%s, %s)", [["rostering_change"], written["changes"]])
    found: dict[str, int] = json.loads(written["issues"])
    return found


def discard(run: Run) -> None:
    """Forget what an earlier attempt, or a plan that went stale, of this run had written."""
    sql.run("plan.discard", {"run": run.pk})


def fingerprint(run_id: int, hold_id: int | None = None) -> tuple[str, int]:
    """The name of exactly the rows of a run, or of one of its holds, and how many people they touch."""
    named = sql.one("plan.fingerprint", {"run": run_id, "hold": hold_id})
    return named["fingerprint"], named["people"]
