"""apply: a set of planned rows becomes accounts, all of it or nothing.

Reads nothing but the rows of the set. A set is tonight's rows that no hold keeps, or
the rows of one released hold.
"""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, connection, transaction

from rostering import sql

#: What apply.size counts -> the statement that writes it; nothing to write, nothing to read.
WRITES = {
    "creates": "apply.create_people",
    "changes": "apply.change_people",
    "unlinks": "apply.unlink",
    "links": "apply.link",
    "legacies": "apply.legacy",
    "joins": "apply.join",
    "memberships": "apply.change_memberships",
    "former_emails": "apply.former_emails",
}
TOUCHED = ["accounts_user", "accounts_membership", "integrations_link"]
WORTH_ANALYZING = 1_000


class Stale(Exception):
    """Somebody or something changed what the plan was made from; nothing was written."""


def apply_set(district: int, connection_id: int, run: int, hold: int | None, origin: str, label: str) -> int:
    """Write a set inside the caller's transaction; how many people were touched.

    `origin` and `label` say on new memberships where they come from. Raises `Stale`
    if one row's `before` is no longer what is stored.
    """
    params: dict[str, Any] = {
        "district": district,
        "connection": connection_id,
        "run": run,
        "hold": hold,
        "origin": origin,
        "label": label,
    }
    try:
        with transaction.atomic():
            rows = sql.one("apply.size", params)
            if not rows["people"]:
                return 0
            sql.run("apply.lock", params)
            if stale := sql.one("apply.stale", params)["rows"]:
                message = f"{stale} rows are no longer as they were read"
                raise Stale(message)
            for counted, statement in WRITES.items():
                if rows[counted]:
                    sql.run(statement, params)
            if rows["rows"] > WORTH_ANALYZING:
                with connection.cursor() as cursor:
                    cursor.execute("SELECT smartpass_analyze(%s, %s)", [TOUCHED, rows["rows"]])
    except IntegrityError as error:
        message = "a name, e-mail or id was taken meanwhile"
        raise Stale(message) from error
    return int(rows["people"])


def remember(district: int, connection_id: int, staged: str, *, complete: bool, settings_version: int) -> None:
    """Keep what the source said, as differences; lift refusals that no longer apply."""
    params = {
        "district": district,
        "connection": connection_id,
        "complete": complete,
        "settings_version": settings_version,
    }
    for statement in ("apply.lift", "apply.forget", "apply.remember"):
        sql.run(statement, params, staged)
