"""Accounts and memberships, as far as the key's maker may know them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Prefetch
from rest_framework.response import Response

from accounts import access, access_api, people
from accounts.api import shapes
from accounts.api.describing import described, listed
from accounts.api.keys import caller
from accounts.api.once import once
from accounts.api.reading import asked, page, said

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from rest_framework.request import Request

    from accounts.models import User

ACCOUNTS, MEMBERSHIPS = "Accounts", "Memberships"

EXAMPLE = {
    "first_name": "Jordan",
    "last_name": "Diaz",
    "email": "jordan.diaz@example.org",
    "school": 12,
    "roles": ["student"],
    "grade": "9",
}


@described("accounts_list", "List accounts", listed(shapes.AccountShape), tag=ACCOUNTS, query=shapes.AccountsAsked)
def list_accounts(request: Request) -> Response:
    """Everybody at the key's schools, oldest account first, with what they are at those schools."""
    user = caller(request)
    wanted = asked(request, shapes.AccountsAsked)
    found, following = page(_seen(user, access_api.accounts_like(user, wanted)), wanted)
    return Response({"results": shapes.AccountShape(found, many=True).data, "next": following})


@described("accounts_get", "Get an account", shapes.AccountShape, tag=ACCOUNTS, refuses=("not_found",))
def get_account(request: Request, account_id: int) -> Response:
    """One account, with what its person is at the key's schools."""
    user = caller(request)
    return Response(account_as_seen(user, account_id))


@described(
    "accounts_add",
    "Add an account",
    shapes.AddedAccount,
    tag=ACCOUNTS,
    body=shapes.NewAccount,
    status=201,
    once=True,
    refuses=("not_possible", "not_found"),
    example=EXAMPLE,
)
def add_account(request: Request) -> Response:
    """Make an account by hand. Its first password is in this answer and nowhere else."""
    user = caller(request)
    given = said(request, shapes.NewAccount)
    school = access.school_for(user, given.pop("school"))

    def add() -> Response:
        made = people.add_person(user, school.district, school=school, **given)
        added = {**account_as_seen(user, made.user.pk), "first_password": made.password}
        return Response(added, status=201, headers={"Location": f"{request.path}{made.user.pk}/"})

    return once(request, add)


@described(
    "memberships_list",
    "List memberships",
    listed(shapes.MembershipShape),
    tag=MEMBERSHIPS,
    query=shapes.MembershipsAsked,
)
def list_memberships(request: Request) -> Response:
    """Who is what at the key's schools, oldest membership first."""
    user = caller(request)
    wanted = asked(request, shapes.MembershipsAsked)
    found, following = page(access_api.memberships_like(user, wanted).select_related("school"), wanted)
    return Response({"results": shapes.MembershipShape(found, many=True).data, "next": following})


@described("memberships_get", "Get a membership", shapes.MembershipShape, tag=MEMBERSHIPS, refuses=("not_found",))
def get_membership(request: Request, membership_id: int) -> Response:
    """What somebody is at one of the key's schools."""
    user = caller(request)
    return Response(shapes.MembershipShape(access.membership_for(user, membership_id)).data)


def _seen(user: User, accounts: QuerySet[User]) -> QuerySet[User]:
    """With what they are at this person's schools, in two queries however many they are."""
    there = access.memberships_of(user).select_related("school").order_by("pk")
    return accounts.prefetch_related(Prefetch("memberships", there, to_attr="seen"))


def account_as_seen(user: User, account_id: int) -> dict[str, Any]:
    """An account with what it is at this person's schools, or Http404."""
    (account,) = _seen(user, access.accounts_of(user).filter(pk=access.account_for(user, account_id).pk))
    return dict(shapes.AccountShape(account).data)
