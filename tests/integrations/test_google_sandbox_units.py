"""Units and groups of the sandbox's Google. Numbers are the points a faithful server keeps."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.google.sandbox import Customer, GoogleSandbox
from integrations.google.sandbox.units import SAMPLE
from tests.integrations.google import bearer, read, reason, segment, walk

UNITS = "customer/my_customer/orgunits"


@pytest.fixture
def who(google: GoogleSandbox, customer: Customer) -> str:
    """The Authorization header of the sync account."""
    assert customer.sync_account
    return bearer(google)


def paths(google: GoogleSandbox, who: str, **asked: Any) -> list[str]:
    """The paths that a listing gives."""
    rows = read(google, UNITS, who, **asked).json().get("organizationUnits", [])
    return [row["orgUnitPath"] for row in rows]


def test_13_one_level_is_the_default(google: GoogleSandbox, who: str) -> None:
    """`all` leaves the root out, `allIncludingParent` brings it."""
    assert paths(google, who) == ["/Staff", "/Students"]
    assert set(paths(google, who, type="all")) == {*SAMPLE, "/Students"}
    assert set(paths(google, who, type="allIncludingParent")) == {*SAMPLE, "/Students", "/"}
    assert len(paths(google, who, type="all", orgUnitPath="/Students")) == 4
    assert len(paths(google, who, type="allIncludingParent", orgUnitPath="students")) == 5
    assert reason(read(google, UNITS, who, type="some")) == (400, "invalid")
    assert reason(read(google, UNITS, who, orgUnitPath="/Nowhere")) == (404, "notFound")


def test_13_no_pages_and_no_key(google: GoogleSandbox, who: str) -> None:
    """However many there are; nothing below is 200 without the key."""
    assert set(read(google, UNITS, who, type="all", orgUnitPath="/Students/2022").json()) == {"kind", "etag"}
    assert len(paths(google, who, type="all", maxResults=1)) == 7
    big = google.add_customer(10, seed=2, ous=5000)
    said = bearer(google, big.sync_account)
    found = paths(google, said, type="all")
    assert len(found) == len(set(found)) == 5000
    assert max(path.count("/") for path in found) == 6
    google.set_faults({"ou_most": 4000})
    assert reason(read(google, UNITS, said, type="all")) == (503, "backendError")
    assert set(paths(google, said, type="children")) > {"/Staff", "/Students"}


def test_13_a_row(google: GoogleSandbox, who: str) -> None:
    """Ids begin with `id:` and stay; the path follows from names and parents."""
    (staff,) = [row for row in read(google, UNITS, who).json()["organizationUnits"] if row["name"] == "Staff"]
    (office,) = read(google, UNITS, who, orgUnitPath="/Staff").json()["organizationUnits"]
    assert (office["orgUnitPath"], office["parentOrgUnitPath"]) == ("/Staff/Administration", "/Staff")
    assert (office["parentOrgUnitId"], staff["orgUnitId"][:6]) == (staff["orgUnitId"], "id:03p")
    google.world().rename_ou("/Staff", "Employees")
    google.world().move_ou("/Students/2022", "/Employees")
    assert set(paths(google, who, type="all", orgUnitPath=staff["orgUnitId"])) == {
        "/Employees/2022",
        "/Employees/Administration",
    }
    again = read(google, f"{UNITS}/{segment(office['orgUnitId'])}", who).json()
    assert (again["orgUnitPath"], again["orgUnitId"]) == ("/Employees/Administration", office["orgUnitId"])


def test_13_one_unit(google: GoogleSandbox, who: str) -> None:
    """By path without regard to case, or by id; gone is 404."""
    for path in ("Staff/Administration", "staff/ADMINISTRATION", "/Staff/Administration"):
        assert read(google, f"{UNITS}/{path}", who).json()["orgUnitPath"] == "/Staff/Administration"
    identifier = read(google, f"{UNITS}/Staff", who).json()["orgUnitId"]
    google.world().delete_ou("/Staff")
    for key in ("Staff", identifier, "Staff/Administration"):
        answer = read(google, f"{UNITS}/{key}", who)
        assert (answer.status, answer.json()["error"]["message"]) == (404, "Org unit not found")
    assert reason(read(google, "customer/C0nonsense/orgunits", who)) == (400, "badRequest")


def test_13_signs_that_break_a_path(google: GoogleSandbox, who: str) -> None:
    """With a plus sign, another unit answers; a hash ends the path. By id all is well."""
    world = google.world()
    plus, blank, hashed = (world.add_ou(path) for path in ("/C+D", "/C D", "/E#F"))
    assert read(google, f"{UNITS}/{segment('C+D')}", who).json()["orgUnitId"] == blank
    assert read(google, f"{UNITS}/C+D", who).json()["orgUnitId"] == blank
    assert read(google, f"{UNITS}/{segment('E#F')}", who).status == 404
    for identifier, path in ((plus, "/C+D"), (hashed, "/E#F")):
        assert read(google, f"{UNITS}/{identifier}", who).json()["orgUnitPath"] == path
    world.delete_ou("/C D")
    assert read(google, f"{UNITS}/{segment('C+D')}", who).status == 404


def test_14_groups(google: GoogleSandbox, customer: Customer, who: str) -> None:
    """By id, mail or alias; the count is a text; two hundred to a page and never more."""
    world = google.world()
    for at in range(420):
        world.add_group(f"Club {at:03}")
    rows = walk(google, "groups", who, "groups", customer="my_customer", maxResults=500)
    assert len({row["id"] for row in rows}) == len(rows) == 422
    assert len(read(google, "groups", who, customer="my_customer", maxResults=500).json()["groups"]) == 200
    (office,) = [row for row in rows if row["name"] == "Office"]
    assert office["directMembersCount"] == "5"
    world.rename_group(office["id"], email=f"front.desk@{customer.domain}")
    for key in (office["id"], f"front.desk@{customer.domain}", office["email"].upper()):
        assert read(google, f"groups/{key}", who).json()["aliases"] == [office["email"]]
    world.delete_group(office["id"])
    for rest in (f"groups/{office['id']}", f"groups/{office['id']}/members"):
        answer = read(google, rest, who)
        assert (answer.status, answer.json()["error"]["message"]) == (404, "Resource Not Found: groupKey")
    assert reason(read(google, "groups", who)) == (400, "badRequest")


def test_14_groups_by_query_and_by_person(google: GoogleSandbox, customer: Customer, who: str) -> None:
    """A name needs three letters; a person's groups are those they are in directly."""
    found = read(google, "groups", who, customer="my_customer", query="name:tea*").json()["groups"]
    assert [row["name"] for row in found] == ["Teachers"]
    found = read(google, "groups", who, customer="my_customer", query="email:of*").json()["groups"]
    assert [row["name"] for row in found] == ["Office"]
    for wrong in ("name:te*", "height=2"):
        assert reason(read(google, "groups", who, customer="my_customer", query=wrong)) == (400, "invalid")
    member = read(google, f"groups/office@{customer.domain}/members", who).json()["members"][0]
    assert [row["name"] for row in read(google, "groups", who, userKey=member["id"]).json()["groups"]] == ["Office"]
    assert "groups" not in read(google, "groups", who, customer="my_customer", domain=customer.secondary).json()


def test_14_members(google: GoogleSandbox, customer: Customer, who: str) -> None:
    """Two hundred to a page; roles narrow; the group in a group is one row unless it is asked for otherwise."""
    world = google.world()
    group = world.add_group("Year", members=tuple(customer.invented.id_at(at) for at in range(250)))
    rows = walk(google, f"groups/{group}/members", who, "members", maxResults=500)
    assert len({row["id"] for row in rows}) == len(rows) == 250
    world.add_member(group, customer.invented.id_at(0), role="OWNER")
    owners = walk(google, f"groups/{group}/members", who, "members", roles="OWNER,MANAGER")
    assert [(row["role"], row["type"]) for row in owners] == [("OWNER", "USER")]
    teachers = f"groups/teachers@{customer.domain}/members"
    direct = walk(google, teachers, who, "members")
    assert [row["type"] for row in direct].count("GROUP") == 1
    office = walk(google, f"groups/office@{customer.domain}/members", who, "members")
    world.add_member(f"teachers@{customer.domain}", office[0]["id"])
    derived = walk(google, teachers, who, "members", includeDerivedMembership="true")
    ids = [row["id"] for row in derived]
    assert (len(ids), len(set(ids)), ids.count(office[0]["id"])) == (37, 36, 2)
    inside = read(google, f"groups/teachers@{customer.domain}/hasMember/{office[1]['id']}", who)
    assert inside.json() == {"isMember": True}
    outside = read(google, f"groups/teachers@{customer.domain}/hasMember/{customer.invented.id_at(0)}", who)
    assert outside.json() == {"isMember": False}
    unknown = read(google, f"groups/teachers@{customer.domain}/hasMember/x@y.example", who)
    assert reason(unknown) == (400, "invalid")


def test_14_rows_that_lack_something(google: GoogleSandbox) -> None:
    """Everybody has no mail; a stranger no status; some have neither role nor type; one goes by an alias."""
    odd = google.add_customer(60, seed=4, odd=True)
    said, ids = bearer(google, odd.sync_account), odd.odd_ids
    (everybody,) = read(google, f"groups/{ids['everybody']}/members", said).json()["members"]
    assert (everybody["type"], everybody["id"], "email" in everybody) == ("CUSTOMER", odd.id, False)
    assert "members" not in read(google, f"groups/{ids['empty_group']}/members", said).json()
    rows = {row["id"]: row for row in read(google, f"groups/{ids['odd_group']}/members", said).json()["members"]}
    assert rows[ids["suspended"]]["status"] == "SUSPENDED"
    assert rows[ids["archived"]]["status"] == "ARCHIVED"
    assert not {"status", "type", "role"} & set(rows[ids["one_name"]])
    assert rows[ids["renamed"]]["email"] == f"once@{odd.domain}"
    (stranger,) = [row for row in rows.values() if row.get("email") == "stranger@elsewhere.example"]
    assert (stranger["type"], "status" in stranger) == ("USER", False)
    assert {rows[ids[name]]["type"] for name in ("nested", "outside_group")} == {"GROUP"}
    for rest in (f"groups/{ids['outside_group']}", f"groups/{ids['outside_group']}/members"):
        assert reason(read(google, rest, said)) == (403, "forbidden")


def test_14_who_is_deleted_is_no_member(google: GoogleSandbox, customer: Customer, who: str) -> None:
    """And who has another mail is one under that."""
    rest = f"groups/office@{customer.domain}/members"
    rows = walk(google, rest, who, "members")
    google.world().delete(rows[0]["id"])
    google.world().change_email(rows[1]["id"], f"other@{customer.domain}")
    again = walk(google, rest, who, "members")
    assert [row["id"] for row in again] == [row["id"] for row in rows[1:]]
    assert again[0]["email"] == f"other@{customer.domain}"
