"""Lists to look at: runs, holds and issues of every district."""

from __future__ import annotations

from django.contrib import admin

from accounts.console import ReadOnly, console
from rostering.models import Hold, Issue, Run


class Runs(ReadOnly):
    """Every run, newest first."""

    page = "run"
    list_display = ("__str__", "district", "connection", "trigger", "preview", "state", "problem", "created_at")
    list_filter = ("state", "trigger", "preview")
    search_fields = ("district__name", "=id")
    ordering = ("-created_at", "-pk")
    list_select_related = ("district", "connection")


class Holds(ReadOnly):
    """The queue of holds: those that wait stand first, the longest waiting at the top."""

    page = "hold"
    list_display = ("__str__", "state", "district", "school", "reason", "people", "needs_second", "opened_at")
    list_filter = ("state", "reason", "needs_second")
    search_fields = ("district__name", "school__name")
    ordering = ("state", "opened_at", "pk")
    list_select_related = ("district", "school")


class Issues(ReadOnly):
    """What needs a person's eye."""

    list_display = ("code", "severity", "district", "school", "external_id", "opened_at", "closed_at")
    list_filter = ("code", "severity", ("closed_at", admin.EmptyFieldListFilter))
    search_fields = ("external_id", "district__name")
    ordering = ("-opened_at", "-pk")
    list_select_related = ("district", "school")


console.register(Run, Runs)
console.register(Hold, Holds)
console.register(Issue, Issues)
