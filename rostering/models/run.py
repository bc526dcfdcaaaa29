"""Runs: one sync of one connection, from the listing to the report."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.timezone import now

from accounts.models import District, User
from integrations.models import Connection


class RunState(models.TextChoices):
    """What a run is doing. The words on pages are computed from this (see `wording`)."""

    QUEUED = "queued", "Waiting"
    RUNNING = "running", "Running"
    DONE = "done", "Completed"
    FAILED = "failed", "Failed"
    STOPPED = "stopped", "Stopped"


class Trigger(models.TextChoices):
    """Why a run was started."""

    NIGHTLY = "nightly", "Nightly"
    FIRST = "first", "First sync"
    ASKED = "asked", "Asked for"
    SUPPORT = "support", "By support"
    UNDO = "undo", "Undo"


class Run(models.Model):
    """One sync of one connection, from the listing at the source to the report.

    A `preview` stops after guard. `night` is the Eastern date of the 11 PM this run
    answers for. `lease_token` names the worker that may write; it is valid until
    `lease_until`. `attempt` rises each time a worker takes the run. `fingerprint`
    names exactly the plan that stands in the change rows. `applied_at` is set in the
    transaction that wrote the accounts, so it is the one truth about that.
    """

    district = models.ForeignKey(District, models.PROTECT, db_constraint=False, db_index=False)
    connection = models.ForeignKey(Connection, models.PROTECT, related_name="runs", db_constraint=False, db_index=False)
    trigger = models.TextField(choices=Trigger.choices)
    preview = models.BooleanField(default=False)
    night = models.DateField(null=True, blank=True)
    state = models.TextField(choices=RunState.choices, default=RunState.QUEUED)
    step = models.TextField(blank=True, default="")
    attempt = models.PositiveIntegerField(default=0)
    tries = models.PositiveIntegerField(default=0, help_text="How often the source did not answer.")
    start_after = models.DateTimeField(default=now)
    lease_token = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    asked_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    why = models.TextField(blank=True, default="")
    released_preview = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        help_text="The preview that support read before letting the first sync go.",
    )
    undoes = models.ForeignKey("self", models.PROTECT, null=True, related_name="undone_by", db_index=False)
    schools = ArrayField(
        models.BigIntegerField(),
        null=True,
        blank=True,
        help_text="The schools whose part an undo turns back; null: all of it.",
    )
    rules = models.JSONField(
        null=True, blank=True, help_text="The mapping that a preview tries out; null: the connection's own."
    )
    people_read = models.PositiveIntegerField(default=0)
    people_expected = models.PositiveIntegerField(default=0)
    receipt = models.JSONField(default=dict)
    removals = models.TextField(blank=True, default="", help_text="Why nobody could be removed; empty if they could.")
    settings_version = models.PositiveIntegerField(default=0)
    fingerprint = models.TextField(blank=True, default="")
    settled = models.TextField(blank=True, default="", help_text="The facts for which the plan was empty.")
    issue_counts = models.JSONField(default=dict)
    seconds = models.JSONField(default=dict, help_text="Seconds spent in each step of the last attempt.")
    problem = models.TextField(blank=True, default="")
    problem_text = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(default=now, editable=False)
    started_at = models.DateTimeField(null=True, blank=True)
    applied_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["connection"], name="one_run_at_a_time", condition=Q(state__in=("queued", "running"))
            ),
            models.UniqueConstraint(fields=["connection", "night"], name="one_run_a_night"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["connection", "-created_at"], name="runs_of_a_connection"),
            models.Index(fields=["undoes"], name="undos_of_a_run", condition=Q(undoes__isnull=False)),
            models.Index(
                fields=["start_after"], name="runs_that_are_due", condition=Q(state__in=("queued", "running"))
            ),
        ]

    def __str__(self) -> str:
        return f"Sync #{self.pk}"
