"""The traps of Google's permission: tokens that end in the middle, and what their end means.

Numbered as in the third part of docs/traps.md.
"""

from __future__ import annotations

import time
from typing import Any

import pytest

from integrations.google.sandbox import Customer, GoogleSandbox
from integrations.http import Limits
from integrations.provider import Malformed, Refused, SourceError, Unreachable
from integrations.sandbox.server import Response, as_json
from tests.integrations.conftest import IMPATIENT, Kept, OpenGoogle
from tests.integrations.gsuite import everybody
from tests.integrations.wire import Scripted


def test_trap_17_a_token_that_ends_in_the_middle(
    google: GoogleSandbox, customer: Customer, open_google: OpenGoogle
) -> None:
    """A listing of more than an hour goes on with another one."""
    source = open_google(customer)
    walk = source.people(["school:1"])
    read = [next(walk) for _ in range(100)]
    before = google.clock
    google.clock = lambda: before() + 4_000
    read += list(walk)
    assert len(read) == 300
    assert google.counts["/token"] == 2
    assert source.receipt.closed


def test_trap_17_a_token_is_renewed_before_its_end(
    google: GoogleSandbox, customer: Customer, open_google: OpenGoogle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By our clock, some minutes ahead: no page is refused."""
    source = open_google(customer)
    walk = source.people(["school:1"])
    read = [next(walk) for _ in range(100)]
    now = time.monotonic()
    monkeypatch.setattr("integrations.google.grant.time.monotonic", lambda: now + 3_500)
    read += list(walk)
    assert len(read) == 300
    assert [entry.status for entry in google.log].count(401) == 0
    assert google.counts["/token"] >= 2


def test_trap_17_a_permission_that_ends_in_the_middle(
    google: GoogleSandbox, customer: Customer, open_google: OpenGoogle
) -> None:
    """It stops, and nothing more is asked, by whichever verb."""
    source = open_google(customer)
    walk = source.people(["school:1"])
    next(walk)
    google.tokens.revoke(source.secrets["refresh_token"])
    with pytest.raises(Refused):
        list(walk)
    asked = len(google.log)
    for again in (lambda: everybody(source), source.places, source.rights, lambda: source.look_up("1", [])):
        with pytest.raises(Refused):
            again()
    assert len(google.log) == asked
    with pytest.raises(RuntimeError):
        _ = source.receipt


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("revoked", "E-GRANT-REVOKED"),
        ("bad_request", "E-GRANT-REVOKED"),
        ("invalid_email", "E-GRANT-REVOKED"),
        ("deleted_account", "E-GRANT-ACCOUNT-DELETED"),
        ("restricted", "E-GRANT-ACCOUNT-SUSPENDED"),
        ("rapt", "E-GRANT-EXPIRED"),
        ("policy", "E-ADMIN-POLICY"),
        ("invalid_client", "E-CLIENT-REFUSED"),
        ("deleted_client", "E-CLIENT-REFUSED"),
    ],
)
def test_trap_17_why_a_permission_is_dead(
    fault: str, code: str, google: GoogleSandbox, customer: Customer, open_google: OpenGoogle, naps: list[float]
) -> None:
    """Asked once; the words refine what `error` says, and hold no secret."""
    google.set_faults({"token_fault": fault})
    source = open_google(customer)
    with pytest.raises(Refused) as caught:
        source.check()
    assert caught.value.code == code
    assert (len(google.log), naps) == (1, [])
    assert not [secret for secret in source.secrets.values() if secret in str(caught.value)]


@pytest.mark.parametrize("fault", ["internal_failure", "unavailable", "rate", "html", "html_200"])
def test_trap_17_a_token_that_is_late_is_no_dead_permission(
    fault: str, google: GoogleSandbox, customer: Customer, open_google: OpenGoogle, naps: list[float]
) -> None:
    """Asked again a few times; then later, and a person has nothing to do."""
    google.set_faults({"token_fault": fault})
    source = open_google(customer)
    with pytest.raises(Unreachable):
        source.check()
    assert (len(google.log), len(naps)) == (IMPATIENT.attempts, IMPATIENT.attempts - 1)
    google.set_faults({"token_fault": None})
    source.check()


@pytest.mark.parametrize("fault", ["empty", "null", "no_token"])
def test_trap_17_an_answer_without_a_token(
    fault: str, google: GoogleSandbox, customer: Customer, open_google: OpenGoogle
) -> None:
    google.set_faults({"token_fault": fault})
    with pytest.raises(Malformed, match="/token"):
        open_google(customer).check()


def test_trap_17_a_token_that_opens_nothing(google: GoogleSandbox, customer: Customer, open_google: OpenGoogle) -> None:
    """Refused, renewed once, refused again: a person must link anew."""
    google.set_faults({"refuse": {"users": "authError"}})
    source = open_google(customer)
    with pytest.raises(Refused) as caught:
        everybody(source)
    assert caught.value.code == "E-GRANT-REVOKED"
    assert (google.counts["users"], google.counts["/token"]) == (2, 2)


def test_trap_17_nothing_is_asked_without_a_permission(
    google: GoogleSandbox, customer: Customer, open_google: OpenGoogle
) -> None:
    source = open_google(customer)
    source.secrets = {**source.secrets, "refresh_token": ""}
    with pytest.raises(Refused):
        source.check()
    assert google.log == []


@pytest.mark.parametrize(
    ("more", "wanted"), [({}, {}), ({"refresh_token": ""}, {}), ({"refresh_token": "new"}, {"refresh_token": "new"})]
)
def test_trap_17_a_new_refresh_token_is_kept_and_nothing_overwrites_it(
    more: dict[str, str], wanted: dict[str, str], customer: Customer, open_google: OpenGoogle, kept: Kept
) -> None:
    """Google: a renewal mostly holds none, and ours goes on being good."""
    unit = {"organizationUnits": [{"orgUnitId": "id:1", "orgUnitPath": "/"}]}
    with Scripted(as_json({"access_token": "a", "expires_in": 3599, **more}), as_json(unit)) as server:
        source = open_google(customer)
        source.hosts = {"api": server.url, "token": server.url}
        assert [place.name for place in source.places()] == ["/"]
    assert kept == {customer.id: wanted}


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Response(400, b"no", "text/plain"), Malformed),
        (as_json({"error": "invalid_request"}, 400), Malformed),
        (as_json({"error": "invalid_grant", "error_description": "Token has been expired."}, 400), Refused),
    ],
)
def test_trap_17_other_refusals(
    answer: Response, error: type[SourceError], customer: Customer, open_google: OpenGoogle
) -> None:
    with Scripted(answer) as server:
        source = open_google(customer, limits=Limits(attempts=1))
        source.hosts = {"api": server.url, "token": server.url}
        with pytest.raises(error) as caught:
            source.check()
    assert (caught.value.code == "E-GRANT-EXPIRED") == (error is Refused)


def told(source: Any) -> str:
    """What a thing that holds tokens shows of itself."""
    return repr(source._grant)


def test_trap_17_a_permission_shows_nothing_of_itself(customer: Customer, open_google: OpenGoogle) -> None:
    source = open_google(customer)
    source.check()
    assert told(source) == "Grant(…)"
