"""PostgreSQL: making the data folder once, starting on it, roles and databases."""

import contextlib
import json
import secrets
import shutil
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import cast
from urllib.parse import quote

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection as Connection  # noqa: N812  (it is a class)

from . import binaries
from .errors import EmbeddedError
from .place import Place, write_private
from .process import Program, Server, end_predecessor, kept, run, start, wait_until

PORT = 5432
STARTING = 120.0
SUPERUSER, OWNER, APPLICATION, SUPPORT = (
    "postgres",
    "smartpass_owner",
    "smartpass_app",
    "smartpass_support",
)
ROLES = {"superuser": SUPERUSER, "owner": OWNER, "app": APPLICATION}
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
# A crash of PostgreSQL still loses nothing with these, only one of the machine does.
QUICK = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@contextlib.contextmanager
def running(place: Place, *, durable: bool) -> Iterator[Server]:
    """Run the server on this place's data, making the data on the first call."""
    programs = binaries.postgres(place)
    data = place.home / "postgres"
    if not data.exists():
        _initialise(place, programs, data)
    _end_predecessor(place, data)
    with kept(_start(place, _program(place, programs, data, durable=durable))) as server:
        yield server


def prepare(place: Place, database: str) -> None:
    """Bring the roles and the product's database into being, with the passwords in our file."""
    with _superuser(place) as connection:
        for key, role in ROLES.items():
            if key != "superuser":
                _ensure_role(connection, role, _passwords(place)[key])
        _ensure_support(connection)
        _ensure_database(connection, database)


def url(place: Place, key: str, database: str) -> str:
    """Give a role's URL of a database; `key` is superuser, owner or app."""
    folder = quote(str(place.sockets), safe="")
    password = _passwords(place)[key]
    return f"postgresql://{ROLES[key]}:{password}@{folder}/{quote(database)}"


def urls(place: Place, database: str) -> dict[str, str]:
    """Give the two URLs the product knows a database by."""
    return {
        "DATABASE_URL": url(place, "app", database),
        "DATABASE_OWNER_URL": url(place, "owner", database),
    }


def answers(place: Place) -> bool:
    """Say whether something listens on this place's socket."""
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(str(place.sockets / f".s.PGSQL.{PORT}")) == 0


def recreate_database(place: Place, name: str) -> None:
    """Make an empty database of this name, owned by the owner of tables."""
    drop_database(place, name)
    with _superuser(place) as connection:
        _ensure_database(connection, name)


def drop_database(place: Place, name: str) -> None:
    """Drop the database, ending whoever is in it; fine if there is none."""
    with _superuser(place) as connection, connection.cursor() as cursor:
        statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
        cursor.execute(statement.format(sql.Identifier(name)))


def _initialise(place: Place, programs: Path, data: Path) -> None:
    """Make the data folder beside its place and move it there: a half-made one is never used."""
    draft = place.home / "postgres.new"
    shutil.rmtree(draft, ignore_errors=True)
    place.make(draft.name)
    password_file = place.home / "password.new"
    write_private(password_file, _passwords(place)["superuser"] + "\n")
    place.give(password_file)
    try:
        run(
            place,
            [
                programs / "initdb",
                f"--pgdata={draft}",
                f"--username={SUPERUSER}",
                f"--pwfile={password_file}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                # The one locale that every machine has and that folds é and É alike.
                "--locale=C",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                "--data-checksums",
                "--no-instructions",
            ],
            place.home,
        )
    finally:
        password_file.unlink()
    draft.rename(data)


def _program(place: Place, programs: Path, data: Path, *, durable: bool) -> Program:
    settings = {**SETTINGS, **({} if durable else QUICK), "unix_socket_directories": str(place.sockets)}
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    return Program(
        name="postgres",
        command=[programs / "postgres", "-D", str(data), "-p", str(PORT), *options],
        folder=data,
        # Fast, then immediate: neither waits for clients, the second skips the checkpoint.
        stop_signals=(signal.SIGINT, signal.SIGQUIT),
    )


def _start(place: Place, program: Program) -> Server:
    """Start, trying again while what a killed server left behind is still going away."""
    deadline = time.monotonic() + STARTING
    while True:
        server = start(place, program)
        try:
            wait_until(server, lambda: _accepts(place), STARTING)
        except EmbeddedError:
            server.stop()
            left_behind = "is still in use" in server.log.read_text(errors="replace")[-1000:]
            if not left_behind or time.monotonic() > deadline:
                raise
            time.sleep(0.2)
        except BaseException:
            server.stop()
            raise
        else:
            return server


def _end_predecessor(place: Place, data: Path) -> None:
    """Clear the way: we hold the folder's lock, so a server on it lost the process it served.

    Its lock files may also name a stranger, or a zombie nobody buries; PostgreSQL would take
    either for itself and refuse. (It still finds out if old backends hold the shared memory.)
    """
    end_predecessor(data / "postmaster.pid", str(data))
    (place.sockets / f".s.PGSQL.{PORT}.lock").unlink(missing_ok=True)


def _accepts(place: Place) -> bool:
    try:
        psycopg2.connect(url(place, "superuser", "postgres")).close()
    except psycopg2.OperationalError as error:
        if "password authentication failed" in str(error):
            message = f"The passwords in {place.data_dir} are not those of the database in {place.home}."
            raise EmbeddedError(message) from None
        return False
    return True


@contextlib.contextmanager
def _superuser(place: Place) -> Iterator[Connection]:
    connection = psycopg2.connect(url(place, "superuser", "postgres"))
    try:
        connection.autocommit = True
        yield connection
    finally:
        connection.close()


def _passwords(place: Place) -> dict[str, str]:
    path = place.data_dir / "passwords.json"
    if not path.exists():
        write_private(path, json.dumps({key: secrets.token_hex(24) for key in ROLES}))
    return cast("dict[str, str]", json.loads(path.read_text()))


def _ensure_role(connection: Connection, role: str, password: str) -> None:
    name = sql.Identifier(role)
    with connection.cursor() as cursor:
        if not _exists(connection, "SELECT 1 FROM pg_roles WHERE rolname = %s", role):
            cursor.execute(sql.SQL("CREATE ROLE {}").format(name))
        statement = sql.SQL(
            "ALTER ROLE {} LOGIN NOINHERIT NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE PASSWORD %s",
        )
        cursor.execute(statement.format(name), [password])


def _ensure_support(connection: Connection) -> None:
    """Support's door: nobody signs in as it, the application steps through by SET LOCAL ROLE."""
    name = sql.Identifier(SUPPORT)
    with connection.cursor() as cursor:
        if not _exists(connection, "SELECT 1 FROM pg_roles WHERE rolname = %s", SUPPORT):
            cursor.execute(sql.SQL("CREATE ROLE {} NOLOGIN NOBYPASSRLS").format(name))
        cursor.execute(sql.SQL("GRANT {} TO {}").format(name, sql.Identifier(APPLICATION)))


def _ensure_database(connection: Connection, database: str) -> None:
    if _exists(connection, "SELECT 1 FROM pg_database WHERE datname = %s", database):
        return
    statement = sql.SQL("CREATE DATABASE {} OWNER {}")
    with connection.cursor() as cursor:
        cursor.execute(statement.format(sql.Identifier(database), sql.Identifier(OWNER)))


def _exists(connection: Connection, query: str, name: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(query, [name])
        return cursor.fetchone() is not None
