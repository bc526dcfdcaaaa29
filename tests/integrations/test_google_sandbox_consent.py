"""Consent at the sandbox's Google. Numbers are the points a faithful server keeps."""

from __future__ import annotations

import pytest

from integrations.google.sandbox import Customer, GoogleSandbox
from integrations.google.sandbox.accounts import SCOPES, named
from tests.integrations.google import (
    BACK,
    GROUPS,
    UNITS,
    USERS,
    agree,
    begin,
    boxes,
    came_back,
    choose,
    code_of,
    exchange,
    submit,
)
from tests.integrations.raw import Answer, ask, query


def drawn(answer: Answer) -> tuple[int, str]:
    """The error of a page that Google draws; nothing leaves for the app."""
    assert "location" not in answer.headers
    return answer.status, answer.body.decode().partition("<p>Error ")[2].partition("</p>")[0]


def test_1_the_whole_way(google: GoogleSandbox, customer: Customer) -> None:
    """From the request to a token that reads the directory; the state comes back as it was."""
    page = choose(google, begin(google, state="a/b c"), customer.sync_account)
    assert set(boxes(page)) == {"all", USERS, UNITS}
    told = came_back(agree(google, page))
    assert (told["state"], told["hd"]) == ("a/b c", customer.domain)
    tokens = exchange(google, told["code"]).json()
    assert tokens["expires_in"] == 3599
    who = f"Bearer {tokens['access_token']}"
    assert len(ask(google, "/admin/directory/v1/users?customer=my_customer", who).json()["users"]) == 100


def test_1_the_state_goes_back_byte_for_byte(google: GoogleSandbox, customer: Customer) -> None:
    """However it was escaped."""
    asked = query(client_id="sandbox-client", redirect_uri=BACK, response_type="code", scope="openid")
    page = choose(google, ask(google, f"/o/oauth2/v2/auth?{asked}&state=a%2fb+c~"), customer.sync_account)
    assert agree(google, page).headers["location"].startswith(f"{BACK}?state=a%2fb+c~&code=4%2F0A")


@pytest.mark.parametrize("wrong", [f"{BACK}/", BACK.upper(), f"{BACK}?x=1", BACK.replace("https", "http")])
def test_1_an_address_is_compared_exactly(wrong: str, google: GoogleSandbox) -> None:
    """Nothing leaves for an address that is not registered."""
    assert drawn(begin(google, redirect_uri=wrong)) == (400, "400: redirect_uri_mismatch")


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"client_id": "somebody"}, "401: invalid_client"),
        ({"client_id": None}, "400: invalid_request"),
        ({"redirect_uri": None}, "400: invalid_request"),
        ({"response_type": "token"}, "400: unsupported_response_type"),
        ({"response_type": None}, "400: invalid_request"),
        ({"scope": None}, "400: invalid_request"),
        ({"scope": "openid everything"}, "400: invalid_scope"),
        ({"code_challenge_method": "S512", "code_challenge": "x"}, "400: invalid_request"),
        ({"code_challenge_method": "S256"}, "400: invalid_request"),
        ({"access_type": "forever"}, "400: invalid_request"),
    ],
)
def test_1_a_wrong_request_is_drawn(more: dict[str, str | None], error: str, google: GoogleSandbox) -> None:
    """And the app never hears of it."""
    assert drawn(begin(google, **more)) == (int(error[:3]), error)


def test_1_only_cancel_comes_back(google: GoogleSandbox, customer: Customer) -> None:
    """With `access_denied`, the state, and no code."""
    page = choose(google, begin(google, state="s"), customer.sync_account)
    assert came_back(agree(google, page, answer="cancel")) == {"state": "s", "error": "access_denied"}


def test_1_a_page_works_once(google: GoogleSandbox, customer: Customer) -> None:
    """Sent again, it begins anew."""
    page = choose(google, begin(google), customer.sync_account)
    assert agree(google, page).status == 302
    assert agree(google, page).status == 400


@pytest.mark.parametrize("method", ["S256", "plain"])
def test_1_the_verifier_has_to_fit(method: str, google: GoogleSandbox, customer: Customer) -> None:
    """RFC 7636's own pair; without a verifier, or with another one, there is nothing."""
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    challenge = {"S256": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "plain": verifier}[method]
    code = code_of(google, customer.sync_account, code_challenge=challenge, code_challenge_method=method)
    missing = exchange(google, code)
    assert (missing.status, missing.json()["error"]) == (400, "invalid_grant")
    assert missing.json()["error_description"] == "Missing code verifier."
    assert exchange(google, code, code_verifier="something else").json()["error"] == "invalid_grant"
    assert exchange(google, code, code_verifier=verifier).status == 200


@pytest.mark.parametrize(
    ("error", "status"),
    [
        ("admin_policy_enforced", 400),
        ("access_not_configured", 400),
        ("org_internal", 403),
        ("access_denied", 403),
    ],
)
def test_2_an_organization_forbids(error: str, status: int, google: GoogleSandbox, customer: Customer) -> None:
    """For one account or a unit and all below it; other accounts get in. It is drawn after the chooser."""
    world = google.world(customer)
    world.set_policy(error, account=customer.sync_account)
    assert drawn(choose(google, begin(google), customer.sync_account)) == (status, f"{status}: {error}")
    assert choose(google, begin(google), customer.second_admin).status == 200
    world.set_policy(None, account=customer.sync_account)
    world.set_policy(error, unit="/Staff")
    teacher = next(customer.users(customer.units.find("/Staff/Administration"))).email
    assert drawn(choose(google, begin(google), teacher)) == (status, f"{status}: {error}")
    assert choose(google, begin(google), customer.sync_account).status == 200


