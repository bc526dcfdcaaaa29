"""The list of every district's ties to a source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin

from accounts.console import ReadOnly, console
from integrations import registry
from integrations.access import troubled
from integrations.admin.naming import label_of
from integrations.models import Connection

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db.models import QuerySet
    from django.http import HttpRequest


class FailedOrLate(admin.EmptyFieldListFilter):
    """Connections with a problem, or without."""

    def choices(self, changelist: Any) -> Iterator[Any]:
        """As Django's, in words for this question."""
        for choice, words in zip(super().choices(changelist), ("All", "Nothing wrong", "Failed or late"), strict=True):
            yield {**choice, "display": words}


class OfSource(admin.SimpleListFilter):
    """Connections to one source, by the name it has on pages."""

    title = "source"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Every source there is."""
        del request, model_admin
        return [(kind, label_of(kind)) for kind in registry.PROVIDERS]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Its connections, or all."""
        del request
        return queryset.filter(kind=self.value()) if self.value() else queryset


class Connections(ReadOnly):
    """Every district's ties to a source."""

    page = "connection"
    list_display = ("upstream", "district", "source", "state", "stopped", "problem", "problem_since")
    list_filter = (("problem", FailedOrLate), OfSource, "state", "stopped")
    search_fields = ("district__name", "tenant", "tenant_name")
    ordering = ("district__name", "pk")
    list_select_related = ("district",)

    @admin.display(description="At the source", ordering="tenant_name")
    def upstream(self, row: Connection) -> str:
        """What the district is called there."""
        return row.tenant_name or row.tenant

    @admin.display(description="Source", ordering="kind")
    def source(self, row: Connection) -> str:
        """Which source it is, by its name."""
        return label_of(row.kind)


console.register(Connection, Connections)
console.section("Connections", "integrations_connection_changelist", troubled)
