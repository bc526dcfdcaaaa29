"""The ground, and the night that is killed in so many ways; each prepared once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from integrations.clever.sandbox import CleverSandbox
from tests.simulation_kills.ground import Ground
from tests.simulation_kills.night import Night
from tests.simulation_kills.place import servers


@pytest.fixture(scope="session")
def ground() -> Iterator[Ground]:
    """Give servers of our own and a migrated database."""
    with servers() as running, CleverSandbox() as sandbox:
        yield Ground(running, sandbox)


@pytest.fixture(scope="session")
def night(ground: Ground) -> Night:
    """Give the prepared night."""
    return Night(ground)
