"""The ways into the OneRoster sandbox: OAuth 1.0a, a static bearer, OAuth 2 client credentials."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from integrations.oneroster.sandbox import District, OneRosterSandbox
from tests.integrations.raw import Answer, ask, basic, path, post, query, signed

CORE = "https://purl.imsglobal.org/spec/or/v1p2/scope/roster-core.readonly"
WHOLE = "https://purl.imsglobal.org/spec/or/v1p2/scope/roster.readonly"
USERS = (
    f"/ims/oneroster/v1p1/users?{query(limit=5, offset=10, sort='sourcedId', filter=chr(39).join(('role!=', 'x', '')))}"
)


@pytest.fixture
def server() -> Iterator[OneRosterSandbox]:
    """A server of 1.1."""
    with OneRosterSandbox() as made:
        yield made


@pytest.fixture
def district(server: OneRosterSandbox) -> District:
    """A hundred people."""
    return server.add_district(100)


@pytest.fixture
def newer() -> Iterator[OneRosterSandbox]:
    """A server of 1.2 with one district."""
    with OneRosterSandbox(version="1.2") as made:
        made.add_district(100)
        yield made


def why(answer: Answer) -> str:
    """What the refusal says, in 1.1's words."""
    assert answer.status in {400, 401}
    return str(answer.json()["statusInfoSet"][0]["imsx_description"])


@pytest.mark.parametrize("method", ["HMAC-SHA256", "HMAC-SHA1"])
def test_8_a_signed_request_is_let_in_once(method: str, server: OneRosterSandbox, district: District) -> None:
    """The same nonce and timestamp never again; another nonce at once."""
    header = signed(server, district, USERS, method)
    answer = ask(server, USERS, header)
    assert answer.status == 200
    assert len(answer.json()["users"]) == 5
    assert why(ask(server, USERS, header)) == "nonce_used"
    assert ask(server, USERS, signed(server, district, USERS, method)).status == 200
    assert [entry.token for entry in server.log] == ["oauth1"] * 3


@pytest.mark.parametrize(
    "changed",
    [
        USERS.replace("limit=5", "limit=6"),
        USERS.replace("offset=10", "offset=20"),
        USERS.replace("sort=sourcedId", "sort=familyName"),
        f"{USERS}&fields=sourcedId",
        USERS.replace("users", "orgs"),
        USERS.partition("?")[0],
    ],
)
def test_8_the_signature_covers_path_and_query(changed: str, server: OneRosterSandbox, district: District) -> None:
    """Every parameter: one header cannot serve for several pages."""
    assert why(ask(server, changed, signed(server, district, USERS))) == "signature_invalid"


def test_8_the_signature_covers_the_method_and_the_secret(server: OneRosterSandbox, district: District) -> None:
    """A wrong secret, another method, another district's secret."""
    assert why(ask(server, USERS, signed(server, district, USERS, secret="wrong"))) == "signature_invalid"
    assert why(ask(server, USERS, signed(server, district, USERS), method="POST")) == "signature_invalid"
    other = server.add_district(10, seed=2)
    assert why(ask(server, USERS, signed(server, district, USERS, secret=other.secret))) == "signature_invalid"
    district.key = "somebody"
    header = signed(server, district, USERS)
    district.key = "else"
    assert why(ask(server, USERS, header)) == "consumer_key_unknown"
    assert ask(server, USERS, "OAuth nonsense").status == 400


@pytest.mark.parametrize("off", [-600, 600])
def test_8_a_clock_may_be_five_minutes_off(off: int, server: OneRosterSandbox, district: District) -> None:
    """Beyond that the refusal speaks of the time, not of the secret."""
    now = time.time()
    server.clock = lambda: now
    assert (
        why(ask(server, USERS, signed(server, district, USERS, timestamp=str(int(now + off))))) == "timestamp_refused"
    )
    near = str(int(now + off / 2.1))
    assert ask(server, USERS, signed(server, district, USERS, timestamp=near)).status == 200


def test_a_static_bearer(server: OneRosterSandbox, district: District) -> None:
    """It opens its district; nothing, another word or another scheme do not."""
    assert ask(server, USERS, f"Bearer {district.bearer}").status == 200
    for said in ("", "Bearer nobody", "Bearer", district.bearer, basic(district.key, district.secret)):
        assert ask(server, USERS, said).status == 401


def token(server: OneRosterSandbox, scope: str, **more: str) -> Answer:
    """What the token endpoint says to the right client."""
    settings = server.settings()
    fields = {"grant_type": "client_credentials", "scope": scope, **more}
    return post(server, "/oauth/token", basic(settings["key"], settings["secret"]), **fields)


