"""What `manage.py sandbox KIND` needs of a source: `integrations/<folder>/sandbox/command.py`.

The folder's name is the kind. The module has `add_arguments(parser)` for options of its
own and `serve(options)`, which gives a `Served`. No other file names a source.
"""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from integrations.sandbox.server import SandboxServer

FOLDER = Path(__file__).parent.parent


class WrongDistrict(Exception):
    """No district can be made as asked."""


class Served(NamedTuple):
    """A sandbox that listens and is filled, the line that says with what, and the settings that point to it."""

    sandbox: SandboxServer
    said: str
    settings: dict[str, str]


class SandboxCommand(Protocol):
    """What each source's module has."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the source's own options."""

    def serve(self, options: dict[str, Any]) -> Served:
        """Make the sandbox. Raises OSError or OverflowError for the port, `WrongDistrict` for the rest."""


def kinds() -> list[str]:
    """Every source that has a sandbox to serve."""
    return sorted(path.parent.parent.name for path in FOLDER.glob("*/sandbox/command.py"))


def command_of(kind: str) -> SandboxCommand:
    """One source's module."""
    module: Any = import_module(f"integrations.{kind}.sandbox.command")
    command: SandboxCommand = module
    return command


def add_size(parser: ArgumentParser) -> None:
    """Add the options every sandbox has: the port, and the size of an invented district."""
    parser.add_argument("--people", type=count, default=300, help="invented people, guardians apart")
    parser.add_argument("--schools", type=count, default=3)
    parser.add_argument("--guardians", type=count, default=0)
    parser.add_argument("--seed", type=int, default=1, help="another seed, another district")
    parser.add_argument("--oddities", action="store_true", help="add one of every odd record")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")


def count(text: str) -> int:
    """A number of something, from a command line."""
    if not text.isdecimal():
        raise ArgumentTypeError("a whole number, 0 or more")
    return int(text)


def size_of(options: dict[str, Any]) -> dict[str, Any]:
    """The size asked for, as every sandbox's `add_district` takes it."""
    names = {"people": "people", "schools": "schools", "seed": "seed", "guardians": "guardians", "oddities": "odd"}
    return {argument: options[option] for option, argument in names.items()}


def told(name: str, identifier: object, rows: int, schools: int) -> str:
    """The line that says what district there is."""
    return f"{name} ({identifier}): {rows} people and guardians in {schools} schools"
