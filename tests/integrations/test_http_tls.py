"""The one way out over TLS, which is how every real source is reached."""

from __future__ import annotations

import socket
import ssl
import time
from pathlib import Path

import pytest

from integrations.http import Client, Limits
from integrations.provider import Unreachable
from integrations.sandbox.server import as_json
from tests.integrations.conftest import IMPATIENT
from tests.integrations.wire import Scripted, raw_server, self_signed


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 with its key, signed by itself."""
    return self_signed("127.0.0.1", tmp_path_factory.mktemp("tls"))


@pytest.fixture
def trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A server's side of TLS whose certificate this process trusts."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def secure(server: Scripted, context: ssl.SSLContext) -> str:
    """Put TLS under a server; its address."""
    server._httpd.socket = context.wrap_socket(server._httpd.socket, server_side=True)
    return server.url.replace("http:", "https:")


def test_a_path_leaves_byte_for_byte(trusted: ssl.SSLContext, naps: list[float]) -> None:
    """Over one connection, as without TLS."""
    server = Scripted(as_json({"a": 1}))
    origin = secure(server, trusted)
    with server:
        client = Client(origin, "Source", IMPATIENT, naps.append)
        for _ in range(3):
            assert client.get("/a%2fb/%7e?x=%2F", {}).json() == {"a": 1}
        assert {request.target for request in server.requests} == {"/a%2fb/%7e?x=%2F"}
        assert server.connections == 1
        client.close()


def test_a_certificate_nobody_vouches_for_is_not_trusted(
    trusted: ssl.SSLContext, naps: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is sent to whoever that is."""
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    server = Scripted(as_json({"a": 1}))
    origin = secure(server, trusted)
    with server, pytest.raises(Unreachable):
        Client(origin, "Source", IMPATIENT, naps.append).get("/", {"Authorization": "Bearer x"})
    assert server.requests == []


def test_an_answer_that_drips_is_cut_off(trusted: ssl.SSLContext, naps: list[float]) -> None:
    """The watch reaches through TLS."""

    def drip(connection: socket.socket) -> None:
        with trusted.wrap_socket(connection, server_side=True) as wrapped:
            wrapped.recv(65536)
            wrapped.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
            for _ in range(200):
                wrapped.sendall(b"x")
                time.sleep(0.05)

    started = time.monotonic()
    limits = Limits(connect=1, read=1, answer=0.4, attempts=2)
    with raw_server(drip) as origin:
        client = Client(origin.replace("http:", "https:"), "Source", limits, naps.append)
        with pytest.raises(Unreachable):
            client.get("/", {})
    assert time.monotonic() - started < 3
