"""What can go wrong at a OneRoster server, by switch."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from integrations.classlink.sandbox import faults as classlink_faults
from integrations.oneroster.sandbox import District, OneRosterSandbox, faults
from integrations.sandbox.server import Request, WrongCommand
from tests.integrations.raw import Answer, ask, ids, post, read, rows

SORTED = "sort=sourcedId&orderBy=asc"


@pytest.fixture
def server() -> Iterator[OneRosterSandbox]:
    """A server of 1.1."""
    with OneRosterSandbox() as made:
        yield made


@pytest.fixture
def district(server: OneRosterSandbox) -> District:
    """250 people."""
    return server.add_district(250, 3)


def page(server: OneRosterSandbox, district: District, number: int) -> Answer:
    """One page of people, counted from 1."""
    return read(server, district, f"users?limit=100&offset={(number - 1) * 100}&{SORTED}")


def statuses(server: OneRosterSandbox, district: District) -> list[int]:
    """The statuses of three pages."""
    return [page(server, district, number).status for number in (1, 2, 3)]


def delay(server: OneRosterSandbox, district: District, rest: str) -> float:
    """The seconds that would pass before an answer."""
    headers = {"authorization": f"Bearer {district.bearer}"}
    return server.handle(Request("GET", f"/ims/oneroster/v1p1/{rest}", headers, b"")).delay


@pytest.mark.parametrize("module", [faults, classlink_faults])
def test_every_switch_is_described(module: Any) -> None:
    """By its name, in the module that knows it or in the one below it."""
    said = f"{module.__doc__} {faults.__doc__}"
    assert [name for name in sorted(module.KNOWN) if name not in said] == []


def test_an_unknown_switch_is_refused(server: OneRosterSandbox) -> None:
    """In-process and over HTTP; null takes one back."""
    with pytest.raises(WrongCommand):
        server.set_faults({"no_such_thing": 1})
    assert ask(server, "/_sandbox/faults", method="POST", body=b'{"no_such_thing": 1}').status == 400
    assert ask(server, "/_sandbox/faults", method="POST", body=b'{"clamp": 5}').json() == {"clamp": 5}
    assert ask(server, "/_sandbox/faults", method="POST", body=b'{"clamp": null}').json() == {}


def test_21_a_page_that_fails_a_few_times(server: OneRosterSandbox, district: District) -> None:
    """Asking for the same page again is not another page."""
    server.set_faults({"page_status_at": 2, "page_status_times": 2})
    assert [page(server, district, number).status for number in (1, 2, 2, 2, 3)] == [200, 503, 503, 200, 200]
    server.set_faults({"page_status_at": 3, "page_status": 500, "page_status_times": None})
    assert statuses(server, district) == [200, 200, 500]


def test_21_too_many_requests(server: OneRosterSandbox, district: District) -> None:
    """Retry-After in seconds or as a date, and a web page as the body if wished."""
    server.set_faults({"page_status_at": 1, "page_status": 429, "retry_after": 60, "error_body": "html"})
    answer = page(server, district, 1)
    assert (answer.status, answer.headers["retry-after"]) == (429, "60")
    assert answer.headers["content-type"].startswith("text/html")
    now = time.time()
    server.clock = lambda: now
    server.set_faults({"retry_after": None, "retry_after_date": 90})
    until = parsedate_to_datetime(page(server, district, 1).headers["retry-after"]).timestamp()
    assert until == int(now + 90)


def test_21_a_page_too_heavy(server: OneRosterSandbox, district: District) -> None:
    """502 above a limit, fine below it."""
    server.set_faults({"heavy_above": 50})
    heavy = read(server, district, "users?limit=51")
    assert (heavy.status, heavy.headers["content-type"]) == (502, "text/html; charset=utf-8")
    assert len(rows(server, district, "users?limit=50")) == 50
    server.set_faults({"heavy_status": 504})
    assert read(server, district, "users?limit=51").status == 504


def test_21_now_and_then_a_failure_or_a_slow_answer(server: OneRosterSandbox, district: District) -> None:
    """Every n-th request, wherever it goes."""
    server.set_faults({"fail_every": 3})
    assert sorted(read(server, district, "orgs").status for _ in range(6)) == [200] * 4 + [500] * 2
    server.set_faults({"fail_every": None, "slow_every": 2, "slow_seconds": 7})
    assert sorted(delay(server, district, "orgs") for _ in range(4)) == [0.0, 0.0, 7.0, 7.0]
    server.set_faults({"slow_every": None, "page_slow_at": 2})
    assert [delay(server, district, f"users?offset={offset}") for offset in (0, 100, 200)] == [0.0, 7.0, 0.0]
    server.set_faults({"slow_seconds": 0.2})
    page(server, district, 1)
    started = time.monotonic()
    page(server, district, 2)
    assert time.monotonic() - started >= 0.2


def test_21_a_connection_cut_in_the_body(server: OneRosterSandbox, district: District) -> None:
    """Once, if wished."""
    server.set_faults({"page_reset_at": 2, "page_reset_times": 1})
    assert page(server, district, 1).status == 200
    with pytest.raises((ConnectionError, http.client.IncompleteRead)):
        page(server, district, 2)
    assert page(server, district, 2).status == 200


def test_21_wrong_bodies_with_status_200(server: OneRosterSandbox, district: District) -> None:
    """An error's envelope, a web page, half a page, nothing, other JSON, and the right one under a wrong type."""

    def second(switch: str) -> Answer:
        server.set_faults({switch: 2})
        assert list(page(server, district, 1).json()) == ["users"]
        answer = page(server, district, 2)
        server.set_faults({switch: None})
        assert answer.status == 200
        return answer

    assert second("error_envelope_at").json()["statusInfoSet"][0]["imsx_codeMajor"] == "failure"
    assert second("html_at").body.startswith(b"<!DOCTYPE html>")
    with pytest.raises(json.JSONDecodeError):
        second("not_json_at").json()
    assert second("empty_body_at").body == b""
    assert second("not_object_at").json() == "users"
    assert type(second("not_list_at").json()["users"]) is dict
    assert list(second("no_key_at").json()) == ["value"]
    wrong = second("wrong_type_at")
    assert (wrong.headers["content-type"], len(wrong.json()["users"])) == ("text/html", 100)


