"""A real browser on the sandbox's Google: forms alone, no script."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from integrations.google.sandbox import GoogleSandbox
from tests.integrations.google import UNITS, USERS, exchange
from tests.integrations.raw import query

#: Where the browser comes back to: a page of the sandbox itself, so that something answers.
BACK = "/back"


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A browser that runs no script."""
    context = browser.new_context(java_script_enabled=False)
    yield context.new_page()
    context.close()


@pytest.fixture
def google() -> Iterator[GoogleSandbox]:
    """A Google with one customer, which sends people back to itself."""
    with GoogleSandbox() as server:
        server.add_customer(50)
        server.redirect_uris.append(f"{server.url}{BACK}")
        yield server


def address(google: GoogleSandbox, **more: str) -> str:
    """Where a person is sent to."""
    asked = {
        "client_id": "sandbox-client",
        "redirect_uri": f"{google.url}{BACK}",
        "response_type": "code",
        "scope": f"openid email {USERS} {UNITS}",
        "access_type": "offline",
        "state": "kept",
        **more,
    }
    return f"{google.url}/o/oauth2/v2/auth?{query(**asked)}"


def code_in(page: Page) -> str:
    """The code in the address the browser came back to."""
    return page.evaluate("new URL(location.href).searchParams.get('code')") or ""


def test_the_whole_way(google: GoogleSandbox, page: Page) -> None:
    """The account, the warning, one box, back; then all boxes, and a refusal."""
    google.set_faults({"unverified": True})
    page.goto(address(google))
    page.get_by_role("button", name="smartpass-sync@").click()
    page.get_by_role("button", name="Go to SmartPass (unsafe)").click()
    page.get_by_label("See info about users on your domain").check()
    page.get_by_role("button", name="Continue").click()
    assert f"{BACK}?state=kept&code=" in page.url
    google.set_faults({"unverified": None})
    page.goto(address(google, prompt="consent"))
    page.get_by_role("button", name="smartpass-sync@").click()
    page.get_by_label("Select all").check()
    page.get_by_role("button", name="Continue").click()
    told = exchange(google, code_in(page), redirect_uri=f"{google.url}{BACK}").json()
    assert {USERS, UNITS} <= set(told["scope"].split())
    page.goto(address(google, prompt="consent"))
    page.get_by_role("button", name="smartpass-sync@").click()
    page.get_by_role("button", name="Cancel").click()
    assert page.url == f"{google.url}{BACK}?state=kept&error=access_denied"


def test_another_account_and_an_error_that_stays(google: GoogleSandbox, page: Page) -> None:
    """An account by its mail; a policy that Google draws itself."""
    customer = google.named()
    google.world().set_policy("admin_policy_enforced", unit="/Students")
    page.goto(address(google))
    page.get_by_label("Email").fill(customer.invented.at(0).email)
    page.get_by_label("Email").press("Enter")
    assert page.get_by_text("Error 400: admin_policy_enforced").is_visible()
    assert page.url.startswith(f"{google.url}/v3/signin/")
