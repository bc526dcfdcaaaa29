"""A program that uses the API with somebody's key."""

from __future__ import annotations

import json
from typing import Any

from django.test import Client

from accounts import tenancy, tokens
from accounts.models import ApiToken, User

BASE = "/api/v1"


def key_of(user: User, name: str = "Nightly export") -> tokens.NewToken:
    """Make a key for somebody."""
    with tenancy.support():
        return tokens.make(user, name)


def token_row(pk: int) -> ApiToken:
    """A key's row as it is now."""
    with tenancy.support():
        return ApiToken.objects.get(pk=pk)


class Program:
    """Asks the API with one key; paths begin after /api/v1."""

    def __init__(self, key: str, *, raises: bool = True) -> None:
        self.client = Client(raise_request_exception=raises)
        self.headers = {"Authorization": f"Bearer {key}"}

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """One request, and the answer as it is."""
        given = {} if body is None else {"data": json.dumps(body), "content_type": "application/json"}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return getattr(self.client, method)(f"{BASE}{path}", headers={**self.headers, **named}, **given)

    def get(self, path: str, **query: Any) -> Any:
        """What a GET that must succeed says."""
        answer = self.client.get(f"{BASE}{path}", query, headers=self.headers)
        assert answer.status_code == 200, (path, answer.status_code, answer.content)
        return answer.json()

    def post(self, path: str, body: Any = None, *, status: int = 200, **headers: str) -> Any:
        """What a POST that must end with this status says."""
        answer = self.ask("post", path, body if body is not None else {}, **headers)
        assert answer.status_code == status, (path, answer.status_code, answer.content)
        return answer.json()

    def patch(self, path: str, body: Any, *, status: int = 200) -> Any:
        """What a PATCH that must end with this status says."""
        answer = self.ask("patch", path, body)
        assert answer.status_code == status, (path, answer.status_code, answer.content)
        return answer.json()

    def refused(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, str]:
        """How a request is refused: status and code."""
        answer = self.ask(method, path, body, **headers)
        assert answer.headers["Content-Type"] == "application/problem+json", answer.content
        problem = answer.json()
        assert problem["status"] == answer.status_code
        return answer.status_code, problem["code"]


def program(user: User) -> Program:
    """A program with a key of this person's."""
    return Program(key_of(user).shown)
