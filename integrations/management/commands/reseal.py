"""`manage.py reseal`: seal every connection's secrets with the vault's first key."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts import tenancy
from integrations import registry
from integrations.models import Connection
from integrations.provider import Refused


class Command(BaseCommand):
    """After a new key was put first: afterwards the old ones can be taken away."""

    help = "Seal every connection's own secrets with the first of VAULT_KEYS."

    def handle(self, *_: Any, **__: Any) -> None:
        """Say how many there were. Raises CommandError, naming connections, if some do not open."""
        with tenancy.support():
            sealed = list(Connection.objects.exclude(secrets="").order_by("pk"))
        shut = [each.pk for each in sealed if not _resealed(each)]
        self.stdout.write(f"{len(sealed) - len(shut)} connections' secrets are sealed with the first key.")
        if shut:
            raise CommandError(
                f"Connections whose secrets do not open: {', '.join(map(str, shut))}. Keep the old keys."
            )


def _resealed(connection: Connection) -> bool:
    try:
        registry.keep(connection, {})
    except Refused:
        return False
    return True
