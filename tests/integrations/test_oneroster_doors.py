"""The doors of OneRoster servers, each against a server that looks at what it is shown."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from integrations.http import Client
from integrations.oneroster.client import Server
from integrations.oneroster.doors import SCOPES, Bearer, ClientCredentials, Door, OAuth1
from integrations.oneroster.sandbox import District, OneRosterSandbox
from integrations.oneroster.sandbox.wording import BASES
from integrations.provider import Malformed, Refused, SourceError, Unreachable
from integrations.sandbox.server import Response, as_json
from tests.integrations.conftest import IMPATIENT
from tests.integrations.wire import Scripted

SHUT = "The door is shut."


@pytest.fixture
def sandbox() -> Iterator[OneRosterSandbox]:
    """A server of 1.1 with one district."""
    with OneRosterSandbox() as server:
        server.add_district(people=30, schools=2)
        yield server


def client(url: str, naps: list[float]) -> Client:
    """A client that notes its pauses."""
    return Client(url, "OneRoster", IMPATIENT, naps.append)


def opened(url: str, door: Door, naps: list[float], version: str = "1.1") -> Server:
    """The server behind a door."""
    return Server(client(url, naps), BASES[version], door, SHUT)


def credentials(sandbox: OneRosterSandbox, naps: list[float], **instead: str) -> ClientCredentials:
    """OAuth 2 with the district's key and secret."""
    (district,) = sandbox.districts.values()
    told = {"key": district.key, "secret": district.secret, "scope": SCOPES[sandbox.version], **instead}
    return ClientCredentials(client(sandbox.url, naps), "/oauth/token", **told)


Make = Callable[[District], Door]
DOORS: dict[str, Make] = {
    "oauth1-sha256": lambda district: OAuth1(district.key, district.secret),
    "oauth1-sha1": lambda district: OAuth1(district.key, district.secret, "HMAC-SHA1"),
    "bearer": lambda district: Bearer(district.bearer),
}


def read(server: Server) -> int:
    """How many users there are, read in pages of ten."""
    walk = server.walk("user", 10)
    return sum(len(page) for page in walk)


@pytest.mark.parametrize("door", DOORS)
def test_each_door_opens_and_others_do_not(door: str, sandbox: OneRosterSandbox, naps: list[float]) -> None:
    """Every page is let in by itself: a signature serves once."""
    district = sandbox.named()
    assert read(opened(sandbox.url, DOORS[door](district), naps)) == 30
    sandbox.set_faults({"doors": [each for each in ("oauth1-sha256", "oauth1-sha1", "bearer") if each != door]})
    with pytest.raises(Refused, match=SHUT):
        read(opened(sandbox.url, DOORS[door](district), naps))


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_oauth_2_asks_for_one_token_and_the_least_scope(version: str, naps: list[float]) -> None:
    """Named by HTTP Basic; the core is enough."""
    with OneRosterSandbox(version=version) as sandbox:
        sandbox.add_district(people=30, schools=2)
        sandbox.set_faults({"granted": ["roster-core.readonly"]})
        assert read(opened(sandbox.url, credentials(sandbox, naps), naps, version)) == 30
        assert [entry.token for entry in sandbox.log].count("basic") == 1


def test_a_signature_is_made_for_each_try(naps: list[float], sandbox: OneRosterSandbox) -> None:
    """The same page asked again after a failure carries another nonce: one that was used is refused."""
    sandbox.set_faults({"page_status_at": 2, "page_status_times": 2})
    assert read(opened(sandbox.url, DOORS["oauth1-sha256"](sandbox.named()), naps)) == 30
    assert [entry.status for entry in sandbox.log].count(503) == 2


def test_a_token_is_renewed_once_after_a_401(naps: list[float], sandbox: OneRosterSandbox) -> None:
    """And after its time is over."""
    door = credentials(sandbox, naps)
    server = opened(sandbox.url, door, naps)
    assert read(server) == 30
    sandbox.doors.forget_tokens()
    assert read(server) == 30
    door._until = 0.0
    assert read(server) == 30
    assert [entry.token for entry in sandbox.log].count("basic") == 3
    sandbox.set_faults({"page_401_from": 1})
    sandbox.log.clear()
    with pytest.raises(Refused):
        read(server)
    assert [(entry.path, entry.status) for entry in sandbox.log] == [
        (f"{BASES['1.1']}/users", 401),
        ("/oauth/token", 200),
        (f"{BASES['1.1']}/users", 401),
    ]


def test_a_token_for_seconds_is_used_for_none(naps: list[float], sandbox: OneRosterSandbox) -> None:
    """What is about to end is fetched anew."""
    sandbox.set_faults({"token_seconds": 10})
    assert read(opened(sandbox.url, credentials(sandbox, naps), naps)) == 30
    assert [entry.token for entry in sandbox.log].count("basic") == 4


