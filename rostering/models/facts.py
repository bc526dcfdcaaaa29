"""What the source said, and what about it needs a person's eye."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from accounts.models import District, School
from integrations.models import Connection
from rostering.models.run import Run


class Record(models.Model):
    """What the source's last complete listing said about one id, in scope or not.

    Holds only what the product uses, as it was staged; `digest` names all of it. Written
    as differences: a night on which the source says the same writes nothing.
    """

    district = models.ForeignKey(District, models.PROTECT, db_constraint=False, db_index=False)
    connection = models.ForeignKey(Connection, models.CASCADE, db_constraint=False, db_index=False)
    external_id = models.TextField(db_collation="C")
    first_name = models.TextField()
    last_name = models.TextField()
    email = models.TextField()
    login = models.TextField(null=True)  # noqa: DJ001 - null is "has no sign-in e-mail", as on the user
    active = models.BooleanField()
    problem = models.TextField()
    roles = models.JSONField(help_text="[place, word, grade, number] of each role, in the source's order.")
    legacy = models.JSONField()
    digest = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["connection", "external_id"], name="one_record_per_id"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["connection", "login"], name="records_by_email", condition=Q(login__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.external_id


class Issue(models.Model):
    """Something about a person that needs an eye, with a stable reason code.

    Written as differences: opened by the first run that saw it, closed by the first
    that did not. Until that run has reported (or for ever, if it was a preview), its
    difference stands with `opened_at` or `closed_at` empty and counts for nothing.
    """

    class Severity(models.TextChoices):
        """An error left the person unchanged; a warning is done but incomplete."""

        ERROR = "error", "Error"
        WARNING = "warning", "Warning"

    district = models.ForeignKey(District, models.PROTECT, db_constraint=False, db_index=False)
    connection = models.ForeignKey(Connection, models.CASCADE, db_constraint=False, db_index=False)
    school = models.ForeignKey(School, models.PROTECT, null=True, db_constraint=False, db_index=False)
    user_id = models.BigIntegerField(null=True)
    external_id = models.TextField(db_collation="C")
    code = models.TextField()
    severity = models.TextField(choices=Severity.choices)
    detail = models.JSONField(default=dict)
    opened_by = models.ForeignKey(Run, models.PROTECT, related_name="opened", db_constraint=False, db_index=False)
    opened_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(
        Run, models.PROTECT, null=True, related_name="closed", db_constraint=False, db_index=False
    )
    closed_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["connection", "code"], name="open_issues", condition=Q(closed_at=None)),
            models.Index(fields=["connection", "external_id"], name="issues_of_a_person"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.external_id}"
