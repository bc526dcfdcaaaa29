"""The shapes Clever promises, as checks that say what is wrong.

Each takes a parsed body and returns nothing or fails an assertion.
"""

from __future__ import annotations

import re
from typing import Any

ID = re.compile(r"[0-9a-f]{24}")
STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
ROLE_FIELDS = {
    "student": {"school", "schools", "sis_id"},
    "teacher": {"school", "schools", "sis_id"},
    "staff": {"schools", "staff_id"},
    "district_admin": set[str](),
    "contact": {"student_relationships"},
}
Body = dict[str, Any]


def a_list(body: Body, version: str, kind: str) -> list[Body]:
    """A page of a list: double-wrapped rows, relative links with the version once; its objects."""
    assert set(body) - {"count"} == {"data", "links"}
    for row in body["data"]:
        assert set(row) == {"data", "uri"}
        assert re.fullmatch(rf"/{version}/{kind}/[^/]+", row["uri"])
    rels = [link["rel"] for link in body["links"]]
    assert rels[0] == "self"
    assert len(rels) == len(set(rels)) <= 3
    assert set(rels) <= {"self", "next", "prev"}
    assert all(link["uri"].startswith(f"/{version}/") for link in body["links"])
    assert not [link for link in body["links"] if link["uri"].count(version) != 1]
    return [row["data"] for row in body["data"]]


def a_single(body: Body, version: str, kind: str) -> Body:
    """One object with links to what belongs to it."""
    assert set(body) == {"data", "links"}
    assert body["links"][0] == {"rel": "self", "uri": f"/{version}/{kind}/{body['data']['id']}"}
    data: Body = body["data"]
    return data


def a_user(user: Body, district: str) -> None:
    """A well-formed user: nothing at the top that Clever does not have, and the fields of every role."""
    assert {"id", "district", "roles", "created", "last_modified", "name"} <= set(user)
    assert not {"type", "status", "active", "deleted", "school"} & set(user)
    assert ID.fullmatch(user["id"])
    assert user["district"] == district
    assert STAMP.fullmatch(user["created"])
    assert set(user["name"]) <= {"first", "middle", "last"}
    assert user["roles"]
    for word, role in user["roles"].items():
        assert ROLE_FIELDS[word] <= set(role)
        assert word != "staff" or not {"school", "sis_id"} & set(role)
        assert word != "district_admin" or not {"school", "schools"} & set(role)
    assert len(user["roles"]) == 1 or not {"student", "contact"} & set(user["roles"])


def a_school(school: Body, district: str) -> None:
    """A school."""
    assert {"id", "district", "name", "sis_id", "school_number", "created", "last_modified"} <= set(school)
    assert school["district"] == district
    assert ID.fullmatch(school["id"])


def a_section(section: Body) -> None:
    """A section: at least one student, the primary teacher first."""
    assert {"id", "district", "school", "name", "sis_id", "students", "teachers"} <= set(section)
    assert section["students"]
    assert section["teachers"][0] == section["teacher"]


def a_district(district: Body) -> None:
    """A district."""
    assert {"id", "name", "sis_type", "launch_date", "portal_url", "login_methods", "error"} <= set(district)
    assert district["state"] in {"running", "pending", "error", "paused", "success", ""}
    assert set(district["district_contact"]) == {"id", "district", "email", "name", "title"}


def a_token_list(body: Body) -> list[Body]:
    """The token list, whose rows are not double-wrapped."""
    assert body["links"][0]["rel"] == "self"
    for row in body["data"]:
        assert set(row) == {"id", "created", "owner", "access_token", "scopes"}
        assert row["owner"]["type"] == "district"
        assert re.fullmatch(r"[0-9a-f]{40}", row["access_token"])
    rows: list[Body] = body["data"]
    return rows


def an_event(event: Body) -> None:
    """An event inside its row: two more nested `data`."""
    assert set(event) == {"id", "type", "created", "data"}
    assert re.fullmatch(r"(users|schools|districts)\.(created|updated|deleted)", event["type"])
    assert STAMP.fullmatch(event["created"])
    assert event["data"]["object"]["id"]
    assert set(event["data"]) <= {"object", "previous_attributes"}
    assert "previous_attributes" not in event["data"] or event["type"].endswith(".updated")


def an_oauth_error(body: Body) -> None:
    """The sign-in host's error."""
    assert set(body) == {"error", "error_description"}
