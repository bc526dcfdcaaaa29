"""The sandbox's sign-in host: consent tokens, codes, three ways in, and OpenID Connect."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.hashes import SHA256

from integrations.clever.sandbox import CleverSandbox, District
from tests.integrations import shapes
from tests.integrations.asking import ask

BACK = "https://smartpass.example/back"
SECOND = "https://smartpass.example/second"


@pytest.fixture
def sandbox(sandbox: CleverSandbox) -> CleverSandbox:
    """An app with two redirect URIs."""
    sandbox.identity.redirect_uris = [BACK, SECOND]
    return sandbox


def authorize(sandbox: CleverSandbox, **fields: str) -> requests.Response:
    """Start from the button."""
    query = {"response_type": "code", "client_id": "sandbox-client", "redirect_uri": BACK, **fields}
    return ask(sandbox, "/oauth/authorize", params=query)


def back(answer: requests.Response) -> dict[str, str]:
    """What the app is told by the redirect."""
    assert answer.status_code == 302
    return {key: values[0] for key, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()}


def exchange(sandbox: CleverSandbox, code: str, *, form: bool = False, **fields: str) -> requests.Response:
    """Trade a code for a token."""
    body = {"code": code, "grant_type": "authorization_code", "redirect_uri": BACK, **fields}
    sent: dict[str, Any] = {"data": body} if form else {"json": body}
    return requests.post(f"{sandbox.url}/oauth/tokens", auth=("sandbox-client", "sandbox-secret"), timeout=5, **sent)


def sign_in(sandbox: CleverSandbox, user: str) -> str:
    """A person's token."""
    sandbox.identity.signed_in = user
    answer = exchange(sandbox, back(authorize(sandbox))["code"])
    token = answer.json()["access_token"]
    assert isinstance(token, str)
    return token


def test_the_token_list(sandbox: CleverSandbox, district: District) -> None:
    """Basic, un-wrapped rows, one district or all; a revoked one is absent, a rotated one is another token."""
    other = sandbox.add_district(people=10, schools=1, seed=2)

    def listed(query: str = "") -> list[tuple[str, str]]:
        answer = ask(sandbox, f"/oauth/tokens?owner_type=district{query}", auth=("sandbox-client", "sandbox-secret"))
        return [(row["owner"]["id"], row["access_token"]) for row in shapes.a_token_list(answer.json())]

    assert listed() == [(district.id, district.token), (other.id, other.token)]
    assert listed(f"&district={other.id}") == [(other.id, other.token)]
    assert listed("&district=nobody") == []
    before = other.token
    sandbox.world(other).rotate_token()
    sandbox.world(district).revoke()
    assert listed() == [(other.id, other.token)]
    assert other.token != before


@pytest.mark.parametrize(
    ("query", "secret", "status"),
    [("?owner_type=district", "wrong", 401), ("?owner_type=user", "sandbox-secret", 400), ("", "sandbox-secret", 400)],
)
def test_the_token_list_refuses(query: str, secret: str, status: int, sandbox: CleverSandbox) -> None:
    """With the sign-in host's own error."""
    answer = ask(sandbox, f"/oauth/tokens{query}", auth=("sandbox-client", secret))
    assert answer.status_code == status
    shapes.an_oauth_error(answer.json())
    assert ask(sandbox, "/oauth/tokens?owner_type=district").status_code == 401


def test_the_button(sandbox: CleverSandbox, district: District) -> None:
    """The state comes back byte for byte, with a code."""
    sandbox.identity.signed_in = district.id_of("student")
    state = "a%2Fb+c~%20%C3%A9"
    target = f"/oauth/authorize?response_type=code&client_id=sandbox-client&redirect_uri={SECOND}&state={state}"
    answer = ask(sandbox, target)
    assert answer.headers["Location"].startswith(f"{SECOND}?code=")
    assert answer.headers["Location"].endswith(f"&state={state}")
    assert back(authorize(sandbox, district_id=district.id))["code"]


