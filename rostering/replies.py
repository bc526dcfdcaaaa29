"""Texts to begin an answer with, filled from what is there now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from integrations.models import Connection
from rostering import sql
from rostering.models import Issue, SupportRequest
from rostering.sources import counted
from rostering.support import answering

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


CHECKING = "We need to check this school's identifiers \N{EN DASH} we'll write to you."


def fill(name: str, asked: SupportRequest) -> str:
    """The text of this name for a request; empty for one that there is not. For somebody of SmartPass."""
    return FOR[name][2](asked) if name in FOR and FOR[name][1](asked) else ""


def _all_set(asked: SupportRequest) -> str:
    """Counted for the school (or the whole district) from what its source brought."""
    where = asked.school.name if asked.school else asked.district.name
    ties = [asked.connection_id] if asked.connection_id else _ties(asked)
    people = ", ".join(f"{number:,} {word}" for number, word in _people(asked, ties)) or "nobody yet"
    eyes = _attention(asked, ties)
    look = f" {eyes:,} {'person needs' if eyes == 1 else 'people need'} attention: see Integrations." if eyes else ""
    return (
        f"Hi {asked.asked_by.first_name}, {where} is rostered: {people}.{look} "
        "From now on we check every night at 11:00 PM Eastern. Users are not notified by us."
    )


def _synced(asked: SupportRequest) -> str:
    return f"Hi {asked.asked_by.first_name}, the sync you asked for has run. Sync history shows what it changed."


def _to_check(asked: SupportRequest) -> str:
    """For whoever answers to leave only those that are wrong."""
    names = ", ".join(f"{org['name']} (Sourced ID {org['sourced_id']})" for org in asked.details["orgs"])
    return f"Hi {asked.asked_by.first_name}, {names}: {CHECKING}"


def _ties(asked: SupportRequest) -> list[int]:
    found = Connection.objects.filter(district=asked.district_id)
    if asked.school_id:
        found = found.filter(school_links__school=asked.school_id, school_links__active=True)
    return list(found.values_list("pk", flat=True))


def _people(asked: SupportRequest, ties: Sequence[int | None]) -> list[tuple[int, str]]:
    if asked.school_id:
        rows = sql.rows("summary.roles_by_school", {"connections": list(ties), "schools": [asked.school_id]})
    else:
        schools = list(asked.district.schools.values_list("pk", flat=True))
        rows = sql.rows("summary.roles", {"connections": list(ties), "schools": schools, "district": True})
    return counted(rows[0]) if rows else []


def _attention(asked: SupportRequest, ties: Sequence[int | None]) -> int:
    opened = Issue.objects.filter(connection__in=ties, opened_at__isnull=False, closed_at=None)
    if asked.school_id:
        opened = opened.filter(school=asked.school_id)
    return opened.values("external_id").distinct().count()


def _begins(asked: SupportRequest) -> bool:
    return asked.kind in answering.BEGINNINGS


def _names_schools(asked: SupportRequest) -> bool:
    return bool(asked.details.get("orgs"))


def _wants_sync(asked: SupportRequest) -> bool:
    return asked.kind == SupportRequest.Kind.SYNC


#: Name -> label, whether it may answer a request, text.
FOR: dict[str, tuple[str, Callable[[SupportRequest], bool], Callable[[SupportRequest], str]]] = {
    "all_set": ("You're all set", _begins, _all_set),
    "check": ("Identifiers to check", _names_schools, _to_check),
    "synced": ("The sync has run", _wants_sync, _synced),
}


def fitting(asked: SupportRequest) -> list[tuple[str, str]]:
    """Names and labels of the texts that may answer a request."""
    return [(name, label) for name, (label, fits, _) in FOR.items() if fits(asked)]
