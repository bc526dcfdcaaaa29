"""`make run` as a process: it serves, can be called again, and leaves nothing behind however it ends."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from django.conf import settings

READY = re.compile(r"SmartPass is ready at (http://127\.0\.0\.1:\d+)\n")


def alive(pid: int) -> bool:
    """Whether the process runs; one that only waits to be buried does not."""
    command = ["ps", "-p", str(pid), "-o", "stat="]
    found = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()  # noqa: S603
    return bool(found) and not found.startswith("Z")


def offspring(pid: int) -> list[int]:
    """The processes below this one, however deep."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True)  # noqa: S607
    rows = [tuple(map(int, line.split())) for line in listed.stdout.splitlines()]
    found = [pid]
    for parent in found:
        found += [child for child, of in rows if of == parent]
    return found[1:]


def until(ready: Callable[[], object], seconds: float) -> bool:
    """Wait until it is so; whether it came to be."""
    deadline = time.monotonic() + seconds
    while not ready() and time.monotonic() < deadline:
        time.sleep(0.05)
    return bool(ready())


class Demo:
    """`manage.py demo` as a process, with its output in a file."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.said_in = folder / "said"
        keep = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        with self.said_in.open("w") as output:
            self.process = subprocess.Popen(  # noqa: S603  (ourselves)
                [sys.executable, "manage.py", "demo", "--port", "0", "--people", "120", *options],
                cwd=settings.BASE_DIR,
                env={**keep, "SMARTPASS_VAR": str(folder / "var")},
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    @property
    def said(self) -> str:
        """What it has printed so far."""
        return self.said_in.read_text()

    def ready(self) -> str:
        """Wait until it serves; its address."""
        assert until(lambda: READY.search(self.said) or self.process.poll() is not None, 150)
        found = READY.search(self.said)
        assert found, self.said
        return found[1]

    def ends(self, how: signal.Signals | None = None) -> tuple[int, bool]:
        """Signal it, if asked to; its exit status, and whether all that it had started is gone soon."""
        started = offspring(self.process.pid) if how else []
        if how:
            assert len(started) > len(("postgres", "valkey", "clever", "classlink", "web", "worker", "beat"))
            self.process.send_signal(how)
        status = self.process.wait(150)
        return status, until(lambda: not any(alive(pid) for pid in started), 10)


@contextmanager
def short_folder() -> Iterator[Path]:
    """A place which the servers' account can reach when the tests run as root."""
    folder = Path(tempfile.mkdtemp(prefix="sp-demo-"))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sign_in(address: str, said: str, who: str) -> str:
    """Sign in as the demo says one can; where that leads."""
    found = re.search(rf"^  {who} .*?(\S+@\S+)$", said, re.MULTILINE)
    password = re.search(r"^  Password of all +(\S+)$", said, re.MULTILINE)
    assert found
    assert password
    with requests.Session() as browser:
        browser.get(f"{address}/auth/login/", params={"code": "sekrit"}, timeout=20).raise_for_status()
        form = {
            "login": found[1], "password": password[1], "csrfmiddlewaretoken": browser.cookies["csrftoken"],
        }  # fmt: skip
        reply = browser.post(f"{address}/auth/login/", data=form, timeout=20)
        reply.raise_for_status()
        return reply.url.removeprefix(address)


def test_one_command_serves_a_synced_district_and_can_be_called_again() -> None:
    with short_folder() as folder:
        demo = Demo(folder)
        address = demo.ready()
        assert sign_in(address, demo.said, "SmartPass support") == "/admin/"
        assert sign_in(address, demo.said, "District admin") == "/accounts/schools/"
        last = re.findall(r"^  (Admin, .*?)  +\S+@\S+$", demo.said, re.MULTILINE)[-1]
        assert sign_in(address, demo.said, re.escape(last)) == "/accounts/"
        assert demo.ends(signal.SIGINT) == (0, True)
        first = demo.said
        assert "Making the tables" in first
        assert "was made and linked, with 4 schools." in first
        for source in ("Clever", "ClassLink"):
            assert re.search(rf"^First sync from {source}: completed", first, re.MULTILINE)
        assert "nothing changes: every account" in first
        assert f"  Emails to Admins     {folder / 'var' / 'mail'}/" in first
        letters = [path.read_text() for path in (folder / "var" / "mail").iterdir()]
        assert any(f"View accounts: {address}/accounts/" in letter for letter in letters)
        logs = {path.name: path.read_text() for path in (folder / "var" / "log").iterdir()}
        assert sorted(logs) == [
            "beat.log", "classlink-sandbox.log", "clever-sandbox.log", "demo.log", "web.log", "worker.log",
        ]  # fmt: skip
        assert "GET /auth/login/" in logs["web.log"]
        assert not [name for name, text in logs.items() if "sekrit" in text or "maple-" in text]
        again = Demo(folder, "--once")
        assert again.ends() == (0, True), again.said
        assert "is here already, with 4 schools." in again.said
        assert again.said.count("Nothing to create") == 2
        assert "Making the tables" not in again.said
        assert not READY.search(again.said)


@pytest.mark.long
def test_killed_it_leaves_nothing_behind_and_starts_again() -> None:
    with short_folder() as folder:
        demo = Demo(folder)
        demo.ready()
        assert demo.ends(signal.SIGKILL) == (-signal.SIGKILL, True)
        again = Demo(folder)
        again.ready()
        assert again.ends(signal.SIGTERM) == (0, True)


@pytest.mark.long
@pytest.mark.parametrize("name", ["web", "worker", "beat", "clever-sandbox", "classlink-sandbox"])
def test_a_part_that_dies_ends_the_demo_with_its_name(name: str) -> None:
    with short_folder() as folder:
        demo = Demo(folder)
        demo.ready()
        marks = {
            "web": "gunicorn",
            "worker": "smartpass worker",
            "beat": "smartpass beat",
            "clever-sandbox": "manage.py sandbox clever",
            "classlink-sandbox": "manage.py sandbox classlink",
        }
        listed = subprocess.run(  # noqa: S603
            ["ps", "-ww", "-o", "pid=,args=", "--ppid", str(demo.process.pid)],  # noqa: S607
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        (pid,) = [int(line.split()[0]) for line in listed.stdout.splitlines() if marks[name] in line]
        os.kill(pid, signal.SIGKILL)
        assert demo.ends() == (1, True)
        assert f"CommandError: The {name} process stopped (exit status -9)." in demo.said