@pytest.mark.parametrize(
    ("faults", "instead", "kind", "code"),
    [
        ({}, {"secret": "wrong"}, Refused, "E-GRANT-REVOKED"),
        ({"granted": []}, {}, Refused, "E-PRIVILEGE-MISSING"),
        ({"token_status": 503}, {}, Unreachable, "E-SOURCE-DOWN"),
        ({"token_status": 429}, {}, Unreachable, "E-RATE"),
        ({"token_status": 404}, {}, Malformed, "E-SOURCE-MALFORMED"),
    ],
)
def test_no_token(
    faults: dict[str, Any],
    instead: dict[str, str],
    kind: type[SourceError],
    code: str,
    naps: list[float],
    sandbox: OneRosterSandbox,
) -> None:
    """Each in its own words."""
    sandbox.set_faults(faults)
    with pytest.raises(kind) as caught:
        read(opened(sandbox.url, credentials(sandbox, naps, **instead), naps))
    assert caught.value.code == code


@pytest.mark.parametrize(
    "answer", [{}, {"access_token": None}, {"access_token": "two words"}, {"access_token": ["a"]}, {"access_token": ""}]
)
def test_a_token_that_cannot_be_sent(answer: dict[str, Any], naps: list[float]) -> None:
    """It is no token."""
    with Scripted(as_json(answer)) as server:
        door = ClientCredentials(client(server.url, naps), "/token", "k", "s", "scope")
        with pytest.raises(Malformed, match="without a token"):
            read(opened(server.url, door, naps))
    assert len(server.requests) == 1


@pytest.mark.parametrize(("said", "fetched"), [(None, 1), ("soon", 1), ([], 1), (1e400, 1), ("3600", 1), (-5, 2)])
def test_a_lifetime_that_says_nothing(said: Any, fetched: int, naps: list[float]) -> None:
    """The token is used until it is refused; one whose time is over is not used again."""
    with Scripted(as_json({"access_token": "t", "expires_in": said})) as server:
        door = ClientCredentials(client(server.url, naps), "/token", "k", "s", "scope")
        assert [door.headers(server.url)["Authorization"] for _ in range(2)] == ["Bearer t"] * 2
    assert len(server.requests) == fetched


def test_a_bearer_that_cannot_be_sent_is_refused(naps: list[float], sandbox: OneRosterSandbox) -> None:
    """Before anything leaves."""
    with pytest.raises(Refused):
        read(opened(sandbox.url, Bearer("two words"), naps))
    assert sandbox.log == []


def test_another_bearer_is_asked_for_once(naps: list[float], sandbox: OneRosterSandbox) -> None:
    """The same one again is no use."""
    asked: list[str] = []

    def same() -> str:
        asked.append("once more")
        return "stale"

    server = opened(sandbox.url, Bearer("stale", same), naps)
    for _ in range(2):
        with pytest.raises(Refused, match=SHUT):
            read(server)
    assert asked == ["once more"]
    assert len(sandbox.log) == 2
    bearer = sandbox.named().bearer
    assert read(opened(sandbox.url, Bearer("stale", lambda: bearer), naps)) == 30


def test_another_way_to_sign_is_none() -> None:
    """A setting that names one is a mistake of ours."""
    with pytest.raises(ValueError, match="not a way to sign"):
        OAuth1("key", "secret", "PLAINTEXT")


def test_what_signs_tells_no_log(
    naps: list[float], sandbox: OneRosterSandbox, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither key nor secret nor signature, however much is logged."""
    caplog.set_level(logging.DEBUG)
    district = sandbox.named()
    for door in DOORS.values():
        read(opened(sandbox.url, door(district), naps))
    read(opened(sandbox.url, credentials(sandbox, naps), naps))
    assert "/users" in caplog.text
    secrets = [district.key, district.secret, district.bearer, "oauth_", "Bearer", "Basic"]
    assert [word for word in secrets if word in caplog.text] == []


def test_a_redirect_on_the_same_host_is_signed_anew(naps: list[float]) -> None:
    """For the address it leads to."""
    moved = Response(302, headers={"Location": "/elsewhere?limit=1"})
    with Scripted(moved, as_json({"users": []})) as server:
        assert opened(server.url, OAuth1("key", "secret"), naps).first("user") is None
    first, second = (request.headers["authorization"] for request in server.requests)
    assert server.requests[1].target == "/elsewhere?limit=1"
    assert first.rpartition("oauth_signature=")[2] != second.rpartition("oauth_signature=")[2]
