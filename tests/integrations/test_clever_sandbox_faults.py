"""Every fault of the sandbox, seen from outside and by the provider."""

from __future__ import annotations

import time
from typing import Any

import pytest
import requests

from integrations.clever.sandbox import CleverSandbox, District
from integrations.clever.sandbox.faults import KNOWN
from integrations.provider import Malformed, Refused, SourceError, Unreachable
from tests.integrations.asking import ask, ask_json, next_of, walk
from tests.integrations.conftest import OpenClever

#: Each fault that spoils a walk, and what the provider makes of it.
SPOILS: list[tuple[dict[str, Any], type[SourceError] | None]] = [
    ({"page_401_from": 2}, Refused),
    ({"page_status_at": 2, "page_status": 502}, Unreachable),
    ({"page_status_at": 2, "page_status": 403}, Refused),
    ({"page_status_at": 1, "page_status": 404}, Refused),
    ({"page_status_at": 2, "page_status": 404}, Malformed),
    ({"page_status_at": 2, "page_status_times": 2}, None),
    ({"page_reset_at": 2}, Unreachable),
    ({"page_reset_at": 2, "page_reset_times": 1}, None),
    ({"page_slow_at": 2, "slow_seconds": 0.05}, None),
    ({"html_at": 2}, Malformed),
    ({"not_json_at": 2}, Malformed),
    ({"not_object_at": 2}, Malformed),
    ({"no_data_at": 2}, Malformed),
    ({"no_links_at": 2}, Malformed),
    ({"unwrapped_at": 2}, Malformed),
    ({"repeat_next_at": 2}, Malformed),
    ({"foreign_next_at": 2}, Malformed),
    ({"doubled_next_at": 2}, Malformed),
    ({"bare_next_at": 2}, Malformed),
    ({"repeat_row_at": 2}, Malformed),
    ({"repeat_page_at": 2}, Malformed),
    ({"empty_page_at": 2}, Malformed),
    ({"reverse_rows_at": 2}, Malformed),
    ({"lose_rows_at": 2}, None),
    ({"end_at": 2}, None),
    ({"no_data": True}, None),
    ({"empty_last_page": True}, None),
    ({"count": False}, None),
    ({"count": 7}, None),
    ({"path_status": {"/oauth/": 503}}, Unreachable),
    ({"path_status": {"/v3.1/schools": 500}}, Unreachable),
    ({"rate_limit": 4, "rate_window": 60, "rate_bucket": 9, "rate_reset_in": 8}, Unreachable),
]
#: Switches that say how others look; each has a test of its own.
LOOKS = {"not_found", "scope_status"}


@pytest.mark.parametrize(("fault", "error"), SPOILS, ids=[" ".join(fault) for fault, _ in SPOILS])
def test_the_provider_meets_every_fault(
    fault: dict[str, Any],
    error: type[SourceError] | None,
    sandbox: CleverSandbox,
    district: District,
    open_clever: OpenClever,
) -> None:
    """It ends well, or in the one error that fits, and heals when the fault is gone."""
    sandbox.set_faults(fault)
    source = open_clever(district)
    if error is None:
        list(source.people([]))
        assert source.receipt.closed
    else:
        with pytest.raises(error) as caught:
            list(source.people([]))
        assert type(caught.value) is error
    sandbox.set_faults(dict.fromkeys(fault))
    sandbox.clock = lambda: time.time() + 3600
    assert len(list(open_clever(district).people([]))) == 250


def test_no_fault_is_left_out() -> None:
    """Every switch is exercised above or named below."""
    assert {name for fault, _ in SPOILS for name in fault} | LOOKS == KNOWN


@pytest.mark.parametrize(
    ("fault", "proven"),
    [({}, True), ({"count": False}, True), ({"count": 7}, False), ({"end_at": 2}, False), ({"no_data": True}, False)],
)
def test_what_the_receipt_proves(
    fault: dict[str, Any],
    *,
    proven: bool,
    sandbox: CleverSandbox,
    district: District,
    open_clever: OpenClever,
) -> None:
    """A total that fits, or none at all, and every school."""
    source = open_clever(district)
    linked = {place.external_id for place in source.places()}
    sandbox.set_faults(fault)
    list(source.people([]))
    assert source.receipt.proven(linked) is proven


