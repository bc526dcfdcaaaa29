"""A mail server on loopback that keeps what it is given, or refuses it."""

from __future__ import annotations

import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage

#: Commands that need no thought, and what is said to them.
SAID = {b"EHLO": b"250 sink", b"HELO": b"250 sink", b"MAIL": b"250 ok", b"RSET": b"250 ok", b"QUIT": b"221 bye"}


class Sink(socketserver.ThreadingTCPServer):
    """Keeps (recipient, message) of each letter; whoever is in `refuses` gets none."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Talk)
        self.kept: list[tuple[str, EmailMessage]] = []
        self.refuses: set[str] = set()
        self.hangs_up = False
        self.seconds = 0.0

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])


class _Talk(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        """Speak just enough SMTP."""
        sink = self.server
        assert isinstance(sink, Sink)
        to = ""
        self.wfile.write(b"220 sink\r\n")
        for line in self.rfile:
            word = line[:4].upper()
            if word == b"RCPT":
                to = line.decode().split("<", 1)[1].split(">", 1)[0]
                answer = b"550 nobody here" if to in sink.refuses else b"250 ok"
            elif word == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                text = b"".join(iter(self.rfile.readline, b".\r\n"))
                time.sleep(sink.seconds)
                if sink.hangs_up:
                    return
                sink.kept.append((to, message_from_bytes(text, EmailMessage, policy=policy.default)))
                answer = b"250 kept"
            else:
                answer = SAID.get(word, b"500 what?")
            self.wfile.write(answer + b"\r\n")
            if word == b"QUIT":
                return


@contextmanager
def listening() -> Iterator[Sink]:
    """A mail server for the length of the block."""
    with Sink() as sink:
        thread = threading.Thread(target=sink.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield sink
        finally:
            sink.shutdown()
            thread.join()
