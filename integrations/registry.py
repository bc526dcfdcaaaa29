"""Which sources there are. The one place that names them all."""

from __future__ import annotations

from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from django.conf import settings
from django.utils.module_loading import import_string

from accounts import tenancy
from integrations import vault
from integrations.http import Limits
from integrations.models import Connection, role_map
from integrations.provider import Refused
from integrations.rules import roles_by_word, rules_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from django.forms import Form

    from integrations.consent import Consent
    from integrations.provider import Provider
    from integrations.records import Rule, Tenant

#: What is asked over HTTP, within `limits` of its class.
Asked = TypeVar("Asked", "Provider", "Consent")

#: The sources there are, a line each.
SOURCES = (
    "integrations.clever.provider.CleverProvider",
    "integrations.classlink.provider.ClassLinkProvider",
    "integrations.sis.provider.SisProvider",
    "integrations.oneroster_files.provider.OneRosterFilesProvider",
)
PROVIDERS: dict[str, type[Provider]] = {source.kind: source for source in map(import_string, SOURCES)}


#: For a page somebody waits for, in a thread others wait for: one short try.
HURRIED = Limits(connect=3, read=8, answer=10, attempts=1, pause=0, pauses=0)


def open_provider(connection: Connection, rules: Sequence[Rule] | None = None, *, hurried: bool = False) -> Provider:
    """A provider for one run of this connection, or, hurried, for one page; with its own mapping, or one to try."""
    kind = connection.kind
    provider = _in_a_hurry(PROVIDERS[kind]) if hurried else PROVIDERS[kind]
    secrets = {**_secrets(kind), **secrets_of(connection)}
    opened = provider(connection.tenant, _hosts(kind), secrets, connection.settings, partial(keep, connection))
    opened.rules = rules if rules is not None else mapping_of(connection)
    return opened


def mapping_of(connection: Connection) -> list[Rule]:
    """What people mapped at this connection; nothing where its source has role words of its own."""
    return rules_of(connection) if PROVIDERS[connection.kind].maps else []


def secrets_of(connection: Connection) -> dict[str, str]:
    """This connection's own secrets. Raises `Refused` where the vault does not open them."""
    try:
        return vault.unseal(connection.secrets, _owner(connection))
    except vault.CannotOpen:
        raise Refused(f"SmartPass cannot read what opens {label(connection.kind)} for this district.") from None


def seal(connection: Connection, secrets: Mapping[str, str]) -> None:
    """Put secrets into the vault for this connection, in the place of those it has; saved by whoever asks for it."""
    connection.secrets = vault.seal(secrets, _owner(connection))


def keep(connection: Connection, found: Mapping[str, str]) -> None:
    """Put secrets of this connection into the vault, beside those that it has."""
    with tenancy.district(connection.district_id):
        # Without the key: a page may hold this to its end, and whoever writes rows that name the connection goes on.
        row = Connection.objects.select_for_update(no_key=True).get(pk=connection.pk)
        seal(row, {**secrets_of(row), **found})
        row.save(update_fields=["secrets"])
    connection.secrets = row.secrets


def _owner(connection: Connection) -> str:
    return f"connection:{connection.pk}"


def settings_form(kind: str) -> type[Form] | None:
    """What support fills in to open a source of this kind; None where our vendor key opens it, or for no kind."""
    provider = PROVIDERS.get(kind)
    return provider.Settings if provider else None


def upstream(kind: str, settings: Mapping[str, str]) -> Tenant:
    """Which district at the source these settings open."""
    return PROVIDERS[kind].upstream(settings)


def try_out(kind: str, settings: Mapping[str, str], secrets: Mapping[str, str]) -> dict[str, str]:
    """Ask a source, in a hurry, whether these open it; the secrets with those it handed out. Raises `SourceError`."""
    found = dict(secrets)
    tenant = upstream(kind, settings).external_id
    opened = _in_a_hurry(PROVIDERS[kind])(tenant, _hosts(kind), {**_secrets(kind), **secrets}, settings, found.update)
    with closing(opened):
        opened.check()
    return found


def tenants(kind: str) -> list[Tenant]:
    """Every district our vendor key opens at a source, asked in a hurry. Raises `SourceError`."""
    return _in_a_hurry(PROVIDERS[kind]).tenants(_hosts(kind), _secrets(kind))


def consent(kind: str) -> Consent:
    """How a school opens this source itself, in a hurry, for somebody waits; LookupError where it cannot."""
    provider = PROVIDERS[kind]
    if provider.consent is None:
        raise LookupError(f"no school opens {provider.label} itself")
    return _in_a_hurry(provider.consent)(_hosts(kind), _secrets(kind))


def _hosts(kind: str) -> Mapping[str, str]:
    """Where a source is reached; nowhere in particular where each connection's settings say it."""
    hosts: Mapping[str, str] = settings.SOURCE_HOSTS.get(kind, {})
    return {**hosts, "private": "yes"} if settings.ALLOW_PRIVATE_SOURCES else hosts


def _secrets(kind: str) -> Mapping[str, str]:
    return settings.SOURCE_SECRETS.get(kind, {})


def _in_a_hurry(asked: type[Asked]) -> type[Asked]:
    return type(asked.__name__, (asked,), {"limits": HURRIED})


def roles_of(connection: Connection, rules: Sequence[Rule] | None = None) -> dict[str, list[str]]:
    """The roles each source word gives at this connection, with its own mapping, or with one to try."""
    mapped = rules if rules is not None else mapping_of(connection)
    return role_map(dict(PROVIDERS[connection.kind].role_defaults), {**connection.roles, **roles_by_word(mapped)})


def can_be_asked(kind: str) -> bool:
    """Whether the source answers questions about one person."""
    return PROVIDERS[kind].answers_by_id


def label(kind: str) -> str:
    """The source's name on pages."""
    return PROVIDERS[kind].label
