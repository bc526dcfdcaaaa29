"""Tokens of the sandbox's Google. Numbers are the points a faithful server keeps."""

from __future__ import annotations

import time
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature

from integrations.google.sandbox import Customer, GoogleSandbox
from integrations.google.sandbox.exchange import FAULTS
from tests.integrations.google import BACK, CLIENT, GROUPS, USERS, bearer, code_of, exchange, read, refresh
from tests.integrations.raw import Answer, ask, basic, post
from tests.integrations.signing_in import verified

DAY = 86_400


def error(answer: Answer) -> tuple[int, str, str]:
    """What the token endpoint says is wrong."""
    return answer.status, answer.json()["error"], answer.json()["error_description"]


def later(google: GoogleSandbox, seconds: float) -> None:
    """Let time pass for the sandbox."""
    now = google.clock() + seconds
    google.clock = lambda: now


def test_4_a_code_works_once(google: GoogleSandbox, customer: Customer) -> None:
    """For the address it was given for, and for ten minutes."""
    google.redirect_uris.append(f"{BACK}/again")
    code = code_of(google, customer.sync_account)
    assert exchange(google, code, redirect_uri=f"{BACK}/again").json()["error"] == "redirect_uri_mismatch"
    assert exchange(google, code).status == 200
    assert error(exchange(google, code)) == (400, "invalid_grant", "Bad Request")
    late = code_of(google, customer.sync_account)
    later(google, 601)
    assert error(exchange(google, late)) == (400, "invalid_grant", "Bad Request")
    assert error(exchange(google, "4/0Amade-up")) == (400, "invalid_grant", "Malformed auth code.")


def test_5_the_client_says_who_it_is(google: GoogleSandbox, customer: Customer) -> None:
    """In the body or by HTTP Basic; anything else is 401."""
    fields = {"grant_type": "refresh_token", "refresh_token": google.consent(customer.sync_account)}
    assert post(google, "/token", **fields, **CLIENT).status == 200
    assert post(google, "/token", basic(*CLIENT.values()), **fields).status == 200
    for said in (basic("sandbox-client", "wrong"), "Basic %%%", ""):
        assert error(post(google, "/token", said, **fields)) == (401, "invalid_client", "Unauthorized")
    assert post(google, "/token", **{**fields, **CLIENT, "client_id": "wrong"}).status == 401
    assert post(google, "/token", **{**CLIENT, "grant_type": "password"}).json()["error"] == "unsupported_grant_type"
    assert ask(google, "/token").status == 404


def test_5_a_refresh_answers_without_a_refresh_token(google: GoogleSandbox, customer: Customer) -> None:
    """The access token lives for 3599 seconds; the scopes may be narrowed, not widened."""
    token = google.consent(customer.sync_account, [USERS])
    told = refresh(google, token).json()
    assert set(told) == {"access_token", "expires_in", "scope", "token_type", "id_token"}
    assert (told["expires_in"], told["token_type"]) == (3599, "Bearer")
    narrowed = refresh(google, token, scope=USERS).json()
    assert (narrowed["scope"], "id_token" in narrowed) == (USERS, False)
    assert error(refresh(google, token, scope=GROUPS)) == (400, "invalid_scope", "Bad Request")
    who = f"Bearer {told['access_token']}"
    later(google, 3598)
    assert read(google, "users", who, customer="my_customer").status == 200
    later(google, 2)
    assert read(google, "users", who, customer="my_customer").status == 401


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_5_it_fails_by_name(name: str, google: GoogleSandbox, customer: Customer) -> None:
    """As often as it is told to."""
    token = google.consent(customer.sync_account)
    google.set_faults({"token_fault": name, "token_fault_times": 2})
    for _ in range(2):
        assert error(refresh(google, token)) == FAULTS[name]
    assert refresh(google, token).status == 200


