"""`manage.py sandbox KIND`: a source's server side on this machine, with invented people."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from integrations.sandbox.command import Served, WrongDistrict, add_size, command_of, kinds

if TYPE_CHECKING:
    from django.core.management.base import CommandParser


class Command(BaseCommand):
    """Serves a sandbox until interrupted. Needs no database."""

    help = "Serve a source's sandbox on 127.0.0.1 and print the settings that point SmartPass at it."
    requires_system_checks = ()
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        """The kind of source, then the size of an invented district and the kind's own options."""
        chosen = parser.add_subparsers(dest="kind", required=True, metavar="kind")
        for kind in kinds():
            command = command_of(kind)
            words = chosen.add_parser(kind, help=command.__doc__)
            add_size(words)
            command.add_arguments(words)

    def handle(self, *_: str, **options: Any) -> None:
        """Serve until Ctrl-C."""
        try:
            served = self._listen(options)
        except KeyboardInterrupt:
            return
        try:
            self.stdout.write(f"# {served.said}")
            for key, value in served.settings.items():
                self.stdout.write(f"{key}={shlex.quote(value)}")
            self.stdout.flush()
            served.sandbox.serve()
        except KeyboardInterrupt:
            self.stdout.write("Sandbox stopped.")
        finally:
            served.sandbox.stop()

    def _listen(self, options: dict[str, Any]) -> Served:
        try:
            return command_of(options["kind"]).serve(options)
        except (OSError, OverflowError) as error:
            raise CommandError(f"cannot listen on port {options['port']}: {error}") from None
        except WrongDistrict as error:
            raise CommandError(f"cannot make the district: {error}") from None
