"""One set of embedded services per test run, one database per worker, and the two ways to use it.

Tests run as the application's role, under row-level security; the tables belong to another role.
Were it the same one, the wall between tenants would not be tested.

- `pytest.mark.django_db`, or the `db` fixture: everything is rolled back at the end.
- `committed_db`: commits are real; the tables are emptied at the end.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import psycopg2
import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.db import connections
from psycopg2 import sql
from pytest_django import DjangoDbBlocker

from smartpass import embedded, env

FOLDER = "SMARTPASS_TEST_SERVICES"
ALIASES = {"default": "DATABASE_URL", "owner": "DATABASE_OWNER_URL"}
TABLES = """
    SELECT relname FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
"""
STAGED = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relname ~ '^staged_[0-9]+_[0-9]+$'"


@pytest.fixture(autouse=True)
def empty_cache() -> Iterator[None]:
    """Forget what a test cached: the next one's rows may have the same ids."""
    yield
    cache.clear()


def pytest_configure(config: pytest.Config) -> None:
    """With several workers, start the services here: a worker may end before the others do."""
    if config.getoption("numprocesses", None) and not hasattr(config, "workerinput"):
        stack = ExitStack()
        config.add_cleanup(stack.close)
        stack.enter_context(_services())


@pytest.fixture(scope="session")
def services_folder() -> Iterator[Path]:
    """Give the data folder of running services, started for this run."""
    if FOLDER in os.environ:
        yield Path(os.environ[FOLDER])
        return
    with _services() as folder:
        yield folder


@pytest.fixture(scope="session")
def django_db_setup(
    services_folder: Path,
    request: pytest.FixtureRequest,
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[None]:
    """Have an empty, migrated database which both aliases use, each in its own role."""
    worker = getattr(request.config, "workerinput", {}).get("workerid", "main")
    name = f"test_{worker}"
    _use(embedded.create_database(services_folder, name))
    with django_db_blocker.unblock():
        call_command("migrate", database="owner", verbosity=0)
        yield
        connections.close_all()
    embedded.drop_database(services_folder, name)


@pytest.fixture(scope="session")
def empty_tables(services_folder: Path, django_db_setup: None) -> Callable[[], None]:
    """Give what empties every table that was empty after the migrations, in one statement."""
    del django_db_setup
    name = str(connections.settings["owner"]["NAME"])
    tables = _empty_tables(embedded.superuser_url(services_folder, name))
    statement = sql.SQL("TRUNCATE {} RESTART IDENTITY").format(
        sql.SQL(", ").join(sql.Identifier(table) for table in tables),
    )

    def empty() -> None:
        with connections["owner"].cursor() as cursor:
            # A test that left a transaction open must fail here, not hang.
            cursor.execute("SET lock_timeout = '10s'")
            cursor.execute(statement)
            # What a run staged bears its number, and numbers begin anew.
            cursor.execute(STAGED)
            for (name,) in cursor.fetchall():
                cursor.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(name)))

    return empty


@pytest.fixture
def committed_db(
    empty_tables: Callable[[], None],
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[None]:
    """Let a test commit for real, in as many connections as it likes; empty the tables after it."""
    with django_db_blocker.unblock():
        try:
            yield
        finally:
            connections.close_all()
            empty_tables()
            connections.close_all()


@contextmanager
def _services() -> Iterator[Path]:
    # A short path that the servers' account can reach: pytest's own folders are neither.
    root = Path(tempfile.mkdtemp(prefix="smartpass-test-"))
    root.chmod(0o711)
    folder = root / "services"
    try:
        with embedded.services(folder, durable=False) as urls:
            os.environ.update(urls, SMARTPASS_EMBEDDED="1", **{FOLDER: str(folder)})
            yield folder
    finally:
        for name in (FOLDER, "SMARTPASS_EMBEDDED", "REDIS_URL", "CACHE_URL", *ALIASES.values()):
            os.environ.pop(name, None)
        shutil.rmtree(root, ignore_errors=True)


def _use(urls: dict[str, str]) -> None:
    """Point Django, and the processes that tests start, at this database."""
    os.environ.update(urls)
    for alias, name in ALIASES.items():
        connections[alias].close()
        # The connections hold these very dictionaries.
        connections.settings[alias].update(env.database(name))


def _empty_tables(url: str) -> list[str]:
    """List the tables without rows, seen by a role that sees every row."""
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(TABLES)
        names = [str(name) for (name,) in cursor.fetchall()]
        return [name for name in names if not _has_rows(cursor, name)]


def _has_rows(cursor: psycopg2.extensions.cursor, table: str) -> bool:
    cursor.execute(sql.SQL("SELECT EXISTS (SELECT FROM {})").format(sql.Identifier(table)))
    return cursor.fetchone() == (True,)
