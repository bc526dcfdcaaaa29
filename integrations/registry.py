"""Which sources there are. The one place that names them all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings

from integrations.clever.provider import CleverProvider
from integrations.http import Limits
from integrations.models import role_map

if TYPE_CHECKING:
    from integrations.models import Connection
    from integrations.provider import Provider
    from integrations.records import Tenant

PROVIDERS: dict[str, type[Provider]] = {provider.kind: provider for provider in (CleverProvider,)}


#: For a page somebody waits for, in a thread others wait for: one short try.
HURRIED = Limits(connect=3, read=8, answer=10, attempts=1, pause=0, pauses=0)


def open_provider(connection: Connection, *, hurried: bool = False) -> Provider:
    """A provider for one run of this connection, or, hurried, for one page."""
    kind = connection.kind
    provider = _in_a_hurry(PROVIDERS[kind]) if hurried else PROVIDERS[kind]
    return provider(connection.tenant, settings.SOURCE_HOSTS[kind], settings.SOURCE_SECRETS[kind])


def tenants(kind: str) -> list[Tenant]:
    """Every district our vendor key opens at a source, asked in a hurry. Raises `SourceError`."""
    return _in_a_hurry(PROVIDERS[kind]).tenants(settings.SOURCE_HOSTS[kind], settings.SOURCE_SECRETS[kind])


def _in_a_hurry(provider: type[Provider]) -> type[Provider]:
    return type(provider.__name__, (provider,), {"limits": HURRIED})


def roles_of(connection: Connection) -> dict[str, list[str]]:
    """The roles each source word gives at this connection."""
    return role_map(dict(PROVIDERS[connection.kind].role_defaults), connection.roles)


def label(kind: str) -> str:
    """The source's name on pages."""
    return PROVIDERS[kind].label
