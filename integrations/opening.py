"""Opening a source by what support fills in, and changing that later.

The source is asked before anything is saved: settings that do not open it are refused in
its own words. Secrets go into the vault and nowhere else; the trail says which were typed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction

from accounts import audit
from accounts.people import NotPossible
from integrations import linking, registry
from integrations.models import Connection, ConnectionState
from integrations.provider import Refused, SourceError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from accounts.models import District, User
    from integrations.records import Tenant


@transaction.atomic
def open_by_settings(
    by: User | None, district: District, kind: str, cleaned: Mapping[str, Any], why: str
) -> Connection:
    """Tie a district to the source that these settings open; the tie it has to that source gets them.

    `cleaned` is the provider's form. Raises NotPossible where the source does not open, or
    belongs to another district.
    """
    settings, secrets = split(kind, cleaned)
    found = _try_out(kind, settings, secrets)
    upstream = registry.upstream(kind, settings)
    connection = linking.link_district(by, district, kind, upstream.external_id, upstream.name, why)
    _save(by, connection, upstream, settings, found, why)
    return connection


@transaction.atomic
def change_settings(by: User | None, connection: Connection, cleaned: Mapping[str, Any], why: str = "") -> bool:
    """Open the same district by other settings from now on; False if nothing changed.

    Raises NotPossible as `open_by_settings` does.
    """
    settings, secrets = split(connection.kind, cleaned)
    found = _try_out(connection.kind, settings, secrets)
    upstream = registry.upstream(connection.kind, settings)
    _must_be_free(connection, upstream)
    return _save(by, connection, upstream, settings, found, why)


def split(kind: str, cleaned: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
    """What is to be kept in the open and what in the vault, all of it as text; empty secrets are none."""
    secret = registry.PROVIDERS[kind].secret_settings
    texts = {name: _text(value) for name, value in cleaned.items()}
    settings = {name: text for name, text in texts.items() if name not in secret}
    return settings, {name: text for name, text in texts.items() if name in secret and text}


def secrets_that_are_set(connection: Connection) -> dict[str, str]:
    """The connection's own secrets that support types; none where the vault does not open them."""
    try:
        opened = registry.secrets_of(connection)
    except Refused:
        return {}
    typed = registry.PROVIDERS[connection.kind].secret_settings
    return {name: secret for name, secret in opened.items() if name in typed}


def _text(value: Any) -> str:
    """A form's value as a provider gets it: a ticked box is "yes", nothing is ""."""
    if isinstance(value, bool):
        return "yes" if value else ""
    return "" if value is None else str(value)


def _try_out(kind: str, settings: Mapping[str, str], secrets: Mapping[str, str]) -> dict[str, str]:
    try:
        return registry.try_out(kind, settings, secrets)
    except SourceError as problem:
        raise NotPossible(f"{problem} ({problem.code})") from None


def _must_be_free(connection: Connection, upstream: Tenant) -> None:
    same = Connection.objects.filter(kind=connection.kind, tenant=upstream.external_id, account=connection.account)
    label = registry.label(connection.kind)
    for other in same.exclude(pk=connection.pk).select_related("district"):
        if other.district_id == connection.district_id:
            raise NotPossible(f"These settings open another {label} connection of this district.")
        if other.state != ConnectionState.DISCONNECTED:
            raise NotPossible(f"{label} district {upstream.name} is already linked to {other.district.name}.")


def _save(
    by: User | None,
    connection: Connection,
    upstream: Tenant,
    settings: dict[str, str],
    secrets: dict[str, str],
    why: str,
) -> bool:
    held = Connection.objects.select_for_update().get(pk=connection.pk)
    had = secrets_that_are_set(held)
    typed = registry.PROVIDERS[held.kind].secret_settings
    other = sorted(name for name in typed if secrets.get(name) != had.get(name))
    before = {"tenant": held.tenant, "settings": held.settings}
    after = {"tenant": upstream.external_id, "settings": settings}
    if before == after and not other:
        return False
    held.tenant, held.tenant_name, held.settings = upstream.external_id, upstream.name, settings
    registry.seal(held, secrets)
    held.save(update_fields=["tenant", "tenant_name", "settings", "secrets"])
    if before != after:
        # A new secret alone opens the same people: what was refused of them stays refused.
        linking.plan_anew(held)
    linking.ask_places_again(held)
    line = {**after, "secrets_changed": other}
    audit.record(by, "connection.settings", held, district=held.district_id, before=before, after=line, why=why)
    return True