def test_2_every_error_can_be_drawn(google: GoogleSandbox) -> None:
    """Before anything else is looked at."""
    google.set_faults({"auth_error": "disallowed_useragent"})
    assert drawn(begin(google)) == (403, "403: disallowed_useragent")


def test_2_an_app_nobody_checked(google: GoogleSandbox, customer: Customer) -> None:
    """Gets a warning first, unless it only signs people in."""
    google.set_faults({"unverified": True})
    page = choose(google, begin(google), customer.sync_account)
    assert b"hasn't verified this app" in page.body
    assert came_back(agree(google, submit(google, page)))["code"]
    assert boxes(choose(google, begin(google, scope="openid"), customer.sync_account)) == []


def test_2_the_chooser(google: GoogleSandbox, customer: Customer) -> None:
    """Admins of every customer and a consumer; `hd` hides, it does not forbid."""
    other = google.add_customer(20, seed=2)
    mails = [customer.sync_account, customer.second_admin, other.sync_account, google.consumer.email]
    page = begin(google).body.decode()
    assert all(f'value="{mail}"' in page for mail in mails)
    page = begin(google, hd=other.domain).body.decode()
    assert [f'value="{mail}"' in page for mail in mails] == [False, False, True, False]
    told = came_back(agree(google, choose(google, begin(google, hd=other.domain), customer.sync_account)))
    assert told["hd"] == customer.domain
    told = came_back(agree(google, choose(google, begin(google), google.consumer.email)))
    assert "hd" not in told


def test_2_another_account(google: GoogleSandbox, customer: Customer) -> None:
    """Anybody of a directory can sign in by the mail; nobody can whom Google does not know or has suspended."""
    student = customer.invented.at(0)
    page = submit(google, begin(google), [("account", ""), ("email", student.email.upper())])
    assert student.email in page.body.decode()
    unknown = submit(google, begin(google), [("account", ""), ("email", "nobody@nowhere.example")])
    assert b"Couldn't find your Google Account" in unknown.body
    google.world(customer).suspend(student.id)
    assert choose(google, begin(google), student.email).status == 403


def test_2_a_hint_skips_the_chooser(google: GoogleSandbox, customer: Customer) -> None:
    """For an account that is signed in, unless the app wants it to be asked for."""
    assert UNITS in boxes(begin(google, login_hint=customer.sync_account))
    assert b"Choose an account" in begin(google, login_hint="x@y.example").body
    assert b"Choose an account" in begin(google, login_hint=customer.sync_account, prompt="select_account").body
    google.consenting.signed_in = [customer.second_admin]
    assert b"Choose an account" in begin(google, login_hint=customer.sync_account).body
    assert customer.sync_account.encode() not in begin(google).body
    assert came_back(begin(google, prompt="none")) == {"error": "interaction_required"}
    google.consenting.signed_in = []
    assert came_back(begin(google, prompt="none")) == {"error": "login_required"}


def test_3_every_right_has_a_box(google: GoogleSandbox, customer: Customer) -> None:
    """None of them ticked; what signs in has none; a part may be granted."""
    page = choose(google, begin(google, scope=" ".join(["openid", "email", *SCOPES])), customer.sync_account)
    assert set(boxes(page)) == {"all", *SCOPES}
    assert b" checked" not in page.body
    told = came_back(agree(google, page, [USERS]))
    assert set(told["scope"].split()) == named(f"openid email {USERS}")
    assert set(exchange(google, told["code"]).json()["scope"].split()) == named(f"openid email {USERS}")


def test_3_no_box_at_all(google: GoogleSandbox, customer: Customer) -> None:
    """Signing in is granted still; where nothing is left, it is a refusal."""
    told = came_back(agree(google, choose(google, begin(google), customer.sync_account), []))
    assert set(told["scope"].split()) == named("openid email")
    page = choose(google, begin(google, scope=USERS), customer.sync_account)
    assert came_back(agree(google, page, [])) == {"error": "access_denied"}


def test_3_scopes_come_back_by_long_names_in_any_order(google: GoogleSandbox, customer: Customer) -> None:
    """So they are compared as sets."""
    orders = set()
    for _ in range(8):
        code = code_of(google, customer.sync_account, scope=f"openid email profile {USERS} {UNITS}")
        orders.add(exchange(google, code).json()["scope"])
    assert len(orders) > 1
    (scopes,) = {frozenset(order.split()) for order in orders}
    userinfo = "https://www.googleapis.com/auth/userinfo."
    assert scopes == {"openid", f"{userinfo}email", f"{userinfo}profile", USERS, UNITS}


def test_3_granted_before(google: GoogleSandbox, customer: Customer) -> None:
    """`include_granted_scopes` brings them along; without it there is only what was asked."""
    code_of(google, customer.sync_account)
    alone = exchange(google, code_of(google, customer.sync_account, scope=GROUPS)).json()
    assert set(alone["scope"].split()) == {GROUPS}
    both = code_of(google, customer.sync_account, scope=GROUPS, include_granted_scopes="true")
    assert set(exchange(google, both).json()["scope"].split()) == named(f"openid email {USERS} {UNITS} {GROUPS}")


def test_4_a_refresh_token_comes_of_a_consent(google: GoogleSandbox, customer: Customer) -> None:
    """The first one, or with prompt=consent, and for offline access only."""
    assert "refresh_token" not in exchange(google, code_of(google, customer.sync_account, access_type="online")).json()
    google.tokens.revoke_account(customer.known(customer.sync_account).id)
    first = code_of(google, customer.sync_account, prompt=None)
    assert exchange(google, first).json()["refresh_token"].startswith("1//")
    straight = came_back(choose(google, begin(google, prompt=None), customer.sync_account))
    assert "refresh_token" not in exchange(google, straight["code"]).json()
    assert "refresh_token" in exchange(google, code_of(google, customer.sync_account)).json()
