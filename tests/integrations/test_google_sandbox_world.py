"""The invented customers of the sandbox's Google, and what happens to them (point 17)."""

from __future__ import annotations

import json
import tracemalloc
from collections import Counter

import pytest

from integrations.google.sandbox import ASKED, Customer, GoogleSandbox
from integrations.google.sandbox.people import ZERO_WIDTH
from integrations.sandbox.server import WrongCommand
from tests.integrations.google import bearer, below, read, refresh, users
from tests.integrations.raw import ask


def test_17_the_sample(google: GoogleSandbox, customer: Customer) -> None:
    """The units and their people; ids of 21 digits; the admins stand in the root."""
    rows = users(google, bearer(google))
    assert Counter(row["orgUnitPath"] for row in rows) == {
        "/Students/2022": 60,
        "/Students/2023": 60,
        "/Students/2024": 60,
        "/Students/2025": 60,
        "/Staff": 45,
        "/Staff/Administration": 15,
        "/": 2,
    }
    assert {(len(row["id"]), row["id"].isdecimal()) for row in rows} == {(21, True)}
    assert len({row["id"] for row in rows}) == 302
    assert {row["customerId"] for row in rows} == {customer.id}
    assert Counter(row["primaryEmail"].partition("@")[2] for row in rows) == {
        customer.domain: 272,
        customer.secondary: 30,
    }
    assert not any(row["suspended"] or row["archived"] or row["isGuestUser"] for row in rows)


def test_17_the_same_seed_gives_the_same_people(google: GoogleSandbox) -> None:
    """Another seed gives others; the same one twice is refused, and so is an impossible size."""
    with GoogleSandbox() as other:
        one, same, another = google.add_customer(50), other.add_customer(50), other.add_customer(50, seed=2)
        rows = [[held.row(user) for user in held.users()] for held in (one, same, another)]
    assert rows[0] == rows[1]
    assert not {row["id"] for row in rows[0]} & {row["id"] for row in rows[2]}
    for people, seed in ((5, 1), (-1, 9), (900_000, 9)):
        with pytest.raises(ValueError, match=r"already|between"):
            google.add_customer(people, seed)


def test_17_every_odd_account(google: GoogleSandbox) -> None:
    """One of each, as Google tells it."""
    odd = google.add_customer(300, odd=True)
    rows = {row["id"]: row for row in users(google, bearer(google))}
    held = {name: rows[key] for name, key in odd.odd_ids.items() if key in rows}
    flags = {name: (held[name]["suspended"], held[name]["archived"]) for name in ("suspended", "archived", "both")}
    assert flags == {"suspended": (True, False), "archived": (False, True), "both": (True, True)}
    assert held["one_name"]["name"]["familyName"] == ZERO_WIDTH
    assert [len(held["longest"]["name"][part]) for part in ("givenName", "familyName")] == [60, 60]
    assert held["mixed_case"]["primaryEmail"] == f"Mixed.Case@{odd.domain.title()}"
    assert (held["guest"]["orgUnitPath"], held["guest"]["isGuestUser"]) == ("/Workspace guests", True)
    assert held["renamed"]["aliases"] == [f"once@{odd.domain}"]
    assert "deleted" not in held
    assert held["recreated"]["primaryEmail"] == f"back@{odd.domain}"
    assert not {"suspended", "archived"} & set(held["without_flags"])
    assert held["in_odd_unit"]["orgUnitPath"] == "/O'Brien HS"
    names = [row["name"] for row in rows.values()]
    assert max(len(name["givenName"]) for name in names) == max(len(name["familyName"]) for name in names) == 60
    assert {(row.get("suspended"), row.get("archived")) for row in rows.values()} >= {
        (True, False),
        (False, True),
        (True, True),
    }


def test_17_a_large_customer_costs_no_memory(google: GoogleSandbox) -> None:
    """100,000 people in 5,000 units of six levels: what is not looked at is not there."""
    tracemalloc.start()
    big = google.add_customer(100_000, seed=2, ous=5000, odd=True)
    before = tracemalloc.get_traced_memory()[0]
    who = bearer(google)
    deep = next(path for path in map(big.units.path, big.units.by_id) if path.count("/") == 6)
    rows = users(google, who, query=below(deep))
    assert [row["orgUnitPath"] for row in rows] == [deep] * len(rows)
    assert len(rows) >= 10
    assert sum(1 for _ in big.users()) > 100_000
    assert tracemalloc.get_traced_memory()[0] - before < 3_000_000
    tracemalloc.stop()
    last = read(google, f"users/{big.invented.id_at(99_999)}", who).json()
    assert last["primaryEmail"] == big.invented.email_at(99_999)


def test_17_the_whole_walk(google: GoogleSandbox) -> None:
    """50,000 people page by page: everybody once."""
    google.add_customer(50_000, seed=2)
    rows = users(google, bearer(google), fields="nextPageToken,users(id)", prettyPrint="false")
    assert len({row["id"] for row in rows}) == len(rows) == 50_002
    assert google.counts["users"] == 101


def test_people_come_change_and_go(google: GoogleSandbox, customer: Customer) -> None:
    """The id stays whatever happens to the name, the mail and the unit."""
    world, who = google.world(customer), bearer(google)
    user = customer.invented.at(0)
    world.rename(user.id, last="Other")
    world.change_email(user.id, f"other@{customer.domain}")
    world.move(user.id, "/Staff")
    world.suspend(user.id)
    row = read(google, f"users/{user.id}", who).json()
    assert (row["name"]["givenName"], row["name"]["familyName"]) == (user.first, "Other")
    assert (row["primaryEmail"], row["aliases"]) == (f"other@{customer.domain}", [user.email])
    assert (row["orgUnitPath"], row["suspended"], row["suspensionReason"]) == ("/Staff", True, "ADMIN")
    world.unsuspend(user.id)
    world.archive(user.id)
    row = read(google, f"users/{user.id}", who).json()
    assert (row["suspended"], "suspensionReason" in row, row["archived"]) == (False, False, True)
    one, two = customer.invented.at(1), customer.invented.at(2)
    world.swap_emails(one.id, two.id)
    assert read(google, f"users/{one.email}", who).json()["id"] == two.id
    with pytest.raises(ValueError, match="taken"):
        world.add_user("/", email=two.email)
    added = world.add_user("/Staff", "Ana", "Ruiz", number="77")
    assert read(google, f"users/{added}", who).json()["externalIds"] == [{"value": "77", "type": "organization"}]
    assert len(users(google, who)) == 303


def test_a_deleted_account_keeps_its_mail_from_nobody(google: GoogleSandbox, customer: Customer) -> None:
    """And cannot be brought back while somebody else has it."""
    world, user = google.world(customer), customer.invented.at(0)
    again = world.recreate(user.id)
    assert read(google, f"users/{user.email}", bearer(google)).json()["id"] == again
    with pytest.raises(ValueError, match="taken"):
        world.undelete(user.id)
    world.delete(again)
    world.undelete(user.id)
    assert read(google, f"users/{user.email}", bearer(google)).json()["id"] == user.id


def test_a_unit_is_deleted(google: GoogleSandbox, customer: Customer) -> None:
    """Its people go to the one above, or where they are told to; nobody is lost."""
    world, who = google.world(customer), bearer(google)
    world.delete_ou("/Students/2022")
    world.delete_ou("/Students/2023", to="/Students/2024")
    counts = Counter(row["orgUnitPath"] for row in users(google, who))
    assert (counts["/Students"], counts["/Students/2024"], counts.total()) == (60, 120, 302)
    assert len(users(google, who, query=below("/Students/2024"))) == 120
    world.delete_ou("/Students")
    assert Counter(row["orgUnitPath"] for row in users(google, who)) == {
        "/": 242,
        "/Staff": 45,
        "/Staff/Administration": 15,
    }
    again = world.add_ou("/Students/2022")
    assert users(google, who, query=below("/Students/2022")) == []
    assert again.startswith("id:")
    with pytest.raises(ValueError, match="the root stays"):
        world.delete_ou("/", to="/Staff")


def test_edits_over_http(google: GoogleSandbox, customer: Customer) -> None:
    """By name, for the customer named; what nobody knows is refused in words."""
    other = google.add_customer(10, seed=2)

    def told(verb: str, **args: object) -> tuple[int, object]:
        answer = ask(google, "/_sandbox/world", method="POST", body=json.dumps({"do": verb, "args": args}).encode())
        return answer.status, answer.json().get("done")

    status, added = told("add_user", customer=other.domain, unit="/Staff", first="Ana")
    assert status == 200
    assert other.known(str(added)).first == "Ana"
    assert told("customers") == (
        200,
        [{"id": each.id, "domain": each.domain, "sync_account": each.sync_account} for each in (customer, other)],
    )
    assert told("register", redirect_uris=["https://a.example/"]) == (200, None)
    assert google.redirect_uris == ["https://a.example/"]
    assert told("sign_in_as", accounts=[other.sync_account]) == (200, None)
    assert google.consenting.signed_in == [other.sync_account]
    assert told("rotate_key") == (200, None)
    for wrong in (
        {"verb": "nonsense", "customer": other.id},
        {"verb": "suspend", "customer": other.id, "user": "nobody"},
        {"verb": "suspend", "customer": "nobody", "user": "nobody"},
        {"verb": "suspend", "user": "nobody"},
        {"verb": "_unit", "customer": other.id, "unit": "/"},
        {"verb": "set_policy", "customer": other.id, "error": "bad_weather"},
        {"verb": "take", "customer": other.id, "right": "everything"},
    ):
        assert told(**wrong)[0] == 400, wrong
    with pytest.raises(WrongCommand):
        google.world(other).do("do", {})


def test_what_points_at_it(google: GoogleSandbox, customer: Customer) -> None:
    """Hosts, secrets and settings; the refresh token that comes with them works."""
    assert google.hosts() == dict.fromkeys(("api", "auth", "token", "revoke"), google.url)
    secrets = google.secrets(customer)
    assert set(secrets) == {"client_id", "client_secret", "refresh_token"}
    assert set(ASKED) <= set(refresh(google, secrets["refresh_token"]).json()["scope"].split())
    google.add_customer(5, seed=2)
    assert set(google.secrets()) == {"client_id", "client_secret"}
    assert google.environment() == {
        "GOOGLE_API_URL": google.url,
        "GOOGLE_AUTH_URL": google.url,
        "GOOGLE_TOKEN_URL": google.url,
        "GOOGLE_REVOKE_URL": google.url,
        "GOOGLE_CLIENT_ID": "sandbox-client",
        "GOOGLE_CLIENT_SECRET": "sandbox-secret",
    }
    with pytest.raises(KeyError):
        google.consent("nobody@nowhere.example")
