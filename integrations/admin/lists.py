"""The list of every district's ties to a source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin

from accounts.console import ReadOnly, console
from integrations.access import troubled
from integrations.models import Connection

if TYPE_CHECKING:
    from collections.abc import Iterator


class FailedOrLate(admin.EmptyFieldListFilter):
    """Connections with a problem, or without."""

    def choices(self, changelist: Any) -> Iterator[Any]:
        """As Django's, in words for this question."""
        for choice, words in zip(super().choices(changelist), ("All", "Nothing wrong", "Failed or late"), strict=True):
            yield {**choice, "display": words}


class Connections(ReadOnly):
    """Every district's ties to a source."""

    page = "connection"
    list_display = ("__str__", "district", "kind", "state", "stopped", "problem", "problem_since")
    list_filter = (("problem", FailedOrLate), "kind", "state", "stopped")
    search_fields = ("district__name", "tenant", "tenant_name")
    ordering = ("district__name", "pk")
    list_select_related = ("district",)


console.register(Connection, Connections)
console.section("Connections", "integrations_connection_changelist", troubled)
