"""What goes wrong at the sandbox's Google when it is told to. Numbers are the points a faithful server keeps."""

from __future__ import annotations

import http.client
import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from integrations.google.sandbox import Customer, GoogleSandbox
from integrations.google.sandbox.errors import REFUSALS
from tests.integrations.google import GROUPS, bearer, below, read, reason, users
from tests.integrations.raw import Answer, ask

ASKED = {"customer": "my_customer", "maxResults": 100}


@pytest.fixture
def who(google: GoogleSandbox, customer: Customer) -> str:
    """The Authorization header of the sync account."""
    assert customer.sync_account
    return bearer(google)


def page(google: GoogleSandbox, who: str, number: int = 1) -> Answer:
    """The n-th page of a hundred users."""
    token: str | None = None
    for _ in range(number - 1):
        token = read(google, "users", who, **ASKED, pageToken=token).json()["nextPageToken"]
    return read(google, "users", who, **ASKED, pageToken=token)


@pytest.mark.parametrize("name", sorted(REFUSALS))
def test_16_every_refusal(name: str, google: GoogleSandbox, who: str) -> None:
    """By its reason, for one collection alone, as often as it is told to."""
    google.set_faults({"refuse": {"users": name}, "refuse_times": 2, "retry_after": "7"})
    for _ in range(2):
        answer = page(google, who)
        refusal = REFUSALS[name]
        assert reason(answer) == (refusal.status, name)
        error = answer.json()["error"]
        assert (error["code"], error["message"]) == (refusal.status, refusal.message)
        assert error["errors"][0]["domain"] == refusal.domain
        assert answer.headers.get("retry-after") == ("7" if refusal.status in {403, 429, 503} else None)
        assert read(google, "groups", who, customer="my_customer").status == 200
    assert page(google, who).status == 200


def test_16_each_shape(google: GoogleSandbox, who: str) -> None:
    """The same refusal in six of them; the words may be others."""
    google.set_faults({"refuse": {"users": "quotaExceeded"}, "message": "Slower, please."})
    bodies = {}
    for shape in "abcdef":
        google.set_faults({"error_shape": shape})
        answer = page(google, who)
        assert answer.status == 403
        bodies[shape] = answer
    error = {"message": "Slower, please.", "domain": "usageLimits", "reason": "quotaExceeded"}
    assert bodies["a"].json() == {"error": {"code": 403, "message": "Slower, please.", "errors": [error]}}
    assert set(bodies["b"].json()["error"]) == {"code", "message", "errors", "status", "details"}
    assert bodies["b"].json()["error"]["status"] == "PERMISSION_DENIED"
    assert set(bodies["c"].json()["error"]) == {"code", "message", "status", "details"}
    assert (bodies["d"].body, bodies["d"].headers["content-type"][:10]) == (b"Slower, please.", "text/plain")
    assert bodies["e"].body.startswith(b"<!DOCTYPE html>")
    assert bodies["f"].json() == {"error": "quotaExceeded", "error_description": "Slower, please."}


def test_16_a_page_fails(google: GoogleSandbox, who: str) -> None:
    """The second one, three times."""
    google.set_faults({"page_fail_at": 2, "page_fail_times": 3})
    token = page(google, who).json()["nextPageToken"]
    seen = [read(google, "users", who, **ASKED, pageToken=token).status for _ in range(4)]
    assert seen == [503, 503, 503, 200]


def test_16_a_body_is_cut(google: GoogleSandbox, who: str) -> None:
    """The connection is reset in the middle, compressed or not; then all is well."""
    google.set_faults({"page_cut_at": 1, "page_cut_times": 2})
    for accepted in ("identity", "gzip"):
        where = "/admin/directory/v1/users?customer=my_customer"
        with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
            ask(google, where, who, Accept_Encoding=accepted, User_Agent="x (gzip)")
    assert page(google, who).status == 200


@pytest.mark.parametrize(
    ("name", "body"),
    [("empty_body_at", b""), ("html_at", b"<!DOCTYPE html>"), ("null_at", b"null"), ("not_json_at", b'{"kind"')],
)
def test_16_a_body_is_no_page(name: str, body: bytes, google: GoogleSandbox, who: str) -> None:
    """With status 200."""
    google.set_faults({name: 2})
    assert page(google, who).json()["users"]
    answer = page(google, who, 2)
    assert (answer.status, answer.body[: len(body)], bool(answer.body)) == (200, body, bool(body))


def test_16_rows_are_missing(google: GoogleSandbox, who: str) -> None:
    """Without the key, emptied, or short: nothing in the answer says so."""
    for name, size, more in (("no_key_at", None, False), ("empty_page_at", None, True), ("lose_rows_at", 99, True)):
        google.set_faults({name: 2})
        told = page(google, who, 2).json()
        assert (len(told["users"]) if "users" in told else None, "nextPageToken" in told) == (size, more), name
        google.set_faults({name: None})
    google.set_faults({"lose_rows_at": 1, "lose_rows": 40})
    assert len(users(google, who)) == 262
    google.set_faults({"lose_rows_at": None, "empty": ["users", "orgunits"]})
    assert users(google, who) == []
    assert "organizationUnits" not in read(google, "customer/my_customer/orgunits", who).json()


