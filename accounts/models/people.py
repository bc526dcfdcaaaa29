"""Who people are: districts, schools, users, memberships, pins and the audit trail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Collate, Left
from django.utils.timezone import now

from accounts.models.standing import Roles, Status, standing

if TYPE_CHECKING:
    from collections.abc import Iterable


#: By how many letters of their folded name and e-mail people are put in order: an index takes no text of any length.
NAME = 100


class StaffRole(models.TextChoices):
    """What a person of SmartPass may do in Django admin."""

    SUPPORT = "support", "Support"
    CSM = "csm", "CSM"
    INTEGRATIONS = "integrations", "Integrations"


class MailWish(models.TextChoices):
    """Which notices somebody wants by e-mail. All of them stand on their page in any case."""

    ALL = "all", "All notices"
    ACT = "act", "Only when I must act"
    NONE = "none", "No email"


class District(models.Model):
    """The tenant. An independent school is a district of one."""

    name = models.CharField(max_length=200)
    timezone = models.CharField(max_length=64, default="America/New_York")
    limits = models.JSONField(default=dict, blank=True, help_text="Sync limits that differ from the product's.")
    created_at = models.DateTimeField(default=now, editable=False)

    def __str__(self) -> str:
        return self.name


class School(models.Model):
    """A school of a district. Only linked and purchased schools are synced."""

    district = models.ForeignKey(District, models.PROTECT, related_name="schools")
    name = models.CharField(max_length=200)
    purchased = models.BooleanField(default=False)
    limits = models.JSONField(default=dict, blank=True, help_text="Sync limits that differ from the district's.")
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["district", "name"], name="school_name_once_in_district"),
        ]

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    """Makes users so that every way in folds names and e-mail the same way."""

    def get_by_natural_key(self, username: str | None) -> User:
        """Refused: a handle is unique inside a district only, so it names nobody by itself."""
        message = f"Sign-in goes through accounts.signing_in, not through {username!r}."
        raise User.DoesNotExist(message)


class User(AbstractBaseUser):
    """One person of one district: one sign-in, any number of memberships.

    `email` is what the source or a person wrote, whole; `login_email` is its folded
    form and is set only for the one person of the district who signs in by it.
    `profile_source` is the id of the connection that gives the name and e-mail.
    `search` is the folded text that lists are searched by.
    """

    district = models.ForeignKey(
        District, models.PROTECT, null=True, related_name="users", db_index=False, db_constraint=False
    )
    email = models.TextField(blank=True, default="")
    login_email = models.TextField(null=True, blank=True)  # noqa: DJ001 - null is what keeps it unique
    username = models.TextField(null=True, blank=True)  # noqa: DJ001 - null is what keeps it unique
    first_name = models.TextField(blank=True, default="")
    last_name = models.TextField(blank=True, default="")
    search = models.TextField(blank=True, default="", editable=False)
    profile_source = models.BigIntegerField(null=True, blank=True, editable=False)
    must_change_password = models.BooleanField(default=False)
    mail = models.CharField(max_length=8, choices=MailWish.choices, default=MailWish.ALL, db_default=MailWish.ALL)
    notices_seen_at = models.DateTimeField(null=True, blank=True, editable=False)
    is_staff = models.BooleanField(default=False)
    staff_role = models.CharField(max_length=16, choices=StaffRole.choices, blank=True, default="")
    created_at = models.DateTimeField(default=now, editable=False)
    updated_at = models.DateTimeField(default=now, editable=False)
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "login_email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints: ClassVar = [
            # The handle comes first, so that the same index finds it before the district is known.
            models.UniqueConstraint(
                fields=["login_email", "district"],
                name="login_email_once_in_district",
                condition=Q(login_email__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["username", "district"], name="username_once_in_district", condition=Q(username__isnull=False)
            ),
            models.UniqueConstraint(
                fields=["login_email"], name="login_email_once_among_staff", condition=Q(district__isnull=True)
            ),
            models.CheckConstraint(
                condition=Q(district__isnull=False) | Q(is_staff=True), name="only_staff_has_no_district"
            ),
            models.CheckConstraint(
                condition=Q(district__isnull=True) | Q(is_staff=False), name="staff_belongs_to_no_district"
            ),
        ]
        # A page of a district's list is walked to instead of sorting 100,000 people for it.
        indexes: ClassVar = [
            models.Index("district", Collate(Left("search", NAME), "C"), "id", name="people_by_name"),
            models.Index("district", F("last_login").desc(nulls_last=True), "id", name="people_by_sign_in"),
            # Few have an e-mail that they do not sign in by; a plan looks for people among them.
            models.Index(
                fields=["district"],
                name="emails_nobody_signs_in_by",
                condition=Q(login_email__isnull=True) & ~Q(email=""),
            ),
        ]

    def __str__(self) -> str:
        return self.get_full_name()

    def get_full_name(self) -> str:
        """First and last name, or the reference where the source gave neither."""
        return f"{self.first_name} {self.last_name}".strip() or f"Reference {self.pk}"

    @property
    def is_active(self) -> bool:  # type: ignore[override]  # Django writes it nowhere; here it is derived
        """Whether this account still exists; whether it may come in is `signing_in.may_enter`."""
        return self.deleted_at is None

    def has_perm(self, perm: str, obj: Any = None) -> bool:  # noqa: ARG002 - Django's signature
        """Django admin's pages are for SmartPass staff only; each page then narrows by staff role."""
        return self.is_staff and self.is_active

    def has_perms(self, perm_list: Iterable[str], obj: Any = None) -> bool:
        """As `has_perm`, for several."""
        return all(self.has_perm(perm, obj) for perm in perm_list)

    def has_module_perms(self, app_label: str) -> bool:  # noqa: ARG002 - Django's signature
        """As `has_perm`, for an app's index."""
        return self.is_staff and self.is_active


