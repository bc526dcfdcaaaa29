"""Changes to accounts and memberships, by the rules of their pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from rest_framework.response import Response

from accounts import access, editing, pins
from accounts.api import shapes
from accounts.api.describing import described
from accounts.api.keys import caller
from accounts.api.people import ACCOUNTS, MEMBERSHIPS, account_as_seen
from accounts.api.reading import said

if TYPE_CHECKING:
    from rest_framework.request import Request

    from accounts.models import Membership, User

HANDLES = {"email", "username"}
OF_MORE = "Somebody of another school answers for this account too. A District admin may change how they sign in."


@described(
    "accounts_change",
    "Change an account",
    shapes.AccountShape,
    tag=ACCOUNTS,
    body=shapes.AccountChanged,
    refuses=("not_found", "not_yours", "not_possible"),
    example={"last_name": "Diaz-Lo", "why": "Married."},
)
def change_account(request: Request, account_id: int) -> Response:
    """Change a name, an email or a username. What is left out stays.

    What a source manages is changed only with `why`, and then kept from the sync until `until`.
    """
    user = caller(request)
    person = access.account_for(user, account_id)
    given = said(request, shapes.AccountChanged)
    if HANDLES & given.keys() and not access.answers_for_all_of(user, person):
        raise PermissionDenied(OF_MORE)
    values = {name: given[name] for name in editing.PROFILE if name in given}
    keep = _keep(user, given) if person.profile_source is not None else None
    editing.change_person(user, person, _seen(given, person), values, keep)
    return Response(account_as_seen(user, person.pk))


@described(
    "memberships_change",
    "Change a membership",
    shapes.MembershipShape,
    tag=MEMBERSHIPS,
    body=shapes.MembershipChanged,
    refuses=("not_found", "not_possible"),
    example={"status": "suspended", "why": "On leave.", "keep": True, "until": "2027-08-16"},
)
def change_membership(request: Request, membership_id: int) -> Response:
    """Change what somebody is at one school, all of it or nothing. What is left out stays.

    Roles, grade and number that a source manages are changed only with `why`, and then kept from the sync
    until `until`. A status is kept from it where `keep` says so.
    """
    user = caller(request)
    membership = access.membership_for(user, membership_id)
    given = said(request, shapes.MembershipChanged)
    with transaction.atomic():
        seen = _seen(given, membership)
        now = {name: getattr(membership, name) for name in ("roles", "grade", "number")}
        if now.keys() & given.keys():
            keep = _keep(user, given) if membership.source_id is not None else None
            wanted = {name: given.get(name, value) for name, value in now.items()}
            if editing.change_membership(user, membership, seen, wanted, keep):
                seen = editing.version(membership)
        if "status" in given:
            keep = _keep(user, given) if given["keep"] else None
            editing.change_status(user, membership, seen, given["status"], given["why"], keep)
    return Response(shapes.MembershipShape(access.membership_for(user, membership_id)).data)


def _keep(user: User, given: dict[str, Any]) -> pins.Keep | None:
    return pins.Keep(given["why"], pins.end_of(given["until"], access.zone_of(user))) if given["why"] else None


def _seen(given: dict[str, Any], row: User | Membership) -> str:
    """The version of the row that the program read, where it says which."""
    read = given.get("updated_at")
    return read.isoformat() if read else editing.version(row)