@pytest.mark.parametrize(
    ("name", "status", "body"),
    [
        ("html", 502, b"<!DOCTYPE html>"),
        ("html_200", 200, b"<!DOCTYPE html>"),
        ("empty", 200, b""),
        ("null", 200, b"null"),
        ("no_token", 200, b'{"token_type": "Bearer"}'),
    ],
)
def test_5_it_answers_something_else(name: str, status: int, body: bytes, google: GoogleSandbox) -> None:
    """Without an error in it."""
    google.set_faults({"token_fault": name})
    answer = refresh(google, "any")
    assert answer.status == status
    assert answer.body == body or (body.startswith(b"<") and answer.body.startswith(body))


def test_5_rapt(google: GoogleSandbox) -> None:
    """An organization that wants people to sign in again says so beside the error."""
    google.set_faults({"token_fault": "rapt"})
    assert refresh(google, "any").json() == {
        "error": "invalid_grant",
        "error_description": "reauth related error (invalid_rapt)",
        "error_uri": "https://support.google.com/a/answer/9368756",
        "error_subtype": "invalid_rapt",
    }


def test_5_why_a_token_died_is_forgotten(google: GoogleSandbox, customer: Customer) -> None:
    """Half a day later the words are others; the error is the same."""
    token = google.consent(customer.sync_account)
    assert post(google, "/revoke", token=token).status == 200
    assert error(refresh(google, token)) == (400, "invalid_grant", "Token has been expired or revoked.")
    later(google, DAY)
    assert error(refresh(google, token)) == (400, "invalid_grant", "Bad Request")


def test_5_an_app_in_testing(google: GoogleSandbox, customer: Customer) -> None:
    """Its refresh tokens end after seven days, and say so when they are given."""
    google.set_faults({"testing": True})
    told = exchange(google, code_of(google, customer.sync_account)).json()
    assert told["refresh_token_expires_in"] == 604_799
    later(google, 7 * DAY - 60)
    assert refresh(google, told["refresh_token"]).status == 200
    later(google, 61)
    assert error(refresh(google, told["refresh_token"])) == (
        400,
        "invalid_grant",
        "Token has been expired or revoked.",
    )


def test_5_one_token_too_many(google: GoogleSandbox, customer: Customer) -> None:
    """Kills the account's oldest, and nobody else's."""
    other = google.consent(customer.second_admin)
    tokens = [google.consent(customer.sync_account) for _ in range(101)]
    assert refresh(google, tokens[0]).json()["error"] == "invalid_grant"
    assert [refresh(google, token).status for token in (tokens[1], tokens[100], other)] == [200, 200, 200]


def test_5_answers_that_lack_something(google: GoogleSandbox, customer: Customer) -> None:
    """No refresh token where one was due; fewer scopes than were granted."""
    google.set_faults({"no_refresh_token": True, "scopes_lost": [USERS]})
    told = exchange(google, code_of(google, customer.sync_account)).json()
    assert ("refresh_token" in told, USERS in told["scope"]) == (False, False)


def test_5_an_account_that_is_gone(google: GoogleSandbox, customer: Customer) -> None:
    """Or suspended: its token is refused, and works again when the account does."""
    token, world = google.consent(customer.sync_account), google.world()
    world.suspend(customer.sync_account)
    assert error(refresh(google, token)) == (400, "invalid_grant", "Bad Request")
    world.unsuspend(customer.sync_account)
    assert refresh(google, token).status == 200
    world.delete(customer.sync_account)
    assert error(refresh(google, token)) == (400, "invalid_grant", "The account has been deleted")


def test_6_revoking_ends_the_whole_grant(google: GoogleSandbox, customer: Customer) -> None:
    """By POST, with either token, and only once; another account's tokens live on."""
    tokens, other = [google.consent(customer.sync_account) for _ in range(2)], google.consent(customer.second_admin)
    access = refresh(google, tokens[1]).json()["access_token"]
    assert ask(google, f"/revoke?token={access}").status == 404
    assert post(google, "/revoke", token=access).status == 200
    assert error(post(google, "/revoke", token=access))[:2] == (400, "invalid_token")
    assert error(post(google, "/revoke", token=tokens[0]))[:2] == (400, "invalid_token")
    assert post(google, "/revoke").json()["error"] == "invalid_request"
    assert [refresh(google, token).status for token in (*tokens, other)] == [400, 400, 200]
    assert read(google, "users", f"Bearer {access}", customer="my_customer").status == 401


