"""The demo's processes: children that cannot outlive us, each with a log of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Self, TypeVar

from django.conf import settings

from rostering.demo.errors import Asked, DemoError

LARGEST_LOG = 10_000_000
LAST_LINES = 15
SECRET = re.compile(r".*[A-Z]_(SECRET|KEY)=")
PAUSE = 0.1
#: A child that was told to end is told more firmly after so many seconds, each time.
PATIENCE = 3.0
#: Reads the children's process groups from a pipe whose other end only we hold, and ends them once it is closed.
WATCH = """
trap '' INT TERM HUP
while read -r group; do groups="$groups -$group"; done
kill -s TERM -- $groups
sleep 2
kill -s KILL -- $groups
"""

Found = TypeVar("Found")


@dataclass(frozen=True)
class Account:
    """An ordinary account, for the children of root."""

    uid: int
    gid: int


@dataclass
class Child:
    """One running process; what it says stands in its log from `begins` on."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    begins: int

    def said(self) -> str:
        """What it has written since it was started."""
        with self.log.open("rb") as log:
            log.seek(self.begins)
            return log.read().decode(errors="replace")

    def last_lines(self) -> str:
        """The end of what it has written, and where the rest is."""
        # A sandbox says where it is, and with which secret.
        lines = [line for line in self.said().splitlines() if not SECRET.match(line)][-LAST_LINES:]
        return "\n".join([f"The end of {self.log}:", *(f"  {line}" for line in lines)])

    def tell(self, number: signal.Signals) -> None:
        """Signal the process; fine if it is gone."""
        if self.process.poll() is None:
            self.process.send_signal(number)

    def tell_everybody(self, number: signal.Signals) -> None:
        """Signal all that it started, which may have outlived it."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, number)


class Children:
    """Starts processes, and ends them all at the end of the block or when this process is killed.

    The demo spends its time in `until`, which notices that a child died and that somebody
    asked us to stop.
    """

    def __init__(self, logs: Path, account: Account | None = None) -> None:
        """`logs` is made when it is missing; `account` is whom the children run as."""
        self.logs = logs
        self.account = account
        self.running: list[Child] = []
        self.asked = False
        # A make that is killed can tell nobody.
        self._starter = os.getppid() if "MAKELEVEL" in os.environ else None

    def __enter__(self) -> Self:
        """Listen for Ctrl-C, SIGTERM and a closed terminal."""
        self.logs.mkdir(mode=0o700, parents=True, exist_ok=True)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            # `nohup` means it.
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self._ask)
        self._watch = subprocess.Popen(  # noqa: S603  (our own words)
            ["/bin/sh", "-c", WATCH], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
        )
        return self

    def __exit__(self, *_: object) -> None:
        """End them all, within seconds."""
        self._end()
        self._watch.kill()
        self._watch.wait()
        assert self._watch.stdin
        self._watch.stdin.close()

    def start(self, name: str, *words: str, environment: Mapping[str, str], keeps: Sequence[int] = ()) -> Child:
        """Run this Python with these words; `keeps` are file descriptors it inherits."""
        log = self.logs / f"{name}.log"
        fresh = not log.exists() or log.stat().st_size > LARGEST_LOG
        with log.open("wb" if fresh else "ab") as output:
            log.chmod(0o600)
            begins = output.tell()
            process = self._spawn(words, environment, keeps, output.fileno())
        child = Child(name, process, log, begins)
        self.running.append(child)
        assert self._watch.stdin
        self._watch.stdin.write(b"%d\n" % process.pid)
        self._watch.stdin.flush()
        return child

    def until(self, ready: Callable[[], Found | None], seconds: float, otherwise: str) -> Found:
        """Wait for something and give it. Raises DemoError saying `otherwise` when time is up."""
        deadline = time.monotonic() + seconds
        while True:
            self.check()
            found = ready()
            if found is not None:
                return found
            if time.monotonic() > deadline:
                raise DemoError(otherwise)
            time.sleep(PAUSE)

    def check(self) -> None:
        """Raise Asked when we are to stop, and DemoError with its last lines when a child died."""
        if self.asked or (self._starter and os.getppid() != self._starter):
            raise Asked
        for child in self.running:
            status = child.process.poll()
            if status is not None:
                raise DemoError(f"The {child.name} process stopped (exit status {status}). {child.last_lines()}")

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        self.asked = True

    def _spawn(
        self, words: Sequence[str], environment: Mapping[str, str], keeps: Sequence[int], output: int
    ) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603  (our own words)
            [sys.executable, *words],
            cwd=settings.BASE_DIR,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            # A session of its own: Ctrl-C is for us, and its group is what we end.
            start_new_session=True,
            pass_fds=tuple(keeps),
            user=self.account.uid if self.account else None,
            group=self.account.gid if self.account else None,
            extra_groups=[] if self.account else None,
        )

    def _end(self) -> None:
        """Ask, then insist; whatever a process leaves behind in its group is killed."""
        for number in (signal.SIGTERM, signal.SIGQUIT):
            for child in self.running:
                child.tell(number)
            if self._gone(PATIENCE):
                break
        for child in self.running:
            child.tell_everybody(signal.SIGKILL)
            child.process.wait()

    def _gone(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while any(child.process.poll() is None for child in self.running):
            if time.monotonic() > deadline:
                return False
            time.sleep(PAUSE)
        return True


def ordinary_account(folder: Path) -> Account | None:
    """For root, the account that owns this folder, if it is an ordinary one that can run the product."""
    if os.geteuid() != 0 or not folder.is_dir() or folder.stat().st_uid == 0:
        return None
    account = Account(folder.stat().st_uid, folder.stat().st_gid)
    try:
        tried = subprocess.run(
            [sys.executable, "-c", "import smartpass"],
            cwd=settings.BASE_DIR,
            user=account.uid,
            group=account.gid,
            extra_groups=[],
            capture_output=True,
            check=False,
        )
    except OSError:
        # It can reach neither the project nor its Python, for instance inside root's home.
        return None
    return account if tried.returncode == 0 else None
