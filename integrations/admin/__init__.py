"""Support's pages about sources: linking districts and schools, role mapping, stop switches."""

from integrations.admin import districts, lists, schools, switches

__all__ = ["districts", "lists", "schools", "switches"]
