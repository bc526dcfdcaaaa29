"""Where everything of one data folder lies, and who may read it.

Root cannot run PostgreSQL, so it hands the servers to an unprivileged account. What that account
cannot reach (a project inside root's home) is put where it can; no folder's mode is loosened.
"""

import contextlib
import functools
import hashlib
import json
import os
import pwd
import secrets
import stat
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .errors import EmbeddedError

ACCOUNT = "nobody"
PUBLISHED = "running.json"
OUTSIDE = Path("/var/lib/smartpass-embedded")
# The kernel takes 107 bytes (Linux) or 103 (macOS) for a socket's whole path.
LONGEST_FOLDER = 103 - len("/.s.PGSQL.5432")


@dataclass(frozen=True)
class Account:
    """The unprivileged account root hands the servers to."""

    uid: int
    gid: int


@dataclass(frozen=True)
class Place:
    """The folders of one set of services.

    `data_dir` is what the caller named, with the lock and the secrets; `home` holds the servers'
    own files and is the same folder unless the account could not reach it.
    """

    data_dir: Path
    home: Path
    sockets: Path
    account: Account | None

    @property
    def lock(self) -> Path:
        """Held by the process that runs the services."""
        return self.data_dir / "lock"

    @property
    def urls_file(self) -> Path:
        """There while the services run: their URLs and sockets, for whoever attaches."""
        return self.data_dir / PUBLISHED

    def give(self, path: Path) -> None:
        """Let the servers' account own this path."""
        if self.account:
            os.chown(path, self.account.uid, self.account.gid, follow_symlinks=False)

    def make(self, name: str) -> Path:
        """Make a folder of the servers' own, which nobody else reads; give its path."""
        folder = self.home / name
        folder.mkdir(mode=0o700, exist_ok=True)
        self.give(folder)
        return folder

    def reaches(self, path: Path) -> bool:
        """Say whether the servers' account can read this path, and run it if it is a program."""
        if self.account is None:
            return True
        steps = [path, *path.parents]
        return all(_allows(step, self.account) for step in steps)


def find_place(data_dir: Path) -> Place:
    """Make the folders for these services where they are missing; say where they are.

    The same data folder always gives the same place.
    """
    data_dir = data_dir.resolve()
    account = _account()
    if not data_dir.exists():
        data_dir.mkdir(parents=True)
        data_dir.chmod(0o711 if account else 0o700)
    digest = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:12]
    home = _home(data_dir, account, digest)
    return Place(data_dir, home, _published(data_dir) or _sockets(digest), account)


@contextlib.contextmanager
def socket_folder(place: Place) -> Iterator[None]:
    """Have the folder for sockets while the block runs, readable for the servers' account only.

    Raises EmbeddedError where it exists and is somebody else's, or others can look inside.
    """
    try:
        place.sockets.mkdir(mode=0o700)
    except FileExistsError:
        _examine(place)
    place.give(place.sockets)
    try:
        yield
    finally:
        # Not empty when a server was killed; the next run takes it over.
        with contextlib.suppress(OSError):
            place.sockets.rmdir()


def write_private(path: Path, text: str) -> None:
    """Write a file only its owner can read, whole or not at all."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


@functools.cache
def _account() -> Account | None:
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam(ACCOUNT)
    except KeyError:
        message = f"As root the services run as {ACCOUNT!r}, which this machine does not have."
        raise EmbeddedError(message) from None
    return Account(entry.pw_uid, entry.pw_gid)


def _home(data_dir: Path, account: Account | None, digest: str) -> Path:
    if account is None or Place(data_dir, data_dir, data_dir, account).reaches(data_dir):
        return data_dir
    OUTSIDE.mkdir(mode=0o711, exist_ok=True)
    home = OUTSIDE / digest
    if not home.exists():
        home.mkdir()
        home.chmod(0o711)
        (data_dir / "WHERE").write_text(f"The databases are in {home}.\n")
    return home


def _published(data_dir: Path) -> Path | None:
    """Give the folder the running services use: their process may know another temporary one."""
    try:
        folder = Path(json.loads((data_dir / PUBLISHED).read_text())["sockets"])
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    return folder if folder.is_dir() else None


def _sockets(digest: str) -> Path:
    name = f"smartpass-{os.geteuid()}-{digest}"
    folder = Path(tempfile.gettempdir()) / name
    if len(os.fsencode(folder)) > LONGEST_FOLDER:
        folder = Path("/tmp") / name  # noqa: S108  (made 0700 and checked below)
    return folder


def _examine(place: Place) -> None:
    found = place.sockets.lstat()
    owners = {os.geteuid(), place.account.uid if place.account else os.geteuid()}
    private = stat.S_ISDIR(found.st_mode) and not stat.S_IMODE(found.st_mode) & 0o077
    if found.st_uid not in owners or not private:
        message = f"{place.sockets} is not ours alone; remove it."
        raise EmbeddedError(message)


def _allows(path: Path, account: Account) -> bool:
    found = path.stat()
    shift = 6 if found.st_uid == account.uid else 3 if found.st_gid == account.gid else 0
    return bool((found.st_mode >> shift) & 0o1)


def on_linux() -> bool:
    """Say whether the kernel is Linux (a function, or type checkers skip the other branch)."""
    return sys.platform == "linux"
