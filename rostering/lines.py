"""Rows of a plan as people read them: on a school's page, on support's, and as a download."""

from __future__ import annotations

import csv
import io
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from accounts.sheets import harmless
from integrations import registry
from rostering import access, wording
from rostering.models import Change

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.models import QuerySet

    from rostering.models import Issue, Run

#: So many rows of a sheet are in memory at a time.
ROWS_AT_ONCE = 2_000


class Line(NamedTuple):
    """One change to one person at one school."""

    change: Change
    name: str
    school: str
    what: str
    differences: list[wording.Difference]
    why: str
    fate: str
    account: int | None


class IssueLine(NamedTuple):
    """One thing that needs an eye."""

    issue: Issue
    name: str
    school: str
    says: str
    helps: str
    account: int | None


def lines(changes: Iterable[Change], run: Run) -> list[Line]:
    """Some rows of a run's plan with their people's names."""
    rows = list(changes)
    known = access.names_of(row.user_id for row in rows)
    source = registry.label(run.connection.kind)
    return [
        Line(
            row,
            known.get(row.user_id) or _planned_name(row),
            row.school.name if row.school else "District",
            str(Change.Kind(row.kind).label),
            wording.differences(row),
            wording.why(row, source),
            wording.fate(row, run),
            row.user_id if row.user_id in known else None,
        )
        for row in rows
    ]


def issue_lines(issues: Iterable[Issue], kind: str) -> list[IssueLine]:
    """Some issues with their people's names."""
    rows = list(issues)
    known = access.names_of(row.user_id for row in rows if row.user_id)
    source = registry.label(kind)
    return [
        IssueLine(
            row,
            known.get(row.user_id or 0) or f"Reference {row.external_id}",
            row.school.name if row.school else "",
            *wording.issue(row.code, source),
            row.user_id if row.user_id in known else None,
        )
        for row in rows
    ]


def questions(issues: Iterable[Issue]) -> list[tuple[Issue, str]]:
    """Open questions with the name of the account that somebody may be."""
    rows = list(issues)
    known = access.names_of(row.detail["user"] for row in rows if row.detail.get("user"))
    return [(row, known.get(row.detail.get("user", 0), "nobody any more")) for row in rows]


def as_csv(run: Run, changes: QuerySet[Change]) -> str:
    """A part of a run as a sheet to take away that no spreadsheet takes for formulas.

    Some rows at a time are in memory, whatever their number, and the sheet's own text.
    """
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["Person", "School", "What", "Fields", "Before", "After", "Why", "Note"])
    rows = changes.iterator(chunk_size=ROWS_AT_ONCE)
    while some := list(islice(rows, ROWS_AT_ONCE)):
        for line in lines(some, run):
            for each in line.differences or [wording.Difference("", "", "")]:
                cells = [line.name, line.school, line.what, *each, line.why, line.fate]
                writer.writerow([harmless(cell) for cell in cells])
    return out.getvalue()


def _planned_name(row: Change) -> str:
    name = f"{row.after.get('first_name', '')} {row.after.get('last_name', '')}".strip()
    return name or f"Reference {row.external_id}"