def test_21_wrong_rows(server: OneRosterSandbox, district: District) -> None:
    """Twice the last, the page before, none, one too few, something else among them."""

    def second(switch: str) -> list[Any]:
        server.set_faults({switch: 2})
        found = [page(server, district, number).json()["users"] for number in (1, 2)][1]
        server.set_faults({switch: None})
        return list(found)

    right = page(server, district, 2).json()["users"]
    assert second("repeat_row_at") == [*right, right[-1]]
    assert ids(second("repeat_page_at")) == ids(page(server, district, 1).json()["users"])
    assert second("empty_page_at") == []
    assert second("lose_rows_at") == right[:-1]
    assert second("stray_row_at")[1] == "stray"
    server.set_faults({"stray_row": None})


def test_21_access_ends_in_the_middle(server: OneRosterSandbox, district: District) -> None:
    """401 from a page on."""
    server.set_faults({"page_401_from": 2})
    assert statuses(server, district) == [200, 401, 401]


def test_21_only_the_collection_named_is_struck(server: OneRosterSandbox, district: District) -> None:
    """Orgs instead of people."""
    server.set_faults({"page_status_at": 1, "page_of": "orgs"})
    assert read(server, district, "orgs").status == 503
    assert page(server, district, 1).status == 200
    server.set_faults({"path_status": {"/ims/oneroster/v1p1/users": 504}})
    assert page(server, district, 1).status == 504


def test_21_nested_collections_may_not_be_there(server: OneRosterSandbox, district: District) -> None:
    """404 for all of them, the flat ones stay."""
    server.set_faults({"core_only": True})
    assert read(server, district, "schools/2/students").status == 404
    assert read(server, district, "students").status == 200


@pytest.mark.parametrize(
    ("said", "body"),
    [("flat", b'{"error": "no such object"}'), ("empty", b"")],
)
def test_errors_come_in_many_shapes(said: str, body: bytes, server: OneRosterSandbox, district: District) -> None:
    """Not only in the standard's."""
    server.set_faults({"error_body": said})
    answer = read(server, district, "users/nobody")
    assert (answer.status, answer.body) == (404, body)


def test_only_reading_is_possible(server: OneRosterSandbox, district: District) -> None:
    """Nothing can be written."""
    assert post(server, "/ims/oneroster/v1p1/users", f"Bearer {district.bearer}").status == 405


def test_the_log_holds_no_secret(server: OneRosterSandbox, district: District) -> None:
    """Paths, statuses and kinds of doors."""
    page(server, district, 1)
    read(server, district, "users/nobody")
    log = ask(server, "/_sandbox/log")
    assert [(row["status"], row["token"]) for row in log.json()] == [(200, "bearer"), (404, "bearer")]
    for secret in (district.bearer, district.secret, district.key):
        assert secret.encode() not in log.body
