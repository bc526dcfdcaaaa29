"""Where an export lies: found below one root, and never through a link.

The district's own job writes here over SFTP. It could lay a link to another district's
folder, so every step of the way is opened without following any.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from integrations.oneroster_files.words import MANIFEST, ORGS, ROLES, SOURCE, USERS
from integrations.provider import Changed, Malformed, Refused, Unreachable

#: The files of an export that are read; it may hold others.
READ = frozenset({MANIFEST, USERS, ORGS, ROLES})
#: What a folder is opened as, and what a file.
FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
CHANGED = f"{SOURCE}: the export was being written while it was read."
#: Beside an export on some machines, and never meant.
NOT_MEANT = "__MACOSX"


@dataclass(frozen=True, slots=True)
class Stamp:
    """Which file this is and what state it is in: another one, or a changed one, has another stamp."""

    device: int
    inode: int
    size: int
    modified: int

    @classmethod
    def of(cls, told: os.stat_result) -> Stamp:
        """From what the system tells of it."""
        return cls(told.st_dev, told.st_ino, told.st_size, told.st_mtime_ns)


@dataclass(frozen=True, slots=True)
class Lying:
    """What lies there now: an export's files by their names in small letters, or one zip.

    `steps` lead from the root to the folder they are in. Two that are equal are the same
    files in the same state.
    """

    steps: tuple[str, ...]
    files: dict[str, tuple[str, Stamp]]
    zipped: bool

    @property
    def newest(self) -> int:
        """When the newest of them was written, in nanoseconds since 1970."""
        return max(stamp.modified for _, stamp in self.files.values())


def look(root: str, folder: str) -> Lying:
    """What lies at `folder` (a path with slashes) below `root` now.

    The export's files lie there themselves, or in the only folder there, or as zips, of
    which the newest counts; or `folder` names one zip. Raises `Refused` where the way is
    closed, `Unreachable` where nothing has come yet, `Malformed` where it is not clear what
    counts.
    """
    *above, last = folder.split("/")
    with _opened(root, above) as parent:
        told = _told(last, parent)
        if stat.S_ISREG(told.st_mode) and _is_zip(last):
            return Lying(tuple(above), {last.lower(): (last, Stamp.of(told))}, zipped=True)
    steps = (*above, last)
    names, folders = _listed(root, steps)
    if not names and len(folders) == 1:
        steps = (*steps, folders[0])
        names, folders = _listed(root, steps)
    if not names:
        raise (Malformed if folders else Unreachable)(
            f"{SOURCE}: the export lies too deep, or in one of several folders."
            if folders
            else f"{SOURCE}: no export has come yet."
        )
    return _chosen(steps, names)


def _chosen(steps: tuple[str, ...], names: dict[str, Stamp]) -> Lying:
    """Of the names in a folder, those that are the export."""
    zips = {name: stamp for name, stamp in names.items() if _is_zip(name)}
    if zips and len(zips) < len(names):
        raise Malformed(f"{SOURCE}: there are both CSV files and a zip file. Only one export can count.")
    if zips:
        name = max(zips, key=lambda each: (zips[each].modified, each))
        return Lying(steps, {name.lower(): (name, zips[name])}, zipped=True)
    files = {name.lower(): (name, stamp) for name, stamp in names.items()}
    if len(files) < len(names):
        raise Malformed(f"{SOURCE}: two files there differ only in capitals.")
    return Lying(steps, files, zipped=False)


def _listed(root: str, steps: tuple[str, ...]) -> tuple[dict[str, Stamp], list[str]]:
    """The zips and the files of an export in a folder, and the folders in it."""
    names, folders = {}, []
    with _opened(root, steps) as here, os.scandir(here) as entries:
        for entry in entries:
            if entry.name.startswith((".", NOT_MEANT)):
                continue
            try:
                told = entry.stat(follow_symlinks=False)
            except FileNotFoundError:
                raise Changed(CHANGED) from None
            if stat.S_ISDIR(told.st_mode):
                folders.append(entry.name)
            elif entry.name.lower() in READ or _is_zip(entry.name):
                if not stat.S_ISREG(told.st_mode):
                    raise Refused(f"{SOURCE}: {entry.name} is a link, and links are not followed.")
                names[entry.name] = Stamp.of(told)
    return names, sorted(folders)


@contextmanager
def opened(root: str, lying: Lying, name: str) -> Iterator[int]:
    """One file of an export, as a descriptor. Raises `OSError`, or `Changed` where it is another one by now."""
    own, stamp = lying.files[name]
    with _opened(root, lying.steps) as here:
        descriptor = os.open(own, FILE, dir_fd=here)
    try:
        if Stamp.of(os.fstat(descriptor)) != stamp:
            raise Changed(CHANGED)
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def _opened(root: str, steps: tuple[str, ...] | list[str]) -> Iterator[int]:
    """The folder to which these steps lead, as a descriptor. The root itself may be anything operators made it."""
    with ExitStack() as stack:
        try:
            here = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            stack.callback(os.close, here)
            for step in steps:
                here = os.open(step, FOLDER, dir_fd=here)
                stack.callback(os.close, here)
        except OSError as problem:
            raise closed(problem) from None
        yield here


def _told(name: str, parent: int) -> os.stat_result:
    try:
        return os.stat(name, dir_fd=parent, follow_symlinks=False)
    except OSError as problem:
        raise closed(problem) from None


def closed(problem: OSError) -> Refused:
    """Why there is no way in, in words that name no path."""
    if isinstance(problem, FileNotFoundError):
        return Refused(f"{SOURCE}: the folder is not there.")
    if isinstance(problem, PermissionError):
        return Refused(f"{SOURCE}: SmartPass may not read the folder.")
    return Refused(f"{SOURCE}: the way to the folder leads through a link, or it is no folder.")


def _is_zip(name: str) -> bool:
    return name.lower().endswith(".zip")
