"""orgunits.list and orgunits.get."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import unquote, unquote_plus

from integrations.google.sandbox.access import Access
from integrations.google.sandbox.errors import invalid, missing, refused
from integrations.google.sandbox.units import ROOT, Units
from integrations.sandbox.server import Request

Row = dict[str, Any]
GONE = "Org unit not found"


def listed(request: Request, access: Access, faults: Mapping[str, Any]) -> list[Row]:
    """orgunits.list: one level by default, and never in pages. Only what the role reaches is there."""
    units = access.customer.units
    start = _named(units, request.first("orgUnitPath", "/"))
    kind = request.first("type", "children")
    if kind not in {"children", "all", "allIncludingParent"}:
        raise invalid("type")
    found: Iterable[str] = units.children(start) if kind == "children" else units.below(start)
    held = [*([start] if kind == "allIncludingParent" else []), *found]
    if len(held) > int(faults.get("ou_most", len(held))):
        raise refused("backendError")
    return [row(units, key) for key in held if access.units is None or key in access.units]


def one(access: Access, raw: str) -> Row:
    """orgunits.get. Google: a path with "+" is read as one with a blank, and "#" or "?" end it."""
    units = access.customer.units
    text = unquote(raw)
    if not text.startswith("id:"):
        text = unquote_plus(text).partition("#")[0].partition("?")[0]
    found = _named(units, text)
    if access.units is not None and found not in access.units:
        raise refused("forbidden")
    return row(units, found)


def row(units: Units, key: str) -> Row:
    """A unit as Google shows it; the root has no parent and is called by its path."""
    unit = units.by_id[key]
    told: Row = {
        "kind": "admin#directory#orgUnit",
        "etag": f'"{unit.id}/{unit.name}"'.encode("ascii", "backslashreplace").decode(),
        "name": unit.name or "/",
        "description": unit.description,
        "orgUnitPath": units.path(key),
        "orgUnitId": unit.id,
        "blockInheritance": False,
    }
    if key == ROOT:
        return told
    return {**told, "parentOrgUnitPath": units.path(unit.parent), "parentOrgUnitId": unit.parent}


def _named(units: Units, text: str) -> str:
    if text.startswith("id:"):
        found = text if text in units.by_id else None
    else:
        found = units.find(f"/{text.removeprefix('/')}")
    if found is None:
        raise missing(GONE)
    return found
