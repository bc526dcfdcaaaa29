"""`manage.py demo`: the whole product on this machine, with an invented district that arrives in it."""

from __future__ import annotations

import fcntl
import logging
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from rostering.demo import stage, words, world
from rostering.demo.children import Children, ordinary_account
from rostering.demo.errors import Asked, DemoError
from rostering.demo.story import Story

PORT = 8000
PEOPLE = 600


class Command(BaseCommand):
    """Sets everything up, syncs the district twice, and serves until interrupted."""

    help = "Start everything, sync an invented district from its sandboxes, and serve until Ctrl-C."
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        """How large, where, and whether to stay."""
        parser.add_argument(
            "--people", type=_people, default=PEOPLE, help=f"invented people of its largest source ({PEOPLE})"
        )
        parser.add_argument("--port", type=_port, default=PORT, help=f"of the pages ({PORT}); 0 takes a free one")
        parser.add_argument("--once", action="store_true", help="stop after the summary")

    def handle(self, *_: Any, **options: Any) -> None:
        """Tell the story. A child that dies, a run that fails or a port that is taken is said in words."""
        if settings.PRODUCTION:
            raise CommandError("The demo makes people with a known password: it is not for a production database.")
        screen = words.Screen(self.stdout)
        try:
            with _alone(settings.VAR_DIR / "demo.lock"):
                self._play(screen, options)
        except Asked:
            screen.say("", "Stopped.")
            if options["once"]:
                raise CommandError("It was stopped before the summary.") from None
        except DemoError as error:
            screen.say("")
            raise CommandError(str(error)) from None

    def _play(self, screen: words.Screen, options: dict[str, Any]) -> None:
        listener = stage.listen(options["port"])
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        account = ordinary_account(Path(settings.DATABASES["default"]["HOST"]))
        logs, mailbox = settings.VAR_DIR / "log", stage.make_mailbox(account)
        with listener, Children(logs, account) as children, _logging_to(logs / "demo.log"):
            screen.say("Starting the sandboxes, the pages, a worker and the scheduler ...")
            sandboxes = stage.start_sandboxes(children, options["people"])
            _migrate(screen)
            stage.start_product(children, stage.await_sandboxes(children, sandboxes), listener)
            password = world.kept_password(settings.VAR_DIR / "demo_password")
            made = world.prepare([each.kind for each in stage.SANDBOXES], password)
            verb = "is here already" if made.found else "was made and linked"
            screen.say(f"{made.district.name} {verb}, with {len(made.schools)} schools.")
            stage.await_product(children, address)
            sizes = [each.people(options["people"]) for each in stage.SANDBOXES]
            story = Story(children, screen, made, sizes)
            screen.say(*story.tell(), *words.addresses(address, made, password, mailbox))
            story.again()
            if not options["once"]:
                screen.say(f"SmartPass is ready at {address}")
                children.until(lambda: None, float("inf"), "")


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """One demo a folder: a second one would run the first one's syncs."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DemoError("The demo runs already, from this same folder. Use that one, or stop it first.") from None
        yield


@contextmanager
def _logging_to(path: Path) -> Iterator[None]:
    """Keep what this process logs in a file, as its children's logs are: the terminal is for the story."""
    handlers = [each for each in logging.getLogger().handlers if isinstance(each, logging.StreamHandler)]
    with path.open("w") as file:
        path.chmod(0o600)
        before = [handler.setStream(file) for handler in handlers]
        try:
            yield
        finally:
            for handler, stream in zip(handlers, before, strict=True):
                handler.setStream(stream)


def _migrate(screen: words.Screen) -> None:
    """Bring the tables up to date, as their owner; cheap when they are."""
    alias = "owner" if "owner" in settings.DATABASES else "default"
    executor = MigrationExecutor(connections[alias])
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if plan and alias == "default":
        raise DemoError(f"{len(plan)} migrations are pending. Set DATABASE_OWNER_URL, or run manage.py migrate.")
    if plan:
        screen.say(f"Making the tables ({len(plan)} migrations) ...")
        call_command("migrate", database=alias, verbosity=0)
    connections[alias].close()


def _people(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise ArgumentTypeError("a whole number, 1 or more")
    return int(text)


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise ArgumentTypeError("a whole number from 0 to 65535")
    return int(text)
