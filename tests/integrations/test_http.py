"""The one way out: what leaves this machine, and what an answer may be."""

from __future__ import annotations

import gc
import gzip
import json
import logging
import socket
import struct
import threading
import time

import pytest

from integrations.http import Client, Limits
from integrations.provider import Malformed, SourceError, Unreachable
from integrations.sandbox.server import Response, as_json
from tests.integrations.conftest import IMPATIENT
from tests.integrations.wire import Scripted, raw_server

OK = as_json({"data": []})
TOKEN = {"Authorization": "Bearer sesame-open"}


def client(origin: str, naps: list[float], limits: Limits = IMPATIENT) -> Client:
    """A client that notes its pauses instead of taking them."""
    return Client(origin, "Source", limits, naps.append)


@pytest.mark.parametrize(
    "target",
    [
        "/a%2fb%2Fc/%7euser/%41?x=%2f&y=a+b&z=%zz",
        "/v3.1/users?limit=2&starting_after=5a%20b",
        "/a/../b/./c//d;e=1?q=[1]&r={2}|^`",
        "/?",
        "/a?b?c#d",
    ],
)
def test_a_path_leaves_byte_for_byte(target: str, naps: list[float]) -> None:
    """Escapes, dots and odd characters are nobody's to rewrite."""
    with Scripted(OK) as server:
        client(server.url, naps).get(target, TOKEN)
        assert [request.target for request in server.requests] == [target]
        sent = server.requests[0].headers
        assert sent["authorization"] == "Bearer sesame-open"
        assert not [name for name in sent if "smartpass" in name.lower()]


@pytest.mark.parametrize("target", ["/a b", "/a\r\nX: y", "/é", "a", "", "http://elsewhere.example/"])
def test_a_path_that_cannot_be_sent_is_malformed(target: str, naps: list[float]) -> None:
    """Nothing is sent."""
    with Scripted(OK) as server:
        with pytest.raises(Malformed):
            client(server.url, naps).get(target, {})
        assert server.requests == []


