"""How the tests read a district whole."""

from __future__ import annotations

from integrations.clever.provider import CleverProvider
from integrations.clever.sandbox import CleverSandbox
from integrations.records import Person
from tests.integrations.conftest import OpenClever


def read_all(source: CleverProvider) -> dict[str, Person]:
    """Everybody by id."""
    return {person.external_id: person for person in source.people([])}


def odd(sandbox: CleverSandbox, open_clever: OpenClever) -> dict[str, Person]:
    """Every odd record of a small district, by its name."""
    district = sandbox.add_district(people=4, schools=2, odd=True)
    people = read_all(open_clever(district))
    return {name: people[key] for name, key in district.odd_ids.items()}
