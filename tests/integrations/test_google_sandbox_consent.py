"""Consent at the sandbox's Google. Numbers are the points a faithful server keeps."""

from __future__ import annotations

from integrations.google.sandbox import Customer, GoogleSandbox
from tests.integrations.google import BACK, UNITS, USERS, agree, begin, boxes, came_back, choose, exchange
from tests.integrations.raw import ask


def test_1_the_whole_way(google: GoogleSandbox, customer: Customer) -> None:
    """From the request to a token that reads the directory; the state comes back as it was."""
    page = choose(google, begin(google, state="a/b c"), customer.sync_account)
    assert set(boxes(page)) == {"all", USERS, UNITS}
    told = came_back(agree(google, page))
    assert (told["state"], told["hd"]) == ("a/b c", customer.domain)
    tokens = exchange(google, told["code"]).json()
    assert tokens["expires_in"] == 3599
    who = f"Bearer {tokens['access_token']}"
    assert len(ask(google, "/admin/directory/v1/users?customer=my_customer", who).json()["users"]) == 100


def test_1_an_address_is_compared_exactly(google: GoogleSandbox) -> None:
    """And the error is drawn: nothing leaves for an address that is not registered."""
    answer = begin(google, redirect_uri=f"{BACK}/")
    assert (answer.status, "location" in answer.headers) == (400, False)
    assert b"Error 400: redirect_uri_mismatch" in answer.body
