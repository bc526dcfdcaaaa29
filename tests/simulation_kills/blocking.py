"""Stops a worker in the middle of a statement, from outside: the statement finds a row or table locked.

`MIDDLES` has a place for each step. Whoever waits for a lock has done a part of its work
and not the rest, for as long as we like.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

from psycopg2 import sql
from psycopg2.extensions import connection as Connection, cursor as Cursor  # noqa: N812  (they are classes)

from tests.simulation_kills.place import Servers
from tests.simulation_kills.processes import until

ALWAYS = "SELECT true"
STAGING = "SELECT to_regclass({staged_name}) IS NOT NULL"
ASKING = "SELECT step = 'confirm' FROM rostering_run WHERE id = {run}"
WAITING = """
    SELECT pid, query FROM pg_stat_activity
    WHERE datname = current_database() AND pg_backend_pid() = ANY (pg_blocking_pids(pid)) AND query ~ %s
"""
GONE = "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = %s)"


@dataclass(frozen=True)
class Middle:
    """How to stop inside a step: when to lock what, and how the statement begins that then waits."""

    when: str
    lock: str
    statement: str


MIDDLES = {
    "fetch": Middle(STAGING, "LOCK TABLE {staged} IN SHARE MODE", "INSERT INTO staged_"),
    "match": Middle(STAGING, "LOCK TABLE {staged} IN SHARE UPDATE EXCLUSIVE MODE", "smartpass_analyze"),
    # The statement that writes the plan closes issues last.
    "plan": Middle(
        ALWAYS,
        "SELECT FROM rostering_issue WHERE code = 'E-BAD-EMAIL' AND closed_at IS NULL FOR UPDATE",
        r"^\s*WITH",
    ),
    "confirm": Middle(ASKING, "LOCK TABLE rostering_answer IN SHARE MODE", 'INTO "rostering_answer"'),
    "guard": Middle(
        ASKING,
        "SELECT FROM rostering_change WHERE run_id = {run} AND after ->> 'roles' ~ 'district_admin' FOR UPDATE",
        r"^\s*UPDATE rostering_change SET hold_id",
    ),
    # Some hundred accounts have been written by then.
    "apply": Middle(
        ALWAYS,
        "SELECT FROM accounts_membership WHERE status = 'suspended' ORDER BY id DESC LIMIT 1 FOR UPDATE",
        r"^\s*UPDATE accounts_membership",
    ),
    "report": Middle(
        ASKING,
        "SELECT FROM rostering_issue WHERE opened_by_id = {run} AND opened_at IS NULL FOR UPDATE",
        r"^\s*UPDATE rostering_issue SET opened_at",
    ),
}


class Blocker:
    """An open transaction of ours that a worker runs into."""

    def __init__(self, connection: Connection, run: int) -> None:
        """Lock nothing yet."""
        self._connection = connection
        self._run = run
        self._pid = 0

    def stop_inside(self, step: str) -> str:
        """Lock when the time has come, and wait until a worker waits for us; its statement."""
        middle = MIDDLES[step]
        until(lambda: self._one(middle.when), f"the time to lock for {step}")
        self._connection.autocommit = False
        self._do(middle.lock)
        self._pid, statement = until(lambda: self._waiting(middle.statement), f"a statement inside {step}")
        return statement

    def worker_is_gone(self) -> bool:
        """Whether PostgreSQL has ended the session of the worker that waited."""
        with self._looking() as cursor:
            cursor.execute(GONE, [self._pid])
            return cursor.fetchone() == (True,)

    def release(self) -> None:
        """Let go."""
        self._connection.rollback()
        self._connection.autocommit = True

    def _waiting(self, statement: str) -> tuple[int, str] | None:
        with self._looking() as cursor:
            cursor.execute(WAITING, [statement])
            return cursor.fetchone()

    @contextmanager
    def _looking(self) -> Iterator[Cursor]:
        """A cursor that sees what others do now: inside a transaction they would stay as they were first seen."""
        with self._connection.cursor() as cursor:
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            yield cursor

    def _one(self, statement: str) -> bool:
        with self._connection.cursor() as cursor:
            cursor.execute(self._filled(statement))
            return cursor.fetchone() == (True,)

    def _do(self, statement: str) -> None:
        with self._connection.cursor() as cursor:
            cursor.execute(self._filled(statement))

    def _filled(self, statement: str) -> sql.Composed:
        staged = f"staged_{self._run}_1"
        return sql.SQL(statement).format(
            run=sql.Literal(self._run), staged=sql.Identifier(staged), staged_name=sql.Literal(staged)
        )


@contextmanager
def blocker(servers: Servers, database: str, run: int) -> Iterator[Blocker]:
    """A blocker on this database, for the first attempt of a run."""
    with closing(servers.superuser(database)) as connection:
        yield Blocker(connection, run)
