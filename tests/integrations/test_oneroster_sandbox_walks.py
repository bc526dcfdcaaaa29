"""Whatever happened in a district before, a walk gives exactly whom it has, and nothing a client sends breaks it."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings, strategies as st

from integrations.oneroster.sandbox import District, Edits, OneRosterSandbox
from integrations.sandbox.server import Request, Response

PEOPLE = 60
VERBS = (
    "remove_user",
    "restore_user",
    "mark_deleted",
    "change_id",
    "move_user",
    "add_user",
    "add_user_first",
    "split_user",
)
DEEDS = st.lists(
    st.tuples(st.sampled_from(VERBS), st.integers(0, PEOPLE - 1), st.sampled_from(["2", "3"])), max_size=12
)
WORDS = st.sampled_from(
    [
        *("users", "students", "orgs", "schools", "classes", "terms", "enrollments", "2", "1000002", "C1000000", "S1"),
        *("", "..", "%2F", "%", "%zz", "%00", "é".encode().hex(), "demographics", "teachers", "courses", "FY27"),
    ]
)
VALUES = st.sampled_from(
    [
        *(
            "",
            "0",
            "5",
            "-1",
            "99999999999999999999",
            "sourcedId",
            "roles",
            "asc",
            "desc",
            "%27",
            "%zz",
            "a,b",
            "%F0%9F",
        ),
        *(
            "role%3D%27student%27",
            "a%3D%27b%27%20OR%20",
            "orgs.x.y%3D%27%27",
            "grades%7E%270%27%20AND%20status!%3D%27%27",
        ),
    ]
)
NAMES = st.sampled_from(["limit", "offset", "sort", "orderBy", "fields", "filter", "filter", "x"])


def asked(server: OneRosterSandbox, district: District, target: str) -> Response:
    """The answer without the network in between."""
    headers = {"authorization": f"Bearer {district.bearer}", "host": "127.0.0.1"}
    return server.handle(Request("GET", target, headers, b""))


def walked(server: OneRosterSandbox, district: District, size: int, order: str) -> list[str]:
    """Every id of a walk in pages of a size."""
    found: list[str] = []
    while True:
        query = f"limit={size}&offset={len(found)}&sort=sourcedId&orderBy={order}"
        answer = asked(server, district, f"/ims/oneroster/v1p1/users?{query}")
        page: list[dict[str, Any]] = json.loads(answer.body)["users"]
        if not page:
            assert answer.headers["X-Total-Count"] == str(len(found))
            return found
        found += [row["sourcedId"] for row in page]


def done(world: Edits, known: list[str], verb: str, at: int, school: str) -> list[str]:
    """Do one deed to one of those who are there; who is there then."""
    if not known:
        return known
    user = known[at % len(known)]
    if verb == "remove_user":
        world.remove_user(user)
        return [each for each in known if each != user]
    if verb in {"change_id", "split_user"}:
        made = world.do(verb, {"user": user})
        return [each for each in known if each != user] + ([made] if verb == "change_id" else made)
    if verb in {"add_user", "add_user_first"}:
        return [*known, world.do(verb, {"role": "student", "school": school})]
    world.do(verb, {"user": user} | ({"school": school} if verb == "move_user" else {}))
    return known


@given(deeds=DEEDS, size=st.integers(1, 80), odd=st.booleans(), hidden=st.booleans())
@settings(max_examples=40, deadline=None)
def test_a_walk_gives_exactly_whom_the_district_has(
    deeds: list[tuple[str, int, str]], size: int, *, odd: bool, hidden: bool
) -> None:
    """In pages of any size, upward and downward, with and without a hidden school."""
    server = OneRosterSandbox()
    try:
        district = server.add_district(PEOPLE, 3, guardians=5, odd=odd)
        world = server.world()
        known = walked(server, district, size, "asc")
        assert len(known) == PEOPLE + 5 + len(district.odd_ids)
        for deed in deeds:
            known = done(world, known, *deed)
        if hidden:
            world.unshare_school("4")
            known = [each for each in known if district.user(each) is not None]
        expected = sorted(set(known))
        assert len(expected) == len(known)
        assert walked(server, district, size, "asc") == expected
        assert walked(server, district, size, "desc") == expected[::-1]
    finally:
        server.stop()


@given(words=st.lists(WORDS, max_size=6), values=st.lists(st.tuples(NAMES, VALUES), max_size=4))
@settings(max_examples=300, deadline=None)
def test_whatever_is_asked_is_answered(words: list[str], values: list[tuple[str, str]]) -> None:
    """With a status, and JSON."""
    server = OneRosterSandbox(version="1.2")
    try:
        district = server.add_district(30, 2, odd=True)
        query = "&".join(f"{name}={value}" for name, value in values)
        answer = asked(server, district, f"/ims/oneroster/rostering/v1p2/{'/'.join(words)}?{query}")
        assert answer.status in {200, 400, 403, 404}
        json.loads(answer.body)
    finally:
        server.stop()