def test_oauth2_gives_a_token_for_what_was_asked(newer: OneRosterSandbox) -> None:
    """Core reads what is flat; what lies below an object needs the whole roster."""
    answer = token(newer, CORE)
    assert answer.json() | {"access_token": ""} == {
        "access_token": "",
        "token_type": "Bearer",
        "expires_in": 3600,
        "scope": CORE,
    }
    held = f"Bearer {answer.json()['access_token']}"
    assert ask(newer, path(newer, newer.named(), "users"), held).status == 200
    refused = ask(newer, path(newer, newer.named(), "schools/2/students"), held)
    assert refused.status == 403
    assert refused.json()["imsx_CodeMinor"]["imsx_codeMinorField"][0]["imsx_codeMinorFieldValue"] == "forbidden"
    whole = f"Bearer {token(newer, WHOLE).json()['access_token']}"
    assert ask(newer, path(newer, newer.named(), "schools/2/students"), whole).status == 200


@pytest.mark.parametrize(
    ("scope", "more", "error"),
    [
        ("", {}, "invalid_scope"),
        ("everything", {}, "invalid_scope"),
        (CORE.replace("v1p2", "v1p1"), {}, "invalid_scope"),
        (CORE, {"grant_type": "password"}, "unsupported_grant_type"),
    ],
)
def test_oauth2_refuses(scope: str, more: dict[str, str], error: str, newer: OneRosterSandbox) -> None:
    """No scope, an unknown one, another version's; another grant."""
    answer = token(newer, scope, **more)
    assert (answer.status, answer.json()) == (400, {"error": error})


def test_oauth2_may_grant_only_core(newer: OneRosterSandbox) -> None:
    """Asking for more than was granted fails altogether."""
    newer.set_faults({"granted": ["roster-core.readonly"]})
    assert token(newer, f"{CORE} {WHOLE}").status == 400
    assert token(newer, CORE).status == 200


def test_oauth2_takes_the_client_from_http_basic_alone(newer: OneRosterSandbox) -> None:
    """Credentials in the body are no credentials."""
    settings = newer.settings()
    inside = {"client_id": settings["key"], "client_secret": settings["secret"]}
    answer = post(newer, "/oauth/token", grant_type="client_credentials", scope=CORE, **inside)
    assert (answer.status, answer.headers["www-authenticate"]) == (401, 'Basic realm="oneroster"')
    for said in (basic(settings["key"], "wrong"), "Basic %%%"):
        assert post(newer, "/oauth/token", said, grant_type="client_credentials", scope=CORE).status == 401
    newer.set_faults({"token_status": 503})
    assert token(newer, CORE).status == 503


def test_oauth2_tokens_end(newer: OneRosterSandbox) -> None:
    """After an hour, or whatever they live, or when the server forgets them."""
    now = time.time()
    newer.clock = lambda: now
    users = path(newer, newer.named(), "users")
    held = f"Bearer {token(newer, CORE).json()['access_token']}"
    newer.clock = lambda: now + 3599
    assert ask(newer, users, held).status == 200
    newer.clock = lambda: now + 3601
    assert ask(newer, users, held).status == 401
    again = f"Bearer {token(newer, CORE).json()['access_token']}"
    newer.doors.forget_tokens()
    assert ask(newer, users, again).status == 401


def test_some_doors_are_shut(server: OneRosterSandbox, district: District, newer: OneRosterSandbox) -> None:
    """1.2 knows no OAuth 1; a 1.1 server may know only some."""
    target = path(newer, newer.named(), "users")
    assert ask(newer, target, signed(newer, newer.named(), target)).status == 401
    server.set_faults({"doors": ["oauth1-sha1"]})
    tried: dict[str, Any] = {
        signed(server, district, USERS, "HMAC-SHA1"): 200,
        signed(server, district, USERS, "HMAC-SHA256"): 401,
        f"Bearer {district.bearer}": 401,
    }
    for said, status in tried.items():
        assert ask(server, USERS, said).status == status
    assert token(server, CORE).status == 401


def test_each_version_has_its_own_base(server: OneRosterSandbox, district: District, newer: OneRosterSandbox) -> None:
    """And what a person types in says which."""
    assert ask(server, USERS.replace("/v1p1/", "/rostering/v1p2/"), f"Bearer {district.bearer}").status == 404
    assert server.settings() == {
        "base_url": f"{server.url}/ims/oneroster/v1p1",
        "version": "1.1",
        "auth": "oauth1-sha256",
        "key": district.key,
        "secret": district.secret,
        "bearer": district.bearer,
        "token_url": f"{server.url}/oauth/token",
    }
    assert newer.settings()["base_url"] == f"{newer.url}/ims/oneroster/rostering/v1p2"
    assert newer.settings()["auth"] == "oauth2"
    with pytest.raises(ValueError, match="no such door"):
        newer.settings(auth="oauth1-sha1")
    with pytest.raises(ValueError, match="no such version"):
        OneRosterSandbox(version="1.0")
