#!/usr/bin/env python3
"""Django's command line, on the embedded services when no other ones are named."""

import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

# What runs without a database, and so need not wait for one.
STANDALONE = {"check", "collectstatic", "compilemessages", "diffsettings", "help", "makemessages"}


def main(argv: Sequence[str]) -> None:
    """Run one command; the services it starts stop with it, those it finds stay."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smartpass.settings")
    with ExitStack() as stack:
        if needs_services(argv):
            _start_services(stack)
        from django.core.management import execute_from_command_line  # noqa: PLC0415  (reads the environment)

        execute_from_command_line(as_owner(argv))


def needs_services(argv: Sequence[str]) -> bool:
    """Say whether this command needs a database and the environment names none."""
    if os.environ.get("DATABASE_URL"):
        return False
    command, *rest = [*argv[1:], "help"]
    asks_for_help = command.startswith("-") or {"-h", "--help", "--version"} & set(rest)
    return command not in STANDALONE and not asks_for_help


def as_owner(argv: Sequence[str]) -> list[str]:
    """Let `migrate` run as the owner of the tables, unless the command line says otherwise."""
    migrates = argv[1:2] in (["migrate"], ["sqlmigrate"])
    if migrates and not any(word.startswith("--database") for word in argv):
        return [*argv, "--database=owner"]
    return list(argv)


def _start_services(stack: ExitStack) -> None:
    from smartpass.embedded import EmbeddedError, services  # noqa: PLC0415  (production has no such package)

    var = os.environ.get("SMARTPASS_VAR") or Path(__file__).resolve().parent / "var"
    try:
        urls = stack.enter_context(services(Path(var) / "services"))
    except EmbeddedError as error:
        sys.exit(f"manage.py: {error}")
    for name, value in {**urls, "SMARTPASS_EMBEDDED": "1"}.items():
        os.environ.setdefault(name, value)


if __name__ == "__main__":
    try:
        main(sys.argv)
    except KeyboardInterrupt:
        # The status shells know; where somebody stopped it is no news to them.
        sys.exit(130)
