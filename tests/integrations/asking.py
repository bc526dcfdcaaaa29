"""Asking a sandbox directly, as anybody with a token could."""

from __future__ import annotations

from typing import Any

import requests

from integrations.clever.sandbox import CleverSandbox, District

Body = dict[str, Any]


def ask(sandbox: CleverSandbox, target: str, token: str = "", **more: Any) -> requests.Response:
    """GET a path with a bearer token; redirects are not followed."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return requests.get(f"{sandbox.url}{target}", headers=headers, timeout=5, allow_redirects=False, **more)


def ask_json(sandbox: CleverSandbox, district: District, target: str) -> Body:
    """The parsed answer to a district's token; it has to be a 200."""
    answer = ask(sandbox, target, district.token)
    assert answer.status_code == 200, answer.text
    body: Body = answer.json()
    return body


def next_of(body: Body) -> str | None:
    """Where the next page is."""
    return next((str(link["uri"]) for link in body["links"] if link["rel"] == "next"), None)


def walk(sandbox: CleverSandbox, district: District, target: str) -> list[Body]:
    """The objects of every page of a list."""
    found: list[Body] = []
    following: str | None = target
    while following:
        body = ask_json(sandbox, district, following)
        assert body["links"][0] == {"rel": "self", "uri": following}
        found += [row["data"] for row in body["data"]]
        following = next_of(body)
    return found


def ids(rows: list[Body]) -> list[str]:
    """Their ids."""
    return [str(row["id"]) for row in rows]