class Membership(models.Model):
    """A user at a school, or at the district (`school` is null), with roles and a status.

    `origin` says in a word who made it ("hand", "clever" …), `origin_label` in words
    for a page. `source_id` is the connection that owns it: only that connection may
    end it; null means that a person made it. `suspended_by` is "sync" or "person".
    `standing` is the roles and the status as bits, which the database keeps.
    """

    district = models.ForeignKey(District, models.PROTECT, db_constraint=False, db_index=False)
    user = models.ForeignKey(User, models.PROTECT, related_name="memberships", db_constraint=False, db_index=False)
    school = models.ForeignKey(
        School, models.PROTECT, null=True, related_name="memberships", db_constraint=False, db_index=False
    )
    roles = ArrayField(models.TextField(choices=Roles.choices))
    status = models.TextField(choices=Status.choices, default=Status.ACTIVE)
    suspended_by = models.TextField(blank=True, default="")
    grade = models.TextField(blank=True, default="")
    number = models.TextField(blank=True, default="")
    origin = models.TextField(default="hand")
    origin_label = models.TextField(default="By hand")
    source_id = models.BigIntegerField(null=True, blank=True, editable=False)
    standing = models.GeneratedField(expression=standing(), output_field=models.IntegerField(), db_persist=True)
    created_at = models.DateTimeField(default=now, editable=False)
    updated_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "school"], name="one_membership_per_school"),
            models.UniqueConstraint(fields=["user"], name="one_district_role", condition=Q(school__isnull=True)),
        ]
        indexes: ClassVar = [
            models.Index(fields=["school", "status"], name="membership_by_school"),
            # The people of a district one after the other, with all that they are counted by.
            models.Index(
                fields=["district", "user"],
                include=["id", "school", "status", "origin_label", "standing"],
                name="membership_by_person",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} at {self.school_id or 'the district'}"


class EmailAlias(models.Model):
    """A former sign-in e-mail, honoured until `until` or until somebody new has it."""

    district = models.ForeignKey(District, models.PROTECT, db_constraint=False, db_index=False)
    user = models.ForeignKey(User, models.PROTECT, related_name="aliases", db_constraint=False)
    login_email = models.TextField()
    until = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["district", "login_email"], name="alias_once_in_district"),
        ]

    def __str__(self) -> str:
        return f"alias of {self.user_id}"


class Pin(models.Model):
    """A person's decision that the sync must not change something.

    `field` is one of FIELDS, or "*" for everything ("Protect from sync"). `school` is
    null for what belongs to the person and not to one membership.
    """

    FIELDS: ClassVar = ("first_name", "last_name", "email", "grade", "number", "roles", "status", "*")

    district = models.ForeignKey(District, models.PROTECT, db_constraint=False, db_index=False)
    user = models.ForeignKey(User, models.PROTECT, related_name="pins", db_constraint=False)
    school = models.ForeignKey(School, models.PROTECT, null=True, blank=True, db_constraint=False, db_index=False)
    field = models.TextField(choices=[(name, name) for name in FIELDS])
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_constraint=False, db_index=False)
    why = models.TextField(blank=True, default="")
    until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "school", "field"], name="pin_once"),
            models.UniqueConstraint(
                fields=["user", "field"], name="pin_once_for_the_person", condition=Q(school__isnull=True)
            ),
            models.CheckConstraint(
                condition=Q(field__in=("first_name", "last_name", "email", "grade", "number", "roles", "status", "*")),
                name="pin_names_a_field",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.field} of {self.user_id}"


class AuditEvent(models.Model):
    """What a person did: who, what, before, after and why. Rows are only ever added."""

    district = models.ForeignKey(District, models.PROTECT, null=True, db_constraint=False)
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_constraint=False, db_index=False)
    action = models.TextField()
    target = models.TextField(help_text="What it was done to, as kind:id.")
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    why = models.TextField(blank=True, default="")
    at = models.DateTimeField(default=now, editable=False)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["target", "at"], name="audit_by_target")]

    def __str__(self) -> str:
        return f"{self.action} {self.target}"
