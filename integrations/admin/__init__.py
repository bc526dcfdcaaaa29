"""Support's pages about sources: opening them, linking districts and schools, role mapping, stop switches."""

from integrations.admin import districts, lists, opening, schools, switches

__all__ = ["districts", "lists", "opening", "schools", "switches"]
