"""Going through the sandbox's Google by hand: its pages, its token endpoint, its directory."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import unescape
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from integrations.google.sandbox import ASKED, GoogleSandbox
from integrations.google.sandbox.directory import ROOT
from tests.integrations.raw import Answer, ask, post, query

BACK = "https://app.example/google/back"
CLIENT = {"client_id": "sandbox-client", "client_secret": "sandbox-secret"}
ALL = ("all",)
USERS, UNITS, GROUPS = ASKED


def begin(server: GoogleSandbox, **more: str | None) -> Answer:
    """What the authorization endpoint answers; None leaves a parameter out."""
    fields = {
        "client_id": "sandbox-client",
        "redirect_uri": BACK,
        "response_type": "code",
        "scope": f"openid email {USERS} {UNITS}",
        "access_type": "offline",
        "prompt": "consent",
        **more,
    }
    said = {name: value for name, value in fields.items() if value is not None}
    return ask(server, f"/o/oauth2/v2/auth?{query(**said)}")


def submit(server: GoogleSandbox, page: Answer, fields: Sequence[tuple[str, str]] = ()) -> Answer:
    """Send the page's form with these fields."""
    text = page.body.decode()
    action = re.search(r'action="([^"]+)"', text)
    flow = re.search(r'name=flow value="(\w+)"', text)
    assert action, text
    assert flow, text
    body = urlencode([("flow", flow[1]), *fields]).encode()
    return ask(server, action[1], "", "POST", body, Content_Type="application/x-www-form-urlencoded")


def choose(server: GoogleSandbox, page: Answer, account: str) -> Answer:
    """Take an account on the chooser."""
    assert "Choose an account" in page.body.decode(), page.body
    return submit(server, page, [("account", account)])


def agree(server: GoogleSandbox, page: Answer, ticked: Sequence[str] = ALL, answer: str = "continue") -> Answer:
    """Tick boxes on the consent page and press a button."""
    assert "wants access" in page.body.decode(), page.body
    return submit(server, page, [*(("scope", each) for each in ticked), ("answer", answer)])


def consent(server: GoogleSandbox, url: str, account: str, ticked: Sequence[str] = ALL) -> str:
    """The whole way from the address that a person is sent to; the address they come back with."""
    page = choose(server, ask(server, url.removeprefix(server.url)), account)
    answer = agree(server, page, ticked)
    assert answer.status == 302, answer.body
    return answer.headers["location"]


def boxes(page: Answer) -> list[str]:
    """The scopes that have a box, without the one for all."""
    found = re.findall(r'type=checkbox name=scope value="([^"]+)"', page.body.decode())
    return [unescape(each) for each in found]


def came_back(answer: Answer) -> dict[str, str]:
    """What a redirect to us carries."""
    assert answer.status == 302, answer.body
    location = urlsplit(answer.headers["location"])
    assert location._replace(query="").geturl() == BACK
    return {name: value for name, (value,) in parse_qs(location.query).items()}


def code_of(server: GoogleSandbox, account: str, ticked: Sequence[str] = ALL, **more: str | None) -> str:
    """A code, by way of the pages."""
    return came_back(agree(server, choose(server, begin(server, **more), account), ticked))["code"]


def exchange(server: GoogleSandbox, code: str, **more: str) -> Answer:
    """What the token endpoint answers to a code."""
    fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, **CLIENT, **more}
    return post(server, "/token", **fields)


def refresh(server: GoogleSandbox, token: str, **more: str) -> Answer:
    """What the token endpoint answers to a refresh token."""
    return post(server, "/token", **{"grant_type": "refresh_token", "refresh_token": token, **CLIENT, **more})


def bearer(server: GoogleSandbox, account: str = "", scopes: Sequence[str] = ASKED) -> str:
    """The Authorization header of an account that agreed (default: the only customer's sync account)."""
    token = server.consent(account or server.named().sync_account, scopes)
    return f"Bearer {refresh(server, token).json()['access_token']}"


def read(server: GoogleSandbox, rest: str, who: str, **asked: Any) -> Answer:
    """A page of the directory; `rest` is the path as it is sent."""
    more = f"?{query(**{name: value for name, value in asked.items() if value is not None})}" if asked else ""
    return ask(server, f"{ROOT}{rest}{more}", who)


def walk(server: GoogleSandbox, rest: str, who: str, key: str, **asked: Any) -> list[Any]:
    """The rows of all pages; each has to be a 200."""
    rows: list[Any] = []
    token: str | None = None
    while True:
        answer = read(server, rest, who, **asked, pageToken=token)
        assert answer.status == 200, answer.body
        rows += answer.json().get(key, [])
        token = answer.json().get("nextPageToken")
        if not token:
            return rows


def users(server: GoogleSandbox, who: str, **asked: Any) -> list[Any]:
    """Everybody whom users.list gives."""
    return walk(server, "users", who, "users", **{"customer": "my_customer", "maxResults": 500, **asked})


def below(path: str) -> str:
    """The clause for a unit, as it has to be written."""
    escaped = path.replace("\\", "\\\\").replace("'", "\\'")
    return f"orgUnitPath='{escaped}'"


def reason(answer: Answer) -> tuple[int, str]:
    """The status and the reason of a refusal in the usual shape."""
    return answer.status, answer.json()["error"]["errors"][0]["reason"]


def segment(text: str) -> str:
    """A path's part as a careful client sends it."""
    return quote(text, safe="")
