"""A wire to a source that can lie: a proxy on loopback which speaks bare sockets, so that it can send anything.

Without a liar it is honest. It remembers every true answer, because an old one is the best lie.
"""

from __future__ import annotations

import select
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, parse_headers
from typing import BinaryIO, Protocol
from urllib.parse import urlsplit

from tests.integrations.wire import raw_server

#: Nobody waits longer than this on either side, whatever went wrong.
PATIENCE = 10.0
#: What the wire says for itself instead of passing it on.
OUR_OWN = {"content-length", "connection", "transfer-encoding"}


@dataclass(frozen=True)
class Asked:
    """One request: `who` is its access, `target` its path and query."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def who(self) -> str:
        """With which access it was asked."""
        return next((value for name, value in self.headers if name.lower() == "authorization"), "")

    @property
    def key(self) -> tuple[str, str]:
        """Two requests with the same key ask the same question."""
        return self.who, self.target

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]


@dataclass(frozen=True)
class Answer:
    """What a source said."""

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def head(self, *lines: str) -> bytes:
        """The status line and the headers, with these lines among them."""
        said = [f"HTTP/1.1 {self.status} {self.reason}", *(f"{name}: {value}" for name, value in self.headers), *lines]
        return "\r\n".join([*said, "", ""]).encode("latin-1")


@dataclass(frozen=True)
class Sent:
    """What goes over the wire: pieces with a pause after each, then `keep`, `close` or `reset`."""

    pieces: tuple[bytes, ...]
    ending: str = "keep"
    pause: float = 0.0


def whole(answer: Answer) -> Sent:
    """An answer as it should be sent."""
    return Sent((answer.head(f"Content-Length: {len(answer.body)}") + answer.body,))


class Liar(Protocol):
    """Whoever decides what is sent instead of the truth."""

    def tell(self, asked: Asked, answer: Answer) -> Sent | None:
        """What to send; None for the truth."""


class Memory:
    """The true answers: of tonight in the order they were given, and of each earlier evening."""

    def __init__(self) -> None:
        self._evenings: list[dict[tuple[str, str], Answer]] = [{}]
        #: Questions that will be answered with what another one was owed.
        self.owed: dict[tuple[str, str], Answer] = {}

    def next_evening(self) -> None:
        """What is answered from here on belongs to another evening; debts are forgotten."""
        self._evenings.append({})
        self.owed.clear()

    def keep(self, asked: Asked, answer: Answer) -> None:
        """Remember a true answer."""
        tonight = self._evenings[-1]
        tonight.pop(asked.key, None)
        tonight[asked.key] = answer

    @property
    def earlier(self) -> list[dict[tuple[str, str], Answer]]:
        """The answers of each evening before this one."""
        return self._evenings[:-1]

    @property
    def known(self) -> dict[tuple[str, str], Answer]:
        """The last answer to each question; what was asked last stands last."""
        found: dict[tuple[str, str], Answer] = {}
        for evening in self._evenings:
            for key, answer in evening.items():
                found.pop(key, None)
                found[key] = answer
        return found

    @property
    def tonight(self) -> dict[tuple[str, str], Answer]:
        """Tonight's answers, in the order in which they were asked for."""
        return self._evenings[-1]


class Wire:
    """Stands before a source. `liar` lies while it is set; `lines` counts the connections that are open."""

    def __init__(self, source: str) -> None:
        """Before the source at this address."""
        self._source = urlsplit(source).netloc
        self._lock = threading.Lock()
        self.memory = Memory()
        self.liar: Liar | None = None
        self.lines = 0

    @contextmanager
    def listening(self) -> Iterator[str]:
        """While the block runs, the wire answers at the address it gives."""
        with raw_server(self._serve) as address:
            yield address

    def _serve(self, line: socket.socket) -> None:
        with self._counted(), line.makefile("rb") as reader:
            line.settimeout(PATIENCE)
            while (asked := _read(reader)) is not None:
                with self._lock:
                    sent = self._decide(asked)
                if not _send(line, sent):
                    return

    @contextmanager
    def _counted(self) -> Iterator[None]:
        with self._lock:
            self.lines += 1
        try:
            yield
        finally:
            with self._lock:
                self.lines -= 1

    def _decide(self, asked: Asked) -> Sent:
        answer = self._ask(asked)
        lie = self.liar.tell(asked, answer) if self.liar else None
        self.memory.keep(asked, answer)
        return lie or whole(answer)

    def _ask(self, asked: Asked) -> Answer:
        """What the source really says; the target reaches it byte for byte."""
        with closing(HTTPConnection(self._source, timeout=PATIENCE)) as source:
            source.putrequest(asked.method, asked.target, skip_host=True, skip_accept_encoding=True)
            for name, value in asked.headers:
                source.putheader(name, value)
            source.endheaders(asked.body or None)
            answer = source.getresponse()
            headers = tuple((name, value) for name, value in answer.getheaders() if name.lower() not in OUR_OWN)
            return Answer(answer.status, answer.reason, headers, answer.read())


def _read(reader: BinaryIO) -> Asked | None:
    """The next request on a line; None when there is none."""
    first = reader.readline()
    if not first.strip():
        return None
    method, target, _ = first.decode("latin-1").split(" ")
    headers = parse_headers(reader)
    body = reader.read(int(headers.get("Content-Length") or 0))
    return Asked(method, target, tuple(headers.items()), body)


def _send(line: socket.socket, sent: Sent) -> bool:
    """Send it all, unless the other side has gone; whether the line stays open."""
    for piece in sent.pieces:
        line.sendall(piece)
        if sent.pause and select.select([line], [], [], sent.pause)[0]:
            # They have gone: nobody says another word before we are done.
            return False
    if sent.ending == "reset":
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return sent.ending == "keep"
