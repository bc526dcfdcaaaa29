"""What a run would do: planned changes, the holds that keep them, answers and refusals."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.timezone import now

from accounts.models import District, School, User
from integrations.models import Connection
from rostering.models.run import Run


class Hold(models.Model):
    """Changes of a run that wait for a person: one per connection, school and reason.

    The held changes are those rows of `run` that name this hold. A hold that waits is
    moved to the next night's rows, never stacked. `fingerprint` names its list.
    """

    class State(models.TextChoices):
        """What became of it."""

        OPEN = "open", "Waiting for approval"
        RELEASED = "released", "Released"
        REJECTED = "rejected", "Rejected"
        SUPERSEDED = "superseded", "No longer needed"
        PREVIEW = "preview", "Would wait for approval"

    district = models.ForeignKey(District, models.PROTECT, db_constraint=False, db_index=False)
    connection = models.ForeignKey(Connection, models.PROTECT, related_name="holds", db_constraint=False)
    run = models.ForeignKey(Run, models.PROTECT, related_name="holds", db_constraint=False)
    school = models.ForeignKey(School, models.PROTECT, null=True, db_constraint=False, db_index=False)
    reason = models.TextField()
    text = models.TextField(help_text="Why, with the numbers, in words a school can read.")
    state = models.TextField(choices=State.choices, default=State.OPEN)
    people = models.PositiveIntegerField(default=0)
    needs_second = models.BooleanField(default=False)
    fingerprint = models.TextField(blank=True, default="")
    opened_at = models.DateTimeField(default=now, editable=False)
    refreshed_at = models.DateTimeField(default=now, editable=False)
    first_yes_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    first_yes_for = models.TextField(blank=True, default="", help_text="The list the first person agreed to.")
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    decided_at = models.DateTimeField(null=True, blank=True)
    decision = models.TextField(blank=True, default="", help_text="The reason given with the decision.")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["connection", "school", "reason"],
                name="one_open_hold",
                condition=Q(state="open", school__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["connection", "reason"],
                name="one_open_hold_at_the_district",
                condition=Q(state="open", school__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"Hold #{self.pk}"


class Change(models.Model):
    """What a run does, or would do, to one person at one school. The plan is these rows.

    `school` is null for a role at the district. What belongs to the person (names,
    e-mail, links) stands in the row of their main school. `before` and `after` hold
    only what differs. `user_id` of a new person is allotted in the plan; `external_id`
    names them until then. A change has happened if its run was applied and it is not
    held, or if its hold was released.
    """

    class Kind(models.TextChoices):
        """The weightiest thing a row does."""

        CREATE = "create", "Created"
        ADOPT = "adopt", "Taken over"
        RELINK = "relink", "Linked to a new id"
        JOIN = "join", "Added to a school"
        SUSPEND = "suspend", "Suspended"
        REACTIVATE = "reactivate", "Reactivated"
        ROLES = "roles", "Role changed"
        UPDATE = "update", "Updated"

    district = models.ForeignKey(District, models.PROTECT, db_constraint=False, db_index=False)
    run = models.ForeignKey(Run, models.CASCADE, related_name="changes", db_constraint=False, db_index=False)
    hold = models.ForeignKey(
        Hold, models.PROTECT, null=True, related_name="changes", db_constraint=False, db_index=False
    )
    user_id = models.BigIntegerField()
    school = models.ForeignKey(School, models.PROTECT, null=True, db_constraint=False, db_index=False)
    external_id = models.TextField(db_collation="C")
    kind = models.TextField(choices=Kind.choices)
    before = models.JSONField()
    after = models.JSONField()
    why = models.TextField(blank=True, default="")

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["run", "school", "kind"], name="changes_of_a_run_at_a_school"),
            # All that a run's numbers and the order of its pages need: they are read here and nowhere else.
            models.Index(
                fields=["run", "kind", "id"], include=["district", "school", "hold"], name="changes_of_a_run_in_order"
            ),
            models.Index(fields=["user_id"], name="changes_of_a_person"),
            models.Index(fields=["hold"], name="changes_of_a_hold", condition=Q(hold__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.user_id} at {self.school_id or 'the district'}"


class Answer(models.Model):
    """What the source itself said about somebody absent from its listing (see the confirm step).

    Where it cannot be asked, its listings say it: `missed` is the first of several without them.
    """

    district = models.ForeignKey(District, models.PROTECT, db_constraint=False, db_index=False)
    run = models.ForeignKey(Run, models.CASCADE, related_name="answers", db_constraint=False, db_index=False)
    external_id = models.TextField(db_collation="C")
    state = models.TextField(help_text="in_scope, out_of_scope, inactive, gone, unanswered or missed.")
    at = models.DateTimeField(default=now)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["run", "external_id"], name="asked_once_a_run")]

    def __str__(self) -> str:
        return f"{self.external_id}: {self.state}"


class Rejection(models.Model):
    """A change that a person refused or undid, and that is not to be planned again.

    It keeps everything off this person at this school while the source's record of them
    (`digest`; null while absent) and the connection's settings are what they were, or
    until somebody lifts it: the same facts would only bring the same change again.
    """

    district = models.ForeignKey(District, models.PROTECT, db_constraint=False, db_index=False)
    connection = models.ForeignKey(Connection, models.CASCADE, db_constraint=False, db_index=False)
    external_id = models.TextField(db_collation="C")
    school = models.ForeignKey(School, models.PROTECT, null=True, db_constraint=False, db_index=False)
    kind = models.TextField(choices=Change.Kind.choices, help_text="What was refused, for the page.")
    after = models.JSONField()
    digest = models.BigIntegerField(null=True)
    settings_version = models.PositiveIntegerField()
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_constraint=False, db_index=False)
    why = models.TextField(blank=True, default="")
    at = models.DateTimeField(default=now, editable=False)
    lifted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["connection", "external_id"], name="rejections_that_stand", condition=Q(lifted_at=None)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.external_id} refused"
