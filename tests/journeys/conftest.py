"""A real browser before the real pages: a headless Chromium, the product in a thread, real commits.

Where there is no Chromium none of these tests is collected, and the run says so at its end.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.db import connections
from django.test import Client
from django.test.testcases import LiveServerThread
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from accounts import tenancy
from accounts.models import User
from tests.journeys import chromium
from tests.journeys.working import worker  # noqa: F401  (a fixture)
from tests.rostering.conftest import classlink, clever, naps, story, tell  # noqa: F401  (fixtures)

collect_ignore_glob = [] if chromium() else ["test_*.py"]

PHONE = {"width": 375, "height": 740}
DESK = {"width": 1280, "height": 860}

Open = Callable[..., Page]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Give a Chromium that has no profile and talks to nobody but us."""
    # Playwright keeps an event loop in this thread, and Django would refuse to touch the database beside one.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]
    sandbox = os.geteuid() != 0
    with sync_playwright() as driver:
        found = driver.chromium.launch(executable_path=chromium(), args=quiet, chromium_sandbox=sandbox)
        try:
            yield found
        finally:
            found.close()
            os.environ.pop("DJANGO_ALLOW_ASYNC_UNSAFE")


@pytest.fixture
def site(committed_db: None) -> Iterator[str]:
    """Serve the product from a thread of this process; its address."""
    del committed_db
    server = LiveServerThread("127.0.0.1", StaticFilesHandler)
    server.daemon = True
    server.start()
    server.is_ready.wait()
    if server.error:
        raise server.error
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.terminate()
        connections.close_all()


@pytest.fixture
def see(browser: Browser, site: str) -> Iterator[Open]:
    """Open pages as somebody (None: nobody yet): `see(user, path, size=DESK, dark=False, status=200)`.

    Any error in the browser's console, any answer of 500 and another status than expected fails the test.
    """
    contexts: list[BrowserContext] = []
    troubles: list[str] = []

    def open_as(user: User | None, path: str = "/", *, size: Any = DESK, dark: bool = False, status: int = 200) -> Page:
        context = browser.new_context(
            base_url=site,
            viewport=size,
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
            permissions=["clipboard-read", "clipboard-write"],
        )
        contexts.append(context)
        if user is not None:
            context.add_cookies([session_of(user, site)])
        page = context.new_page()
        page.on("console", lambda said: troubles.append(said.text) if _is_news(said) else None)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("response", lambda answer: troubles.append(answer.url) if answer.status >= 500 else None)
        answer = page.goto(path)
        assert answer is not None
        assert answer.status == status, f"{path} answered {answer.status}"
        return page

    yield open_as
    for context in contexts:
        context.close()
    assert troubles == []


def session_of(user: User, site: str) -> Any:
    """Give the cookie of somebody who signed in."""
    client = Client()
    with tenancy.support():
        client.force_login(user)
    value = client.cookies[settings.SESSION_COOKIE_NAME].value
    return {"name": settings.SESSION_COOKIE_NAME, "value": value, "url": site}


def _is_news(said: ConsoleMessage) -> bool:
    """Whether a line of the console is an error that the answers' own statuses do not tell."""
    told = ("Failed to load resource", "Response Status Error Code")
    return said.type == "error" and not any(words in said.text for words in told)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say what was not run and why."""
    if not chromium():
        terminalreporter.section("No browser")
        terminalreporter.write_line(
            "No Chromium was found, so the journeys were not run. Install chromium, or set CHROMIUM to its path."
        )
