"""Servers that answer exactly what a test tells them, down to the bytes."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from integrations.sandbox.server import Request, Response, SandboxServer, WrongCommand


class Scripted(SandboxServer):
    """Gives the scripted answers one after the other; the last one for ever after."""

    def __init__(self, *answers: Response) -> None:
        """Listens on a free port."""
        super().__init__()
        self.answers = list(answers)
        self.requests: list[Request] = []

    def answer(self, request: Request) -> Response:
        """The next answer."""
        self.requests.append(request)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def edit(self, verb: str, args: dict[str, Any]) -> Any:
        """There is no world."""
        raise WrongCommand(f"{verb} {args}")


@contextmanager
def raw_server(serve: Callable[[socket.socket], None]) -> Iterator[str]:
    """The address of a server that hands each connection to `serve`."""
    listener = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=attend, args=(connection,), daemon=True).start()

    def attend(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            serve(connection)

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
