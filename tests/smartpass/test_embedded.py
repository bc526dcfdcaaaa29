"""The embedded services: whatever happens to whoever runs them, no row is lost, no server stays."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg2
import pytest
from redis import Redis

from smartpass import embedded
from smartpass.embedded import binaries, place, process

HOST = Path(__file__).with_name("host.py")


class Host:
    """Another process that runs the services of a folder."""

    def __init__(self, folder: Path, *words: str) -> None:
        """Start it and wait for the services."""
        command = [sys.executable, str(HOST), str(folder), *words]
        self.process = subprocess.Popen(  # noqa: S603  (ourselves)
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout
        self.urls: dict[str, str] = json.loads(self.process.stdout.readline())

    def end(self, how: signal.Signals) -> None:
        """Send the signal and wait for the process, not for its servers."""
        self.process.send_signal(how)
        self.process.communicate(timeout=30)


@pytest.fixture
def folder() -> Iterator[Path]:
    """Give a place for data which the servers' account can reach when the tests run as root."""
    with tempfile.TemporaryDirectory(prefix="sp-") as name:
        Path(name).chmod(0o711)
        yield Path(name) / "services"


def count(urls: dict[str, str]) -> int:
    """Add a row as the owner of tables; say how many there are."""
    with contextlib.closing(psycopg2.connect(urls["DATABASE_OWNER_URL"])) as connection:
        with connection, connection.cursor() as cursor:
            cursor.execute("CREATE TABLE IF NOT EXISTS kept (at timestamptz DEFAULT now())")
            cursor.execute("INSERT INTO kept DEFAULT VALUES")
        with connection, connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM kept")
            row = cursor.fetchone()
    assert row
    return int(row[0])


def ask(url: str, query: str) -> list[tuple[object, ...]]:
    """Ask one question of a database."""
    with contextlib.closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()


def pids(folder: Path) -> list[int]:
    """Give the numbers of both servers."""
    files = [folder / "postgres" / "postmaster.pid", folder / "valkey" / "valkey.pid"]
    return [int(file.read_text().split()[0]) for file in files]


def alive(pid: int) -> bool:
    """Say whether the process runs; one that only waits to be buried does not."""
    command = ["ps", "-p", str(pid), "-o", "stat="]
    found = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()  # noqa: S603
    return bool(found) and not found.startswith("Z")


def until(ready: Callable[[], bool], seconds: float = 20.0) -> bool:
    """Wait until it is so; say whether it came to be."""
    deadline = time.monotonic() + seconds
    while not ready() and time.monotonic() < deadline:
        time.sleep(0.02)
    return ready()


def test_what_was_written_is_there_after_a_restart(folder: Path) -> None:
    with embedded.services(folder) as urls:
        assert count(urls) == 1
        Redis.from_url(urls["CACHE_URL"]).set("k", "v")
        first = urls
        numbers = pids(folder)
    assert not any(alive(pid) for pid in numbers)
    assert not place.find_place(folder).sockets.exists()
    with embedded.services(folder) as urls:
        assert urls == first
        assert count(urls) == 2
        assert Redis.from_url(urls["CACHE_URL"]).get("k") == b"v"


def test_roles_are_plain(folder: Path) -> None:
    with embedded.services(folder) as urls:
        rows = ask(
            urls["DATABASE_URL"],
            "SELECT rolname, rolcanlogin, rolsuper, rolbypassrls, rolcreatedb, rolcreaterole"
            " FROM pg_roles WHERE rolname LIKE 'smartpass%' ORDER BY 1",
        )
        assert rows == [
            ("smartpass_app", True, False, False, False, False),
            ("smartpass_owner", True, False, False, False, False),
            ("smartpass_support", False, False, False, False, False),
        ]
        who = "SELECT current_user, pg_has_role('smartpass_support', 'USAGE')"
        assert ask(urls["DATABASE_URL"], who) == [("smartpass_app", False)]
        with contextlib.closing(psycopg2.connect(urls["DATABASE_URL"])) as connection:
            cursor = connection.cursor()
            cursor.execute("SET LOCAL ROLE smartpass_support; SELECT current_user")
            assert cursor.fetchone() == ("smartpass_support",)
            connection.rollback()
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                cursor.execute("CREATE TABLE public.mine ()")
        assert ask(
            urls["DATABASE_OWNER_URL"],
            "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()",
        ) == [("smartpass_owner",)]


def test_passwords_are_needed_and_hidden(folder: Path) -> None:
    with embedded.services(folder) as urls:
        wrong = urls["DATABASE_URL"].replace("smartpass_app:", "smartpass_app:x")
        with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
            psycopg2.connect(wrong)
        for file in folder.glob("*.json"):
            assert file.stat().st_mode & 0o077 == 0
        assert place.find_place(folder).sockets.stat().st_mode & 0o777 == 0o700


def test_a_second_process_attaches_and_leaves_them_running(folder: Path) -> None:
    with embedded.services(folder) as urls:
        other = Host(folder)
        assert other.urls == urls
        other.end(signal.SIGTERM)
        assert count(urls) == 1


