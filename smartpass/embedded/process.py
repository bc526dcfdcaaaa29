"""Servers as children that cannot outlive us."""

import contextlib
import ctypes
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypedDict

from .errors import EmbeddedError
from .place import Place, on_linux

PR_SET_PDEATHSIG = 1
LARGEST_LOG = 10_000_000
TAIL = 2000
PREDECESSOR = 60.0
# Reads until the pipe's other end is closed, which only our death (or we) can do; then stops the
# server, if that number still is the server.
WATCH = """
trap '' INT TERM HUP
read -r _
case "$(ps -ww -p "$1" -o command= || tr '\\0' ' ' < "/proc/$1/cmdline")" in
    *"$2"*) kill -INT "$1" ;;
esac 2>/dev/null
"""


class _Identity(TypedDict, total=False):
    """What a child is told about whom it runs as."""

    umask: int
    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True)
class Program:
    """How one server is run. `stop_signals` are tried in turn, each for `patience` seconds."""

    name: str
    command: Sequence[str | Path]
    folder: Path
    stop_signals: Sequence[signal.Signals]
    patience: float = 30.0


@dataclass
class Server:
    """A running server, its log, and what keeps it from outliving us."""

    program: Program
    process: subprocess.Popen[bytes]
    log: Path
    watch: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def died(self) -> EmbeddedError | None:
        """Give an error with the end of its log, if the server is not running."""
        if self.process.poll() is None:
            return None
        words = self.log.read_text(errors="replace")[-TAIL:]
        return EmbeddedError(f"{self.program.name} stopped ({self.process.returncode}):\n{words}")

    def stop(self) -> None:
        """End the server in the politest way that works; fine if it is gone."""
        for way in (*self.program.stop_signals, signal.SIGKILL):
            if self.process.poll() is not None:
                break
            self.process.send_signal(way)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(self.program.patience)
        for watch in self.watch:
            watch.kill()
            watch.wait()
            if watch.stdin:
                watch.stdin.close()


def start(place: Place, program: Program) -> Server:
    """Start the server as the servers' account, to be stopped when this process ends in any way."""
    log = place.home / f"{program.name}.log"
    fresh = not log.exists() or log.stat().st_size > LARGEST_LOG
    with log.open("wb" if fresh else "ab") as output:
        log.chmod(0o600)
        by_kernel = on_linux() and threading.current_thread() is threading.main_thread()
        process = _spawn(place, program, output.fileno(), _die_with(os.getpid()) if by_kernel else None)
    server = Server(program, process, log)
    if not by_kernel:
        server.watch.append(_watch(process.pid, program))
    return server


@contextlib.contextmanager
def kept(server: Server) -> Iterator[Server]:
    """Stop the server at the end of the block."""
    try:
        yield server
    finally:
        server.stop()


def wait_until(server: Server, ready: Callable[[], bool], seconds: float) -> None:
    """Return when `ready` says so. Raises EmbeddedError when the server dies or time is up."""
    deadline = time.monotonic() + seconds
    while not ready():
        error = server.died()
        if error is None and time.monotonic() > deadline:
            error = EmbeddedError(f"{server.program.name} did not answer within {seconds:.0f} s.")
        if error:
            raise error
        time.sleep(0.02)


def run(place: Place, command: Sequence[str | Path], folder: Path) -> None:
    """Run a program to its end as the servers' account. Raises EmbeddedError with what it said."""
    done = subprocess.run(  # noqa: S603  (the wheel's own programs)
        command,
        cwd=folder,
        env=_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        **_as(place),
    )
    if done.returncode:
        message = f"{Path(command[0]).name} failed:\n{done.stdout[-TAIL:]}{done.stderr[-TAIL:]}"
        raise EmbeddedError(message)


def end_predecessor(pid_file: Path, word: str) -> None:
    """Wait for the server this file names to end, and remove the file.

    Only for whoever holds the folder's lock. `word` is what its command line holds: the number
    may be a stranger's by now. Raises EmbeddedError when it does not end.
    """
    with contextlib.suppress(FileNotFoundError, ValueError):
        pid = int(pid_file.read_text().split("\n", 1)[0])
        deadline = time.monotonic() + PREDECESSOR
        while is_running(pid, word):
            if time.monotonic() > deadline:
                message = f"A server of an earlier run (process {pid}) does not end; kill it."
                raise EmbeddedError(message)
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGINT)
            time.sleep(0.1)
    pid_file.unlink(missing_ok=True)


def is_running(pid: int, word: str) -> bool:
    """Say whether this process lives and has this word on its command line; a zombie does not."""
    try:
        if on_linux():
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            return os.fsencode(word) in words
        command = ["/bin/ps", "-ww", "-p", str(pid), "-o", "command="]
        return word in subprocess.run(command, capture_output=True, text=True, check=False).stdout  # noqa: S603
    except (FileNotFoundError, ProcessLookupError):
        return False


def _spawn(
    place: Place,
    program: Program,
    output: int,
    last_will: Callable[[], None] | None,
) -> subprocess.Popen[bytes]:
    # A session of its own: Ctrl-C is for us, and we stop the servers after those who use them.
    return subprocess.Popen(  # noqa: S603  (the wheel's own programs)
        program.command,
        cwd=program.folder,
        env=_environment(),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        start_new_session=True,
        preexec_fn=last_will,  # noqa: PLW1509  (two system calls, no lock, no allocation of ours)
        **_as(place),
    )


def _die_with(parent: int) -> Callable[[], None]:
    """Ask the kernel to interrupt the child when the thread that made it ends.

    Runs after the change of account, which would have cleared it.
    """
    libc = ctypes.CDLL(None, use_errno=True)

    def in_child() -> None:
        libc.prctl(PR_SET_PDEATHSIG, int(signal.SIGINT), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return in_child


def _watch(pid: int, program: Program) -> subprocess.Popen[bytes]:
    command = ["/bin/sh", "-c", WATCH, "watch", str(pid), str(program.command[0])]
    return subprocess.Popen(  # noqa: S603  (our own words)
        command,
        env=_environment(),
        stdin=subprocess.PIPE,
        start_new_session=True,
    )


def _as(place: Place) -> _Identity:
    if place.account is None:
        return {"umask": 0o077}
    return {"umask": 0o077, "user": place.account.uid, "group": place.account.gid, "extra_groups": []}


def _environment() -> dict[str, str]:
    """Nothing of ours: no secret of the product is a server's business."""
    return {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C", "TZ": "UTC"}
