"""Sheets that people download: no spreadsheet takes a cell of theirs for a formula."""

from __future__ import annotations

#: What a spreadsheet would take for the beginning of a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def harmless(cell: str) -> str:
    """The cell, with a mark before it where a spreadsheet would calculate."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell
