"""Looking at a page as somebody does: signed in, and reading the words."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from django.test import Client

from accounts import tenancy
from accounts.models import School, User

DASH = "\N{EN DASH}"
TOKEN = re.compile(r'name="token" value="(\w+)"')
HIDDEN = re.compile(r'<input type="hidden" name="(read)" value="(\w+)"')


def browser(user: User, at: School | None = None) -> Client:
    """A browser in which somebody signed in; looking at one school, if it is said which."""
    client = Client()
    with tenancy.support():
        client.force_login(user)
    if at is not None:
        assert client.post("/school/", {"school": at.pk, "next": "/"}).status_code == 302
    return client


def words(answer: Any) -> str:
    """What a page says, without its tags."""
    text = re.sub(r"<[^>]+>", " ", answer.content.decode().split("<main", 1)[1])
    return " ".join(unescape(text).split()).replace(DASH, "-")


def text(client: Client, path: str) -> str:
    """What the page at an address says."""
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return words(answer)


def press(client: Client, path: str, **given: Any) -> Any:
    """Read a question, and press its button."""
    page = client.get(path)
    assert page.status_code == 200, (path, page.headers.get("Location"))
    return answer_it(client, path, page, **given)


def answer_it(client: Client, path: str, page: Any, **given: Any) -> Any:
    """Press the button of a question that was read before."""
    html = page.content.decode()
    found = TOKEN.search(html)
    assert found, words(page)
    return client.post(path, {"token": found[1], **dict(HIDDEN.findall(html)), **given})
