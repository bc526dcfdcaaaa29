"""Which sources there are. The one place that names them all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings

from integrations.clever.provider import CleverProvider
from integrations.models import role_map

if TYPE_CHECKING:
    from integrations.models import Connection
    from integrations.provider import Provider
    from integrations.records import Tenant

PROVIDERS: dict[str, type[Provider]] = {provider.kind: provider for provider in (CleverProvider,)}


def open_provider(connection: Connection) -> Provider:
    """A provider for one run of this connection."""
    kind = connection.kind
    return PROVIDERS[kind](connection.tenant, settings.SOURCE_HOSTS[kind], settings.SOURCE_SECRETS[kind])


def tenants(kind: str) -> list[Tenant]:
    """Every district our vendor key opens at a source. Raises `SourceError`."""
    return PROVIDERS[kind].tenants(settings.SOURCE_HOSTS[kind], settings.SOURCE_SECRETS[kind])


def roles_of(connection: Connection) -> dict[str, list[str]]:
    """The roles each source word gives at this connection."""
    return role_map(dict(PROVIDERS[connection.kind].role_defaults), connection.roles)


def label(kind: str) -> str:
    """The source's name on pages."""
    return PROVIDERS[kind].label
