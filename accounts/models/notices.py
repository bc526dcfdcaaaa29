"""What people are told, on their pages and by e-mail."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils.timezone import now

from accounts.models.people import District, School, User


class Notice(models.Model):
    """Something the Admins of a school (`school` null: of the district) should know.

    `about` names what it is about, as kind:id, and `link` is the page that shows it.
    A notice that is still true has no `closed_at`; the same thing is told once, so there
    is one open notice per school, kind and `about`. `must_act` says that it waits for
    somebody who reads it.
    """

    class Kind(models.TextChoices):
        """What happened."""

        HOLD = "hold", "Waiting for approval"
        FAILED = "failed", "Sync failed"
        RECONNECT = "reconnect", "Fix connection"
        LATE = "late", "No sync for 26 hours"
        FIXED = "fixed", "Working again"
        UNDONE = "undone", "Sync undone"
        READY = "ready", "You're all set"
        ANSWER = "answer", "SmartPass answered"
        RESUMED = "resumed", "Syncing again"

    district = models.ForeignKey(District, models.PROTECT, db_constraint=False)
    school = models.ForeignKey(School, models.PROTECT, null=True, db_constraint=False, db_index=False)
    kind = models.TextField(choices=Kind.choices)
    about = models.TextField()
    text = models.TextField(help_text="One paragraph, without a student's name.")
    link = models.TextField(help_text="The page's path.")
    must_act = models.BooleanField(default=False)
    at = models.DateTimeField(default=now, editable=False)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                "district",
                Coalesce("school", 0),
                "kind",
                "about",
                name="told_once_while_it_is_true",
                condition=Q(closed_at=None),
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["school", "-at"], name="notices_of_a_school")]

    def __str__(self) -> str:
        return f"{self.kind} {self.about}"


#: How often a letter is offered to the mail server.
TRIES = 5
#: Letters that it never took.
GIVEN_UP = Q(sent_at=None, tries__gte=TRIES)


class Mail(models.Model):
    """An e-mail that waits to be sent, written in the transaction that gives the reason for it.

    Sent after that transaction has been kept, once; `tries` counts the times the mail
    server refused. Its subject names no person.
    """

    district = models.ForeignKey(District, models.PROTECT, db_constraint=False, db_index=False)
    to = models.ForeignKey(User, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    notice = models.ForeignKey(Notice, models.CASCADE, null=True, related_name="mails", db_constraint=False)
    subject = models.TextField()
    body = models.TextField()
    made_at = models.DateTimeField(default=now, editable=False)
    send_after = models.DateTimeField(default=now)
    tries = models.PositiveIntegerField(default=0)
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["send_after"], name="mail_to_send", condition=Q(sent_at=None)),
        ]

    def __str__(self) -> str:
        return f"Mail #{self.pk}"

    @property
    def state(self) -> str:
        """What became of it, in a word."""
        if self.sent_at:
            return "Sent"
        return "Given up" if self.tries >= TRIES else "Waiting"