@pytest.mark.parametrize("name", ["page_status_at", "html_at"])
def test_failing_pages_are_web_pages(name: str, sandbox: CleverSandbox, district: District) -> None:
    """HTML, with the status of the fault."""
    sandbox.set_faults({name: 1})
    answer = ask(sandbox, "/v3.1/users", district.token)
    assert answer.status_code == (503 if name == "page_status_at" else 200)
    assert answer.headers["Content-Type"].startswith("text/html")
    assert answer.text.startswith("<!DOCTYPE html>")


@pytest.mark.parametrize(("said", "body"), [("message", b'{"message": "Resource not found"}'), ("empty", b"")])
def test_bodies_of_404(said: str, body: bytes, sandbox: CleverSandbox, district: District) -> None:
    """In JSON or not at all."""
    sandbox.set_faults({"not_found": said})
    answer = ask(sandbox, "/v3.1/users/nobody", district.token)
    assert (answer.status_code, answer.content) == (404, body)


def test_a_reset_is_a_reset(sandbox: CleverSandbox, district: District) -> None:
    """In the middle of the body."""
    sandbox.set_faults({"page_reset_at": 1})
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        ask(sandbox, "/v3.1/users", district.token)


def test_an_empty_roster(sandbox: CleverSandbox, district: District) -> None:
    """200, no rows, no next."""
    sandbox.set_faults({"no_data": True})
    assert walk(sandbox, district, "/v3.1/users") == []
    assert walk(sandbox, district, "/v3.1/schools") == []


def test_an_empty_last_page(sandbox: CleverSandbox, district: District) -> None:
    """One more page, without rows and without a next."""
    sandbox.set_faults({"empty_last_page": True})
    last = ask_json(sandbox, district, "/v3.1/users?limit=300")
    after = next_of(last)
    assert after == f"/v3.1/users?limit=300&starting_after={last['data'][-1]['data']['id']}"
    empty = ask_json(sandbox, district, after or "")
    assert (empty["data"], next_of(empty)) == ([], None)


def test_the_rate_limit_counts_each_token_for_itself(sandbox: CleverSandbox, district: District) -> None:
    """Headers on every answer; an empty 429 when the window is used up; a new window begins afresh."""
    other = sandbox.add_district(people=10, schools=1, seed=2)
    now = [1_800_000_030.0]
    sandbox.clock = lambda: now[0]
    sandbox.set_faults({"rate_limit": 2})
    answers = [ask(sandbox, "/v3.1/schools", district.token) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert [answer.headers["X-RateLimit-Remaining"] for answer in answers] == ["1", "0", "0"]
    assert answers[2].content == b""
    assert answers[2].headers["X-RateLimit-Reset"] == "1800000060"
    assert answers[2].headers["X-RateLimit-Limit"] == "2"
    assert answers[2].headers["X-RateLimit-Bucket"]
    assert "Retry-After" not in answers[2].headers
    assert ask(sandbox, "/v3.1/schools", other.token).status_code == 200
    now[0] += 30
    assert ask(sandbox, "/v3.1/schools", district.token).status_code == 200


def test_the_usual_rate_limit(sandbox: CleverSandbox, district: District) -> None:
    """1,200 a minute."""
    assert ask(sandbox, "/v3.1/schools", district.token).headers["X-RateLimit-Limit"] == "1200"


def test_two_buckets_come_as_lists(sandbox: CleverSandbox, district: District) -> None:
    """In another casing."""
    sandbox.set_faults({"rate_bucket": 5})
    headers = ask(sandbox, "/v3.1/schools", district.token).headers
    assert headers["X-RateLimit-Limit"] == "1200, 5"
    assert "X-Ratelimit-Limit" in list(headers)


def test_a_page_counts_once_however_often_it_is_asked_for(sandbox: CleverSandbox, district: District) -> None:
    """Asking again for the second page is not the third."""
    sandbox.set_faults({"page_status_at": 3})
    second = next_of(ask_json(sandbox, district, "/v3.1/users")) or ""
    assert [ask(sandbox, second, district.token).status_code for _ in range(3)] == [200] * 3
    third = next_of(ask_json(sandbox, district, second)) or ""
    assert ask(sandbox, third, district.token).status_code == 503
