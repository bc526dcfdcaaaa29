"""Mappings of a Google customer, as people would make them."""

from __future__ import annotations

from typing import Any

from integrations.google.provider import GoogleProvider
from integrations.google.sandbox import Customer
from integrations.records import Person, Rule

SCHOOL = "school:1"
SCOPE = [SCHOOL]
#: A row as Google gives it.
GOOD: dict[str, Any] = {
    "id": "103456789012345678901",
    "primaryEmail": "ana@lincoln.example",
    "name": {"givenName": "Ana", "familyName": "Ruiz"},
    "suspended": False,
    "archived": False,
    "orgUnitPath": "/Staff",
    "customerId": "C01",
}


def unit(customer: Customer, path: str, role: str = "student", place: str = SCHOOL, *, sub_units: bool = True) -> Rule:
    """Whoever is in the unit at a path has a role."""
    return Rule(place, "ou", customer.units.at(path).id, path, role, sub_units)


def group(customer: Customer, key: str, role: str = "teacher", place: str = SCHOOL) -> Rule:
    """Whoever is in a group, by its id or mail, has a role."""
    found = customer.group(key)
    assert found, key
    return Rule(place, "group", found.id, found.mail, role)


def mapping(customer: Customer) -> list[Rule]:
    """The sample's: students, staff, and administration within staff."""
    roles = {"/Students": "student", "/Staff": "teacher", "/Staff/Administration": "admin"}
    return [unit(customer, path, role) for path, role in roles.items()]


def everybody(source: GoogleProvider) -> dict[str, Person]:
    """Whoever is somebody, by id."""
    return {person.external_id: person for person in source.people(SCOPE)}


def words(person: Person) -> list[str]:
    """The parts of Google that somebody has roles by."""
    return [role.word for role in person.roles]
