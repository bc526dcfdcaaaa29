"""Workers that get into each other's way, for the tests of leases."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from datetime import timedelta
from functools import partial
from itertools import count
from typing import Any, TypeVar

import psycopg2
import pytest
from django.db import connection, connections
from django.db.models.functions import Now
from psycopg2 import sql

from accounts import tenancy
from rostering import lease
from rostering.models import Run
from rostering.steps import fetch
from smartpass import embedded

Given = TypeVar("Given")
PATIENCE = 20.0
TABLES = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY 1"


def elsewhere(work: Callable[[], Given]) -> Given:
    """Do something as another worker does: in a thread and on a database connection of its own."""
    (given,) = at_once([work])
    return given


def at_once(works: list[Callable[[], Given]]) -> list[Given]:
    """Do several things at the same moment, each in a thread and on a connection of its own."""
    start, given, failed = threading.Barrier(len(works)), dict[int, Given](), list[BaseException]()

    def one(place: int, work: Callable[[], Given]) -> None:
        try:
            connection.ensure_connection()
            start.wait(PATIENCE)
            given[place] = work()
        except BaseException as error:  # noqa: BLE001  (raised again by whoever waits)
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=each) for each in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]
    return [given[place] for place in range(len(works))]


def comes_true(question: Callable[[], object]) -> bool:
    """Whether something becomes true before long."""
    deadline = time.monotonic() + PATIENCE
    while not question():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def silent(run_id: int) -> None:
    """The run's worker has not been heard of for longer than its lease."""
    with tenancy.support():
        Run.objects.filter(pk=run_id).update(lease_until=Now() - timedelta(seconds=1))


def taken_over(run_id: int) -> None:
    """Another worker takes the run and begins to stage."""
    silent(run_id)
    thief = lease.claim(run_id)
    assert thief is not None
    with tenancy.district(thief.district_id), connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '10s'")
        fetch.open_staging(thief)


class Interrupted:
    """Interferes with a worker whenever it is about to begin its n-th transaction.

    `before` and `after` are all the rows of the database: right after the interference,
    and after the worker gave up. `reached` says whether the worker ever came that far.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, rows: Callable[[], dict[str, list[str]]]) -> None:
        self._patch = monkeypatch
        self._rows = rows
        self.reached = False
        self.before: dict[str, list[str]] = {}
        self.after: dict[str, list[str]] = {}

    def perform(self, work: Callable[[], object], at: int, interfere: Callable[[], object]) -> None:
        """Work until the `at`-th transaction (the first is 0), let somebody interfere, and go on."""
        begun, district, me = count(), tenancy.district, threading.current_thread()

        def interrupted(district_id: int) -> AbstractContextManager[None]:
            if threading.current_thread() is me and next(begun) == at:
                self.reached = True
                elsewhere(interfere)
                self.before = self._rows()
            return district(district_id)

        with self._patch.context() as patch:
            patch.setattr(tenancy, "district", interrupted)
            work()
        self.after = self._rows()


@contextmanager
def in_the_middle_of_a_step(run: Run) -> Iterator[None]:
    """While the block runs, the run's own worker is in the middle of a long step; then the step ends."""
    inside, done = threading.Event(), threading.Event()

    def step() -> None:
        with tenancy.district(run.district_id):
            lease.show(run)
            inside.set()
            done.wait(PATIENCE)
            lease.renew(run)

    worker = threading.Thread(target=partial(_on_its_own, step))
    worker.start()
    assert inside.wait(PATIENCE)
    try:
        yield
    finally:
        done.set()
        worker.join()


def _on_its_own(work: Callable[[], None]) -> None:
    try:
        work()
    finally:
        connection.close()


def superuser(services: Any) -> psycopg2.extensions.connection:
    """A connection that sees every row and may end others."""
    opened = psycopg2.connect(embedded.superuser_url(services, str(connections.settings["default"]["NAME"])))
    opened.autocommit = True
    return opened


def all_rows(services: Any) -> dict[str, list[str]]:
    """Every row of every table, as text."""
    with closing(superuser(services)) as opened, opened.cursor() as cursor:
        cursor.execute(TABLES)
        tables = [str(name) for (name,) in cursor.fetchall()]
        found: dict[str, list[str]] = {}
        for table in tables:
            cursor.execute(sql.SQL("SELECT t::text FROM {} t ORDER BY 1").format(sql.Identifier(table)))
            found[table] = [str(row) for (row,) in cursor.fetchall()]
        return found
