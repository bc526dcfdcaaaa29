"""Sheets that people download: no spreadsheet takes a cell of theirs for a formula."""

from __future__ import annotations

from django.http import HttpResponse

#: What a spreadsheet would take for the beginning of a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def harmless(cell: str) -> str:
    """The cell, with a mark before it where a spreadsheet would calculate."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def sent(sheet: str | bytes, name: str) -> HttpResponse:
    """A sheet as a download of this name."""
    answer = HttpResponse(sheet, content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer
