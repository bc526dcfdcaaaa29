"""The sandbox's Data API answers as Clever's does."""

from __future__ import annotations

import pytest

from integrations.clever.sandbox import CleverSandbox, District
from integrations.clever.sandbox.paging import ONLY_31
from tests.integrations import shapes
from tests.integrations.asking import ask, ask_json, ids, next_of, walk

VERSIONS = ("v3.0", "v3.1")


@pytest.mark.parametrize("version", VERSIONS)
def test_every_list_and_object_has_its_shape(version: str, sandbox: CleverSandbox, district: District) -> None:
    """In both versions, with the version in every address."""

    def listed(kind: str) -> list[shapes.Body]:
        return shapes.a_list(ask_json(sandbox, district, f"/{version}/{kind}?limit=300"), version, kind)

    users = listed("users")
    assert len(users) == 270
    for user in users:
        shapes.a_user(user, district.id)
    for school in listed("schools"):
        shapes.a_school(school, district.id)
    for section in listed("sections"):
        shapes.a_section(section)
    for each in listed("districts"):
        shapes.a_district(each)
    assert [listed(kind) for kind in ("courses", "terms", "resources", "events")] == [[], [], [], []]
    for kind in ("users", "schools", "sections", "districts"):
        first = listed(kind)[0]
        body = ask_json(sandbox, district, f"/{version}/{kind}/{first['id']}")
        assert shapes.a_single(body, version, kind) == first


def test_v30_lacks_what_came_with_v31(sandbox: CleverSandbox, district: District) -> None:
    """At the top and inside the roles."""

    def fields(version: str) -> set[str]:
        found = set()
        for user in walk(sandbox, district, f"/{version}/users?limit=300"):
            found |= {*user, *(field for role in user["roles"].values() for field in role)}
        return found | set(ask_json(sandbox, district, f"/{version}/districts/{district.id}")["data"])

    assert not fields("v3.0") & ONLY_31
    assert fields("v3.1") & ONLY_31
    assert fields("v3.1") - ONLY_31 == fields("v3.0")


def test_a_page_holds_a_hundred_unless_asked(sandbox: CleverSandbox, district: District) -> None:
    """In ascending order; next until there is none; every row once."""
    body = ask_json(sandbox, district, "/v3.1/users")
    assert len(body["data"]) == 100
    every = ids(walk(sandbox, district, "/v3.1/users"))
    assert every == sorted(set(every))
    assert len(every) == 270
    assert next_of(ask_json(sandbox, district, "/v3.1/users?limit=270")) is None
    assert next_of(ask_json(sandbox, district, "/v3.1/users?limit=269")) is not None


@pytest.mark.parametrize(("limit", "status"), [("10000", 200), ("10001", 413), ("0", 400), ("-1", 400), ("x", 400)])
def test_limits_of_a_page(limit: str, status: int, sandbox: CleverSandbox, district: District) -> None:
    """10,000 at most."""
    assert ask(sandbox, f"/v3.1/users?limit={limit}", district.token).status_code == status


def test_next_keeps_the_query(sandbox: CleverSandbox, district: District) -> None:
    """Role, limit and the rest, with the cursor changed."""
    first = ask_json(sandbox, district, "/v3.0/users?role=teacher&limit=2&count=true")
    last = first["data"][-1]["data"]["id"]
    assert next_of(first) == f"/v3.0/users?role=teacher&limit=2&count=true&starting_after={last}"
    second = ask_json(sandbox, district, next_of(first) or "")
    assert second["links"][-1]["rel"] == "prev"
    assert ids([row["data"] for row in second["data"]]) > [last]


def test_cursors_are_exclusive_in_both_directions(sandbox: CleverSandbox, district: District) -> None:
    """`last` reads from the end, and pages ascend whichever way they are read."""
    every = ids(walk(sandbox, district, "/v3.1/users?limit=300"))

    def page(query: str) -> list[str]:
        return ids([row["data"] for row in ask_json(sandbox, district, f"/v3.1/users?{query}")["data"]])

    assert page(f"limit=3&starting_after={every[10]}") == every[11:14]
    assert page(f"limit=3&ending_before={every[10]}") == every[7:10]
    assert page("limit=1&ending_before=last") == every[-1:]
    assert page(f"limit=3&starting_after={every[-1]}") == []
    assert page(f"limit=300&starting_after={every[10][:-1]}") == every[page_start(every, every[10][:-1]) :]


def page_start(every: list[str], cursor: str) -> int:
    """How many ids are not above a cursor that is nobody's id."""
    return sum(each <= cursor for each in every)


def test_roles_filter_and_repeat_people(sandbox: CleverSandbox, district: District) -> None:
    """Somebody of two roles is listed under both, with both; guardians are among all users."""
    teachers = {user["id"]: user for user in walk(sandbox, district, "/v3.1/users?role=teacher")}
    staff = {user["id"]: user for user in walk(sandbox, district, "/v3.1/users?role=staff")}
    both = set(teachers) & set(staff)
    assert len(both) == 5
    assert all(teachers[each] == staff[each] for each in both)
    assert len(walk(sandbox, district, "/v3.1/users?role=contact")) == 20
    count = ask_json(sandbox, district, "/v3.1/users?role=contact&count=true")["count"]
    assert count == 20
    assert ask_json(sandbox, district, "/v3.1/users?count=true")["count"] == 270
    assert "count" not in ask_json(sandbox, district, "/v3.1/users")


def test_users_of_a_school(sandbox: CleverSandbox, district: District) -> None:
    """Everybody with any enrolment, or only those whose main school it is."""
    school = district.schools()[0]["id"]
    every = walk(sandbox, district, f"/v3.1/schools/{school}/users?limit=300")
    main = walk(sandbox, district, f"/v3.1/schools/{school}/users?limit=300&primary=true")
    students = walk(sandbox, district, f"/v3.1/schools/{school}/users?limit=300&role=student")
    assert set(ids(main)) < set(ids(every))
    assert set(ids(students)) < set(ids(every))
    assert all(any(school in role.get("schools", ()) for role in user["roles"].values()) for user in every)


def test_what_belongs_to_an_object(sandbox: CleverSandbox, district: District) -> None:
    """The links of a single object lead somewhere."""
    teacher = district.id_of("teacher")
    for path in (
        f"users/{teacher}",
        f"schools/{district.schools()[0]['id']}",
        f"sections/{next(district.sections())['id']}",
    ):
        for link in ask_json(sandbox, district, f"/v3.1/{path}")["links"]:
            ask_json(sandbox, district, link["uri"])
    sections = walk(sandbox, district, f"/v3.1/users/{teacher}/sections")
    assert all(teacher in section["teachers"] for section in sections)
    assert sections
    assert ask(sandbox, f"/v3.1/users/{teacher}/nonsense", district.token).status_code == 404


def test_some_teachers_have_no_section(sandbox: CleverSandbox, district: District) -> None:
    """As in real districts."""
    teaching = {each for section in district.sections() for each in section["teachers"]}
    teachers = set(ids(walk(sandbox, district, "/v3.1/users?role=teacher")))
    assert teaching < teachers


@pytest.mark.parametrize(
    "target", ["/v3.1/users/nobody", "/v3.1/nonsense", "/v2.1/users", "/", "/v3.1", "/v3.1/districts/x"]
)
def test_what_is_not_there_is_404(target: str, sandbox: CleverSandbox, district: District) -> None:
    """With a message."""
    answer = ask(sandbox, target, district.token)
    assert (answer.status_code, set(answer.json())) == (404, {"message"})


def test_tokens_are_asked_for(sandbox: CleverSandbox, district: District) -> None:
    """401 without one or with a wrong one; anything but GET is not supported."""
    assert ask(sandbox, "/v3.1/users").status_code == 401
    assert ask(sandbox, "/v3.1/users", "wrong").status_code == 401
    assert ask(sandbox, "/v3.1/users", district.token).status_code == 200


def test_a_token_opens_its_own_district_only(sandbox: CleverSandbox, district: District) -> None:
    """Two districts, nobody in both."""
    other = sandbox.add_district(people=60, schools=1, seed=2)
    ours, theirs = (set(ids(walk(sandbox, each, "/v3.1/users"))) for each in (district, other))
    assert not ours & theirs
    assert ask(sandbox, f"/v3.1/users/{min(theirs)}", district.token).status_code == 404
    assert ask(sandbox, f"/v3.1/districts/{other.id}", district.token).status_code == 404


def test_without_secure_sync_only_the_district_is_open(sandbox: CleverSandbox, district: District) -> None:
    """In words that name the token's scopes, with the status the switch says."""
    sandbox.world().secure_sync(on=False)
    assert ask(sandbox, "/v3.1/districts", district.token).status_code == 200
    refused = ask(sandbox, "/v3.1/users", district.token)
    assert (refused.status_code, refused.json()) == (404, {"message": "Resource not in token's scopes"})
    sandbox.set_faults({"scope_status": 403})
    assert ask(sandbox, "/v3.1/schools", district.token).status_code == 403


def test_oddities_are_all_there(sandbox: CleverSandbox) -> None:
    """One of each, over JSON."""
    district = sandbox.add_district(people=4, schools=2, odd=True)
    people = {user["id"]: user for user in walk(sandbox, district, "/v3.1/users")}
    odd = {name: people[key] for name, key in district.odd_ids.items()}
    assert "@" not in odd["email_without_at"]["email"]
    assert (odd["email_null"]["email"], odd["email_empty"]["email"], "email" in odd["email_absent"]) == (
        None,
        "",
        False,
    )
    assert odd["email_shared_student"]["email"] == odd["email_shared_teacher"]["email"]
    assert odd["sis_id_shared_student"]["roles"]["student"]["sis_id"] == "47"
    assert odd["sis_id_shared_teacher"]["roles"]["teacher"]["sis_id"] == "47"
    assert odd["empty_roles"]["roles"] == {}
    assert set(odd["unknown_role"]["roles"]) == {"volunteer"}
    assert len(odd["staff_two_schools"]["roles"]["staff"]["schools"]) == 2
    assert "schools" not in odd["admin_without_schools"]["roles"]["district_admin"]
    assert len({odd[name]["roles"]["student"]["dob"] for name in ("dob_iso", "dob_stamp", "two_schools")}) == 3
    assert "dob" not in odd["dob_absent"]["roles"]["student"]
    assert set(odd["name_only_last"]["name"]) == {"last"}
    assert len(odd["name_300"]["name"]["first"]) == 300
    assert odd["same_name_one"]["name"] == odd["same_name_two"]["name"]
    assert "badge" in odd["unknown_fields"]
    assert len(odd["all_three_roles"]["roles"]) == 3
