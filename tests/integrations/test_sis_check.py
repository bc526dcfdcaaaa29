"""What is wrong with the settings of a OneRoster server is said in words that name the setting."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from integrations.oneroster.sandbox import OneRosterSandbox
from integrations.provider import Malformed, Provider, Refused, Unreachable
from integrations.sandbox.server import Response
from integrations.sis.provider import SisProvider
from integrations.sis.settings import SisSettings, service_of
from tests.integrations.conftest import IMPATIENT
from tests.integrations.sis import on_paper, typed
from tests.integrations.wire import Scripted

DOORS = {"1.1": ["oauth1-sha256", "oauth1-sha1", "bearer", "oauth2"], "1.2": ["bearer", "oauth2"]}


@pytest.fixture(params=["1.1", "1.2"])
def server(request: pytest.FixtureRequest) -> Iterator[OneRosterSandbox]:
    """A server of either version with one district."""
    with OneRosterSandbox(version=request.param) as sandbox:
        sandbox.add_district(people=30, schools=2)
        yield sandbox


def opened(server: OneRosterSandbox, auth: str = "", **instead: str) -> Provider:
    """The provider that these settings open, which does not wait."""
    kind: type[SisProvider] = type(
        "ImpatientSis", (SisProvider,), {"limits": IMPATIENT, "sleep": staticmethod(lambda _: None)}
    )
    settings, secrets = typed(server, None, auth, **instead)
    return kind("", {"private": "yes"}, secrets, settings)


def test_every_way_in_opens(server: OneRosterSandbox) -> None:
    """With at most three requests; the least scope is enough."""
    server.set_faults({"granted": ["roster-core.readonly"]})
    for auth in DOORS[server.version]:
        before = len(server.log)
        opened(server, auth).check()
        assert len(server.log) - before == (3 if auth == "oauth2" else 2)


@pytest.mark.parametrize("auth", DOORS["1.1"])
def test_a_wrong_secret(server: OneRosterSandbox, auth: str) -> None:
    """Is refused at every door, in at most five requests."""
    if auth not in DOORS[server.version]:
        auth = "oauth2"
    with pytest.raises(Refused, match=r"does not accept the (key and secret|bearer token)"):
        opened(server, auth, secret="wrong-secret").check()
    assert len(server.log) <= 5


def test_a_token_that_opens_nothing(server: OneRosterSandbox) -> None:
    """It is tried twice, with a new token."""
    provider = opened(server, "oauth2")
    server.set_faults({"page_status_at": 1, "page_status": 401, "page_of": "orgs"})
    with pytest.raises(Refused, match="hands out a token and then does not accept it"):
        provider.check()
    assert len(server.log) == 4


def test_another_version(server: OneRosterSandbox) -> None:
    """The one that answers there is named."""
    other = {"1.1": "1.2", "1.2": "1.1"}[server.version]
    told = on_paper(server, auth="bearer")
    with pytest.raises(Malformed, match=f"no OneRoster {other} at this base URL, but {server.version} answers there"):
        opened(server, "bearer", base_url=told["base_url"].split("/ims")[0], version=other).check()
    assert len(server.log) == 2


def test_another_version_where_tokens_are_asked_for_by_version(server: OneRosterSandbox) -> None:
    """The server hands out none for it, and which settings asked is said."""
    other = {"1.1": "1.2", "1.2": "1.1"}[server.version]
    with pytest.raises(Refused, match=r"read the roster\. It was asked for by the version and the scope"):
        opened(server, "oauth2", base_url=server.url, version=other).check()
    assert len(server.log) == 1


def test_no_oneroster_there(server: OneRosterSandbox) -> None:
    """Neither version answers; the path that was asked for is named."""
    with pytest.raises(Malformed, match=r"no OneRoster at this base URL: /somewhere/ims/oneroster/\S+ answers with"):
        opened(server, "bearer", base_url=f"{server.url}/somewhere").check()
    assert len(server.log) == 2


def test_a_web_page_there() -> None:
    """A sign-in page, say."""
    with Scripted(Response(body=b"<html>Sign in</html>", kind="text/html")) as page, OneRosterSandbox() as server:
        server.add_district(people=3)
        with pytest.raises(Malformed, match="a web page instead of data"):
            opened(server, "bearer", base_url=page.url).check()


def test_nobody_there(server: OneRosterSandbox) -> None:
    """The address is repeated; for the token's, it is said that it was that one."""
    with pytest.raises(Unreachable, match=r"That was the base URL, http://127.0.0.1:9"):
        opened(server, "bearer", base_url="http://127.0.0.1:9").check()
    with pytest.raises(Unreachable, match=r"does not answer. That was the token URL"):
        opened(server, "oauth2", token_url="http://127.0.0.1:9/token").check()
    with pytest.raises(Malformed, match=r"HTTP 404. That was the token URL"):
        opened(server, "oauth2", token_url=f"{server.url}/nowhere").check()