def test_it_attaches_whatever_its_temporary_folder_is(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with embedded.services(folder) as urls:
        monkeypatch.setenv("TMPDIR", str(folder))
        other = Host(folder)
        assert other.urls == urls
        other.end(signal.SIGTERM)


def test_a_second_copy_runs_beside_the_first(folder: Path) -> None:
    with embedded.services(folder) as one, embedded.services(folder.with_name("copy")) as two:
        assert count(one) == 1
        assert count(one) == 2
        assert count(two) == 1


def test_a_copy_made_while_the_first_runs_is_on_its_own(folder: Path) -> None:
    copy = folder.with_name("copy")
    with embedded.services(folder) as one:
        subprocess.run(["cp", "-a", str(folder), str(copy)], check=True)  # noqa: S603, S607
        (copy / "running.json").unlink()
        with embedded.services(copy) as two:
            assert one != two
            assert count(two) == 1
        assert count(one) == 1


def test_a_long_path(folder: Path) -> None:
    long = folder.joinpath(*["a folder with a rather long name, and an é"] * 5)
    with embedded.services(long) as urls:
        assert count(urls) == 1


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("words", [[], ["thread"]], ids=["by the kernel", "by a watched pipe"])
def test_however_it_ends_no_server_stays(folder: Path, how: signal.Signals, words: list[str]) -> None:
    host = Host(folder, *words)
    assert count(host.urls) == 1
    numbers = pids(folder)
    host.end(how)
    assert until(lambda: not any(alive(pid) for pid in numbers))
    with embedded.services(folder) as urls:
        assert count(urls) == 2


def test_killed_and_started_again_at_once(folder: Path) -> None:
    host = Host(folder)
    for expected in range(1, 6):
        assert count(host.urls) == expected
        host.end(signal.SIGKILL)
        host = Host(folder)
    host.end(signal.SIGINT)


def test_killed_servers_start_again_with_every_row(folder: Path) -> None:
    with embedded.services(folder) as urls:
        assert count(urls) == 1
        for pid in pids(folder):
            os.kill(pid, signal.SIGKILL)
    assert (folder / "postgres" / "postmaster.pid").exists()
    with embedded.services(folder) as urls:
        assert count(urls) == 2


def test_a_stale_pid_file_that_names_a_stranger(folder: Path) -> None:
    with embedded.services(folder) as urls:
        assert count(urls) == 1
    (folder / "postgres" / "postmaster.pid").write_text(f"{os.getpid()}\n")
    with embedded.services(folder) as urls:
        assert count(urls) == 2


def test_a_start_that_was_cut_off_is_made_anew(folder: Path) -> None:
    folder.mkdir()
    folder.chmod(0o711)
    (folder / "postgres.new").mkdir()
    (folder / "postgres.new" / "half").touch()
    with embedded.services(folder) as urls:
        assert count(urls) == 1


def test_a_server_that_cannot_start_says_why(folder: Path) -> None:
    with embedded.services(folder):
        pass
    (folder / "postgres" / "PG_VERSION").write_text("9\n")
    with pytest.raises(embedded.EmbeddedError, match="not compatible"), embedded.services(folder):
        pass


def test_further_databases_come_and_go(folder: Path) -> None:
    with embedded.services(folder) as urls:
        extra = embedded.create_database(folder, "extra")
        assert count(extra) == 1
        assert ask(embedded.superuser_url(folder, "extra"), "SELECT count(*) FROM kept") == [(1,)]
        assert count(urls) == 1
        assert count(embedded.create_database(folder, "extra")) == 1
        embedded.drop_database(folder, "extra")
        with pytest.raises(psycopg2.OperationalError, match="does not exist"):
            psycopg2.connect(extra["DATABASE_URL"])


@pytest.mark.parametrize("mode", [0o755, 0o777])
def test_somebody_elses_socket_folder_is_refused(folder: Path, mode: int) -> None:
    sockets = place.find_place(folder).sockets
    sockets.mkdir()
    sockets.chmod(mode)
    try:
        with pytest.raises(embedded.EmbeddedError, match="not ours alone"), embedded.services(folder):
            pass
    finally:
        sockets.rmdir()


@pytest.mark.parametrize("mode", [0o700, 0o711])
def test_programs_the_account_cannot_reach_are_copied(
    folder: Path,
    mode: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wheel = binaries._wheel(binaries.POSTGRES_WHEEL)
    home = folder.with_name("home")
    home.mkdir(mode=0o700)
    for name in (wheel.name, f"{wheel.name}.libs"):
        shutil.copytree(wheel.with_name(name), home / name, symlinks=True)
    monkeypatch.setattr(binaries, "_wheel", lambda name: home / name if name == wheel.name else wheel.with_name(name))
    home.chmod(mode)
    with embedded.services(folder) as urls:
        assert count(urls) == 1
        copied = bool(list(folder.glob("postgres-*")))
        running = process.is_running(pids(folder)[0], str(folder / "postgres"))
    assert running
    assert copied == (os.geteuid() == 0 and mode == 0o700)
    assert home.stat().st_mode & 0o777 == mode


def test_data_the_account_cannot_reach_lies_outside(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outside = folder.with_name("outside")
    monkeypatch.setattr(place, "OUTSIDE", outside)
    private = folder.with_name("home")
    private.mkdir(mode=0o700)
    for expected in (1, 2):
        with embedded.services(private / "services") as urls:
            assert count(urls) == expected
    assert outside.exists() == (os.geteuid() == 0)
    assert private.stat().st_mode & 0o777 == 0o700
