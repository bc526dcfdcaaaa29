"""Rows of either version of OneRoster, for tests that read them."""

from __future__ import annotations

from typing import Any

A, B, HOME, HALL, ROOM = "2", "3", "D1", "L1", "P1"
ORGS = {A: "school", B: "school", HOME: "district", HALL: "local", ROOM: "department"}
TODAY = "2026-09-15"
ABSENT = object()


def ref(org: str) -> dict[str, str]:
    """A reference, with an address that is not ours to follow."""
    return {"href": f"https://elsewhere.example/orgs/{org}", "sourcedId": org, "type": "org"}


def user(**fields: Any) -> dict[str, Any]:
    """Ana, a student of 1.1 in grade 4, with these fields instead (ABSENT: without them)."""
    told: dict[str, Any] = {"sourcedId": "12345", "status": "active", "enabledUser": "true", "username": "ana.r"}
    told |= {"givenName": "Ana", "familyName": "Ruiz", "role": "student", "email": "ana@school.example"}
    told |= {"identifier": "n1", "orgs": [ref(A)], "grades": ["04"], "userIds": [{"type": "Fed"}], "password": "p"}
    return {key: value for key, value in {**told, **fields}.items() if value is not ABSENT}


def newer(*roles: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """Ana as 1.2 has her."""
    return user(role=ABSENT, orgs=ABSENT, roles=list(roles), **fields)


def held(role: str, org: str, **fields: Any) -> dict[str, Any]:
    """One role of 1.2."""
    return {"roleType": "primary", "role": role, "org": ref(org), **fields}
