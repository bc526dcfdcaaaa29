"""The traps of Google's answers: pages that are none, throttling, refusals in every shape.

Numbered as in the third part of docs/traps.md.
"""

from __future__ import annotations

import logging
from typing import Any

import pytest

from integrations.google.sandbox import Customer, GoogleSandbox
from integrations.google.sandbox.directory import ROOT
from integrations.provider import Changed, Malformed, Refused, SourceError, Unreachable
from tests.integrations.conftest import OpenGoogle
from tests.integrations.gsuite import SCHOOL, SCOPE, everybody

PRIVILEGE = (
    "The sync account's role can't read users. Tick Admin API Privileges > Users > Read in the role, and assign it for"
    " the whole organization."
)
SHAPES = ["a", "b", "c", "d", "f"]


@pytest.mark.parametrize(
    ("fault", "error", "said"),
    [
        ({"page_fail_at": 2}, Unreachable, "Google does not answer (HTTP 503)."),
        ({"page_fail_at": 2, "page_fail": "internalError"}, Unreachable, "Google does not answer (HTTP 500)."),
        ({"page_fail_at": 2, "error_shape": "e"}, Unreachable, "Google does not answer (HTTP 503)."),
        ({"page_cut_at": 2}, Unreachable, "Google does not answer."),
        ({"empty_body_at": 2}, Malformed, "with something that is not JSON."),
        ({"not_json_at": 2}, Malformed, "with something that is not JSON."),
        ({"html_at": 2}, Malformed, "with a web page instead of data."),
        ({"null_at": 2}, Malformed, "with JSON that is not an object."),
        ({"stray_row_at": 2}, Malformed, "with something that is no list of users."),
        ({"no_key_at": 2}, Malformed, "with a page without anybody in the middle of a list."),
        ({"empty_page_at": 2}, Malformed, "with a page without anybody in the middle of a list."),
        ({"empty_page_at": 1}, Malformed, "with a page without anybody in the middle of a list."),
        ({"html_at": 1, "page_of": "orgunits"}, Malformed, "with a web page instead of data."),
        ({"empty": ["orgunits"]}, Malformed, "Google shows no organizational unit at all."),
    ],
)
def test_trap_10_a_page_that_fails_ends_no_listing(
    fault: dict[str, Any],
    error: type[SourceError],
    said: str,
    google: GoogleSandbox,
    customer: Customer,
    open_google: OpenGoogle,
) -> None:
    """It raises, there is no receipt, and what passes heals."""
    source = open_google(customer)
    google.set_faults(fault)
    with pytest.raises(error) as caught:
        everybody(source)
    assert str(caught.value).endswith(said)
    assert (type(caught.value), "@" in str(caught.value)) == (error, False)
    with pytest.raises(RuntimeError):
        _ = source.receipt
    google.set_faults(dict.fromkeys(fault))
    assert len(everybody(source)) == 300
    assert source.receipt.proven({SCHOOL})


@pytest.mark.parametrize("fault", [{"page_fail_at": 2, "page_fail_times": 2}, {"page_cut_at": 2, "page_cut_times": 1}])
def test_trap_10_what_passes_is_not_seen(
    fault: dict[str, Any], google: GoogleSandbox, customer: Customer, open_google: OpenGoogle, naps: list[float]
) -> None:
    google.set_faults(fault)
    assert len(everybody(open_google(customer))) == 300
    assert naps


def test_trap_10_a_page_that_is_forgotten(google: GoogleSandbox, customer: Customer, open_google: OpenGoogle) -> None:
    """Google: a token that it does not know any more is a 400. Everything is read anew."""
    google.set_faults({"page_fail_at": 2, "page_fail": "badRequest", "page_fail_times": 1})
    source = open_google(customer)
    with pytest.raises(Changed):
        everybody(source)
    assert len(everybody(source)) == 300


def test_trap_11_nothing_is_asked_for_once_more(
    google: GoogleSandbox, customer: Customer, open_google: OpenGoogle
) -> None:
    """Whoever was there is not gone because of one empty answer."""
    source = open_google(customer)
    google.set_faults({"no_key_at": 1})
    asked = google.counts["users"]
    assert everybody(source) == {}
    assert google.counts["users"] - asked == 2 * 2
    assert source.receipt.proven({SCHOOL})
    google.set_faults({"no_key_at": None})
    for path in ("/Students", "/Staff"):
        for user in list(customer.users(customer.units.at(path).id))[1:]:
            google.world().delete(user.id)
    google.counts.clear()
    assert len(everybody(source)) == 2
    assert google.counts["users"] == 2


@pytest.mark.parametrize("fault", [{"same_token": True}, {"endless": True}])
def test_trap_14_a_list_without_an_end_ends(
    fault: dict[str, Any], google: GoogleSandbox, customer: Customer, open_google: OpenGoogle
) -> None:
    """In an error, soon, and never as if it were whole."""
    source = open_google(customer)
    google.set_faults(fault)
    with pytest.raises(Malformed, match=r"without an end|without anybody"):
        everybody(source)
    assert google.counts["users"] <= 6


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("reason", ["quotaExceeded", "userRateLimitExceeded", "rateLimitExceeded"])
def test_trap_15_throttling_is_waited_for(
    reason: str,
    shape: str,
    google: GoogleSandbox,
    customer: Customer,
    open_google: OpenGoogle,
    naps: list[float],
) -> None:
    """Google: mostly a 403. Pauses grow, and no two are alike."""
    google.set_faults({"page_fail_at": 2, "page_fail": reason, "page_fail_times": 2, "error_shape": shape})
    assert len(everybody(open_google(customer))) == 300
    assert len(naps) == 2
    assert 0 < naps[0] < naps[1] <= 3
    assert naps != [0.5, 1.0]


def test_trap_15_pauses_differ_from_run_to_run(
    google: GoogleSandbox, customer: Customer, open_google: OpenGoogle, naps: list[float]
) -> None:
    """Schools of one district share a limit, and must not come back all at once."""
    for _ in range(5):
        google.set_faults({"page_fail_at": 2, "page_fail": "quotaExceeded", "page_fail_times": 1})
        everybody(open_google(customer))
    assert len(set(naps)) == 5
    assert all(1 <= nap <= 1.5 for nap in naps)


@pytest.mark.parametrize("reason", ["quotaExceeded", "rateLimitExceeded", "dailyLimitExceeded"])
def test_trap_16_throttling_is_no_missing_right(
    reason: str, google: GoogleSandbox, customer: Customer, open_google: OpenGoogle, naps: list[float]
) -> None:
    """It ends in "later", and a limit of the whole day at once."""
    google.set_faults({"refuse": {"users": reason}})
    with pytest.raises(Unreachable) as caught:
        everybody(open_google(customer))
    assert caught.value.code == "E-RATE"
    assert (len(naps) == 0) == (reason == "dailyLimitExceeded")


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    ("reason", "code", "said"),
    [
        ("forbidden", "E-PRIVILEGE-MISSING", PRIVILEGE),
        ("insufficientPermissions", "E-PRIVILEGE-MISSING", "SmartPass was not given permission to read users."),
        ("accessNotConfigured", "E-CLIENT-REFUSED", "Google says that SmartPass's own project"),
        ("domainCannotUseApis", "E-ADMIN-POLICY", "Google's admin settings of this domain keep SmartPass out."),
    ],
)
def test_trap_16_a_missing_right_is_not_asked_for_again(
    reason: str, code: str, said: str, shape: str, google: GoogleSandbox, customer: Customer, open_google: OpenGoogle
) -> None:
    """Once, and then a person has to do something; what, is said."""
    google.set_faults({"refuse": {"users": reason}, "error_shape": shape})
    source = open_google(customer)
    google.counts.clear()
    with pytest.raises(Refused) as caught:
        everybody(source)
    assert (caught.value.code, str(caught.value)[: len(said)]) == (code, said)
    assert (google.counts["users"], google.counts["/token"]) == (1, 1)


