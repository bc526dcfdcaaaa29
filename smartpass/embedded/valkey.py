"""Valkey: the broker and the cache, on a socket only we can open."""

import contextlib
import signal
from collections.abc import Iterator
from urllib.parse import quote

from redis import Redis, RedisError

from . import binaries
from .place import Place
from .process import Program, end_predecessor, kept, start, wait_until

STARTING = 60.0


@contextlib.contextmanager
def running(place: Place, *, durable: bool) -> Iterator[dict[str, str]]:
    """Run the server on this place's data; give its URLs as the broker and as the cache."""
    folder = place.make("valkey")
    end_predecessor(folder / "valkey.pid", _socket(place))
    program = Program(
        name="valkey",
        command=[
            binaries.valkey(place),
            *("--port", "0"),
            *("--unixsocket", _socket(place)),
            *("--unixsocketperm", "700"),
            *("--dir", "."),
            *("--pidfile", "./valkey.pid"),
            # Or it overwrites the command line by which the next run knows it.
            *("--set-proc-title", "no"),
            *("--appendonly", "yes" if durable else "no"),
            *("--appendfsync", "everysec"),
            *("--save", ""),
            # A full broker must refuse new tasks, not forget old ones.
            *("--maxmemory-policy", "noeviction"),
        ],
        folder=folder,
        stop_signals=(signal.SIGTERM,),
        patience=10.0,
    )
    with kept(start(place, program)) as server:
        wait_until(server, lambda: answers(place), STARTING)
        path = quote(_socket(place))
        yield {
            "REDIS_URL": f"redis+socket://{path}?virtual_host=0",
            "CACHE_URL": f"unix://{path}?db=1",
        }


def answers(place: Place) -> bool:
    """Say whether the server has read its data and takes commands."""
    try:
        with Redis(unix_socket_path=_socket(place), socket_timeout=5) as client:
            return bool(client.ping())
    except RedisError:
        return False


def _socket(place: Place) -> str:
    return str(place.sockets / "valkey")
