"""When a sync stops and asks: the limits, and where each may be set.

A school's own value wins over the connection's, that over the district's, and that
over the product's default below. Shares are fractions of people, floors are people.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class Limit(NamedTuple):
    """A default, its allowed range and what it means, in words for a form."""

    default: float
    lowest: float
    highest: float
    meaning: str


DEFAULTS: dict[str, Limit] = {
    "suspend_role_share": Limit(0.10, 0, 1, "Share of one role at a school suspended in one run"),
    "suspend_role_people": Limit(10, 0, 100_000, "and at least this many people of that role"),
    "suspend_district_share": Limit(0.10, 0, 1, "Share of the district's people suspended in one run"),
    "suspend_district_people": Limit(25, 0, 100_000, "and at least this many people"),
    "suspend_week_share": Limit(0.20, 0, 1, "Share suspended over 7 days"),
    "suspend_month_share": Limit(0.35, 0, 1, "Share suspended over 30 days"),
    "identity_share": Limit(0.50, 0, 1, "Share whose name or email changes in one run"),
    "identity_people": Limit(25, 0, 100_000, "and at least this many people"),
    "roles_share": Limit(0.25, 0, 1, "Share whose role or school changes in one run"),
    "roles_people": Limit(25, 0, 100_000, "and at least this many people"),
    "admin_gain_people": Limit(5, 0, 100_000, "More people than this gaining Admin in one run"),
    "new_ids_share": Limit(0.20, 0, 1, "Share of people who come with a new id at the source"),
    "new_ids_people": Limit(10, 0, 100_000, "and at least this many people"),
    "second_person_share": Limit(0.40, 0, 1, "Above this share of a role, two people must agree to release"),
    "second_person_people": Limit(500, 0, 100_000, "or above this many people"),
    "confirm_budget": Limit(200, 0, 100_000, "Questions to the source about absent people, per night"),
}


def resolve(*layers: Mapping[str, float]) -> dict[str, float]:
    """The limits in force; later layers win (district, connection, school)."""
    found = {name: limit.default for name, limit in DEFAULTS.items()}
    for layer in layers:
        found.update({name: float(value) for name, value in layer.items() if name in DEFAULTS})
    return found
