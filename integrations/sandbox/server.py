"""The loopback server under every sandbox: requests in, a log, faults, edits of the world.

A sandbox is a provider's server side as the real one behaves. It listens on 127.0.0.1
only, keeps everything in memory, and can be driven in-process or over HTTP:

GET  /_sandbox/log     every request so far: method, path, query, status, kind of token
POST /_sandbox/faults  a JSON object of switches to set; null takes one back
POST /_sandbox/world   {"do": <verb>, "args": {…}} changes the invented world
"""

from __future__ import annotations

import json
import os
import re
import socket
import struct
import sys
import threading
import time
from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

#: Values that never reach the log.
SECRET_QUERY = re.compile(r"\b(code|state|token|access_token|refresh_token|client_secret)=[^&]*")
MOST_LOGGED = 100_000
#: Bytes of each piece of a body that drips.
DRIP = 16


class WrongCommand(Exception):
    """A fault or an edit that this sandbox does not know."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it came: `target` is the raw path and query, header names are in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        """The raw path."""
        return self.target.partition("?")[0]

    @property
    def raw_query(self) -> str:
        """The raw query."""
        return self.target.partition("?")[2]

    @property
    def query(self) -> dict[str, list[str]]:
        """The query's values by name."""
        return parse_qs(urlsplit(self.target).query, keep_blank_values=True)

    def first(self, name: str, default: str = "") -> str:
        """The first value of a query parameter."""
        return self.query.get(name, [default])[0]


@dataclass(slots=True)
class Response:
    """One answer. `delay` seconds pass before it; `cut` bytes are sent before the connection is reset.

    With `drip`, the body comes in small pieces with so many seconds between them.
    """

    status: int = 200
    body: bytes = b""
    kind: str = "application/json; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    cut: int | None = None
    drip: float = 0.0
    token: str = "none"


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One request in the log. `token` is its kind (none, basic, district, sso …), never its value."""

    method: str
    path: str
    query: str
    status: int
    token: str


def as_json(value: Any, status: int = 200) -> Response:
    """A JSON answer. Lone surrogates are sent as escapes, as a real server would."""
    return Response(status, json.dumps(value).encode())


class SandboxServer(ABC):
    """A sandbox on 127.0.0.1. Use it as a context manager, or `start` and `stop` it.

    `faults` maps the name of a switch to its value; `known_faults` says what there is.
    `clock` gives the time in Unix seconds and may be replaced in tests; `connections`
    counts those that were opened.
    """

    known_faults: frozenset[str] = frozenset()

    def __init__(self, port: int = 0) -> None:
        """Listens at once (port 0 takes a free one) and answers after `start`."""
        self.faults: dict[str, Any] = {}
        self.log: list[LogEntry] = []
        self.lock = threading.RLock()
        self.clock = time.time
        self.connections = 0
        self._httpd = _Listener(("127.0.0.1", port), self)
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Where it listens, without a slash at the end."""
        return f"http://127.0.0.1:{self._httpd.server_port}"

    @abstractmethod
    def answer(self, request: Request) -> Response:
        """The answer to one request; called under the lock."""

    @abstractmethod
    def edit(self, verb: str, args: dict[str, Any]) -> Any:
        """Change the world as POST /_sandbox/world asks; raises `WrongCommand`."""

    def set_faults(self, switches: dict[str, Any]) -> None:
        """Set switches by name; None takes one back. Raises `WrongCommand` for an unknown one."""
        unknown = set(switches) - self.known_faults
        if unknown:
            raise WrongCommand(f"no such fault: {', '.join(sorted(unknown))}")
        with self.lock:
            self.faults.update(switches)
            self.faults = {name: value for name, value in self.faults.items() if value is not None}

    def paths(self) -> list[str]:
        """Path and query of every request so far, in order."""
        return [f"{entry.path}?{entry.query}" if entry.query else entry.path for entry in list(self.log)]

    def start(self) -> Self:
        """Answer requests in a thread of its own."""
        self._thread = threading.Thread(target=self._httpd.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        return self

    def serve(self) -> None:
        """Answer requests here until interrupted."""
        self._httpd.serve_forever()

    def stop(self) -> None:
        """Stop answering and free the port."""
        if self._thread:
            self._httpd.shutdown()
            self._thread.join()
        self._httpd.server_close()

    def __enter__(self) -> Self:
        """Start."""
        return self.start()

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.stop()

    def handle(self, request: Request) -> Response:
        """Answer and log one request; the sandbox's own pages are not logged."""
        with self.lock:
            if request.path.startswith("/_sandbox/"):
                return self._command(request)
            response = self.answer(request)
            if len(self.log) < MOST_LOGGED:
                query = SECRET_QUERY.sub(r"\1=…", request.raw_query)
                self.log.append(LogEntry(request.method, request.path, query, response.status, response.token))
            return response

    def _command(self, request: Request) -> Response:
        asked = (request.method, request.path)
        if asked == ("GET", "/_sandbox/log"):
            return as_json([asdict(entry) for entry in self.log])
        try:
            body = json.loads(request.body or b"{}")
            if asked == ("POST", "/_sandbox/faults"):
                self.set_faults(body)
                return as_json(self.faults)
            if asked == ("POST", "/_sandbox/world"):
                return as_json({"done": self.edit(body["do"], body.get("args", {}))})
        except (WrongCommand, ValueError, KeyError, TypeError, AttributeError) as error:
            return as_json({"error": f"{type(error).__name__}: {error}"}, 400)
        return as_json({"error": "the sandbox has no such page"}, 404)


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], sandbox: SandboxServer) -> None:
        self.sandbox = sandbox
        super().__init__(address, _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that left in the middle is nothing to report."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Listener
    #: Headers and body leave in one piece, or every answer would wait for an acknowledgement.
    wbufsize = -1
    disable_nagle_algorithm = True

    def setup(self) -> None:
        """Count the connection."""
        super().setup()
        with self.server.sandbox.lock:
            self.server.sandbox.connections += 1

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, self.path, headers, self.rfile.read(length))
        response = self.server.sandbox.handle(request)
        if response.delay:
            time.sleep(response.delay)
        self.send_response(response.status)
        if response.body:
            self.send_header("Content-Type", response.kind)
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        body = response.body if response.cut is None else response.body[: response.cut]
        if response.drip:
            self._drip(body, response.drip)
        else:
            self.wfile.write(body)
            self.wfile.flush()
        if response.cut is not None:
            self._reset()

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _serve

    def _drip(self, body: bytes, pause: float) -> None:
        """Send a few bytes, wait, and so on: every single read is quick, the whole is not."""
        for at in range(0, len(body), DRIP):
            self.wfile.write(body[at : at + DRIP])
            self.wfile.flush()
            time.sleep(pause)

    def _reset(self) -> None:
        """Leave without a goodbye: the other side reads a reset connection."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(self.connection.detach())
        self.close_connection = True

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The `Date` header, by the sandbox's clock."""
        return super().date_time_string(self.server.sandbox.clock() if timestamp is None else timestamp)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the log is kept by the sandbox."""
