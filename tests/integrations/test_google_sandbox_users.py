"""Users of the sandbox's Google, and who may read them. Numbers are the points a faithful server keeps."""

from __future__ import annotations

import gzip
import json

import pytest

from integrations.google.sandbox import Customer, GoogleSandbox
from tests.integrations.google import bearer, below, read, reason, users
from tests.integrations.raw import ask, post

FIRST_YEAR = "/Students/2022"


@pytest.fixture
def who(google: GoogleSandbox, customer: Customer) -> str:
    """The Authorization header of the sync account."""
    assert customer.sync_account
    return bearer(google)


def mine(google: GoogleSandbox, who: str, **asked: object) -> tuple[int, str]:
    """How one page of users is refused."""
    return reason(read(google, "users", who, **{"customer": "my_customer", **asked}))


def test_9_a_customer_or_a_domain_has_to_be_named(google: GoogleSandbox, customer: Customer, who: str) -> None:
    """A domain leaves out the people of the other one."""
    other = google.add_customer(5, seed=2)
    assert reason(read(google, "users", who)) == (400, "badRequest")
    assert mine(google, who, customer="C0nonsense") == (400, "badRequest")
    assert mine(google, who, customer=other.id) == (403, "forbidden")
    assert mine(google, who, domain="elsewhere.example") == (404, "notFound")
    every = {row["primaryEmail"] for row in users(google, who, customer=customer.id)}
    parts = [{row["primaryEmail"] for row in users(google, who, customer=None, domain=d)} for d in customer.domains]
    assert [len(part) for part in parts] == [272, 30]
    assert set.union(*parts) == every
    assert len({row["primaryEmail"] for row in users(google, who, domain=customer.secondary)}) == 30


def test_9_pages(google: GoogleSandbox, who: str) -> None:
    """A hundred rows, or as many as asked up to 500; nobody twice, nobody missing."""
    big = google.add_customer(1200, seed=3)
    said = bearer(google, big.sync_account)
    sizes = [
        len(read(google, "users", said, customer="my_customer", maxResults=most).json()["users"])
        for most in (None, 1, 500, 9999)
    ]
    assert sizes == [100, 1, 500, 500]
    assert mine(google, said, maxResults=0) == (400, "invalid")
    google.set_faults({"over_most": "refuse"})
    assert mine(google, said, maxResults=501) == (400, "invalid")
    for order in (None, "email", "familyName", "givenName"):
        for way in (None, "descending"):
            rows = users(google, said, orderBy=order, sortOrder=way)
            assert len({row["id"] for row in rows}) == len(rows) == 1202
    mails = [row["primaryEmail"].lower() for row in users(google, said)]
    assert mails == sorted(mails)
    names = [row["name"]["familyName"].casefold() for row in users(google, said, orderBy="familyName")]
    assert names == sorted(names)
    assert mine(google, who, orderBy="height") == (400, "invalid")


def test_9_page_tokens(google: GoogleSandbox, customer: Customer, who: str) -> None:
    """Are for one question and for three days; `nextPageToken` as a parameter gives the first page for ever."""
    asked = {"customer": "my_customer", "maxResults": 10}
    first = read(google, "users", who, **asked).json()
    token = first["nextPageToken"]
    assert read(google, "users", who, **asked, pageToken=token).json()["users"][0] not in first["users"]
    assert read(google, "users", who, **asked, nextPageToken=token).json()["users"] == first["users"]
    assert mine(google, who, pageToken=token, query="isSuspended=false") == (400, "invalid")
    for wrong in ("garbage", token[:-8], "ÄÖ"):
        answer = read(google, "users", who, **asked, pageToken=wrong)
        assert answer.json()["error"]["message"] == f"Invalid Input: {wrong}"
    refreshed = google.consent(customer.sync_account)
    now = google.clock() + 3 * 86_400 + 1
    google.clock = lambda: now
    fields = {"grant_type": "refresh_token", "refresh_token": refreshed}
    fresh = post(google, "/token", **fields, client_id="sandbox-client", client_secret="sandbox-secret").json()
    assert mine(google, f"Bearer {fresh['access_token']}", pageToken=token) == (400, "invalid")


