"""The one way out: what a source can cost us, and what leaves this machine."""

from __future__ import annotations

import gzip
import json
import logging
import socket
import struct
import time

import pytest

from integrations.http import Client, Limits
from integrations.provider import Malformed, SourceError, Unreachable
from integrations.sandbox.server import Response, as_json
from integrations.throttle import growing_pause, rate_limit_pause, retry_after
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


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_failures_are_asked_again(status: int, naps: list[float]) -> None:
    """With growing pauses."""
    with Scripted(Response(status), Response(status), OK) as server:
        assert client(server.url, naps).get("/", {}).status == 200
    assert len(server.requests) == 3
    assert len(naps) == 2
    assert 0.5 <= naps[0] < naps[1] <= 1.5


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_failures_end(status: int, naps: list[float]) -> None:
    """After the tries are used up the source is unreachable."""
    with Scripted(Response(status)) as server, pytest.raises(Unreachable, match=f"HTTP {status}") as caught:
        client(server.url, naps).get("/secret?token=x", {})
    assert len(server.requests) == IMPATIENT.attempts
    assert caught.value.code == "E-SOURCE-DOWN"
    assert "token" not in str(caught.value)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 418, 501])
def test_refusals_are_not_asked_again(status: int, naps: list[float]) -> None:
    """The caller hears them at once."""
    with Scripted(Response(status)) as server:
        assert client(server.url, naps).get("/", {}).status == status
    assert len(server.requests) == 1
    assert naps == []


def test_a_post_is_sent_once(naps: list[float]) -> None:
    """Its answer may be lost after it was acted on."""
    with Scripted(Response(503)) as server:
        assert client(server.url, naps).post("/", {}, b"a=b").status == 503
        assert [request.body for request in server.requests] == [b"a=b"]


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


def test_429_waits_and_asks_the_same_again(naps: list[float]) -> None:
    """The body is empty and is not looked at."""
    limited = Response(429, headers={"X-RateLimit-Reset": str(int(time.time()) + 30), "X-RateLimit-Remaining": "0"})
    with Scripted(limited, OK) as server:
        speaker = client(server.url, naps)
        speaker.get("/page?starting_after=7", {})
        assert [request.target for request in server.requests] == ["/page?starting_after=7"] * 2
    assert len(naps) == 1
    assert 25 <= naps[0] <= 31
    assert speaker.traffic.waited == sum(naps)


def test_429_never_waits_longer_than_the_bound(naps: list[float]) -> None:
    """A reset in a year, a Retry-After of hours."""
    far = {"X-RateLimit-Reset": str(int(time.time()) + 31_000_000)}
    with Scripted(Response(429, headers=far), Response(503, headers={"Retry-After": "20000"}), OK) as server:
        client(server.url, naps).get("/", {})
    assert naps == [90.0, 90.0]


def test_429_for_ever_is_unreachable(naps: list[float]) -> None:
    """With a code of its own."""
    with Scripted(Response(429)) as server, pytest.raises(Unreachable) as caught:
        client(server.url, naps).get("/", {})
    assert caught.value.code == "E-RATE"
    assert len(server.requests) == IMPATIENT.pauses + 1


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"X-RateLimit-Reset": "1060"}, 60),
        ({"X-RateLimit-Reset": "1060, 1030", "X-RateLimit-Remaining": "5, 0"}, 30),
        ({"X-RateLimit-Reset": "1060,1030", "X-RateLimit-Remaining": "0,0"}, 60),
        ({"X-RateLimit-Reset": "1060, 1030"}, 60),
        ({"X-RateLimit-Reset": "1060, soon"}, 60),
        ({"Retry-After": "7", "X-RateLimit-Reset": "1060"}, 7),
        ({"Retry-After": "Thu, 01 Jan 1970 00:17:00 GMT"}, 20),
        ({"Date": "Thu, 01 Jan 1970 00:16:00 GMT", "X-RateLimit-Reset": "1060"}, 100),
    ],
)
def test_reset_headers_are_read(headers: dict[str, str], seconds: float) -> None:
    """Several buckets, only the empty ones counting; the source's own clock where it says it."""
    assert rate_limit_pause(headers, 1, now=1000.0) == seconds


@pytest.mark.parametrize("value", ["", "999", "soon", "-5", "1" * 40, "135, 316", "²"])
def test_a_reset_that_says_nothing_falls_back(value: str) -> None:
    """A growing pause, never none and never a crash."""
    assert 0.5 <= rate_limit_pause({"X-RateLimit-Reset": value}, 1, now=1000.0) <= 0.75
    assert 4 <= rate_limit_pause({"X-RateLimit-Reset": value}, 4, now=1000.0) <= 6


@pytest.mark.parametrize("value", ["", "soon", "-1", "1" * 40, "1.5e9", "²"])
def test_a_retry_after_that_says_nothing(value: str) -> None:
    """0: the growing pause decides."""
    assert retry_after({"Retry-After": value}) == 0
    assert growing_pause(1) >= 0.5


def test_header_names_in_any_casing(naps: list[float]) -> None:
    """As sent by proxies and by Clever itself."""
    limited = Response(429, headers={"x-ratelimit-RESET": str(int(time.time()) + 30)})
    with Scripted(limited, OK) as server:
        client(server.url, naps).get("/", {})
    assert naps[0] > 25


def test_traffic_is_counted(naps: list[float]) -> None:
    """Requests, decoded bytes, seconds of pausing."""
    with Scripted(Response(500), OK) as server:
        speaker = client(server.url, naps)
        speaker.get("/", {})
        speaker.get("/", {})
    assert speaker.traffic.requests == 3
    assert speaker.traffic.bytes == 2 * len(OK.body)
    assert speaker.traffic.waited == sum(naps) > 0


def test_the_log_holds_no_secret(naps: list[float], caplog: pytest.LogCaptureFixture) -> None:
    """At the lowest level, ours and the libraries': no header, no query, no body."""
    caplog.set_level(logging.DEBUG)
    person = as_json({"name": "Ana Ruiz"})
    with Scripted(Response(500), person) as server:
        client(server.url, naps).get("/people?code=hidden", TOKEN)
    assert "/people" in caplog.text
    assert [word for word in ("sesame", "hidden", "Ruiz", "Bearer") if word in caplog.text] == []


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


def test_a_pause_may_stop_the_run() -> None:
    """What `sleep` raises comes out."""

    class Stopped(Exception):
        pass

    def stop(_: float) -> None:
        raise Stopped

    with Scripted(Response(500)) as server, pytest.raises(Stopped):
        Client(server.url, "Source", IMPATIENT, stop).get("/", {})


def test_one_connection_serves_many_requests(naps: list[float]) -> None:
    """Pages come over one connection."""
    with Scripted(OK) as server:
        speaker = client(server.url, naps)
        for _ in range(5):
            assert json.loads(speaker.get("/", {}).body) == {"data": []}
        assert server.connections == 1
