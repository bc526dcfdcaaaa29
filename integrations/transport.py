"""Connections that send a path byte for byte, and can be cut off when their time is over.

requests and urllib3 rewrite the escapes of a path (some sources' ids break by that) and
put it into their own log lines and errors. They are therefore given only the host; the
true target travels in a header that never leaves the machine.
"""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.poolmanager import PoolManager
from urllib3.util.connection import create_connection

from integrations import addresses

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Names the true request target; taken off before anything is sent.
TARGET = "X-SmartPass-Target"

_now_sending = threading.local()


class _Verbatim:
    """A connection that sends the target it was handed, byte for byte."""

    sock: socket.socket | None

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> None:
        """Send `url` unless a header names the true target; remember the socket for the watch."""
        headers = dict(kwargs.get("headers") or {})
        kwargs["headers"] = headers
        target = headers.pop(TARGET, url)
        super().request(method, target if url.startswith("/") else url, *args, **kwargs)  # type: ignore[misc]
        if self.sock is not None:
            getattr(_now_sending, "sockets", []).append(self.sock)


class _PlainConnection(_Verbatim, HTTPConnection):
    """HTTP, for loopback."""


class _SecureConnection(_Verbatim, HTTPSConnection):
    """HTTPS, for everything else."""


class _PublicConnection(_SecureConnection):
    """HTTPS to public addresses only: the name is looked up once, and TLS still verifies the name."""

    def _new_conn(self) -> socket.socket:
        """Connect to an address that was looked at; the next one where that does not answer."""
        failed: OSError | None = None
        for address in addresses.look_up(self.host, self.port):
            try:
                return create_connection((address, self.port), self.timeout, socket_options=self.socket_options)
            except OSError as error:
                failed = error
        raise failed or OSError("no address")


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _PlainConnection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class _PublicPool(HTTPSConnectionPool):
    ConnectionCls = _PublicConnection


class Adapter(HTTPAdapter):
    """requests' transport on our connections, without retries of its own."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make pools of verbatim connections."""
        super().init_poolmanager(*args, **kwargs)
        _ours(self.poolmanager)

    def public_only(self) -> None:
        """From now on connect to public addresses only, and never without TLS.

        A proxy named by the environment is ours, and connects for itself.
        """
        self.poolmanager.pool_classes_by_scheme = {"https": _PublicPool}

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        """The same behind a proxy named by the environment."""
        manager = super().proxy_manager_for(*args, **kwargs)
        _ours(manager)
        return manager


def _ours(manager: PoolManager) -> None:
    """Have this manager make our connections, and close those of a pool it drops then and there.

    Left to itself urllib3 closes them when the pool is collected, and an error that came out of
    a pool keeps it alive in a circle until Python looks for garbage.
    """
    manager.pool_classes_by_scheme = {"http": _PlainPool, "https": _SecurePool}
    manager.pools.dispose_func = HTTPConnectionPool.close


@contextmanager
def watch(seconds: float) -> Iterator[threading.Event]:
    """Shut the sockets used inside once `seconds` are over, which ends any read on them."""
    sockets: list[socket.socket] = []
    _now_sending.sockets = sockets
    expired = threading.Event()

    def cut() -> None:
        expired.set()
        for each in sockets:
            with suppress(OSError):
                socket.socket.shutdown(each, socket.SHUT_RDWR)

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield expired
    finally:
        timer.cancel()
