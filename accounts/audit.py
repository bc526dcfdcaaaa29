"""The trail of what people did: who, what, to whom, before, after and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from accounts.models import AuditEvent

if TYPE_CHECKING:
    from django.db.models import Model

    from accounts.models import User


def record(
    by: User | None,
    action: str,
    target: Model,
    *,
    district: int | None,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    why: str = "",
) -> AuditEvent:
    """Add one line to the trail, in the transaction that does the deed.

    `action` is a short verb phrase ("school.create"); `target` is kept as kind:id.
    `by` is null for what a command on the server did. Never give it a password.
    """
    return AuditEvent.objects.create(
        district_id=district,
        by=by,
        action=action,
        target=name_of(target),
        before=before or {},
        after=after or {},
        why=why.strip(),
    )


def name_of(target: Model) -> str:
    """How the trail names a row: its kind and id."""
    return f"{target._meta.model_name}:{target.pk}"
