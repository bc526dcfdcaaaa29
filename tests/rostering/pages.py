"""A school's pages as somebody reads them: words without tags, and buttons that are pressed."""

from __future__ import annotations

import re
import secrets
from html import unescape
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import tenancy
from accounts.models import User

OK = 200
INTEGRATIONS, CLEVER, HELP = "/accounts/integrations/", "/accounts/integrations/clever/", "/help/"


def browser(user: User) -> Client:
    """Somebody who signed in."""
    client = Client()
    with tenancy.support():
        client.force_login(user)
    return client


def plain(html: str) -> str:
    """What is read of a page, in one line."""
    words = re.sub(r"<[^>]+>", " ", html.split("<main", 1)[-1])
    return " ".join(unescape(words).split())


def read(user: User, path: str) -> str:
    """The words of a page that must be there."""
    answer = browser(user).get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return plain(answer.content.decode())


def card(user: User, key: str, path: str = INTEGRATIONS) -> str:
    """The words of one card, with where its links and buttons lead."""
    html = browser(user).get(path).content.decode()
    found = re.search(rf'<section class="card" id="card-{key}".*?</section>', html, re.DOTALL)
    assert found, key
    return plain(re.sub(r'<(a|form)[^>]*(?:href|action)="([^"]*)"[^>]*>', r" [\2] ", found[0]))


def press(user: User, path: str, **given: Any) -> str:
    """Press a button of a page of its own (another `token` is another page), and what is read then."""
    answer = browser(user).post(path, {"token": secrets.token_hex(8), **given}, follow=True)
    assert answer.status_code == 200, (path, answer.status_code)
    return plain(answer.content.decode())


def queries(user: User, path: str) -> int:
    """How often a page asks the database."""
    client = browser(user)
    with CaptureQueriesContext(connection) as caught:
        assert client.get(path).status_code == 200
    return len(caught)


def words(answer: Any) -> str:
    """What a page that is there says."""
    assert answer.status_code == OK, answer.status_code
    return plain(answer.content.decode())


def text(client: Client, path: str, **query: Any) -> str:
    """What the page at an address says; redirects are followed."""
    return words(client.get(path, query, follow=True))


def change(model: Any, pk: int, **fields: Any) -> None:
    """Write a row from outside."""
    with tenancy.support():
        model.objects.filter(pk=pk).update(**fields)
