"""Signing in at the sandbox's ClassLink. Numbers are the points a faithful server keeps."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from cryptography.exceptions import InvalidSignature

from integrations.classlink.sandbox import ClassLinkSandbox, Tenant
from tests.integrations.raw import PARTNER, ask, basic, post, query
from tests.integrations.signing_in import BACK, CLIENT, authorize, back, exchange, sign_in, verified, who


@pytest.fixture
def server() -> Iterator[ClassLinkSandbox]:
    """A ClassLink that knows where our pages are."""
    with ClassLinkSandbox() as made:
        made.identity.redirect_uris = [BACK, f"{BACK}/again"]
        yield made


@pytest.fixture
def tenant(server: ClassLinkSandbox) -> Tenant:
    """A district of 100 people."""
    return server.add_district(100, 3)


def test_23_discovery_names_the_pages(server: ClassLinkSandbox) -> None:
    """Without grant types and without PKCE, as ClassLink's."""
    told = ask(server, "/.well-known/openid-configuration").json()
    assert told["issuer"] == server.url
    assert told["authorization_endpoint"] == f"{server.url}/oauth2/v2/auth"
    assert told["token_endpoint"] == f"{server.url}/oauth2/v2/token"
    assert told["jwks_uri"] == f"{server.url}/oauth2/v2/jwks"
    assert told["userinfo_endpoint"] == f"{server.url}/v2/my/profileinfo"
    assert told["id_token_signing_alg_values_supported"] == ["RS256"]
    assert not {"grant_types_supported", "code_challenge_methods_supported"} & set(told)


@pytest.mark.parametrize("wrong", [f"{BACK}/", BACK.upper(), f"{BACK}?x=1", "https://elsewhere.example/back", ""])
def test_24_a_redirect_uri_is_compared_exactly(wrong: str, server: ClassLinkSandbox, tenant: Tenant) -> None:
    """Nothing leaves for an address that is not registered."""
    server.sign_in_as(tenant.id_of("teacher"))
    answer = authorize(server, redirect_uri=wrong)
    assert (answer.status, "location" in answer.headers) == (400, False)
    assert authorize(server, client_id="somebody").status == 400
    assert back(authorize(server, response_type="token")) == {"error": "unsupported_response_type"}


def test_24_a_code_works_once(server: ClassLinkSandbox, tenant: Tenant) -> None:
    """And the answer says neither when it ends nor how to go on."""
    server.sign_in_as(tenant.id_of("teacher"))
    code = back(authorize(server))["code"]
    answer = exchange(server, code)
    assert set(answer.json()) == {"access_token", "token_type", "response_type", "id_token"}
    assert (answer.json()["token_type"], answer.json()["response_type"]) == ("Bearer", "code")
    again = exchange(server, code)
    assert (again.status, again.json()["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize(("seconds", "status"), [(299, 200), (301, 400)])
def test_24_a_code_works_for_five_minutes(seconds: int, status: int, server: ClassLinkSandbox, tenant: Tenant) -> None:
    """By the sandbox's clock."""
    now = time.time()
    server.clock = lambda: now
    server.sign_in_as(tenant.id_of("teacher"))
    code = back(authorize(server))["code"]
    server.clock = lambda: now + seconds
    assert exchange(server, code).status == status


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({}, 200),
        ({"grant_type": "authorization_code", "redirect_uri": BACK}, 200),
        ({"grant_type": "password"}, 400),
        ({"redirect_uri": f"{BACK}/again"}, 400),
        ({"client_secret": "wrong"}, 401),
        ({"client_id": "wrong"}, 401),
        ({"code": "wrong"}, 400),
    ],
)
def test_24_what_the_token_endpoint_takes(
    more: dict[str, str], status: int, server: ClassLinkSandbox, tenant: Tenant
) -> None:
    """With and without a grant type and the redirect URI; nothing wrong."""
    server.sign_in_as(tenant.id_of("teacher"))
    fields = {"code": back(authorize(server))["code"], **CLIENT, **more}
    assert post(server, "/oauth2/v2/token", **fields).status == status


def test_24_the_client_may_come_by_http_basic(server: ClassLinkSandbox, tenant: Tenant) -> None:
    """As discovery says."""
    server.sign_in_as(tenant.id_of("teacher"))
    code = back(authorize(server))["code"]
    for said, status in (("Basic %%%", 401), (basic("sandbox-client", "wrong"), 401), (basic(*CLIENT.values()), 200)):
        assert post(server, "/oauth2/v2/token", said, code=code).status == status


def test_24_an_access_token_lives_for_a_day(server: ClassLinkSandbox, tenant: Tenant) -> None:
    """Then, or when it is unknown, 401 with a number in the body; a roster's bearer is no access token."""
    now = time.time()
    server.clock = lambda: now
    token = sign_in(server, tenant.id_of("teacher"))["access_token"]
    server.clock = lambda: now + 86_399
    for scheme in ("Bearer", "bearer"):
        assert ask(server, "/v2/my/info", f"{scheme} {token}").status == 200
    assert ask(server, "/v2/my/profileinfo", f"Bearer {token}").json()["name"]
    server.clock = lambda: now + 86_401
    for said in (f"Bearer {token}", "Bearer x", "", f"Bearer {tenant.bearer}", PARTNER):
        answer = ask(server, "/v2/my/info", said)
        assert (answer.status, answer.json()["status"]) == (401, 401)


