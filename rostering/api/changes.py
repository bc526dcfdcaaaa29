"""Rows of a sync's plan, as the API says them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from accounts.api.reading import page
from rostering import lines, wording
from rostering.api import shapes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.db.models import QuerySet

    from rostering.models import Change, Run


def told(rows: QuerySet[Change], run: Run, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """A page of them, of one kind or one school where that is wanted."""
    for name in wanted.keys() & {"kind", "school"}:
        rows = rows.filter(**{name: wanted[name]})
    found, following = page(rows, wanted)
    return {"results": [_told(line) for line in lines.lines(found, run)], "next": following}


def _told(line: lines.Line) -> dict[str, Any]:
    row = line.change
    names = [name for name in wording.FIELDS if name in row.before or name in row.after]
    values = {
        "id": row.pk,
        "kind": row.kind,
        "account": row.user_id,
        "name": line.name,
        "external_id": row.external_id,
        "school": row.school,
        "differences": [
            {"field": name, "before": row.before.get(name), "after": row.after.get(name)} for name in names
        ],
        "why": line.why,
        "hold": row.hold_id,
        "fate": line.fate,
    }
    return dict(shapes.ChangeShape(values).data)