def test_nobody_listening_is_unreachable(naps: list[float]) -> None:
    """A refused connection, tried as often as a failure."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(Unreachable):
        client(f"http://127.0.0.1:{port}", naps).get("/", {})
    assert len(naps) == IMPATIENT.attempts - 1


def test_a_body_that_breaks_off_is_asked_for_again(naps: list[float]) -> None:
    """Half a body is no body."""
    whole = as_json({"data": list(range(2000))})
    with Scripted(Response(200, whole.body, cut=3000), whole) as server:
        assert client(server.url, naps).get("/", {}).json() == {"data": list(range(2000))}
    assert len(server.requests) == 2


def test_a_reset_connection_is_asked_again(naps: list[float]) -> None:
    """Reset before a word was said."""

    def reset(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    with raw_server(reset) as origin, pytest.raises(Unreachable):
        client(origin, naps).get("/", {})
    assert len(naps) == IMPATIENT.attempts - 1


def test_closing_closes_now(naps: list[float]) -> None:
    """Not when Python next looks for garbage, in which what failed before is caught up."""
    closed = threading.Event()
    met: list[bytes] = []

    def serve(connection: socket.socket) -> None:
        met.append(connection.recv(65536))
        if len(met) > 1:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
            assert connection.recv(65536) == b""
            closed.set()

    gc.disable()
    try:
        with raw_server(serve) as origin:
            speaker = client(origin, naps)
            assert speaker.get("/", {}).json() == {}
            assert not closed.is_set()
            speaker.close()
            assert closed.wait(2)
    finally:
        gc.enable()


@pytest.mark.parametrize("part", ["headers", "body"])
def test_an_answer_that_drips_is_cut_off(part: str, naps: list[float]) -> None:
    """Each read is quick, the whole never ends."""

    def drip(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        if part == "body":
            connection.sendall(b"Content-Length: 1000000\r\n\r\n")
        for number in range(200):
            connection.sendall(f"X-{number}: y\r\n".encode())
            time.sleep(0.05)

    started = time.monotonic()
    limits = Limits(connect=1, read=1, answer=0.3, attempts=2)
    with raw_server(drip) as origin, pytest.raises(Unreachable):
        client(origin, naps, limits).get("/", {})
    assert time.monotonic() - started < 2


def test_a_silent_source_is_left(naps: list[float]) -> None:
    """The read time-out."""
    started = time.monotonic()
    with raw_server(lambda _: time.sleep(3)) as origin, pytest.raises(Unreachable):
        client(origin, naps, Limits(read=0.2, attempts=2)).get("/", {})
    assert time.monotonic() - started < 2


@pytest.mark.parametrize("packed", [False, True])
def test_a_body_over_the_limit_is_malformed(*, packed: bool, naps: list[float]) -> None:
    """Counted after unpacking, so that a small bomb counts as what it becomes."""
    body, headers = b" " * 2_000_000, {}
    if packed:
        body, headers = gzip.compress(body), {"Content-Encoding": "gzip"}
        assert len(body) < 10_000
    with Scripted(Response(200, body, headers=headers)) as server, pytest.raises(Malformed, match="1000000"):
        client(server.url, naps, Limits(size=1_000_000)).get("/", {})


def test_packed_answers_are_read(naps: list[float]) -> None:
    """Gzip as usual."""
    packed = Response(200, gzip.compress(b'{"a": 1}'), headers={"Content-Encoding": "gzip"})
    with Scripted(packed) as server:
        assert client(server.url, naps).get("/", {}).json() == {"a": 1}


def test_a_redirect_to_another_host_is_not_followed(naps: list[float]) -> None:
    """The token stays here."""
    with Scripted(OK) as other, Scripted(Response(302, headers={"Location": f"{other.url}/x"})) as server:
        with pytest.raises(Malformed, match="another host"):
            client(server.url, naps).get("/", TOKEN)
        assert other.requests == []


def test_a_redirect_on_this_host_is_followed(naps: list[float]) -> None:
    """And only so often."""
    with Scripted(Response(302, headers={"Location": "/b%2f"}), OK) as server:
        client(server.url, naps).get("/a", TOKEN)
        assert [request.target for request in server.requests] == ["/a", "/b%2f"]
    with Scripted(Response(302, headers={"Location": "/"})) as server, pytest.raises(Malformed, match="redirects"):
        client(server.url, naps).get("/", TOKEN)


@pytest.mark.parametrize(
    "link", ["//evil.example/x", "http://evil.example/x", "https://127.0.0.1/x", "\\\\evil.example", "/\\evil", "x", ""]
)
def test_links_to_other_hosts_are_malformed(link: str, naps: list[float]) -> None:
    """In every way a link can leave a host."""
    with Scripted(OK) as server:
        speaker = client(server.url, naps)
        reply = speaker.get("/", {})
        with pytest.raises(Malformed):
            speaker.same_host(link, reply)
        with pytest.raises(Malformed):
            speaker.same_host(f"{server.url}.evil.example/x", reply)
        assert speaker.same_host(f"{server.url}/x?y=%2f", reply) == "/x?y=%2f"


@pytest.mark.parametrize(
    "answer",
    [
        Response(200, b"<html>Sorry</html>", "text/html"),
        Response(200, b'{"a": 1}', "text/html"),
        Response(200, b" \n<!DOCTYPE html>", "application/json"),
        Response(200, b""),
        Response(200, b"{"),
        Response(200, b"[1]"),
        Response(200, b'"text"'),
        Response(200, b"null"),
        Response(200, b"[" * 100_000),
    ],
)
def test_what_is_not_a_json_object_is_malformed(answer: Response, naps: list[float]) -> None:
    """Said without repeating what was sent."""
    with Scripted(answer) as server, pytest.raises(Malformed, match=r"^Source answered /p with ") as caught:
        client(server.url, naps).get("/p?q=secret", {}).json()
    assert "secret" not in str(caught.value)
    assert caught.value.code == "E-SOURCE-MALFORMED"


def test_odd_characters_survive_parsing(naps: list[float]) -> None:
    """A NUL, half a pair and bytes that are not UTF-8 spoil a record, not the page."""
    body = b'\xef\xbb\xbf{"nul": "a\\u0000b", "raw": "a\x00b", "half": "\\ud800", "bytes": "\xff", "ok": "\xc3\xa9"}'
    with Scripted(Response(200, body)) as server:
        parsed = client(server.url, naps).get("/", {}).json()
    assert parsed == {"nul": "a\0b", "raw": "a\0b", "half": "\ud800", "bytes": "\udcff", "ok": "é"}


def test_the_log_holds_no_secret(naps: list[float], caplog: pytest.LogCaptureFixture) -> None:
    """At the lowest level, ours and the libraries': no header, no query, no body."""
    caplog.set_level(logging.DEBUG)
    person = as_json({"name": "Ana Ruiz"})
    with Scripted(Response(500), person) as server:
        client(server.url, naps).get("/people?code=hidden", TOKEN)
    assert "/people" in caplog.text
    assert [word for word in ("sesame", "hidden", "Ruiz", "Bearer") if word in caplog.text] == []


@pytest.mark.parametrize("who", ["ana@d.example", "ana%40d.example"])
def test_nobodys_email_is_written_down(who: str, naps: list[float], caplog: pytest.LogCaptureFixture) -> None:
    """A path may name somebody by email: it is asked for as it is, and told of without them."""
    caplog.set_level(logging.DEBUG)
    with Scripted(Response(200, b"no", "text/plain")) as server:
        with pytest.raises(Malformed) as caught:
            client(server.url, naps).get(f"/users/{who}/groups", {}).json()
        assert [request.path for request in server.requests] == [f"/users/{who}/groups"]
    assert "ana" not in f"{caught.value}{caplog.text}"
    assert str(caught.value) == "Source answered /users/…/groups with something that is not JSON."


def test_nothing_in_an_error_chain_holds_a_secret(naps: list[float]) -> None:
    """Nor what lies behind the error."""
    with Scripted(Response(200, b"x", cut=0)) as server, pytest.raises(SourceError) as caught:
        client(server.url, naps).get("/people?code=hidden", TOKEN)
    error: BaseException | None = caught.value
    while error is not None:
        assert "hidden" not in repr(error)
        assert "sesame" not in repr(error)
        error = error.__cause__ or error.__context__


@pytest.mark.parametrize("origin", ["ftp://a.example", "a.example", "https://u:p@a.example", "https://a.example/x", ""])
def test_an_origin_is_a_bare_host(origin: str) -> None:
    """Anything else is a mistake in a setting, named without the user part."""
    with pytest.raises(ValueError, match="not the address") as caught:
        Client(origin, "Source")
    assert "u:p" not in str(caught.value)


def test_one_connection_serves_many_requests(naps: list[float]) -> None:
    """Pages come over one connection."""
    with Scripted(OK) as server:
        speaker = client(server.url, naps)
        for _ in range(5):
            assert json.loads(speaker.get("/", {}).body) == {"data": []}
        assert server.connections == 1
