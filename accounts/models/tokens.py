"""Keys by which a district's own programs use the API."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.timezone import now

from accounts.models.people import District, User


class ApiToken(models.Model):
    """A key to one district's API. It reaches as far as the person who made it, and no longer than they do.

    The key itself is shown once and kept nowhere: `digest` is its SHA-256. `hint` is its
    beginning, by which people tell their keys apart.
    """

    district = models.ForeignKey(District, models.PROTECT, db_constraint=False)
    user = models.ForeignKey(User, models.PROTECT, related_name="api_tokens", db_constraint=False)
    name = models.CharField(max_length=80)
    digest = models.CharField(max_length=64, unique=True)
    hint = models.CharField(max_length=12)
    created_at = models.DateTimeField(default=now, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user", "name"], name="token_name_once_a_person", condition=Q(revoked_at=None)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.hint}…)"
