"""Support's pages about runs, holds and everything a sync asks of a person."""

from rostering.admin import connections, deciding, limits, lists, requests, runs

__all__ = ["connections", "deciding", "limits", "lists", "requests", "runs"]
