"""What the tests of the API share: a district with everybody in it, and another one."""

from __future__ import annotations

import pytest
from django.core.cache import cache

from accounts import tenancy
from tests import factories
from tests.api.program import Program, program


@pytest.fixture
def world(committed_db: None, monkeypatch: pytest.MonkeyPatch) -> factories.World:
    """Give a district of two schools; no worker is told of runs."""
    del committed_db
    monkeypatch.setattr("rostering.queue.enqueue", lambda _: None)
    cache.clear()
    with tenancy.support():
        return factories.world("Alder")


@pytest.fixture
def other(world: factories.World) -> factories.World:
    """Give another district."""
    del world
    with tenancy.support():
        return factories.world("Birch")


@pytest.fixture
def admin(world: factories.World) -> Program:
    """Give a program with the key of a school's Admin."""
    return program(world.admin)
