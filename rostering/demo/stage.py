"""The product's parts, as children: the sandbox, web, worker and beat."""

from __future__ import annotations

import base64
import os
import shlex
import socket
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django_celery_beat.models import PeriodicTask

from rostering.demo.errors import DemoError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rostering.demo.children import Account, Child, Children

KIND = "clever"
SETTINGS = tuple(f"{KIND.upper()}_{name}" for name in ("API_URL", "AUTH_URL", "CLIENT_ID", "CLIENT_SECRET"))
SCHOOLS = 3
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


def start_sandbox(children: Children, people: int) -> Child:
    """Start the source's sandbox with an invented district of three schools, some records of it odd."""
    size = ("--people", str(people), "--schools", str(SCHOOLS), "--oddities")
    return children.start("sandbox", "manage.py", "sandbox", KIND, *size, environment=_environment({}))


def await_sandbox(children: Children, sandbox: Child) -> dict[str, str]:
    """Wait for the sandbox, point this process at it, and give the settings that point others there."""
    found = children.until(lambda: _settings(sandbox), STARTING, "The sandbox does not start.")
    api, auth, client_id, client_secret = (found[name] for name in SETTINGS)
    # Our own settings were read before it had a port.
    settings.SOURCE_HOSTS[KIND].update(api=api, auth=auth)
    settings.SOURCE_SECRETS[KIND].update(client_id=client_id, client_secret=client_secret)
    return found


def start_product(children: Children, sandbox: Mapping[str, str], listener: socket.socket) -> None:
    """Start web (on the listener, which is closed here), worker and beat."""
    environment = {**_environment(sandbox), "PUBLIC_URL": f"http://127.0.0.1:{listener.getsockname()[1]}"}
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


def _environment(sandbox: Mapping[str, str]) -> dict[str, str]:
    """Ours, without the owner of the tables; with the secrets, which an ordinary account may not read."""
    keys = (f"{name}:{base64.urlsafe_b64encode(key).decode()}" for name, key in settings.VAULT_KEYS.items())
    secrets = {"SECRET_KEY": settings.SECRET_KEY, "VAULT_KEYS": ",".join(keys)}
    ours = {name: value for name, value in os.environ.items() if name != "DATABASE_OWNER_URL"}
    return {**ours, **secrets, **sandbox, "PYTHONUNBUFFERED": "1"}


def _settings(sandbox: Child) -> dict[str, str] | None:
    """The settings it prints, once all of them are there."""
    lines = [
        line for line in sandbox.said().splitlines(keepends=True) if line.startswith(SETTINGS) and line.endswith("\n")
    ]
    found = dict("".join(shlex.split(line)).split("=", 1) for line in lines)
    return found if len(found) == len(SETTINGS) else None


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
