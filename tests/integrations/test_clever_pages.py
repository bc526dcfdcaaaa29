"""Whatever Clever's hosts answer, a walk ends: with a page that says so, or with one of our errors."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from integrations.clever.api import list_tokens, open_api
from integrations.clever.provider import CleverProvider
from integrations.http import Client, Limits
from integrations.provider import Malformed, Refused, SourceError
from integrations.sandbox.server import Response, as_json
from tests.integrations.test_clever_mapping import JSON
from tests.integrations.wire import Scripted

SECRETS = {"client_id": "a", "client_secret": "b"}
LIMITS = Limits(attempts=1, pauses=0)
HOME = "/v3.1/users?limit=2"


@pytest.fixture(scope="module")
def server() -> Iterator[Scripted]:
    """A server whose answer each example sets."""
    with Scripted(as_json({})) as scripted:
        yield scripted


def link(rel: str = "next") -> st.SearchStrategy[dict[str, Any]]:
    """A link to somewhere."""
    targets = [f"{HOME}&starting_after=a", f"{HOME}&starting_after=b", HOME, "/v3.1/schools", "//x", "?", "/a\ud800"]
    return st.fixed_dictionaries({"rel": st.just(rel)}, optional={"uri": st.sampled_from(targets) | JSON})


ROW = st.fixed_dictionaries({"data": st.fixed_dictionaries({}, optional={"id": st.sampled_from("abc") | JSON})}) | JSON
PAGE = st.fixed_dictionaries(
    {},
    optional={
        "data": st.lists(ROW, max_size=3) | JSON,
        "links": st.lists(link() | link("self") | JSON, max_size=2) | JSON,
        "count": st.integers() | JSON,
    },
)


@settings(max_examples=300, deadline=None)
@given(body=PAGE | JSON, status=st.sampled_from([200, 200, 200, 201, 204, 301, 400, 404, 410]))
def test_any_page_ends_the_walk_or_raises_ours(server: Scripted, body: Any, status: int) -> None:
    """The same odd page for ever: no endless loop and no error of Python's."""
    server.answers = [Response(status, json.dumps(body).encode())]
    api = open_api({"api": server.url, "auth": server.url}, SECRETS, "home", LIMITS)
    api.token = "token"
    try:
        pages = list(api.pages("/users", "limit=2"))
    except SourceError:
        return
    assert status == 200
    assert pages[-1].following is None
    assert all(type(row) is dict for page in pages for row in page.rows)


@settings(max_examples=150, deadline=None)
@given(body=PAGE | JSON)
def test_any_single_object_is_read_or_raises_ours(server: Scripted, body: Any) -> None:
    """As the answer about one person, and about one district."""
    server.answers = [Response(200, json.dumps(body).encode())]
    source = CleverProvider("home", {"api": server.url, "auth": server.url}, SECRETS)
    source._api.token = "token"
    try:
        found = source.look_up("a", ["school"])
    except SourceError:
        return
    assert found.state in {"in_scope", "out_of_scope"}


OWNER = st.fixed_dictionaries({"id": st.just("home") | JSON}) | JSON
TOKEN = st.sampled_from(["t", "t\r\nX: y", "a b", ""]) | JSON
TOKEN_ROW = st.fixed_dictionaries({"owner": OWNER, "access_token": TOKEN})


@settings(max_examples=150, deadline=None)
@given(body=st.fixed_dictionaries({"data": st.lists(TOKEN_ROW | JSON, max_size=2)}) | JSON)
def test_any_token_list_is_read_or_raises_ours(server: Scripted, body: Any) -> None:
    """A token is a text that a header can carry."""
    server.answers = [Response(200, json.dumps(body).encode())]
    try:
        tokens = list_tokens(Client(server.url, "Clever", LIMITS), SECRETS, "home")
    except SourceError:
        return
    assert all(token.district == "home" and token.secret.split() == [token.secret] for token in tokens)


def test_a_district_without_a_row_in_the_list(server: Scripted) -> None:
    """Whoever else is in it."""
    row = {"owner": {"type": "district", "id": "another"}, "access_token": "t"}
    server.answers = [as_json({"data": [row], "links": []})]
    source = CleverProvider("home", {"api": server.url, "auth": server.url}, SECRETS)
    with pytest.raises(Refused) as caught:
        source.check()
    assert caught.value.code == "E-GRANT-REVOKED"


def test_a_token_list_of_several_pages(server: Scripted) -> None:
    """Followed like any list; a page that leads to itself is an end."""
    rows = [{"owner": {"type": "district", "id": each}, "access_token": "t"} for each in "ab"]
    onward = {"rel": "next", "uri": "/oauth/tokens?owner_type=district&starting_after=1"}
    server.answers = [as_json({"data": rows[:1], "links": [onward]}), as_json({"data": rows[1:], "links": [onward]})]
    tokens = list_tokens(Client(server.url, "Clever", LIMITS), SECRETS)
    assert [token.district for token in tokens] == ["a", "b"]
    assert "'t'" not in repr(tokens)


@pytest.mark.parametrize("body", [b"<html></html>", b"", b"[]", b'{"data": {}}'])
def test_a_wrong_address_is_told_in_words(body: bytes, server: Scripted) -> None:
    """A host that is not Clever."""
    server.answers = [Response(200, body)]
    hosts = {"api": server.url, "auth": server.url}
    with pytest.raises(Malformed, match="Clever answered /oauth/tokens with"):
        CleverProvider.tenants(hosts, SECRETS)