def test_clocks_apart() -> None:
    """It is not the secret that is wrong."""
    with OneRosterSandbox() as server:
        server.add_district(people=3)
        real = server.clock
        server.clock = lambda: real() - 660
        with pytest.raises(Unreachable, match="its clock is 11 minutes behind"):
            opened(server).check()


def test_less_than_the_roster(server: OneRosterSandbox) -> None:
    """A right that is missing is said to be that."""
    for faults, words in (
        ({"granted": ["demographics.readonly"]}, "does not let SmartPass read the roster"),
        ({"page_status_at": 1, "page_status": 403, "page_of": "orgs"}, "does not let it read orgs"),
        ({"page_status_at": 1, "page_status": 403}, "does not let it read users"),
        ({"empty": ["orgs"]}, "shows it no school"),
    ):
        server.faults = {}
        server.set_faults(faults)
        with pytest.raises(Refused, match=words) as caught:
            opened(server, "oauth2").check()
        assert caught.value.code == "E-PRIVILEGE-MISSING"


@pytest.mark.parametrize(
    ("base_url", "version", "server", "service"),
    [
        ("sis.lincoln.example", "1.1", "sis.lincoln.example", "/ims/oneroster/v1p1"),
        ("https://SIS.Lincoln.example:443/", "1.2", "sis.lincoln.example", "/ims/oneroster/rostering/v1p2"),
        ("https://sis.example/One/ims/oneroster/v1p1/", "1.1", "sis.example/One", "/ims/oneroster/v1p1"),
        ("https://sis.example/ims/oneroster", "1.2", "sis.example", "/ims/oneroster/rostering/v1p2"),
        ("https://sis.example/ims/oneroster/v1p2", "1.2", "sis.example", "/ims/oneroster/v1p2"),
        ("https://sis.example:8443/api/v1p1", "1.1", "sis.example:8443/api", "/v1p1"),
        ("https://sis.example/ims/oneroster/v1p1/7", "1.1", "sis.example/ims/oneroster/v1p1/7", "/ims/oneroster/v1p1"),
    ],
)
def test_an_address_is_taken_as_people_are_told_it(base_url: str, version: str, server: str, service: str) -> None:
    """With or without OneRoster's own part; whatever stands there, it is the same server."""
    form = filled(base_url=base_url, version=version)
    assert form.is_valid(), form.errors
    assert service_of(form.cleaned_data["base_url"], version) == f"https://{server}{service}"
    assert SisProvider.upstream(form.cleaned_data) == (f"https://{server} k", server)


@pytest.mark.parametrize(
    "base_url",
    [
        "https://me:secret@sis.example",
        "https://@sis.example",
        "https://sis.example?x=1",
        "https://sis.example/#a",
        "https://sis.example/schül",
        "https://sis.example:99999",
        "https://sis.example\\@10.0.0.1",
        "https://sis.example%2eevil.example",
        "ftp://sis.example",
        "https://sis",
        "/etc/passwd",
    ],
)
def test_what_is_no_servers_address_is_refused(base_url: str) -> None:
    """Before anybody is asked."""
    form = filled(base_url=base_url)
    assert list(form.errors) == ["base_url"]


def test_a_version_in_the_address_is_the_one_that_is_meant() -> None:
    """Or the page asks."""
    form = filled(base_url="https://sis.example/ims/oneroster/v1p1", version="1.2")
    assert form.errors == {"version": ["The base URL names version 1.1."]}


def filled(**given: Any) -> SisSettings:
    """The form for a signed way in."""
    return SisSettings({"version": "1.1", "auth": "oauth1-sha256", "key": "k", "secret": "s", **given})
