"""A worker in this process: what the pages ask for is carried out while somebody watches."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from django.db import connections

from rostering import queue
from rostering.sync import perform


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Carry out every run that is asked for, in a thread of its own, as a worker would."""
    threads: list[threading.Thread] = []

    def work(run_id: int) -> None:
        try:
            perform(run_id)
        finally:
            connections.close_all()

    def enqueue(run_id: int) -> None:
        threads.append(threading.Thread(target=work, args=(run_id,)))
        threads[-1].start()

    monkeypatch.setattr(queue, "enqueue", enqueue)
    yield
    for thread in threads:
        thread.join(timeout=60)
        assert not thread.is_alive()