def test_the_button_refuses(sandbox: CleverSandbox, district: District) -> None:
    """Pages of its own for an unknown app, an unregistered URI, somebody who is not shared."""
    sandbox.identity.signed_in = district.id_of("student")
    assert authorize(sandbox, client_id="wrong").status_code == 400
    assert authorize(sandbox, redirect_uri=f"{BACK}?next=1").status_code == 400
    assert back(authorize(sandbox, response_type="token", state="s")) == {
        "error": "unsupported_response_type",
        "state": "s",
    }
    assert authorize(sandbox, district_id="another").status_code == 403
    sandbox.world().unshare_user(sandbox.identity.signed_in)
    assert authorize(sandbox).status_code == 403


def test_the_portal_and_instant_login_come_without_state(sandbox: CleverSandbox, district: District) -> None:
    """To the first redirect URI, whatever was asked for."""
    sandbox.identity.signed_in = district.id_of("student")
    portal = ask(sandbox, f"/in/{district.shortname()}")
    assert portal.status_code == 200
    assert "/oauth/instant-login?client_id=sandbox-client&amp;district_id=" in portal.text
    target = f"/oauth/instant-login?client_id=sandbox-client&district_id={district.id}&state=ignored"
    answer = ask(sandbox, target)
    assert answer.headers["Location"].startswith(f"{BACK}?code=")
    assert set(back(answer)) == {"code"}
    assert ask(sandbox, "/in/nobody").status_code == 404
    assert ask(sandbox, "/oauth/instant-login?client_id=wrong").status_code == 400


def test_a_browser_is_asked_who_it_is(sandbox: CleverSandbox, district: District) -> None:
    """Once: the session at Clever then answers the second hop."""
    asked = authorize(sandbox)
    student = district.id_of("student")
    assert asked.status_code == 200
    assert f"as={student}" in asked.text
    chosen = authorize(sandbox, **{"as": student})
    assert "code" in back(chosen)
    again = ask(
        sandbox, f"/oauth/instant-login?client_id=sandbox-client&district_id={district.id}", cookies=chosen.cookies
    )
    assert "code" in back(again)


@pytest.mark.parametrize("form", [False, True])
def test_a_code_works_once(form: bool, sandbox: CleverSandbox, district: District) -> None:  # noqa: FBT001
    """As JSON and as a form; the second time it is an invalid grant."""
    sandbox.identity.signed_in = district.id_of("student")
    code = back(authorize(sandbox))["code"]
    answer = exchange(sandbox, code, form=form)
    assert answer.json()["access_token"].startswith("il")
    assert answer.json()["token_type"] == "bearer"
    again = exchange(sandbox, code, form=form)
    assert again.status_code == 400
    shapes.an_oauth_error(again.json())
    assert again.json()["error"] == "invalid_grant"


def test_a_code_lives_a_minute(sandbox: CleverSandbox, district: District) -> None:
    """And no longer."""
    now = [1_800_000_000.0]
    sandbox.clock = lambda: now[0]
    sandbox.identity.signed_in = district.id_of("student")
    first, second = (back(authorize(sandbox))["code"] for _ in range(2))
    now[0] += 60
    assert exchange(sandbox, first).status_code == 200
    now[0] += 1
    assert exchange(sandbox, second).status_code == 400


def test_an_exchange_is_refused(sandbox: CleverSandbox, district: District) -> None:
    """Wrong redirect URI, wrong grant, no such code, not JSON, wrong client."""
    sandbox.identity.signed_in = district.id_of("student")
    code = back(authorize(sandbox))["code"]
    assert exchange(sandbox, code, redirect_uri=SECOND).status_code == 400
    assert exchange(sandbox, code, grant_type="refresh_token").status_code == 400
    assert exchange(sandbox, "nothing").status_code == 400
    url = f"{sandbox.url}/oauth/tokens"
    assert requests.post(url, json={"code": code}, timeout=5).status_code == 401
    answer = requests.post(
        url,
        data=b"{",
        headers={"Content-Type": "application/json"},
        auth=("sandbox-client", "sandbox-secret"),
        timeout=5,
    )
    assert answer.status_code == 400
    assert exchange(sandbox, code).status_code == 200


