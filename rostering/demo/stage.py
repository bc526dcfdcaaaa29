"""The product's parts, as children: a sandbox for each source, web, worker and beat."""

from __future__ import annotations

import base64
import os
import shlex
import socket
import urllib.error
import urllib.request
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from django.conf import settings
from django_celery_beat.models import PeriodicTask

from rostering.demo.errors import DemoError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rostering.demo.children import Account, Child, Children


class Sandbox(NamedTuple):
    """One source's district: its schools, one of how many people it has, and which invented one it is."""

    kind: str
    schools: int
    one_in: int
    seed: int

    def people(self, asked: int) -> int:
        """How many people it has, where the demo is asked for so many."""
        return max(1, asked // self.one_in)


#: Where the demo's district takes its people from.
SANDBOXES = (Sandbox("clever", schools=3, one_in=1, seed=1), Sandbox("classlink", schools=1, one_in=4, seed=2))
STARTING = 90.0
#: So many ports are tried when a free one is to be named.
LOOKED_AT = 50
WEB = (
    *("-m", "gunicorn", "smartpass.wsgi", "--worker-class", "gthread", "--workers", "2", "--threads", "4"),
    # One import for all; and a control socket has stopped workers from starting before.
    *("--preload", "--no-control-socket"),
)
WORKER = ("-m", "celery", "-A", "smartpass", "worker", "--concurrency", "2", "--without-gossip", "--without-mingle")
BEAT = ("-m", "celery", "-A", "smartpass", "beat", "--pidfile=")


def listen(port: int) -> socket.socket:
    """Take the port before anything is started (0: any free one). Raises DemoError when it is taken."""
    try:
        return socket.create_server(("127.0.0.1", port))
    except OSError as error:
        free = next(filter(_is_free, range(port + 1, min(port + LOOKED_AT, 65536))), 0)
        why = os.strerror(error.errno or 0)
        raise DemoError(f"Port {port}: {why}. Stop what uses it, or: make run PORT={free}") from None


def start_sandboxes(children: Children, people: int) -> dict[str, Child]:
    """Start each source's sandbox with its invented district, some records of it odd; by kind."""
    started = {}
    for each in SANDBOXES:
        size = ("--people", str(each.people(people)), "--schools", str(each.schools), "--seed", str(each.seed))
        words = ("manage.py", "sandbox", each.kind, *size, "--oddities")
        started[each.kind] = children.start(f"{each.kind}-sandbox", *words, environment=_environment({}))
    return started


def await_sandboxes(children: Children, sandboxes: Mapping[str, Child]) -> dict[str, str]:
    """Wait for the sandboxes, point this process at them, and give the settings that point others there."""
    every: dict[str, str] = {}
    for kind, sandbox in sandboxes.items():
        named = _named(kind)
        ready = partial(_settings, sandbox, tuple(named))
        found = children.until(ready, STARTING, f"The {sandbox.name} does not start.")
        # Our own settings were read before it had a port.
        for name, (place, key) in named.items():
            place[key] = found[name]
        every |= found
    return every


def _named(kind: str) -> dict[str, tuple[dict[str, str], str]]:
    """The settings that say where a source is and what opens it: by name, where each of them stands."""
    hosts, secrets = settings.SOURCE_HOSTS[kind], settings.SOURCE_SECRETS[kind]
    return {
        **{f"{kind}_{key}_url".upper(): (hosts, key) for key in hosts},
        **{f"{kind}_{key}".upper(): (secrets, key) for key in secrets},
    }


def start_product(children: Children, sources: Mapping[str, str], listener: socket.socket) -> None:
    """Start web (on the listener, which is closed here), worker and beat."""
    environment = {**_environment(sources), "PUBLIC_URL": f"http://127.0.0.1:{listener.getsockname()[1]}"}
    with listener:
        bound = ("--bind", f"fd://{listener.fileno()}")
        children.start("web", *WEB, *bound, environment=environment, keeps=[listener.fileno()])
    children.start("worker", *WORKER, environment=environment)
    children.start("beat", *BEAT, environment=environment)


def make_mailbox(account: Account | None) -> Path | None:
    """Make the folder in which e-mails become files; None where a mail server takes them."""
    folder = settings.EMAIL_FILE_PATH
    if folder is None:
        return None
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if account:
        os.chown(folder, account.uid, account.gid)
    return Path(folder)


def await_product(children: Children, address: str) -> None:
    """Wait until the pages answer and the scheduler has its minute tick; a worker shows itself by working."""
    children.until(lambda: _answers(f"{address}/readyz"), STARTING, "The web server does not answer.")
    children.until(_ticks, STARTING, "The scheduler does not start.")


def _environment(sources: Mapping[str, str]) -> dict[str, str]:
    """Ours, without the owner of the tables; with the secrets, which an ordinary account may not read."""
    keys = (f"{name}:{base64.urlsafe_b64encode(key).decode()}" for name, key in settings.VAULT_KEYS.items())
    secrets = {"SECRET_KEY": settings.SECRET_KEY, "VAULT_KEYS": ",".join(keys)}
    ours = {name: value for name, value in os.environ.items() if name != "DATABASE_OWNER_URL"}
    return {**ours, **secrets, **sources, "PYTHONUNBUFFERED": "1"}


def _settings(sandbox: Child, names: tuple[str, ...]) -> dict[str, str] | None:
    """Those of the settings it prints that we have, once all of them are there."""
    lines = [
        line for line in sandbox.said().splitlines(keepends=True) if line.startswith(names) and line.endswith("\n")
    ]
    found = dict("".join(shlex.split(line)).split("=", 1) for line in lines)
    return found if len(found) == len(names) else None


def _answers(url: str) -> bool | None:
    try:
        with urllib.request.urlopen(url, timeout=5) as reply:  # noqa: S310  (our own address)
            return reply.status == 200 or None
    except (urllib.error.URLError, OSError):
        return None


def _ticks() -> bool | None:
    return PeriodicTask.objects.filter(task="rostering.tick", enabled=True).exists() or None


def _is_free(port: int) -> bool:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True