@pytest.mark.parametrize(
    ("path", "count"),
    [
        ("/", 302),
        ("/Students", 240),
        ("/students/2022", 60),
        ("/Staff", 60),
        ("/STAFF/Administration", 15),
    ],
)
def test_10_a_unit_means_all_below_it(
    path: str, count: int, google: GoogleSandbox, customer: Customer, who: str
) -> None:
    """Whatever the case; a name that only begins alike is another unit."""
    google.world().add_ou("/Staff2")
    google.world().add_user("/Staff2", email=f"zz@{customer.domain}")
    assert len(users(google, who, query=below(path))) == count + (path == "/")


@pytest.mark.parametrize("path", ["/Nowhere", "Students", "/Students/", "", "//", "/Students/2022/Nowhere"])
def test_10_a_unit_nobody_knows(path: str, google: GoogleSandbox, who: str) -> None:
    """Is a mistake, not an empty list; in quotes or bare."""
    for query in (f"orgUnitPath='{path}'", f"orgUnitPath={path}"):
        answer = read(google, "users", who, customer="my_customer", query=query)
        assert (answer.status, answer.json()["error"]["message"]) == (400, "Invalid Input: INVALID_OU_ID"), query


@pytest.mark.parametrize(
    "query", ["orgUnitPath:'/Staff'", "height=2", "isSuspended=maybe", "isSuspended:true", "email='x", "isAdmin="]
)
def test_10_a_query_that_is_none(query: str, google: GoogleSandbox, who: str) -> None:
    """Is a mistake too."""
    answer = read(google, "users", who, customer="my_customer", query=query)
    assert (answer.status, answer.json()["error"]["message"]) == (400, "Invalid Input: query")


def test_10_clauses_all_have_to_hold(google: GoogleSandbox, customer: Customer, who: str) -> None:
    """Suspended and archived are two things; an archived account is not suspended."""
    year = list(customer.users(customer.units.find(FIRST_YEAR)))
    world = google.world()
    world.suspend(year[0].id)
    world.archive(year[1].id)
    world.suspend(year[2].id)
    world.archive(year[2].id)
    at = below(FIRST_YEAR)
    counts = {
        query: len(users(google, who, query=query))
        for query in (
            f"{at} isSuspended=false",
            f"isSuspended=False {at}  isArchived=false",
            f"{at} isSuspended=true isArchived=true",
            f"{at} isSuspended=true",
            f"email={year[0].email.upper()}",
            f"email:{year[0].email[:7]}*",
            f"email:'{year[0].email[2:9]}'",
            "isAdmin=true",
            "isDelegatedAdmin=true",
            f"externalId='{year[3].number}'",
            "smartpass-sync",
        )
    }
    assert list(counts.values()) == [58, 57, 1, 2, 1, 100, 1, 1, 1, 1, 1]


def test_10_every_odd_name_can_be_asked_for(google: GoogleSandbox) -> None:
    """With the apostrophe and the backslash escaped, and the whole sent once through the URL's escapes."""
    odd = google.add_customer(60, seed=4, odd=True)
    said = bearer(google, odd.sync_account)
    world = google.world(odd)
    paths = [odd.units.path(key) for key in odd.units.by_id if odd.units.path(key).count("/") == 1]
    assert {"/O'Brien HS", "/R&D", "/A, B", "/C+D", "/E#F", "/50 %25", "/学校", "/مدرسة"} <= set(paths)
    for path in paths:
        if path != "/":
            added = world.add_user(path)
            assert added in {row["id"] for row in users(google, said, query=below(path))}, path
            assert {row["orgUnitPath"].split("/")[1] for row in users(google, said, query=below(path))} == {path[1:]}


def test_11_an_index_that_lags(google: GoogleSandbox, customer: Customer, who: str) -> None:
    """A search finds whom it would have found then; what it shows of them is true today."""
    google.set_faults({"lagging": True})
    world = google.world()
    one, moved, gone = (user.id for user in list(customer.users(customer.units.find(FIRST_YEAR)))[:3])
    world.suspend(one)
    world.move(moved, "/Staff")
    world.delete(gone)
    added = world.add_user(FIRST_YEAR)
    world.rename_ou("/Students/2023", "2023 old")
    query = f"{below(FIRST_YEAR)} isSuspended=false"
    rows = {row["id"]: row for row in users(google, who, query=query)}
    assert (rows[one]["suspended"], rows[moved]["orgUnitPath"]) == (True, "/Staff")
    assert (gone in rows, added in rows, len(rows)) == (False, False, 59)
    assert {row["orgUnitPath"] for row in users(google, who, query=below("/Students/2023"))} == {"/Students/2023 old"}
    assert added in {row["id"] for row in users(google, who)}
    google.set_faults({"lagging": None})
    rows = {row["id"]: row for row in users(google, who, query=query)}
    assert ({one, moved, gone} & set(rows), added in rows) == (set(), True)
    assert mine(google, who, query=below("/Students/2023")) == (400, "invalid")


def test_12_fields_really_mask(google: GoogleSandbox, customer: Customer, who: str) -> None:
    """The token for the next page too; what is not there gives nothing, and no error."""
    asked = {"customer": "my_customer", "maxResults": 3}
    told = read(google, "users", who, **asked, fields="nextPageToken,users(id,name(givenName),externalIds)").json()
    assert set(told) == {"nextPageToken", "users"}
    assert {frozenset(row) for row in told["users"]} <= {
        frozenset({"id", "name", "externalIds"}),
        frozenset({"id", "name"}),
    }
    assert {frozenset(row["name"]) for row in told["users"]} == {frozenset({"givenName"})}
    assert set(read(google, "users", who, **asked, fields="users/id").json()) == {"users"}
    assert read(google, "users", who, **asked, fields="users(nothing)").json() == {"users": [{}, {}, {}]}
    whole = read(google, "users", who, **asked)
    assert read(google, "users", who, **asked, fields="*").json()["users"] == whole.json()["users"]
    for wrong in ("users(id", "users)", "users(,)", "users id"):
        assert mine(google, who, fields=wrong) == (400, "invalidParameter"), wrong
    one = read(google, f"users/{customer.sync_account}", who, fields="primaryEmail").json()
    assert one == {"primaryEmail": customer.sync_account}


def test_12_what_is_sent(google: GoogleSandbox, who: str) -> None:
    """Indented unless asked not to, compressed for whoever takes it and says so twice."""
    where = "/admin/directory/v1/users?customer=my_customer"
    pretty = ask(google, where, who)
    plain = ask(google, f"{where}&prettyPrint=false", who)
    assert (b'\n  "users"' in pretty.body, b"\n" in plain.body) == (True, False)
    assert pretty.json()["users"] == plain.json()["users"]
    assert "content-encoding" not in ask(google, where, who, Accept_Encoding="gzip").headers
    packed = ask(google, where, who, Accept_Encoding="gzip", User_Agent="smartpass (gzip)")
    assert packed.headers["content-encoding"] == "gzip"
    assert json.loads(gzip.decompress(packed.body)) == pretty.json()


def test_12_nobody_is_no_key(google: GoogleSandbox, who: str) -> None:
    """An empty unit answers 200 without `users`."""
    google.world().add_ou("/Empty")
    assert set(read(google, "users", who, customer="my_customer", query=below("/Empty")).json()) == {"kind", "etag"}


def test_12_deleted_ones_are_listed_apart(google: GoogleSandbox, customer: Customer, who: str) -> None:
    """For twenty days; a mail that was given away is there twice, with two ids."""
    before = customer.invented.at(5)
    again = google.world().recreate(before.id)
    assert len(users(google, who, showDeleted="false")) == 302
    (row,) = users(google, who, showDeleted="true")
    assert (row["id"], row["primaryEmail"]) == (before.id, before.email)
    assert row["deletionTime"].endswith("Z")
    (living,) = [row for row in users(google, who) if row["primaryEmail"] == before.email]
    assert living["id"] == again != before.id


def test_12_public_view_hides_what_matters(google: GoogleSandbox, who: str) -> None:
    """`domain_public` is not for rosters."""
    row = users(google, who, viewType="domain_public")[0]
    assert not {"orgUnitPath", "suspended", "archived", "externalIds", "customerId"} & set(row)
