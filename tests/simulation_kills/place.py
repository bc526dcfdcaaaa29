"""PostgreSQL and Valkey on data folders of their own, to be killed and started again.

They are the product's own embedded servers, durable as in real life: a kill must lose
no committed row.
"""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection as Connection  # noqa: N812  (it is a class)
from redis import Redis

from smartpass.embedded import postgres, valkey
from smartpass.embedded.place import Place, find_place, socket_folder

DATABASE = "smartpass"


class Servers:
    """A running PostgreSQL and a running Valkey."""

    def __init__(self, place: Place) -> None:
        """Start both, and make an empty database."""
        self.place = place
        self._postgres = ExitStack()
        self._valkey = ExitStack()
        self.broker: dict[str, str] = {}
        self.start_postgres()
        self.start_valkey()
        postgres.prepare(place, DATABASE)

    def start_postgres(self) -> None:
        """Start PostgreSQL; it recovers what it had committed."""
        self._server = self._postgres.enter_context(postgres.running(self.place, durable=True))

    def start_valkey(self) -> None:
        """Start Valkey; it reads what it had kept."""
        self.broker = self._valkey.enter_context(valkey.running(self.place, durable=True))

    def kill_postgres(self) -> None:
        """SIGKILL the postmaster: its backends end without a word to anybody."""
        self._server.process.kill()
        self._server.process.wait()
        self._postgres.close()

    def kill_valkey(self) -> None:
        """SIGKILL the broker."""
        os.kill(int((self.place.home / "valkey" / "valkey.pid").read_text()), signal.SIGKILL)
        self._valkey.close()

    def empty_broker(self) -> None:
        """Make the broker forget every task."""
        with Redis(unix_socket_path=str(self.place.sockets / "valkey")) as client:
            client.flushall()

    def stop(self) -> None:
        """Stop both in peace."""
        self._valkey.close()
        self._postgres.close()

    def urls(self, database: str) -> dict[str, str]:
        """What a process that works on this database is told."""
        return {**postgres.urls(self.place, database), **self.broker}

    def superuser(self, database: str) -> Connection:
        """A connection that sees everything; each statement is a transaction of its own."""
        opened = psycopg2.connect(postgres.url(self.place, "superuser", database))
        opened.autocommit = True
        return opened

    def copy(self, database: str, name: str) -> None:
        """Make a database that begins with exactly the rows of another, which nobody may be using."""
        with closing(self.superuser("postgres")) as opened, opened.cursor() as cursor:
            statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {}")
            names = (name, database, postgres.OWNER)
            cursor.execute(statement.format(*(sql.Identifier(each) for each in names)))

    @contextmanager
    def copy_of(self, database: str, name: str) -> Iterator[str]:
        """A copy that lasts as long as the block."""
        self.copy(database, name)
        try:
            yield name
        finally:
            postgres.drop_database(self.place, name)


@contextmanager
def servers() -> Iterator[Servers]:
    """Run both servers in a folder that their account reaches, while the block runs."""
    root = Path(tempfile.mkdtemp(prefix="smartpass-kills-"))
    root.chmod(0o711)
    place = find_place(root / "services")
    try:
        with socket_folder(place):
            running = Servers(place)
            try:
                yield running
            finally:
                running.stop()
    finally:
        shutil.rmtree(root, ignore_errors=True)
