"""match: is what was staged the whole listing, and may anybody be missing from it?

Who is who is decided by the `match` part of plan.sql, inside the plan itself, so that
nobody is tied to an account by anything but a readable change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import connection

from integrations.provider import Malformed
from rostering import sql

if TYPE_CHECKING:
    from integrations.records import Receipt

ANNOUNCED = "The source announced {announced} records and sent {rows}."
UNFINISHED = "The last page did not say that it was the last."
REPEATED = "The source sent some records twice ({repeated}), so others may be missing."
MISSING = "The source no longer shares a school that is linked here."
NOTHING = "The source shares no data: no school and no person."
TWICE = "The source sent two records with one id."
NAMELESS = "A record without an id could not be read."


class StagingLost(Exception):
    """The staged rows are not those that were read (the database was restarted, or a worker was replaced)."""


def match(staged: str, receipt: Receipt) -> None:
    """Make sure that the staging table holds exactly what the receipt says, and analyze it.

    Raises StagingLost where rows are missing, and `Malformed` where two records have one id.
    """
    facts = sql.one("match.facts", {}, staged)
    if facts["rows"] != receipt.rows - receipt.ignored:
        message = f"{facts['rows']} rows staged, {receipt.rows - receipt.ignored} read"
        raise StagingLost(message)
    if facts["ids"] != facts["rows"] - facts["nameless"]:
        raise Malformed(TWICE)
    with connection.cursor() as cursor:
        cursor.execute("SELECT smartpass_analyze(%s, %s)", [[staged], facts["rows"]])


def why_nobody_leaves(staged: str, receipt: Receipt, linked: set[str]) -> str:
    """Why absence means nothing tonight; empty if it may."""
    if receipt.announced is not None and receipt.announced != receipt.rows:
        return ANNOUNCED.format(announced=f"{receipt.announced:,}", rows=f"{receipt.rows:,}")
    if not receipt.closed:
        if open_by_nature := receipt.notes.get("open"):
            return open_by_nature
        repeated = receipt.notes.get("repeated")
        return REPEATED.format(repeated=repeated) if repeated else UNFINISHED
    if not linked <= set(receipt.places):
        return MISSING if receipt.rows or receipt.places else NOTHING
    return NAMELESS if sql.one("match.facts", {}, staged)["nameless"] else ""
