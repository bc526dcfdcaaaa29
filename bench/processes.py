"""What runs in processes of its own: the floor, the sandbox; and peace before each measurement."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg2

from bench.pages import Pages, school_count

ROOT = Path(__file__).resolve().parent.parent
PRODUCT = {"smartpass", "accounts", "integrations", "rostering", "django"}
PATIENCE = 20.0
ADDRESS = re.compile(r"^[A-Z]+_API_URL=(\S+)$")


@dataclass(frozen=True)
class Floor:
    """One floor: its seconds, and how they divide."""

    seconds: float
    read_and_copy: float
    insert: float


def run_floor(pages: Pages) -> Floor:
    """Load the pages the plainest way. Raises AssertionError if it used anything of the product."""
    command = [sys.executable, "-m", "bench.floor", str(pages.folder), pages.kind]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603  (our own words)
    said = json.loads(done.stdout)
    if said["people"] != pages.people or PRODUCT & set(said["modules"]):
        message = f"this is no floor: {said}"
        raise AssertionError(message)
    return Floor(said["seconds"], said["read_and_copy"], said["insert"])


@contextmanager
def sandbox(pages: Pages) -> Iterator[str]:
    """Run the sandbox with the district the pages were rendered from; give its address."""
    people, schools = str(pages.people), str(school_count(pages.people))
    with _serving("manage.py", "sandbox", pages.kind, "--people", people, "--schools", schools) as url:
        yield url


@contextmanager
def files(pages: Pages) -> Iterator[str]:
    """Run a server that has the same answers ready; give its address."""
    with _serving("-m", "bench.files", str(pages.folder)) as url:
        yield url


@contextmanager
def _serving(*words: str) -> Iterator[str]:
    command = [sys.executable, *words]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603  (our own words)
        try:
            lines = process.stdout or ()
            yield next(found.group(1) for line in lines if (found := ADDRESS.match(line)))
        finally:
            process.terminate()


def settle() -> None:
    """Wait until the database has done what earlier work left it to do."""
    with closing(psycopg2.connect(os.environ["BENCH_DATABASE_URL"])) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        cursor.execute("CHECKPOINT")
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'autovacuum worker'")
            if cursor.fetchone() == (0,):
                return
            time.sleep(0.2)
