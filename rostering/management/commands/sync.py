"""`manage.py sync CONNECTION [--preview]`: the same run as a button makes, from a shell."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.timezone import now

from accounts import tenancy
from integrations.models import Connection
from rostering import runs, summary
from rostering.models import Run, RunState, Trigger
from rostering.sync import perform

#: Seconds between two looks at a run that somebody else carries out.
LOOKS_EVERY = 0.2


class Command(BaseCommand):
    """Runs a connection's sync in this process and prints its report."""

    help = "Sync one connection now, or preview what a sync would do, and print the report."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """CONNECTION is the reference shown in Django admin."""
        parser.add_argument("connection", type=int)
        parser.add_argument("--preview", action="store_true", help="stop before anything is changed")
        parser.add_argument("--why", default="From a shell", help="kept with the run")

    def handle(self, *_: Any, **options: Any) -> None:
        """Start or join the run, carry it out if nobody does, and report."""
        with tenancy.support():
            connection = Connection.objects.filter(pk=options["connection"]).first()
            if connection is None:
                message = f"There is no connection with reference {options['connection']}."
                raise CommandError(message)
            run, new = runs.start(connection, Trigger.SUPPORT, why=options["why"], preview=options["preview"])
        if not new:
            self.stdout.write(f"{run} of this connection is going already.")
        self._carry_out(run)
        with tenancy.support():
            run = Run.objects.get(pk=run.pk)
            for line in summary.lines(summary.report(run)):
                self.stdout.write(line)
        if run.state == RunState.FAILED:
            message = f"{run.problem}: {run.problem_text}"
            raise CommandError(message)

    def _carry_out(self, run: Run) -> None:
        """Carry it out, or wait while a worker does that was quicker; not for a source that is tried again later."""
        while True:
            perform(run.pk)
            with tenancy.support():
                known = Run.objects.get(pk=run.pk)
            if known.state not in runs.ACTIVE or known.start_after > now():
                return
            time.sleep(LOOKS_EVERY)