def test_trap_16_a_web_page_is_no_missing_right(
    google: GoogleSandbox, customer: Customer, open_google: OpenGoogle
) -> None:
    """Something before the directory turned us away: later."""
    google.set_faults({"refuse": {"users": "forbidden"}, "error_shape": "e"})
    with pytest.raises(Unreachable, match="HTTP 403"):
        everybody(open_google(customer))


def test_trap_16_an_account_without_a_domain(
    google: GoogleSandbox, customer: Customer, open_google: OpenGoogle
) -> None:
    google.set_faults({"refuse": {"orgunits": "forbidden"}, "message": "Invalid domain."})
    with pytest.raises(Refused) as caught:
        open_google(customer).places()
    assert caught.value.code == "E-WRONG-DOMAIN"


def test_trap_16_a_refused_person_is_no_proof_without_the_right(
    google: GoogleSandbox, customer: Customer, open_google: OpenGoogle
) -> None:
    """A 403 about one account tells of that account only while others can still be read."""
    source = open_google(customer)
    key = next(iter(everybody(source)))
    google.world().take("users")
    with pytest.raises(Refused, match="can't read users"):
        source.look_up(key, SCOPE)
    with pytest.raises(Refused, match="can't read users"):
        source.find(customer.known(key).email)


def test_trap_16_the_check_says_each_right(google: GoogleSandbox, customer: Customer, open_google: OpenGoogle) -> None:
    """What can be read and how much of it; what cannot, and the line to tick."""
    source = open_google(customer)
    told = [tuple(right) for right in source.rights()]
    assert told == [
        ("account", True, customer.sync_account, ""),
        ("super_admin", False, "", ""),
        ("units", True, "8", ""),
        ("users", True, "302", ""),
        ("groups", True, "2", ""),
    ]
    google.world().take("users")
    google.world().take("groups")
    rights = {right.name: right for right in source.rights()}
    assert [rights[name].ok for name in ("account", "units", "users", "groups")] == [True, True, False, False]
    assert (rights["users"].detail, rights["users"].code) == (PRIVILEGE, "E-PRIVILEGE-MISSING")
    with pytest.raises(Refused, match="Users > Read"):
        source.check()
    google.world().make_super_admin()
    assert {right.name: right.ok for right in source.rights()}["super_admin"]


def test_trap_16_the_check_counts_no_further_than_a_page(google: GoogleSandbox, open_google: OpenGoogle) -> None:
    customer = google.add_customer(1_000)
    google.log.clear()
    assert [right.detail for right in open_google(customer).rights() if right.name == "users"] == ["more than 500"]
    assert len(google.log) == 5


def test_trap_16_nothing_of_anybody_is_written_down(
    google: GoogleSandbox, customer: Customer, open_google: OpenGoogle, caplog: pytest.LogCaptureFixture
) -> None:
    """Not in logs at their most talkative, nor in what an error says."""
    caplog.set_level(logging.DEBUG)
    source = open_google(customer)
    person = next(iter(everybody(source).values()))
    source.find(person.email)
    google.set_faults({"page_fail_at": 1, "page_fail": "badRequest", "message": f"Invalid Input: {person.email}"})
    with pytest.raises(Malformed) as caught:
        everybody(source)
    assert str(caught.value) == f"Google answered {ROOT}users with HTTP 400."
    for text in (person.email, person.email.replace("@", "%40"), person.last_name, "orgUnitPath", *secrets(source)):
        assert text not in caplog.text


def secrets(source: Any) -> list[str]:
    """What opens this customer."""
    return [source.secrets["refresh_token"], source.secrets["client_secret"], source._grant._access]
