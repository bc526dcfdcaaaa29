"""What a school asks of SmartPass: one queue, with the time by which an answer was promised."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils.timezone import now

from accounts.models import District, School, User
from integrations.models import Connection


class SupportRequest(models.Model):
    """Something a school waits for. One that is open is asked once: a second press finds the first.

    `about` tells requests of one kind apart where a school may have several (an e-mail,
    say), `details` are facts for support, `words` what the person wrote. `due_at` is the
    promise; `answer` is what the school reads.
    """

    class Kind(models.TextChoices):
        """What is asked."""

        SYNC = "sync", "Sync now"
        FIRST_SYNC = "first_sync", "First sync"
        READY = "ready", "Ready to sync"
        ACCESS = "access", "Email in use"
        HELP = "help", "Question"

    class State(models.TextChoices):
        """What became of it."""

        OPEN = "open", "Waiting"
        TAKEN = "taken", "Being looked at"
        ANSWERED = "answered", "Answered"

    district = models.ForeignKey(District, models.PROTECT, db_constraint=False)
    school = models.ForeignKey(School, models.PROTECT, null=True, db_constraint=False, db_index=False)
    connection = models.ForeignKey(Connection, models.PROTECT, null=True, db_constraint=False, db_index=False)
    kind = models.TextField(choices=Kind.choices)
    about = models.TextField(blank=True, default="")
    details = models.JSONField(default=dict)
    words = models.TextField(blank=True, default="")
    state = models.TextField(choices=State.choices, default=State.OPEN)
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    asked_at = models.DateTimeField(default=now, editable=False)
    due_at = models.DateTimeField()
    taken_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_constraint=False, db_index=False)
    answered_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", db_constraint=False, db_index=False
    )
    answered_at = models.DateTimeField(null=True, blank=True)
    answer = models.TextField(blank=True, default="")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                "district",
                Coalesce("school", 0),
                Coalesce("connection", 0),
                "kind",
                "about",
                name="asked_once_while_it_waits",
                condition=~Q(state="answered"),
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["due_at"], name="requests_that_wait", condition=~Q(state="answered")),
        ]

    def __str__(self) -> str:
        return f"Request #{self.pk}"