def certified(google: GoogleSandbox, token: str) -> dict[str, Any]:
    """An ID token's claims, checked against the published keys."""
    return verified(google, token, "/oauth2/v3/certs")


def test_7_the_id_token(google: GoogleSandbox, customer: Customer) -> None:
    """RS256; `sub` is the directory's id, `hd` the customer's domain, and an hour from now it is over."""
    now = int(time.time())
    google.clock = lambda: now
    code = code_of(google, customer.sync_account, scope="openid email profile", nonce="once")
    claims = certified(google, exchange(google, code).json()["id_token"])
    assert claims.pop("at_hash")
    assert claims == {
        "iss": google.url,
        "azp": "sandbox-client",
        "aud": "sandbox-client",
        "sub": customer.known(customer.sync_account).id,
        "hd": customer.domain,
        "email": customer.sync_account,
        "email_verified": True,
        "name": "Smartpass-Sync Admin",
        "given_name": "Smartpass-Sync",
        "family_name": "Admin",
        "nonce": "once",
        "iat": now,
        "exp": now + 3600,
    }
    assert len(claims["sub"]) == 21


def test_7_a_consumer_has_no_domain(google: GoogleSandbox, customer: Customer) -> None:
    """However the mail looks; and a mail need not be checked."""
    code = code_of(google, google.consumer.email, scope="openid email")
    claims = certified(google, exchange(google, code).json()["id_token"])
    assert ("hd" in claims, claims["email"]) == (False, google.consumer.email)
    google.set_faults({"id_token": {"email_verified": False, "hd": None}})
    code = code_of(google, customer.sync_account, scope="openid email")
    claims = certified(google, exchange(google, code).json()["id_token"])
    assert ("hd" in claims, claims["email_verified"]) == (False, False)


def test_7_keys_change(google: GoogleSandbox, customer: Customer) -> None:
    """The one before is published for a while; the one before that is not."""
    old = exchange(google, code_of(google, customer.sync_account, scope="openid")).json()["id_token"]
    certified(google, old)
    google.openid.rotate()
    certified(google, old)
    google.openid.rotate()
    with pytest.raises(KeyError):
        certified(google, old)
    new = exchange(google, code_of(google, customer.sync_account, scope="openid")).json()["id_token"]
    certified(google, new)
    forged = ".".join([new.split(".")[0], old.split(".")[1], new.split(".")[2]])
    with pytest.raises(InvalidSignature):
        certified(google, forged)


def test_7_discovery_and_userinfo(google: GoogleSandbox, customer: Customer) -> None:
    """Discovery names pages that are there."""
    told = ask(google, "/.well-known/openid-configuration").json()
    assert told["issuer"] == google.url
    assert ask(google, told["jwks_uri"].removeprefix(google.url)).json()["keys"][0]["kty"] == "RSA"
    assert ask(google, told["jwks_uri"].removeprefix(google.url)).headers["cache-control"].startswith("public")
    where = told["userinfo_endpoint"].removeprefix(google.url)
    who = ask(google, where, bearer(google)).json()
    assert (who["email"], who["hd"]) == (customer.sync_account, customer.domain)
    assert ask(google, where, "Bearer x").status == 401


def test_the_log_holds_no_secret(google: GoogleSandbox, customer: Customer) -> None:
    """Neither in-process nor over HTTP."""
    told = exchange(google, code_of(google, customer.sync_account, state="secret-state")).json()
    read(google, "users", f"Bearer {told['access_token']}", customer="my_customer")
    ask(google, f"/revoke?token={told['refresh_token']}")
    log = ask(google, "/_sandbox/log")
    assert [row["token"] for row in log.json()] == ["none", "none", "none", "client", "access", "none"]
    for secret in (told["access_token"], told["refresh_token"], "secret-state", CLIENT["client_secret"]):
        assert secret.encode() not in log.body
