"""What the console calls a source and a connection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import Http404

from integrations import registry

if TYPE_CHECKING:
    from integrations.models import Connection


def label_of(kind: str) -> str:
    """The source's name; Http404 for one that there is not."""
    provider = registry.PROVIDERS.get(kind)
    if provider is None:
        raise Http404
    return provider.label


def words_of(kind: str) -> tuple[str, str]:
    """What a source calls the id of a school, and the number people know it by."""
    return registry.PROVIDERS[kind].place_words


def title_of(connection: Connection) -> str:
    """Names the district and the source."""
    return f"{connection.district.name} · {label_of(connection.kind)}"
