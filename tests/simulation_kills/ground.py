"""What every case stands on: servers to kill, a sandbox, and a migrated database to copy."""

from __future__ import annotations

from contextlib import closing

from integrations.clever.sandbox import CleverSandbox, District
from tests.simulation_kills.place import DATABASE, Servers
from tests.simulation_kills.processes import run

CLERK = ("-m", "tests.simulation_kills", "clerk")
WORKER = ("-m", "tests.simulation_kills", "worker")
CELERY = ("-m", "tests.simulation_kills", "celery_process")


class Ground:
    """Running servers and a sandbox that never asks us to slow down."""

    def __init__(self, servers: Servers, sandbox: CleverSandbox) -> None:
        """Migrate the database that all others are copies of."""
        self.servers = servers
        self.sandbox = sandbox
        sandbox.set_faults({"rate_limit": 1_000_000})
        run(self.given(DATABASE), "manage.py", "migrate", "--database=owner", "--verbosity=0")

    def given(self, database: str) -> dict[str, str]:
        """What a process is told that works on this database."""
        return {**self.servers.urls(database), **self.sandbox.environment()}

    def connect(self, database: str, clever: District, schools: list[str]) -> str:
        """A district of SmartPass for one of Clever's, with its schools, synced once; the connection's id."""
        connection = run(self.given(database), *CLERK, "found", clever.id, *schools)
        self.sync(database, connection)
        return connection

    def sync(self, database: str, connection: str) -> None:
        """One sync, from a shell."""
        run(self.given(database), "manage.py", "sync", connection)

    def all(self, database: str, statement: str, *parameters: object) -> list[tuple[object, ...]]:
        """The rows a statement gives, seen by a role that sees every row."""
        with closing(self.servers.superuser(database)) as opened, opened.cursor() as cursor:
            cursor.execute(statement, parameters)
            return cursor.fetchall()
