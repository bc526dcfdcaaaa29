"""What tests of a school's pages share: a signed-in browser and the words it reads."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from django.test import Client

from accounts import tenancy
from accounts.models import User

OK = 200


def browser(user: User) -> Client:
    """Somebody who signed in."""
    client = Client()
    with tenancy.support():
        client.force_login(user)
    return client


def words(answer: Any) -> str:
    """What a page says between its first heading and its end, without the markup."""
    assert answer.status_code == OK, answer.status_code
    text = re.sub(r"<[^>]+>", " ", answer.content.decode().split("<main", 1)[1])
    return " ".join(unescape(text).split())


def text(client: Client, path: str, **query: Any) -> str:
    """What the page at an address says; redirects are followed."""
    return words(client.get(path, query, follow=True))


def change(model: Any, pk: int, **fields: Any) -> None:
    """Write a row from outside."""
    with tenancy.support():
        model.objects.filter(pk=pk).update(**fields)
