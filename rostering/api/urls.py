"""Addresses of the API about sources, their syncs and what waits for a person."""

from django.urls import path

from accounts.api.routing import view
from rostering.api import connections, explaining, holds, runs

urlpatterns = [
    path("explain/", view(get=explaining.explain), name="explain"),
    path("connections/", view(get=connections.list_connections), name="connections"),
    path("connections/<int:connection_id>/", view(get=connections.get_connection), name="connection"),
    path("connections/<int:connection_id>/runs/", view(post=connections.start), name="start_run"),
    path("connections/<int:connection_id>/pause/", view(post=connections.pause), name="pause_connection"),
    path("connections/<int:connection_id>/resume/", view(post=connections.resume), name="resume_connection"),
    path("runs/", view(get=runs.list_runs), name="runs"),
    path("runs/<int:run_id>/", view(get=runs.get_run), name="run"),
    path("runs/<int:run_id>/changes/", view(get=runs.list_changes), name="run_changes"),
    path("runs/<int:run_id>/issues/", view(get=runs.list_issues), name="run_issues"),
    path("runs/<int:run_id>/holds/", view(get=runs.list_holds), name="run_holds"),
    path("runs/<int:run_id>/undo/", view(get=runs.foresee_undo, post=runs.undo_run), name="run_undo"),
    path("holds/", view(get=holds.list_holds), name="holds"),
    path("holds/<int:hold_id>/", view(get=holds.get_hold), name="hold"),
    path("holds/<int:hold_id>/changes/", view(get=holds.list_changes), name="hold_changes"),
    path("holds/<int:hold_id>/release/", view(post=holds.release), name="release_hold"),
    path("holds/<int:hold_id>/reject/", view(post=holds.reject), name="reject_hold"),
]
