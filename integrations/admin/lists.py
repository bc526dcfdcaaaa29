"""The list of every district's ties to a source."""

from __future__ import annotations

from accounts.console import ReadOnly, console
from integrations.models import Connection


class Connections(ReadOnly):
    """Every district's ties to a source."""

    page = "connection"
    list_display = ("__str__", "district", "kind", "state", "stopped", "problem")
    list_filter = ("kind", "state", "stopped")
    search_fields = ("district__name", "tenant", "tenant_name")
    ordering = ("district__name", "pk")
    list_select_related = ("district",)


console.register(Connection, Connections)
