"""How a district is tied to a source: connections, linked schools and lasting ids."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.timezone import now

from accounts.models import District, School, User


class ConnectionState(models.TextChoices):
    """Where a connection stands."""

    SETTING_UP = "setting_up", "Setting up"
    CONNECTED = "connected", "Connected"
    NEEDS_ATTENTION = "needs_attention", "Needs attention"
    PAUSED = "paused", "Paused"
    DISCONNECTED = "disconnected", "Disconnected"


class Connection(models.Model):
    """A district's tie to one source, with its own settings and health.

    `kind` is a key of the registry. `tenant` is the district's id at the source and
    `account` the consenting account there ("" where our vendor key opens the door).
    `settings` is what support filled in for this source, `secrets` what the vault sealed of
    it and of what the source handed out since.
    `roles` overrides the provider's role defaults: source word -> our roles.
    `settings_version` rises with every change of what a plan depends on.
    """

    district = models.ForeignKey(District, models.PROTECT, related_name="connections", db_index=False)
    kind = models.TextField()
    tenant = models.TextField()
    tenant_name = models.TextField(blank=True, default="")
    account = models.TextField(blank=True, default="")
    state = models.TextField(choices=ConnectionState.choices, default=ConnectionState.SETTING_UP)
    problem = models.TextField(blank=True, default="", help_text="Reason code of what stopped the last run.")
    problem_text = models.TextField(blank=True, default="")
    problem_since = models.DateTimeField(null=True, blank=True)
    stopped = models.BooleanField(default=False, help_text="Stop switch: no run starts or goes on.")
    paused_until = models.DateTimeField(null=True, blank=True, help_text="When a pause ends by itself; null: never.")
    paused_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    schools_may_sync = models.BooleanField(
        default=False, db_default=False, help_text="Admins of its schools may start a sync themselves."
    )
    settings = models.JSONField(default=dict, blank=True, db_default={})
    secrets = models.TextField(default="", blank=True, db_default="", editable=False)
    roles = models.JSONField(default=dict, blank=True)
    limits = models.JSONField(default=dict, blank=True)
    settings_version = models.PositiveIntegerField(default=1, editable=False)
    created_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["district", "kind", "tenant", "account"], name="one_connection_per_upstream"
            ),
            models.UniqueConstraint(
                fields=["kind", "tenant", "account"],
                name="an_upstream_belongs_to_one_district",
                condition=~Q(state="disconnected"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.tenant_name or self.tenant}"


class SchoolLink(models.Model):
    """This source school is that SmartPass school."""

    district = models.ForeignKey(District, models.PROTECT, db_constraint=False, db_index=False)
    connection = models.ForeignKey(
        Connection, models.PROTECT, related_name="school_links", db_constraint=False, db_index=False
    )
    school = models.ForeignKey(School, models.PROTECT, related_name="source_links", db_constraint=False, db_index=False)
    external_id = models.TextField(db_collation="C")
    external_name = models.TextField(blank=True, default="")
    active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["connection", "external_id"], name="a_source_school_is_one_school"),
            models.UniqueConstraint(
                fields=["school"], name="one_automatic_source_per_school", condition=Q(active=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.external_name or self.external_id} is {self.school_id}"


class Link(models.Model):
    """A person's lasting id at a connection, compared byte for byte.

    A *roster* link can be absent from a listing; a *legacy* link is an older id the
    source still vouches for; a *sign-in* link is an id only seen when signing in.
    """

    class Kind(models.TextChoices):
        """What the id is good for."""

        ROSTER = "roster", "Roster"
        LEGACY = "legacy", "Legacy"
        SIGN_IN = "sign_in", "Sign-in"

    district = models.ForeignKey(District, models.PROTECT, db_constraint=False, db_index=False)
    connection = models.ForeignKey(
        Connection, models.PROTECT, related_name="links", db_constraint=False, db_index=False
    )
    user = models.ForeignKey(User, models.PROTECT, related_name="links", db_constraint=False)
    external_id = models.TextField(db_collation="C")
    kind = models.TextField(choices=Kind.choices, default=Kind.ROSTER)
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["connection", "external_id"], name="an_external_id_is_one_person"),
        ]

    def __str__(self) -> str:
        return f"{self.external_id} is {self.user_id}"


class RoleRule(models.Model):
    """In this school, whoever is in this OU or group at the source has this role.

    `source_id` is the id that lasts there, `name` what people call it (an OU's path, a group's
    e-mail), as last seen. Admin brings Teacher. `gone_since` is when the source first knew no
    such thing any more: its people are kept.
    """

    class Kind(models.TextChoices):
        """What is mapped."""

        OU = "ou", "Organizational unit"
        GROUP = "group", "Group"

    class Role(models.TextChoices):
        """What it can give."""

        STUDENT = "student", "Students"
        TEACHER = "teacher", "Teachers"
        ADMIN = "admin", "Admins"

    district = models.ForeignKey(District, models.PROTECT, db_constraint=False, db_index=False)
    connection = models.ForeignKey(
        Connection, models.PROTECT, related_name="rules", db_constraint=False, db_index=False
    )
    school = models.ForeignKey(School, models.PROTECT, related_name="rules", db_constraint=False, db_index=False)
    kind = models.TextField(choices=Kind.choices)
    source_id = models.TextField(db_collation="C")
    name = models.TextField()
    role = models.TextField(choices=Role.choices)
    sub_units = models.BooleanField(default=True, help_text="Whether it counts for the OUs below it too.")
    gone_since = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["connection", "school", "source_id"], name="mapped_once_at_a_school"),
        ]

    def __str__(self) -> str:
        return f"{self.name} gives {self.get_role_display()}"


class SamePerson(models.Model):
    """A person's word on whether a record of the source is an account we already have.

    Needed for accounts that are never claimed by e-mail alone (Admins).
    """

    district = models.ForeignKey(District, models.PROTECT, db_constraint=False, db_index=False)
    connection = models.ForeignKey(Connection, models.PROTECT, db_constraint=False, db_index=False)
    user = models.ForeignKey(User, models.PROTECT, db_constraint=False, db_index=False)
    external_id = models.TextField(db_collation="C")
    same = models.BooleanField()
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_constraint=False, db_index=False)
    at = models.DateTimeField(default=now, editable=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["connection", "external_id", "user"], name="asked_once_per_pair"),
        ]

    def __str__(self) -> str:
        return f"{self.external_id} is {'' if self.same else 'not '}{self.user_id}"


class UpstreamTenant(models.Model):
    """A district our vendor key opens at a source, as last listed. For support only."""

    kind = models.TextField()
    external_id = models.TextField(db_collation="C")
    name = models.TextField(blank=True, default="")
    seen_at = models.DateTimeField(default=now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "external_id"], name="an_upstream_is_listed_once"),
        ]

    def __str__(self) -> str:
        return self.name or self.external_id


class StopSwitch(models.Model):
    """While a row stands, no run of that source (or of any source: kind "") starts or goes on."""

    kind = models.TextField(blank=True, default="", unique=True)
    why = models.TextField()
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    at = models.DateTimeField(default=now, editable=False)

    def __str__(self) -> str:
        return f"Stopped: {self.kind or 'everything'}"


def role_map(defaults: dict[str, tuple[str, ...]], overrides: dict[str, Any]) -> dict[str, list[str]]:
    """The roles each source word gives at one connection. Admin always brings Teacher."""
    merged = {**{word: list(roles) for word, roles in defaults.items()}, **overrides}
    return {word: sorted({*roles, "teacher"} if "admin" in roles else set(roles)) for word, roles in merged.items()}
