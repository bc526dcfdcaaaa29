"""Make an account for somebody of SmartPass, from a shell on the server."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts import people, tenancy
from accounts.models import StaffRole


class Command(BaseCommand):
    """The first account of all: nobody could make it in the console."""

    help = "Make an account for somebody of SmartPass and print its first password, once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Who, and what they may do."""
        parser.add_argument("email")
        parser.add_argument("first_name")
        parser.add_argument("last_name")
        parser.add_argument("--role", choices=StaffRole.values, default=StaffRole.SUPPORT.value)

    def handle(self, *args: Any, **given: Any) -> None:
        """Make the account; CommandError in words if it cannot be."""
        del args
        names = {name: given[name] for name in ("email", "first_name", "last_name", "role")}
        try:
            with tenancy.support():
                made = people.make_support_staff(None, **names)
        except people.NotPossible as refused:
            raise CommandError(str(refused)) from None
        self.stdout.write(f"{made.user.email} can sign in with {made.password} and then chooses a password.")
