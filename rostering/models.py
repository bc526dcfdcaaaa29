"""How accounts come to match a roster: runs, their planned changes, holds and issues."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.timezone import now

from accounts.models import District, School, User
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
    connection = models.ForeignKey(
        Connection, models.PROTECT, related_name="runs", db_constraint=False, db_index=False
    )
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
        "self", models.PROTECT, null=True, related_name="+", db_index=False,
        help_text="The preview that support read before letting the first sync go.",
    )
    undoes = models.ForeignKey("self", models.PROTECT, null=True, related_name="undone_by", db_index=False)
    people_read = models.PositiveIntegerField(default=0)
    people_expected = models.PositiveIntegerField(default=0)
    receipt = models.JSONField(default=dict)
    removals = models.TextField(blank=True, default="", help_text="Why nobody could be removed; empty if they could.")
    settings_version = models.PositiveIntegerField(default=0)
    fingerprint = models.TextField(blank=True, default="")
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
            models.UniqueConstraint(fields=["connection"], name="one_run_at_a_time", condition=Q(state__in=("queued", "running"))
            ),
            models.UniqueConstraint(fields=["connection", "night"], name="one_run_a_night"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["connection", "-created_at"], name="runs_of_a_connection"),
            models.Index(fields=["start_after"], name="runs_that_are_due", condition=Q(state__in=("queued", "running"))),
        ]

    def __str__(self) -> str:
        return f"Sync #{self.pk}"


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
            models.UniqueConstraint(fields=["connection", "school", "reason"], name="one_open_hold",
                condition=Q(state="open", school__isnull=False),
            ),
            models.UniqueConstraint(fields=["connection", "reason"], name="one_open_hold_at_the_district",
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
            models.Index(fields=["run", "kind"], name="changes_of_a_run"),
            models.Index(fields=["user_id"], name="changes_of_a_person"),
            models.Index(fields=["hold"], name="changes_of_a_hold", condition=Q(hold__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.user_id} at {self.school_id or 'the district'}"


class Answer(models.Model):
    """What the source itself said about somebody absent from its listing (see the confirm step)."""

    district = models.ForeignKey(District, models.PROTECT, db_constraint=False, db_index=False)
    run = models.ForeignKey(Run, models.CASCADE, related_name="answers", db_constraint=False, db_index=False)
    external_id = models.TextField(db_collation="C")
    state = models.TextField(help_text="in_scope, out_of_scope, inactive, gone or unanswered.")
    at = models.DateTimeField(default=now)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["run", "external_id"], name="asked_once_a_run")]

    def __str__(self) -> str:
        return f"{self.external_id}: {self.state}"


class Record(models.Model):
    """What the source's last complete listing said about one id, in scope or not.

    `person` holds only the fields the product uses; `digest` is theirs. Written as
    differences: a night on which the source says the same writes nothing.
    """

    district = models.ForeignKey(District, models.PROTECT, db_constraint=False, db_index=False)
    connection = models.ForeignKey(Connection, models.CASCADE, db_constraint=False, db_index=False)
    external_id = models.TextField(db_collation="C")
    digest = models.BigIntegerField()
    login = models.TextField(null=True)  # noqa: DJ001 - null is "has no sign-in e-mail", as on the user
    person = models.JSONField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["connection", "external_id"], name="one_record_per_id"),
        ]

    def __str__(self) -> str:
        return self.external_id


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
            models.Index(fields=["connection", "external_id"], name="rejections_that_stand", condition=Q(lifted_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.external_id} refused"


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
