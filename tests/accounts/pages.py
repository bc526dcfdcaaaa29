"""How tests read pages and press their buttons."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from django.test import Client

from accounts import tenancy
from accounts.models import AuditEvent, Membership, Pin, User
from tests import factories

TOKEN = re.compile(r'name="token" value="(\w+)"')
SEEN = re.compile(r'name="seen" value="([^"]+)"')


def browser(user: User) -> Client:
    """Somebody at their browser."""
    client = Client()
    with tenancy.support():
        client.force_login(user)
    return client


def words(answer: Any) -> str:
    """What the main part of a page says."""
    plain = re.sub(r"<[^>]+>", " ", answer.content.decode().split("<main", 1)[-1])
    return " ".join(unescape(plain).split())


def text(client: Client, path: str) -> str:
    """What a page says to somebody."""
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return words(answer)


def press(client: Client, path: str, again: dict[str, Any] | None = None, **values: Any) -> Any:
    """Open a page with a form, fill it in and press its button; `again` sends what a former page carried."""
    page = client.get(path).content.decode()
    carried = {"token": found[1]} if (found := TOKEN.search(page)) else {}
    if seen := SEEN.search(page):
        carried["seen"] = seen[1]
    return client.post(path, {**carried, **(again or {}), **values})


def carried(client: Client, path: str) -> dict[str, str]:
    """What the form of a page carries: the token of its deed and the version it shows."""
    page = client.get(path).content.decode()
    token, seen = TOKEN.search(page), SEEN.search(page)
    return {**({"token": token[1]} if token else {}), **({"seen": seen[1]} if seen else {})}


def fresh(user: User) -> User:
    """Somebody as they stand now."""
    with tenancy.support():
        return User.objects.get(pk=user.pk)


def member(world: factories.World) -> Membership:
    """The student's membership as it stands now."""
    with tenancy.support():
        return Membership.objects.get(pk=world.membership.pk)


def pinned(user: User) -> list[tuple[str, int | None, str]]:
    """What is kept of somebody, but for the world's own pin."""
    with tenancy.support():
        rows = Pin.objects.filter(user=user).exclude(field="number")
        return sorted((each.field, each.school_id, each.why) for each in rows)


def trail(action: str) -> list[tuple[dict[str, Any], dict[str, Any], str]]:
    """Before, after and why of every line of the trail that names this deed."""
    with tenancy.support():
        return [(each.before, each.after, each.why) for each in AuditEvent.objects.filter(action=action).order_by("pk")]


def url(world: factories.World, *rest: object) -> str:
    """An address about the student."""
    return "/".join(["/accounts", str(world.student.pk), *map(str, rest), ""])


def profile(world: factories.World, **fields: str) -> dict[str, Any]:
    """What the form about the student's name holds, with some of it typed anew."""
    who = fresh(world.student)
    return {"first_name": who.first_name, "last_name": who.last_name, "email": who.email, "username": "", **fields}