def test_a_persons_token_is_nearly_powerless(sandbox: CleverSandbox, district: District) -> None:
    """Only the own user and district, never a list, never a limit."""
    student = district.id_of("student")
    token = sign_in(sandbox, student)

    def status(target: str) -> int:
        return ask(sandbox, target, token).status_code

    assert [status(f"/v3.1/users/{student}"), status(f"/v3.0/districts/{district.id}"), status("/v3.1/me")] == [200] * 3
    refused = ["/v3.1/users", "/v3.1/sections", f"/v3.1/users/{student}?limit=1", "/v3.1/schools"]
    refused += [f"/v3.1/users/{district.id_of('teacher')}", f"/v3.1/users/{student}/sections"]
    assert [status(target) for target in refused] == [404] * 6
    assert ask(sandbox, refused[0], token).json() == {"message": "Resource not in token's scopes"}
    sandbox.world().unshare_user(student)
    assert status(f"/v3.1/users/{student}") == 404
    assert sandbox.log[-1].token == "sso"


@pytest.mark.parametrize("version", ["v3.0", "v3.1"])
def test_me(version: str, sandbox: CleverSandbox, district: District) -> None:
    """The type is always "user"; the role stands elsewhere."""
    teacher = district.id_of("teacher")
    body = ask(sandbox, f"/{version}/me", sign_in(sandbox, teacher)).json()
    assert body["type"] == body["data"]["type"] == "user"
    assert body["data"] == {"id": teacher, "district": district.id, "type": "user", "authorized_by": "district"}
    links = {link["rel"]: link["uri"] for link in body["links"]}
    assert links == {
        "self": "/me",
        "canonical": f"/{version}/users/{teacher}",
        "district": f"/{version}/districts/{district.id}",
    }


def test_userinfo(sandbox: CleverSandbox, district: District) -> None:
    """One role, the older id beside the lasting one, and no email for somebody without."""
    employee = district.id_of("teacher", "staff")
    told = ask(sandbox, "/userinfo", sign_in(sandbox, employee)).json()
    assert told["sub"] == told["multi_role_user_id"] == employee
    assert told["user_id"] != employee
    assert (told["user_type"], told["email_verified"]) == ("teacher", False)
    assert told["email"]
    sandbox.world().set_email(employee, None)
    assert "email" not in ask(sandbox, "/userinfo", sign_in(sandbox, employee)).json()
    sandbox.world().delete_user(employee)
    assert ask(sandbox, "/userinfo", sign_in_again(sandbox, employee)).status_code == 404


def sign_in_again(sandbox: CleverSandbox, user: str) -> str:
    """A token given before the person was deleted."""
    sandbox.world().restore_user(user)
    token = sign_in(sandbox, user)
    sandbox.world().delete_user(user)
    return token


def test_openid_is_off_until_asked_for(sandbox: CleverSandbox, district: District) -> None:
    """No discovery, no id_token."""
    assert ask(sandbox, "/.well-known/openid-configuration", "x").status_code == 401
    sandbox.identity.signed_in = district.id_of("student")
    assert "id_token" not in exchange(sandbox, back(authorize(sandbox))["code"]).json()


def test_openid(sandbox: CleverSandbox, district: District) -> None:
    """A signed token whose `user_id` differs from `sub` for an employee and equals it for a student."""
    sandbox.identity.oidc = True
    found = ask(sandbox, "/.well-known/openid-configuration").json()
    assert found["issuer"] == sandbox.url
    key = requests.get(found["jwks_uri"], timeout=5).json()["keys"][0]

    def claims(user: str) -> dict[str, Any]:
        sandbox.identity.signed_in = user
        head, body, signature = (
            exchange(sandbox, back(authorize(sandbox, nonce="n1"))["code"]).json()["id_token"].split(".")
        )
        numbers = RSAPublicNumbers(int.from_bytes(unpacked(key["e"])), int.from_bytes(unpacked(key["n"])))
        numbers.public_key().verify(unpacked(signature), f"{head}.{body}".encode(), PKCS1v15(), SHA256())
        assert json.loads(unpacked(head))["alg"] == "RS256"
        told: dict[str, Any] = json.loads(unpacked(body))
        return told

    teacher, student = claims(district.id_of("teacher")), claims(district.id_of("student"))
    assert teacher["sub"] == teacher["multi_role_user_id"] == district.id_of("teacher")
    assert teacher["user_id"] != teacher["sub"]
    assert student["user_id"] == student["sub"]
    assert (student["aud"], student["iss"], student["nonce"]) == ("sandbox-client", sandbox.url, "n1")
    assert student["exp"] - student["iat"] == 3600


def unpacked(text: str) -> bytes:
    """base64url without padding."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
