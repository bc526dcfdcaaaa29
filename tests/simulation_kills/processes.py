"""Our own processes: started, listened to, killed."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Self, TypeVar

ROOT = Path(__file__).parents[2]
PATIENCE = 90.0
ENDED = "(ended)"
#: What the tests' own run puts into the environment, and a process of the product must not see.
NOT_OURS = ("SMARTPASS_TEST_SERVICES", "DJANGO_SETTINGS_MODULE", "PYTEST_CURRENT_TEST")

Found = TypeVar("Found")


def environment(given: Mapping[str, str]) -> dict[str, str]:
    """The product's real settings, on these servers."""
    inherited = {name: value for name, value in os.environ.items() if name not in NOT_OURS}
    rest = {"SMARTPASS_EMBEDDED": "1", "LOG_LEVEL": "WARNING", "PYTHONUNBUFFERED": "1"}
    return {**inherited, **rest, **given}


def run(given: Mapping[str, str], *words: str) -> str:
    """Run a Python program of the project to its end; what it printed."""
    done = subprocess.run(  # noqa: S603  (ourselves)
        [sys.executable, *words], cwd=ROOT, env=environment(given), check=True, stdout=subprocess.PIPE, text=True
    )
    return done.stdout.strip()


def until(question: Callable[[], Found | None], what: str, seconds: float = PATIENCE) -> Found:
    """Wait until a question has an answer; the answer. Fails, saying what was waited for."""
    deadline = time.monotonic() + seconds
    while not (found := question()):
        assert time.monotonic() < deadline, f"{what}: not within {seconds:.0f} s"
        time.sleep(0.005)
    return found


class Process:
    """A Python program of the project that we talk to by lines. Ends with the block."""

    def __init__(self, given: Mapping[str, str], *words: str) -> None:
        """Start it, in a process group of its own."""
        self._process = subprocess.Popen(  # noqa: S603  (ourselves)
            [sys.executable, *words],
            cwd=ROOT,
            env=environment(given),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._said: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def __enter__(self) -> Self:
        """The process itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Make an end of whatever is left."""
        self.kill()
        self._listener.join()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                pipe.close()

    def go(self) -> None:
        """Say the word it waits for, or will wait for."""
        assert self._process.stdin
        self._process.stdin.write("go\n")
        self._process.stdin.flush()

    def next_line(self, seconds: float = PATIENCE) -> str:
        """Wait for the next line; ENDED when there will be none."""
        return self._said.get(timeout=seconds)

    def says(self, expected: str) -> None:
        """Wait until it says exactly this, and nothing else before."""
        line = self.next_line()
        assert line == expected, f"{line!r} instead of {expected!r}"

    def ended(self) -> bool:
        """Whether it is gone."""
        return self._process.poll() is not None

    def kill(self) -> None:
        """SIGKILL it and its children; come back when it is gone."""
        if not self.ended():
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def _listen(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            self._said.put(line.rstrip("\n"))
        self._said.put(ENDED)
