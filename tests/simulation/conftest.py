"""What every simulation needs: a database with real commits, and a source that is told what to say."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, settings

from tests.simulation.harness import ready

# Each example is a district and a night in a real database. A failure is made small by
# the harness, which knows what a world is made of.
settings.register_profile(
    "simulation",
    deadline=None,
    database=None,
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
    print_blob=False,
)


@pytest.fixture
def lab(committed_db: None) -> Iterator[None]:
    """A database for many districts, and the engine reading scripts instead of the network."""
    del committed_db
    logging.disable(logging.CRITICAL)
    try:
        with ready():
            yield
    finally:
        logging.disable(logging.NOTSET)
