"""Part of the wall: whose keys to the API somebody answers for, and which rows a program asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Func, Q, TextField, Value
from django.shortcuts import get_object_or_404

from accounts.access import accounts_of, memberships_of, reach_of
from accounts.models import ApiToken

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.db.models import QuerySet

    from accounts.models import Membership, User


def tokens_of(user: User) -> QuerySet[ApiToken]:
    """This person's keys to the API, revoked ones too, newest first; for a District admin the whole district's."""
    reach = reach_of(user)
    keys = ApiToken.objects.select_related("user").order_by("-created_at", "-pk")
    if reach.everything or not reach.administers:
        return keys.none()
    return keys.filter(district=user.district_id) if reach.district_wide else keys.filter(user=user)


def token_for(user: User, token_id: int) -> ApiToken:
    """A key this person may revoke, or Http404; one that was revoked is found too, so that a second press is told."""
    return get_object_or_404(tokens_of(user), pk=token_id)


def accounts_like(user: User, wanted: Mapping[str, Any]) -> QuerySet[User]:
    """The accounts this person may open that are as `wanted` says: role, status, school, q, updated_since.

    What is said of role, status and school is said of one membership.
    """
    accounts = accounts_of(user)
    if {"role", "status", "school"} & wanted.keys():
        accounts = accounts.filter(pk__in=memberships_like(user, wanted).values("user_id"))
    for word in str(wanted.get("q", "")).split()[:8]:
        folded = Func(Value(word), function="smartpass_fold", output_field=TextField())
        accounts = accounts.filter(search__contains=folded)
    if since := wanted.get("updated_since"):
        moved = memberships_of(user).filter(updated_at__gte=since)
        accounts = accounts.filter(Q(updated_at__gte=since) | Q(pk__in=moved.values("user_id")))
    return accounts


def memberships_like(user: User, wanted: Mapping[str, Any]) -> QuerySet[Membership]:
    """The memberships this person may see of this account, school, role and status, as far as `wanted` says."""
    memberships = memberships_of(user)
    if "account" in wanted:
        memberships = memberships.filter(user=wanted["account"])
    if "school" in wanted:
        memberships = memberships.filter(school=wanted["school"])
    if "role" in wanted:
        memberships = memberships.filter(roles__contains=[wanted["role"]])
    return memberships.filter(status=wanted["status"]) if "status" in wanted else memberships
