"""`manage.py sandbox clever`: a source's server side on this machine, with invented people."""

from __future__ import annotations

import shlex
from argparse import ArgumentTypeError
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from integrations.clever.sandbox import CleverSandbox

if TYPE_CHECKING:
    from django.core.management.base import CommandParser


class Command(BaseCommand):
    """Serves a sandbox until interrupted. Needs no database."""

    help = "Serve a source's sandbox on 127.0.0.1 and print the settings that point SmartPass at it."
    requires_system_checks = ()
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        """The kind of source, and either a capture or the size of an invented district."""
        parser.add_argument("kind", choices=["clever"])
        parser.add_argument("--data", type=Path, metavar="DIR", help="a capture: users, sections, districts .json")
        parser.add_argument("--people", type=_count, default=300, help="invented people, guardians apart")
        parser.add_argument("--schools", type=_count, default=3)
        parser.add_argument("--guardians", type=_count, default=0)
        parser.add_argument("--seed", type=int, default=1, help="another seed, another district")
        parser.add_argument("--oddities", action="store_true", help="add one of every odd record")
        parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
        parser.add_argument("--client-id", default="sandbox-client")
        parser.add_argument("--client-secret", default="sandbox-secret")
        parser.add_argument("--redirect-uri", action="append", default=[], help="the first one is the primary")

    def handle(self, *_: str, **options: Any) -> None:
        """Serve until Ctrl-C."""
        try:
            sandbox = CleverSandbox(options["port"], options["client_id"], options["client_secret"])
        except (OSError, OverflowError) as error:
            raise CommandError(f"cannot listen on port {options['port']}: {error}") from None
        sandbox.identity.redirect_uris = options["redirect_uri"]
        try:
            self._fill(sandbox, options)
            self.stdout.flush()
            sandbox.serve()
        except KeyboardInterrupt:
            self.stdout.write("Sandbox stopped.")
        finally:
            sandbox.stop()

    def _fill(self, sandbox: CleverSandbox, options: dict[str, Any]) -> None:
        try:
            if options["data"]:
                district = sandbox.add_capture(options["data"])
            else:
                district = sandbox.add_district(
                    options["people"],
                    options["schools"],
                    options["seed"],
                    options["guardians"],
                    odd=options["oddities"],
                )
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise CommandError(f"cannot make the district: {type(error).__name__}: {error}") from None
        name, rows = district.row.get("name"), district.shared_count()
        schools = len(district.schools())
        self.stdout.write(f"# {name} ({district.id}): {rows} people and guardians in {schools} schools")
        for key, value in sandbox.environment().items():
            self.stdout.write(f"{key}={shlex.quote(value)}")


def _count(text: str) -> int:
    if not text.isdecimal():
        raise ArgumentTypeError("a whole number, 0 or more")
    return int(text)
