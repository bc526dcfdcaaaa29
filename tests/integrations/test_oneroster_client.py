"""Walks over a OneRoster server's collections: where they end, what they count, what stops them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from integrations.http import Client
from integrations.oneroster import client as reader
from integrations.oneroster.client import Reading, Server, Walk
from integrations.oneroster.doors import Bearer
from integrations.provider import Changed, Malformed, Refused, SourceError
from integrations.sandbox.server import Request, Response, SandboxServer, WrongCommand, as_json
from tests.integrations.conftest import IMPATIENT

Answer = Callable[[int, int], Response]


class Told(SandboxServer):
    """A OneRoster server whose pages are what a function of offset and limit says."""

    def __init__(self, page: Answer) -> None:
        """Listens on a free port."""
        super().__init__()
        self.page = page

    def answer(self, request: Request) -> Response:
        """What the function says."""
        return self.page(int(request.first("offset", "0")), int(request.first("limit", "0")))

    def edit(self, verb: str, args: dict[str, Any]) -> Any:
        """There is no world."""
        raise WrongCommand(f"{verb} {args}")


def rows(first: int, last: int) -> list[dict[str, Any]]:
    """Users with these numbers."""
    return [{"sourcedId": f"{number:06}"} for number in range(first, last)]


def users(found: list[dict[str, Any]], **headers: str) -> Response:
    """A page of users."""
    response = as_json({"users": found})
    response.headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return response


def walked(page: Answer, naps: list[float], size: int = 10) -> tuple[Walk, list[str], list[str]]:
    """A walk to its end, the ids it gave, and what was asked."""
    with Told(page) as server:
        walk = Server(Client(server.url, "OneRoster", IMPATIENT, naps.append), "", Bearer("b"), "shut").walk(
            "user", size
        )
        ids = [str(row.get("sourcedId")) for found in walk for row in found]
        return walk, ids, [entry.query for entry in server.log]


def test_a_walk_asks_in_order_until_nothing_comes(naps: list[float]) -> None:
    """Sorted, from where the last page ended, to an empty page."""
    walk, ids, asked = walked(lambda offset, limit: users(rows(offset, min(25, offset + limit))), naps)
    assert ids == [row["sourcedId"] for row in rows(0, 25)]
    assert asked == [f"limit=10&offset={offset}&sort=sourcedId&orderBy=asc" for offset in (0, 10, 20, 25)]
    assert (walk.rows, walk.pages, walk.repeated, walk.announced) == (25, 3, 0, None)


def test_an_end_is_looked_for_where_the_rows_ended(naps: list[float]) -> None:
    """Fewer rows than asked for are no end, more are as good."""
    fewer, ids, asked = walked(lambda offset, _: users(rows(offset, min(25, offset + 3))), naps)
    assert (len(ids), len(asked), fewer.pages) == (25, 10, 9)
    more, ids, asked = walked(lambda offset, _: users(rows(offset, min(25, offset + 12))), naps)
    assert (len(ids), len(asked), more.pages) == (25, 4, 3)


@pytest.mark.parametrize(
    ("totals", "announced"),
    [
        (("25", "25", "25"), 25),
        (("25", "25", "26"), 26),
        (("24", "25", "25"), 24),
        (("-3", "25", "25"), -3),
        (("0", "0", "0"), 0),
        (("99", "99", "99"), 99),
        (("", "many", "2.5"), None),
        (("", "", " 25 "), 25),
    ],
)
def test_totals_are_compared_and_decide_no_end(
    totals: tuple[str, ...], announced: int | None, naps: list[float]
) -> None:
    """Every page is read whatever they say; one that is not the number of rows is what was announced."""
    told = {0: totals[0], 10: totals[1], 20: totals[2]}

    def page(offset: int, limit: int) -> Response:
        found = users(rows(offset, min(25, offset + limit)))
        found.headers = {"x-total-count": told[offset]} if offset in told else {}
        return found

    walk, ids, _ = walked(page, naps)
    assert (len(ids), walk.announced) == (25, announced)


def test_rows_that_come_again_are_given_once(naps: list[float]) -> None:
    """Within a page, from an earlier page, as a number; rows without an id each count by themselves."""
    pages = {
        0: [*rows(0, 3), *rows(2, 3), {"sourcedId": 7}],
        5: [{"sourcedId": "7"}, *rows(0, 5), {"familyName": "A"}, {"familyName": "B", "sourcedId": ""}],
        13: [{"familyName": "A"}, *rows(8, 9)],
    }
    walk, _, _ = walked(lambda offset, _: users(pages.get(offset, [])), naps)
    assert (walk.rows, walk.repeated, walk.pages) == (9, 6, 3)


@pytest.mark.parametrize(
    "page",
    [
        lambda _offset, _limit: users(rows(0, 10)),
        lambda offset, _limit: users(rows(0, 10) if offset < 20 else rows(5, 10)),
        lambda _offset, _limit: users([{"familyName": "nobody"}] * 3),
    ],
)
def test_a_page_of_nothing_but_repeats_ends_in_an_error(page: Answer, naps: list[float]) -> None:
    """A server that takes no offset would be read for ever."""
    with pytest.raises(Malformed, match="already read"):
        walked(page, naps)


def test_a_list_without_an_end_is_left(naps: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    """After so many pages."""
    monkeypatch.setattr(reader, "MOST_PAGES", 5)
    with pytest.raises(Malformed, match="without an end"):
        walked(lambda offset, limit: users(rows(offset, offset + limit)), naps)


def test_404_past_the_end_is_an_end(naps: list[float]) -> None:
    """If the list itself still answers; not as a web page, and not at the beginning."""

    def page(offset: int, limit: int) -> Response:
        return users(rows(offset, min(25, offset + limit))) if offset < 25 else as_json({"error": "?"}, 404)

    walk, ids, asked = walked(page, naps)
    assert (len(ids), walk.pages) == (25, 3)
    assert asked[-2:] == [f"limit={n}&offset={at}&sort=sourcedId&orderBy=asc" for n, at in ((10, 25), (1, 0))]


@pytest.mark.parametrize(
    ("first", "later"),
    [
        (as_json({"error": "?"}, 404), as_json({"error": "?"}, 404)),
        (users(rows(0, 10)), Response(404, b"<html>", "text/html")),
    ],
)
def test_404_elsewhere_is_no_end(first: Response, later: Response, naps: list[float]) -> None:
    """The collection is not there, or not any more."""
    with pytest.raises(Malformed, match="HTTP 404"):
        walked(lambda offset, _: later if offset else first, naps)


def test_a_list_that_goes_away_is_no_end(naps: list[float]) -> None:
    """404 past the end, and then nobody at the beginning either."""
    answers = iter([users(rows(0, 10)), as_json({}, 404), users([])])
    with pytest.raises(Malformed, match="gone"):
        walked(lambda _offset, _limit: next(answers), naps)


def test_what_changed_meanwhile_is_no_listing(naps: list[float]) -> None:
    """Within a walk, and between walks that are one reading; a page that says nothing says nothing."""
    revisions = {0: "r1", 10: "", 20: "r1", 25: "r1"}

    def page(offset: int, limit: int) -> Response:
        return users(rows(offset, min(25, offset + limit)), x_perm_rev=revisions.get(offset, "r1"))

    _, ids, _ = walked(page, naps)
    assert len(ids) == 25
    revisions[25] = "r2"
    with pytest.raises(Changed):
        walked(page, naps)
    reading = Reading()
    with Told(lambda _offset, _limit: users([], x_perm_rev="r1")) as server:
        speaker = Server(Client(server.url, "OneRoster", IMPATIENT), "", Bearer("b"), "shut")
        assert list(speaker.walk("user", 10, reading)) == []
        server.page = lambda _offset, _limit: users([], x_perm_rev="r2")
        assert list(speaker.walk("user", 10)) == []
        with pytest.raises(Changed):
            list(speaker.walk("user", 10, reading))


@pytest.mark.parametrize("status", [502, 504])
def test_a_page_too_heavy_is_asked_for_in_parts(status: int, naps: list[float]) -> None:
    """Half of it, from the same place, and smaller from then on."""

    def page(offset: int, limit: int) -> Response:
        return users(rows(offset, min(600, offset + limit))) if limit <= 250 else Response(status)

    _, ids, asked = walked(page, naps, 1000)
    assert len(ids) == 600
    limits = [int(query.partition("&")[0].removeprefix("limit=")) for query in asked]
    assert limits == [1000, 500, 250, 250, 250, 250]
    assert len(naps) == 2


def test_the_smallest_page_is_asked_for_a_few_times(naps: list[float]) -> None:
    """And then later: nothing is left to try."""
    asked: list[int] = []

    def page(_offset: int, limit: int) -> Response:
        asked.append(limit)
        return Response(502)

    with pytest.raises(SourceError) as caught:
        walked(page, naps, 200)
    assert caught.value.code == "E-SOURCE-DOWN"
    assert asked == [200, 100, *[50] * IMPATIENT.attempts]


@pytest.mark.parametrize(
    ("answer", "kind", "text"),
    [
        (as_json({"students": []}), Malformed, "no list of users"),
        (as_json({"users": {}}), Malformed, "no list of users"),
        (as_json([{"sourcedId": "1"}]), Malformed, "not an object"),
        (as_json({"users": ["1"]}), Malformed, "not objects"),
        (as_json({"imsx_codeMajor": "failure", "users": []}), Malformed, "an error inside a good answer"),
        (as_json({"statusInfoSet": [{"imsx_codeMajor": "failure"}]}), Malformed, "an error inside a good answer"),
        (as_json({"statusInfoSet": {"imsx_codeMajor": "unsupported"}}), Malformed, "an error inside a good answer"),
        (Response(200, b"<html>", "text/html"), Malformed, "a web page"),
        (Response(200), Malformed, "not JSON"),
        (Response(400), Malformed, "HTTP 400"),
        (Response(401), Refused, "shut"),
        (Response(403, b"<html>", "text/html"), Refused, "does not let it read users"),
    ],
)
def test_what_is_no_page(answer: Response, kind: type[SourceError], text: str, naps: list[float]) -> None:
    """In words, with the place."""
    with pytest.raises(kind, match=text):
        walked(lambda _offset, _limit: answer, naps)


def test_good_news_beside_the_rows_is_no_error(naps: list[float]) -> None:
    """Servers that say `success` with each page."""
    told = {"imsx_codeMajor": "success", "statusInfoSet": [{"imsx_codeMajor": "success"}, "?"]}
    _, ids, _ = walked(lambda offset, _: as_json({"users": rows(0, 0 if offset else 3), **told}), naps)
    assert len(ids) == 3


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (as_json({"user": {"sourcedId": "a/b c"}}), {"sourcedId": "a/b c"}),
        (as_json({"error": "Not found"}, 404), None),
        (Response(404), None),
    ],
)
def test_one_object_by_its_id(answer: Response, found: Any, naps: list[float]) -> None:
    """The id encoded, whatever is in it."""
    with Told(lambda _offset, _limit: answer) as server:
        speaker = Server(Client(server.url, "OneRoster", IMPATIENT, naps.append), "/x%2f", Bearer("b"), "shut")
        assert speaker.one("user", "a/b c|%é~") == found
        assert [entry.path for entry in server.log] == ["/x%2f/users/a%2Fb%20c%7C%25%C3%A9~"]


@pytest.mark.parametrize("answer", [as_json({"users": [{}]}), as_json({"user": []}), Response(404, b"<!DOCTYPE html>")])
def test_no_object(answer: Response, naps: list[float]) -> None:
    """The wrong wrapper; a web page, which is no word about anybody."""
    with Told(lambda _offset, _limit: answer) as server, pytest.raises(Malformed):
        Server(Client(server.url, "OneRoster", IMPATIENT, naps.append), "", Bearer("b"), "shut").one("user", "1")
