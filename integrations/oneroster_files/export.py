"""One export while it is read: its files as streams, and whether it stayed as it was.

A zip is read where it lies: nothing of it is ever unpacked to a disk.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import IO, Self
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from integrations.oneroster_files.folders import CHANGED, NOT_MEANT, READ, Lying, closed, look, opened
from integrations.oneroster_files.words import SOURCE
from integrations.provider import Changed, Malformed, Refused, SourceError, Unreachable

#: Bytes of an export's files that are read, unpacked: twenty times what half a million people need.
LARGEST = 4 * 1024**3
#: Names in one zip. A real one holds about a dozen.
MEMBERS = 1_000
#: Of a zip's entry: its content is encrypted.
ENCRYPTED = 0x1


class Export:
    """The export that lies at `folder` below `root` now. A context: inside it, its files can be opened."""

    def __init__(self, root: str, folder: str) -> None:
        """Raises as `look` does."""
        self._root, self._folder = root, folder
        self._lying: Lying = look(root, folder)
        self._members: dict[str, ZipInfo] = {}

    def __enter__(self) -> Self:
        """Open the zip, if it is one."""
        with ExitStack() as stack:
            if self._lying.zipped:
                with self.checked():
                    self._zip = self._opened_zip(stack)
                    self._members = members(self._zip)
                    _bounded(info.file_size for info in self._members.values())
            _bounded(stamp.size for _, stamp in self._lying.files.values())
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """Close whatever is open."""
        self._stack.close()

    @property
    def as_of(self) -> str:
        """When the newest of its files (or its zip) was written."""
        return datetime.fromtimestamp(self._lying.newest / 10**9, UTC).isoformat(timespec="milliseconds")

    def __contains__(self, name: str) -> bool:
        return name in (self._members if self._lying.zipped else self._lying.files)

    @contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        """One file's bytes. Whatever goes wrong inside is told as `checked` tells it."""
        with self.checked(), ExitStack() as stack:
            if self._lying.zipped:
                stream = stack.enter_context(self._zip.open(self._members[name]))
            else:
                descriptor = stack.enter_context(opened(self._root, self._lying, name))
                stream = stack.enter_context(os.fdopen(descriptor, "rb", closefd=False))
            yield stream

    def must_be_the_same(self) -> None:
        """Raises `Changed` unless the export lies there as it did when it was first looked at."""
        try:
            if look(self._root, self._folder) != self._lying:
                raise Changed(CHANGED)
        except (Refused, Malformed, Unreachable):  # what lies there now is no export at all
            raise Changed(CHANGED) from None

    @contextmanager
    def checked(self) -> Iterator[None]:
        """Turn what goes wrong inside into our errors; into `Changed` wherever the export changed meanwhile."""
        try:
            yield
        except (SourceError, OSError, BadZipFile, zlib.error, EOFError, NotImplementedError) as problem:
            self.must_be_the_same()
            if isinstance(problem, SourceError):
                raise
            if isinstance(problem, OSError):
                raise closed(problem) from None
            raise Malformed(f"{SOURCE}: the zip file is damaged or not whole.") from None

    def _opened_zip(self, stack: ExitStack) -> ZipFile:
        (name,) = self._lying.files
        descriptor = stack.enter_context(opened(self._root, self._lying, name))
        stream = stack.enter_context(os.fdopen(descriptor, "rb", closefd=False))
        return stack.enter_context(ZipFile(stream))


def _bounded(sizes: Iterator[int]) -> None:
    if sum(sizes) > LARGEST:
        raise Malformed(f"{SOURCE}: the export is larger than may be read.")


def members(archive: ZipFile) -> dict[str, ZipInfo]:
    """The export's files in a zip by their names in small letters: at its top, or in the only folder there.

    Raises `Malformed` for names that lead out of it, for what is encrypted, and for two that
    are one file.
    """
    listed = archive.infolist()
    if len(listed) > MEMBERS:
        raise Malformed(f"{SOURCE}: the zip file holds more than {MEMBERS} files.")
    found: dict[tuple[str, ...], dict[str, ZipInfo]] = {}
    for info in listed:
        *above, name = _inside(info.filename)
        if name.lower() not in READ or len(above) > 1 or NOT_MEANT in above:
            continue
        if info.flag_bits & ENCRYPTED:
            raise Malformed(f"{SOURCE}: the zip file is encrypted.")
        if info.compress_type not in {ZIP_STORED, ZIP_DEFLATED}:
            raise Malformed(f"{SOURCE}: the zip file is packed in an unusual way.")
        files = found.setdefault(tuple(above), {})
        if name.lower() in files:
            raise Malformed(f"{SOURCE}: the zip file holds {name.lower()} twice.")
        files[name.lower()] = info
    if len(found) > 1:
        raise Malformed(f"{SOURCE}: the zip file holds several exports.")
    if not found:
        raise Malformed(f"{SOURCE}: the zip file holds no export.")
    return next(iter(found.values()))


def _inside(path: str) -> list[str]:
    """The steps of a name in a zip. Raises `Malformed` for one that leads out of it."""
    steps = path.rstrip("/").split("/")
    if path.startswith("/") or "\\" in path or ":" in steps[0] or ".." in steps:
        raise Malformed(f"{SOURCE}: the zip file holds a name that leads out of it.")
    return steps
