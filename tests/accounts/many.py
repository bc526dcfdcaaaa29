"""A school, its people, and deeds done to many of them."""

from __future__ import annotations

from typing import Any

from django.test import Client

from accounts import tenancy
from accounts.models import AuditEvent, Membership, Pin, School, User
from tests import factories
from tests.accounts.reading import text, words

SUSPEND, ACTIVATE = "/accounts/bulk/status/?to=suspended", "/accounts/bulk/status/?to=active"
ROLES, PROTECT, RELEASE = "/accounts/bulk/roles/?to=", "/accounts/bulk/protect/?", "/accounts/bulk/unprotect/?"


def add(world: factories.World, last: str, *roles: str, at: School | None = None, **fields: Any) -> int:
    """Somebody at the school, and their membership's id."""
    with tenancy.support():
        person = factories.person(world.district, at or world.school, *(roles or ("student",)), last_name=last)
        membership = factories.membership(person, at or world.school)
        Membership.objects.filter(pk=membership.pk).update(**fields)
    return membership.pk


def row(pk: int) -> Membership:
    with tenancy.support():
        return Membership.objects.get(pk=pk)


def of(user: User, at: School) -> int:
    with tenancy.support():
        return factories.membership(user, at).pk


def ids(*memberships: int) -> str:
    return "".join(f"&ids={pk}" for pk in memberships)


def trail(pk: int) -> list[tuple[str, Any, Any, str]]:
    with tenancy.support():
        lines = AuditEvent.objects.filter(target=f"membership:{pk}").order_by("pk")
        return [(line.action, line.before, line.after, line.why) for line in lines]


def pins(pk: int) -> list[tuple[str, int | None, str]]:
    member = row(pk)
    with tenancy.support():
        return list(Pin.objects.filter(user=member.user_id).values_list("field", "school_id", "why").order_by("pk"))


def said(client: Client, answer: Any) -> str:
    """What the page says to which a deed leads on."""
    assert answer.status_code == 302, words(answer)
    return text(client, answer.headers["Location"])
