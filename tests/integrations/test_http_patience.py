"""The one way out: what is asked again, how long is waited, and when it ends."""

from __future__ import annotations

import time

import pytest

from integrations.http import Client, Limits
from integrations.provider import Unreachable
from integrations.sandbox.server import Response, as_json
from integrations.throttle import growing_pause, rate_limit_pause, retry_after
from tests.integrations.conftest import IMPATIENT
from tests.integrations.wire import Scripted

OK = as_json({"data": []})
TOKEN = {"Authorization": "Bearer sesame-open"}


def client(origin: str, naps: list[float], limits: Limits = IMPATIENT) -> Client:
    """A client that notes its pauses instead of taking them."""
    return Client(origin, "Source", limits, naps.append)


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


def test_a_failure_that_the_caller_handles_is_given_back(naps: list[float]) -> None:
    """At once and without a pause; others are still asked again."""
    with Scripted(Response(502), Response(503), OK) as server:
        speaker = client(server.url, naps)
        assert speaker.get("/", {}, frozenset({502})).status == 502
        assert naps == []
        assert speaker.get("/", {}, frozenset({502})).status == 200
    assert len(naps) == 1


def test_a_caller_backs_off_by_itself(naps: list[float]) -> None:
    """As after failures, and counted."""
    speaker = client("http://127.0.0.1:9", naps)
    speaker.back_off(1)
    speaker.back_off(3)
    assert 0.5 <= naps[0] <= 0.75
    assert 2 <= naps[1] <= 3
    assert speaker.traffic.waited == sum(naps)


def test_headers_may_be_made_for_each_try(naps: list[float]) -> None:
    """With the target they are for, redirects included."""
    asked: list[str] = []

    def sign(target: str) -> dict[str, str]:
        asked.append(target)
        return {"X-Signed": str(len(asked))}

    with Scripted(Response(500), Response(302, headers={"Location": "/b"}), OK) as server:
        client(server.url, naps).get("/a", sign)
        assert [request.headers["x-signed"] for request in server.requests] == ["1", "2", "3"]
    assert asked == ["/a", "/a", "/b"]


def test_a_pause_may_stop_the_run() -> None:
    """What `sleep` raises comes out."""

    class Stopped(Exception):
        pass

    def stop(_: float) -> None:
        raise Stopped

    with Scripted(Response(500)) as server, pytest.raises(Stopped):
        Client(server.url, "Source", IMPATIENT, stop).get("/", {})