def test_16_rows_that_do_not_belong(google: GoogleSandbox, customer: Customer, who: str) -> None:
    """One twice, one of another customer, one that is no row."""
    google.set_faults({"repeat_row_at": 2})
    assert len(users(google, who, maxResults=100)) == 303
    google.set_faults({"repeat_row_at": None, "foreign_row_at": 2})
    told = {row["customerId"] for row in users(google, who, maxResults=100)}
    assert told == {customer.id, "C09999xyz"}
    google.set_faults({"foreign_row_at": None, "stray_row_at": 1, "stray_row": 7})
    assert page(google, who).json()["users"][-1] == 7


def test_16_a_walk_without_end(google: GoogleSandbox, who: str) -> None:
    """The same token for ever, or empty pages with another token each."""
    google.set_faults({"same_token": True})
    tokens = [page(google, who, number).json()["nextPageToken"] for number in (1, 2, 3)]
    assert tokens[1] == tokens[2]
    google.set_faults({"same_token": None, "endless": True})
    told = [page(google, who, number).json() for number in (2, 3, 4)]
    assert len({each["nextPageToken"] for each in told}) == 3
    assert not any("users" in each for each in told)


def test_16_slow_and_dripping(google: GoogleSandbox, who: str) -> None:
    """A pause before the page; or every read is quick and the whole is not."""
    google.set_faults({"page_slow_at": 1, "slow_seconds": 0.3})
    began = time.monotonic()
    page(google, who)
    assert time.monotonic() - began >= 0.3
    google.set_faults({"page_slow_at": None, "page_drip_at": 1, "drip_seconds": 0.01})
    began = time.monotonic()
    answer = read(google, "users", who, customer="my_customer", maxResults=1, fields="users(id,primaryEmail)")
    assert time.monotonic() - began >= len(answer.body) // 16 * 0.01
    assert len(answer.json()["users"]) == 1


def test_16_somebody_moves_between_two_pages(google: GoogleSandbox, customer: Customer, who: str) -> None:
    """So that a walk over one unit misses them, or one over two units sees them twice."""
    year = "/Students/2022"
    last = list(customer.users(customer.units.find(year)))[-1]
    google.set_faults({"edit_at": 2, "edit": {"do": "move", "args": {"user": last.id, "unit": "/Students/2023"}}})
    first = users(google, who, query=below(year), maxResults=30)
    assert (len(first), last.id in {row["id"] for row in first}) == (59, False)
    early = next(customer.users(customer.units.find(year)))
    google.set_faults({"edit": {"do": "change_email", "args": {"user": early.id, "email": f"zz@{customer.domain}"}}})
    twice = [row["id"] for row in users(google, who, maxResults=100)]
    assert twice.count(early.id) == 2


def test_16_other_collections(google: GoogleSandbox, customer: Customer, who: str) -> None:
    """The same for groups, members and units."""
    places = {
        "groups": "groups?customer=my_customer",
        "members": f"groups/office@{customer.domain}/members",
        "orgunits": "customer/my_customer/orgunits",
    }
    for kind, place in places.items():
        google.set_faults({"page_of": kind, "page_fail_at": 1, "page_fail": "userRateLimitExceeded"})
        assert reason(read(google, place, who)) == (403, "userRateLimitExceeded")
        assert page(google, who).status == 200
        google.set_faults({"page_of": None, "page_fail_at": None, "page_fail": None})
        assert read(google, place, who).status == 200


def test_16_switches_are_set_over_http(google: GoogleSandbox, who: str) -> None:
    """By name; an unknown one is refused, null takes one back, and counting begins anew."""

    def told(path: str, body: Any) -> Answer:
        return ask(google, f"/_sandbox/{path}", method="POST", body=json.dumps(body).encode())

    assert told("faults", {"nonsense": 1}).status == 400
    for _ in range(2):
        assert told("faults", {"page_fail_at": 1, "page_fail_times": 1}).status == 200
        assert [page(google, who).status for _ in range(2)] == [503, 200]
    assert told("faults", {"page_fail_at": None, "page_fail_times": None}).json() == {}


def test_18_requests_are_counted(google: GoogleSandbox, customer: Customer, who: str) -> None:
    """By what was asked, with their parameters, and how many at once."""
    users(google, who, maxResults=100, fields="nextPageToken,users(id)")
    read(google, f"groups/office@{customer.domain}/members", who)
    assert google.counts == {"/token": 1, "users": 4, "groups/*/members": 1}
    walked = [entry for entry in google.log if entry.path.endswith("/users")]
    assert all("fields=nextPageToken%2Cusers%28id%29" in entry.query for entry in walked)
    assert google.together == 1
    google.set_faults({"page_slow_at": 1, "slow_seconds": 0.3})
    with ThreadPoolExecutor(4) as pool:
        assert {answer.status for answer in pool.map(lambda _: page(google, who), range(4))} == {200}
    assert google.together == 4


def test_18_a_missing_scope_is_refused_before_anything_is_done(google: GoogleSandbox, customer: Customer) -> None:
    """And is counted like any other request."""
    assert reason(read(google, "users", bearer(google, customer.sync_account, [GROUPS]), **ASKED))[0] == 403
    assert google.counts["users"] == 1