def test_25_the_id_token(server: ClassLinkSandbox, tenant: Tenant) -> None:
    """No `nbf`, `address` an object, `sub` a number as text; the nonce is given back, if there was one."""
    now = int(time.time())
    server.clock = lambda: now
    told = sign_in(server, tenant.id_of("teacher"), nonce="a nonce")
    claims = verified(server, told["id_token"])
    info = who(server, told)
    assert claims == {
        "iss": server.url,
        "aud": "sandbox-client",
        "iat": now,
        "auth_time": now,
        "exp": now + 86_400,
        "sub": str(info["UserId"]),
        "login_hint": info["LoginId"],
        "email": info["Email"],
        "email_verified": True,
        "name": info["DisplayName"],
        "profile": "Teacher",
        "address": {"locality": "Birch County Schools", "region": "CA"},
        "nonce": "a nonce",
    }
    assert "nonce" not in verified(server, sign_in(server, tenant.id_of("teacher"))["id_token"])
    assert "id_token" not in sign_in(server, tenant.id_of("teacher"), scope="profile,email")
    assert "id_token" in sign_in(server, tenant.id_of("teacher"), scope="profile,openid")


def test_25_keys_change(server: ClassLinkSandbox, tenant: Tenant) -> None:
    """A token of the old key is not verified by what is published now."""
    old = sign_in(server, tenant.id_of("teacher"))["id_token"]
    verified(server, old)
    body = b'{"do": "rotate_key", "args": {}}'
    assert ask(server, "/_sandbox/world", method="POST", body=body).status == 200
    with pytest.raises(KeyError):
        verified(server, old)
    new = sign_in(server, tenant.id_of("teacher"))["id_token"]
    verified(server, new)
    other = sign_in(server, tenant.id_of("student"))["id_token"]
    forged = ".".join([new.split(".")[0], other.split(".")[1], new.split(".")[2]])
    with pytest.raises(InvalidSignature):
        verified(server, forged)


def test_26_a_tile_brings_a_code_and_no_state(server: ClassLinkSandbox, tenant: Tenant) -> None:
    """Straight to the first redirect URI; a login of ours gets its state back byte for byte."""
    server.sign_in_as(tenant.id_of("student"))
    launched = back(ask(server, "/tile"))
    assert (set(launched), launched["response_type"]) == ({"code", "response_type"}, "code")
    assert exchange(server, launched["code"]).status == 200
    raw = "/oauth2/v2/auth?client_id=sandbox-client&response_type=code&state=a%2fb+c&redirect_uri="
    location = ask(server, f"{raw}{query(x=BACK)[2:]}").headers["location"]
    assert location.endswith("&state=a%2fb+c")
    assert b'href="/tile"' in ask(server, "/launchpad").body
    server.identity.redirect_uris = []
    assert ask(server, "/tile").status == 400


def test_26_consent_may_be_denied(server: ClassLinkSandbox, tenant: Tenant) -> None:
    """With the state, and no code."""
    server.sign_in_as(tenant.id_of("student"))
    server.set_faults({"deny": True})
    assert back(authorize(server, state="s")) == {"error": "access_denied", "state": "s"}


def test_26_a_page_asks_who_is_there(server: ClassLinkSandbox, tenant: Tenant) -> None:
    """When nobody is known; the browser remembers who it was, and equal ids of two districts are two people."""
    other = server.add_district(100, seed=2)
    student = tenant.id_of("student")
    page = authorize(server)
    assert page.status == 200
    for each in (tenant, other):
        assert f"as={each.tenant_id}%3A{student}".encode() in page.body
    answers = [authorize(server, **{"as": f"{each.tenant_id}:{student}"}) for each in (tenant, other)]
    told = [who(server, exchange(server, back(each)["code"]).json()) for each in answers]
    assert [(each["TenantId"], each["SourcedId"]) for each in told] == [(2222, student), (2223, student)]
    assert told[0]["UserId"] != told[1]["UserId"]
    cookie = answers[1].headers["set-cookie"].partition(";")[0]
    again = exchange(server, back(ask(server, "/tile", Cookie=cookie))["code"]).json()
    assert who(server, again) == told[1]
    assert authorize(server, **{"as": "2222:nobody"}).status == 403


def test_the_log_holds_no_code_and_no_token(server: ClassLinkSandbox, tenant: Tenant) -> None:
    """Only that somebody signed in."""
    told = sign_in(server, tenant.id_of("student"), state="secret-state")
    who(server, told)
    log = ask(server, "/_sandbox/log")
    assert [row["token"] for row in log.json()] == ["none", "client", "sso"]
    for secret in (told["access_token"], "secret-state", CLIENT["client_secret"]):
        assert secret.encode() not in log.body
