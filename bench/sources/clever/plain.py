"""The plainest way to read Clever's pages. Imports nothing of the product."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

NUMBERS = {"student": "student_number", "teacher": "teacher_number", "staff": "staff_id"}


def people(page: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    """The people of a page as lines of `floor.incoming`."""
    for row in page["data"]:
        user = row["data"]
        name = user["name"]
        roles = []
        older = []
        for word, role in user["roles"].items():
            number = role.get(NUMBERS.get(word, ""), "")
            roles += [(school, word, role.get("grade", ""), number) for school in role.get("schools", (None,))]
            if role.get("legacy_id", user["id"]) != user["id"]:
                older.append(role["legacy_id"])
        email = user.get("email", "")
        yield user["id"], name["first"], name["last"], email, "t", "", json.dumps(roles), json.dumps(older)
