"""The plainest way to read pages of OneRoster 1.1. Imports nothing of the product."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any


def people(page: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    """The people of a page as lines of `floor.incoming`."""
    for user in page["users"]:
        word, number = user["role"], user["identifier"]
        grade = user["grades"][0] if user["grades"] else ""
        roles = [(org["sourcedId"], word, grade, number) for org in user["orgs"]]
        enabled = "t" if user["enabledUser"] == "true" else "f"
        names = user["givenName"], user["familyName"], user["email"]
        yield user["sourcedId"], *names, enabled, "", json.dumps(roles), "[]"
