"""How the OneRoster sandbox pages, and how a server may page wrongly."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from integrations.oneroster.sandbox import District, OneRosterSandbox
from tests.integrations.raw import ids, query, read, rows

SORTED = "sort=sourcedId&orderBy=asc"
TEACHERS = "role='teacher'"


@pytest.fixture
def server() -> Iterator[OneRosterSandbox]:
    """A server of 1.1."""
    with OneRosterSandbox() as made:
        yield made


@pytest.fixture
def district(server: OneRosterSandbox) -> District:
    """250 people."""
    return server.add_district(250, 3)


def pages(server: OneRosterSandbox, district: District, size: int = 100, order: str = SORTED) -> list[list[str]]:
    """The ids of every page of people, until one is empty."""
    found: list[list[str]] = []
    while not found or found[-1]:
        found.append(ids(rows(server, district, f"users?limit={size}&offset={len(found) * size}&{order}")))
    return found[:-1]


def test_13_a_page_holds_a_hundred_and_never_more_than_ten_thousand(server: OneRosterSandbox) -> None:
    """And every row is on one page, in order."""
    district = server.add_district(10_050)
    assert len(rows(server, district, "users")) == 100
    assert len(rows(server, district, f"users?limit=20000&{SORTED}")) == 10_000
    every = [each for page in pages(server, district, 5000) for each in page]
    assert every == sorted(set(every))
    assert len(every) == 10_050


@pytest.mark.parametrize("said", ["limit=0", "limit=-1", "limit=abc", "offset=-1"])
def test_13_a_wrong_number_falls_back_or_is_refused(said: str, server: OneRosterSandbox, district: District) -> None:
    """Servers do either."""
    assert len(rows(server, district, f"users?{said}")) == 100
    for status in (400, 422):
        server.set_faults({"bad_limit": status})
        assert read(server, district, f"users?{said}").status == status


def test_13_sorting(server: OneRosterSandbox, district: District) -> None:
    """`desc` is the exact reverse, an unknown direction is ignored, other fields sort as text."""
    upward = ids(rows(server, district, f"users?limit=300&{SORTED}"))
    assert upward == sorted(upward)
    assert ids(rows(server, district, "users?limit=300&sort=sourcedId&orderBy=desc")) == upward[::-1]
    assert ids(rows(server, district, "users?limit=300&sort=sourcedId&orderBy=dsc")) == upward
    assert ids(rows(server, district, "users?limit=300&sort=sourcedId")) == upward
    names = [row["familyName"] for row in rows(server, district, "users?limit=300&sort=familyName")]
    assert names == sorted(names)


@pytest.mark.parametrize("order", ["", "orderBy=asc", "sort=shoeSize"])
def test_13_without_a_sort_the_order_changes_between_requests(
    order: str, server: OneRosterSandbox, district: District
) -> None:
    """Every answer has every row once, yet pages lose and repeat rows."""
    one, other = (ids(rows(server, district, f"users?limit=300&{order}")) for _ in range(2))
    assert one != other
    assert sorted(one) == sorted(other) == ids(rows(server, district, f"users?limit=300&{SORTED}"))
    every = [each for page in pages(server, district, order=order) for each in page]
    assert len(every) == 250
    assert len(set(every)) < 250
    server.set_faults({"steady": True})
    assert len({each for page in pages(server, district, order=order) for each in page}) == 250


def test_14_behind_the_last_row(server: OneRosterSandbox, district: District) -> None:
    """200, an empty list and the total; some servers say 404."""
    answer = read(server, district, "users?offset=250")
    assert (answer.status, answer.json(), answer.headers["x-total-count"]) == (200, {"users": []}, "250")
    server.set_faults({"past_end_status": 404})
    assert read(server, district, "users?offset=250").status == 404
    assert read(server, district, "users?offset=249").status == 200


def test_18_students_and_teachers_may_be_empty_while_users_is_full(
    server: OneRosterSandbox, district: District
) -> None:
    """With 200 and a total of nothing."""
    server.set_faults({"empty": ["students", "teachers"]})
    for name in ("students", "teachers", "schools/2/students"):
        answer = read(server, district, name)
        assert (answer.json(), answer.headers["x-total-count"]) == ({"users": []}, "0")
    assert len(rows(server, district, "users?limit=300")) == 250


def test_18_a_teacher_among_the_students_of_a_class(server: OneRosterSandbox, district: District) -> None:
    """By switch."""
    before = rows(server, district, "classes/C1000000/students?sort=sourcedId")
    server.set_faults({"teacher_among_students": True})
    after = rows(server, district, "classes/C1000000/students?sort=sourcedId")
    assert {row["role"] for row in before} == {"student"}
    assert [row["role"] for row in after if row not in before] == ["teacher"]


def test_20_the_total_may_be_missing_wrong_or_changing(server: OneRosterSandbox, district: District) -> None:
    """Absent, another number, negative, no number at all, or another one on every page."""

    def totals() -> list[str | None]:
        asked = [f"users?limit=100&offset={offset}&{SORTED}" for offset in (0, 100, 200)]
        return [read(server, district, each).headers.get("x-total-count") for each in asked]

    told: list[tuple[dict[str, Any], list[str | None]]] = [
        ({}, ["250"] * 3),
        ({"total": False}, [None] * 3),
        ({"total": -7}, ["-7"] * 3),
        ({"total": "many"}, ["many"] * 3),
        ({"total": None, "total_off": -50}, ["200"] * 3),
        ({"total_off": None, "total_changes": True}, ["251", "252", "253"]),
    ]
    for switches, expected in told:
        server.set_faults(switches)
        assert totals() == expected


def test_20_rows_may_be_inserted_before_the_cursor(server: OneRosterSandbox, district: District) -> None:
    """The last row of the page before comes again, and the total has grown."""
    server.set_faults({"insert_at": 2, "insert_times": 1})
    first, second, third = pages(server, district)
    assert second[0] == first[-1]
    assert len(third) == 51
    assert read(server, district, "users").headers["x-total-count"] == "251"
    assert [len(page) for page in pages(server, district)] == [100, 100, 51]


def test_22_a_page_shorter_than_asked_is_not_the_last(server: OneRosterSandbox, district: District) -> None:
    """A clamp says nothing; only the total tells."""
    server.set_faults({"clamp": 60})
    answer = read(server, district, f"users?limit=100&{SORTED}")
    assert len(answer.json()["users"]) == 60
    assert answer.headers["x-total-count"] == "250"
    assert len(rows(server, district, f"users?limit=100&offset=60&{SORTED}")) == 60
    server.set_faults({"clamp": None, "default_limit": 10})
    assert len(rows(server, district, "users")) == 10
    assert len(rows(server, district, "users?limit=100")) == 100


def test_links_are_not_to_be_trusted(server: OneRosterSandbox, district: District) -> None:
    """A next page in `Link`, which may skip a row, lead elsewhere or not be there."""

    def link(offset: int = 0) -> str | None:
        return read(server, district, f"users?limit=100&offset={offset}").headers.get("link")

    here = f"{server.url}/ims/oneroster/v1p1/users"
    assert link() == f'<{here}?limit=100&offset=100>; rel="next"'
    assert link(200) is None
    server.set_faults({"link": "skips"})
    assert link() == f'<{here}?limit=100&offset=101>; rel="next"'
    server.set_faults({"link": "foreign"})
    assert (link() or "").startswith("<http://localhost:1/")
    server.set_faults({"link": False})
    assert link() is None


@pytest.mark.parametrize(("envelope", "key"), [("endpoint", "students"), ("pupils", "pupils"), ("type", "users")])
def test_11_another_envelope(envelope: str, key: str, server: OneRosterSandbox, district: District) -> None:
    """By the endpoint's name, or any other word."""
    server.set_faults({"envelope": envelope})
    assert list(read(server, district, "students").json()) == [key]


def test_11_no_envelope(server: OneRosterSandbox, district: District) -> None:
    """A bare list."""
    server.set_faults({"envelope": "bare"})
    assert len(read(server, district, "students").json()) == 100


@pytest.mark.parametrize(
    ("said", "status", "count"), [("ignore", 200, 250), ("empty", 200, 0), (400, 400, 0), (500, 500, 0)]
)
def test_15_servers_differ_in_filters(
    said: Any, status: int, count: int, server: OneRosterSandbox, district: District
) -> None:
    """Ignored, taken for nothing, or refused."""
    server.set_faults({"filter": said})
    answer = read(server, district, f"users?{query(limit=300, filter=TEACHERS)}")
    assert answer.status == status
    assert len(answer.json().get("users", [])) == count
