"""Hosts that somebody typed: public addresses only, and no other one between the look and the connection."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from integrations import addresses, transport
from integrations.http import Client
from integrations.provider import Refused, Unreachable
from integrations.sandbox.server import as_json
from tests.integrations.conftest import IMPATIENT
from tests.integrations.wire import Scripted, self_signed

NAME = "sis.lincoln.example"
PUBLIC, OTHER = "93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"
INSIDE = [
    "127.0.0.1", "127.8.8.8", "0.0.0.0",  # noqa: S104  where nobody should connect to
    "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "100.100.100.200", "168.63.129.16", "192.0.0.192", "192.0.2.1", "198.18.0.1", "224.0.0.251",
    "240.0.0.1", "255.255.255.255", "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
    "64:ff9b::a9fe:a9fe", "64:ff9b:1::808:808", "2002:7f00:1::1", "2002:808:808::1", "2001::1", "2001:db8::1",
    "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "100::1", "no address",
]  # fmt: skip
Names = dict[str, list[list[str]]]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    """Name -> what the resolver answers, one look-up after the other; the last answer for ever after."""
    known: Names = {}

    def look_up(host: str, port: int, **_: Any) -> list[Any]:
        if host not in known:
            raise socket.gaierror("nobody knows that name")
        answers = known[host]
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        return [(None, None, 0, "", (address, port)) for address in found]

    monkeypatch.setattr(addresses, "getaddrinfo", look_up)
    return known


class Internet:
    """One server at the end of every connection, with a certificate for NAME, and what was connected to."""

    def __init__(self, server: Scripted) -> None:
        self.server = server
        self.connected: list[str] = []
        self.silent: set[str] = set()

    def connect(self, address: tuple[str, int], *_: Any, **__: Any) -> socket.socket:
        """Stands in for the socket module's."""
        self.connected.append(address[0])
        if address[0] in self.silent:
            raise ConnectionRefusedError
        return socket.create_connection(("127.0.0.1", self.server._httpd.server_port), 2)


@pytest.fixture
def internet(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Internet]:
    path = self_signed(NAME, tmp_path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(path))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    server = Scripted(as_json({"a": 1}))
    server._httpd.socket = context.wrap_socket(server._httpd.socket, server_side=True)
    found = Internet(server)
    monkeypatch.setattr(transport, "create_connection", found.connect)
    with server:
        yield found


def public_client(origin: str, naps: list[float]) -> Client:
    return Client(origin, "OneRoster", IMPATIENT, naps.append, public_only=True)


@pytest.mark.parametrize("address", INSIDE)
def test_what_is_not_everybodys_is_not_public(address: str) -> None:
    """Loopback, private, link-local, shared, multicast, unspecified, documentation, metadata, and all of it dressed."""
    assert not addresses.is_public(address)


@pytest.mark.parametrize("address", [PUBLIC, OTHER, "8.8.8.8", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_what_anybody_can_reach_is_public(address: str) -> None:
    """In the forms in which a resolver says it."""
    assert addresses.is_public(address)


def test_the_connection_goes_to_the_address_that_was_looked_at(
    internet: Internet, names: Names, naps: list[float]
) -> None:
    """A name that means our own machine a moment later is not asked a second time; TLS verified the name."""
    names[NAME] = [[PUBLIC], ["127.0.0.1"]]
    assert public_client(f"https://{NAME}", naps).get("/orgs", {}).json() == {"a": 1}
    assert internet.connected == [PUBLIC]
    assert len(internet.server.requests) == 1


def test_the_next_address_is_tried(internet: Internet, names: Names, naps: list[float]) -> None:
    """Where the first one does not answer."""
    names[NAME] = [[OTHER, PUBLIC]]
    internet.silent = {OTHER}
    assert public_client(f"https://{NAME}:8443", naps).get("/orgs", {}).json() == {"a": 1}
    assert internet.connected == [OTHER, PUBLIC]


def test_another_ones_certificate_is_not_trusted(internet: Internet, names: Names, naps: list[float]) -> None:
    """The address was right, whoever answers there is not."""
    names["other.example"] = [[PUBLIC]]
    with pytest.raises(Unreachable):
        public_client("https://other.example", naps).get("/orgs", {"Authorization": "Bearer x"})
    assert internet.server.requests == []


@pytest.mark.parametrize("found", [["127.0.0.1"], [PUBLIC, "10.0.0.1"], ["64:ff9b::7f00:1"]])
def test_one_address_inside_is_one_too_many(
    found: list[str], internet: Internet, names: Names, naps: list[float]
) -> None:
    """Nothing is connected to, and it is not tried again."""
    names[NAME] = [found]
    with pytest.raises(Refused, match="inside a private network") as caught:
        public_client(f"https://{NAME}", naps).get("/orgs", {})
    assert caught.value.code == "E-ADDRESS-REFUSED"
    assert (internet.connected, naps) == ([], [])


@pytest.mark.parametrize(
    ("origin", "why"),
    [
        (f"http://{NAME}", "over https"),
        (f"https://{NAME}:22", "port 443 or 8443"),
        (f"https://{NAME}:8000", "port 443 or 8443"),
        ("https://[::1]", "inside a private network"),
        ("https://127.0.0.1", "inside a private network"),
        ("https://2130706433", "inside a private network"),
    ],
)
def test_other_doors_are_refused(origin: str, why: str, internet: Internet, naps: list[float]) -> None:
    """Also for a question that is only posted; the resolver is the machine's own."""
    with pytest.raises(Refused, match=why):
        public_client(origin, naps).get("/orgs", {})
    with pytest.raises(Refused, match=why):
        public_client(origin, naps).post("/token", {}, b"")
    assert internet.connected == []


@pytest.mark.parametrize(
    "origin", ["https://me:secret@sis.example", "https://:secret@sis.example", "https://@a.example"]
)
def test_an_address_holds_no_password(origin: str) -> None:
    """It would end in logs."""
    with pytest.raises(ValueError, match="not the address") as caught:
        Client(origin, "OneRoster")
    assert "secret" not in str(caught.value)


def test_a_name_nobody_knows_does_not_answer(names: Names, naps: list[float]) -> None:
    """As any server that is down; it is tried again."""
    del names
    for origin in ("https://nowhere.example", f"https://{'a' * 70}.example"):
        with pytest.raises(Unreachable):
            public_client(origin, naps).get("/orgs", {})
    assert len(naps) == 2 * (IMPATIENT.attempts - 1)


@pytest.mark.parametrize("found", [["10.0.0.1"], [PUBLIC]])
def test_behind_a_proxy_the_name_is_looked_at_first(
    found: list[str], names: Names, naps: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The proxy of the environment, which may itself be inside, is asked only for what is public."""
    names[NAME] = [found]
    proxy = Scripted(as_json({}, 403))
    with proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        with pytest.raises(Unreachable if found == [PUBLIC] else Refused):
            public_client(f"https://{NAME}", naps).get("/orgs", {})
    assert proxy.connections == (IMPATIENT.attempts if found == [PUBLIC] else 0)


def test_without_the_rule_any_address_may_be_asked(naps: list[float]) -> None:
    """For hosts that whoever runs the product configured, and for sandboxes."""
    with Scripted(as_json({"a": 1})) as server:
        assert Client(server.url, "OneRoster", IMPATIENT, naps.append).get("/orgs", {}).json() == {"a": 1}
