"""Which parts of a source give which role: what people mapped, in the words of the seam."""

from __future__ import annotations

from typing import TYPE_CHECKING

from integrations.models import RoleRule, SchoolLink
from integrations.records import Rule

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from integrations.models import Connection


def rules_of(connection: Connection) -> list[Rule]:
    """The mapping of a connection at its linked schools, by name."""
    links = SchoolLink.objects.filter(connection=connection, active=True)
    places = dict(links.values_list("school_id", "external_id"))
    rows = RoleRule.objects.filter(connection=connection, school__in=places).order_by("name", "pk")
    return [Rule(places[row.school_id], row.kind, row.source_id, row.name, row.role, row.sub_units) for row in rows]


def from_json(kept: Iterable[Iterable[Any]]) -> list[Rule]:
    """A mapping as a run keeps it while it is only tried: the fields of each rule."""
    return [Rule(*each) for each in kept]


def roles_by_word(rules: Iterable[Rule]) -> dict[str, list[str]]:
    """What each mapped part gives, by the word that a provider has for it."""
    return {rule.source_id: [rule.role] for rule in rules}
