"""Support in front of the console, for tests of its pages.

A test module that uses the fixtures imports them: `supported` gives them their ground.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from accounts import tenancy
from accounts.models import AuditEvent, StaffRole
from integrations import registry
from rostering.models import Run
from rostering.sync import perform
from tests import factories

TOKEN = re.compile(r'name="token" value="(\w+)"')


@pytest.fixture(autouse=True)
def supported(committed_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A source that shares one school more than is linked; no worker is told of runs."""
    del committed_db
    cache.clear()
    monkeypatch.setattr(registry, "open_provider", factories.Source)
    monkeypatch.setattr("rostering.queue.enqueue", lambda _: None)
    yield
    cache.clear()


@pytest.fixture
def world() -> factories.World:
    with tenancy.support():
        return factories.world("Alder")


class Desk:
    """Somebody of SmartPass in front of the console."""

    def __init__(self, role: str = StaffRole.SUPPORT) -> None:
        self.client = Client()
        with tenancy.support():
            self.user = factories.staff(role)
            self.client.force_login(self.user)

    def look(self, path: str) -> str:
        """A page that must be there."""
        answer = self.client.get(path)
        assert answer.status_code == 200, (path, answer.status_code)
        return answer.content.decode()

    def do(self, path: str, token: str = "", **given: Any) -> Any:
        """Fill in the page's form and press its button."""
        found = TOKEN.search(self.look(path))
        assert found
        return self.client.post(path, {"token": token or found[1], "why": "Asked by Ravi", **given})


@pytest.fixture
def desk() -> Desk:
    return Desk()


def number(pattern: str, text: str) -> int:
    """The number a pattern finds; it must be there."""
    found = re.search(pattern, text)
    assert found, text[:400]
    return int(found[1])


def worked(answer: Any) -> Run:
    """What the worker makes of the run that a page started and led to."""
    pk = number(r"/admin/runs/(\d+)/", answer.headers["Location"])
    perform(pk)
    (done,) = rows(Run, pk=pk)
    assert isinstance(done, Run)
    return done


def rows(model: Any, **having: Any) -> list[Any]:
    with tenancy.support():
        return list(model.objects.filter(**having).order_by("pk"))


def trail(action: str) -> AuditEvent:
    (line,) = rows(AuditEvent, action=action)
    assert isinstance(line, AuditEvent)
    return line
