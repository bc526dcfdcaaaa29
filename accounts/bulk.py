"""Status and roles of many accounts at once: planned, shown, and done as it was shown.

A plan says for each account what it will become, or why it is left out. Doing it locks
and reads the accounts again; if they would not come to what was read, nothing is done.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils.timezone import now

from accounts import protecting
from accounts.choice import Account, Plan, accounts_in, lock, write_down
from accounts.models import Membership, Roles, Status
from accounts.people import NotPossible, roles_together

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from accounts.models import User

#: Why an account is left out, as it stands behind a number.
OWN = "your own account"
DISTRICT = "a District admin, who is not changed together with others"
LAST = "the school would be left without an Admin"
NO_ROLE = "no role left, so they can't sign in: add a role first"
ALONE = "Student and Assistant stand alone"
ONLY_ROLE = "it is their only role"
OF_ADMIN = "Admin always brings Teacher"


@dataclass(frozen=True)
class Change:
    """What is done: its name in the trail, the field it changes, and what an account becomes, or why not."""

    action: str
    field: str
    judge: Callable[[Account], Mapping[str, Any] | str]


def to_status(status: Status) -> Change:
    """Activate, disable or suspend. Whom a sync suspended counts as suspended already."""

    def judge(row: Account) -> Mapping[str, Any] | str:
        if row.status == status:
            return f"already {status.label.lower()}"
        if status == Status.ACTIVE and not row.roles:
            return NO_ROLE
        return {"status": status.value, "suspended_by": "person" if status == Status.SUSPENDED else ""}

    return Change(f"membership.{status.value}", "status", judge)


def with_role(role: Roles) -> Change:
    """Give a role, with what it brings."""

    def judge(row: Account) -> Mapping[str, Any] | str:
        if role in row.roles:
            return f"already {role.label}"
        try:
            return {"roles": roles_together([*row.roles, role], at_district=False)}
        except NotPossible:
            return ALONE

    return Change("membership.update", "roles", judge)


def without_role(role: Roles) -> Change:
    """Take a role away from whoever has another one."""

    def judge(row: Account) -> Mapping[str, Any] | str:
        rest = [each for each in row.roles if each != role]
        if len(rest) == len(row.roles):
            return f"not {role.label}"
        if not rest:
            return ONLY_ROLE
        if role == Roles.TEACHER and Roles.ADMIN in rest:
            return OF_ADMIN
        return {"roles": roles_together(rest, at_district=False)}

    return Change("membership.update", "roles", judge)


def plan(by: User, chosen: QuerySet[Membership], change: Change) -> Plan:
    """What a change would do to these accounts. Raises NotPossible if they are too many for one request."""
    found = Plan()
    for row in accounts_in(chosen):
        if row.user_id == by.pk:
            found.left[OWN] += 1
        elif row.school_id is None:
            found.left[DISTRICT] += 1
        else:
            found.sort_out(row, change.judge(row))
    _keep_an_admin(found)
    owned = [row for row, becomes in found.rows if row.source_id and _taken_back(becomes)]
    kept = protecting.kept(owned, change.field)
    found.reverted = [row for row in owned if row.pk not in kept]
    return found


@transaction.atomic
def carry_out(
    by: User, chosen: QuerySet[Membership], change: Change, *, read: str, why: str = "", keep: bool = False
) -> int:
    """Do what was read, to how many; with `keep` no sync takes it back.

    Raises NotPossible, and does nothing, if it would not be exactly what was read.
    """
    lock(chosen)
    found = plan(by, chosen, change)
    found.require(read)
    alike: dict[str, tuple[Mapping[str, Any], list[int]]] = {}
    for row, becomes in found.rows:
        alike.setdefault(repr(becomes), (becomes, []))[1].append(row.pk)
    for becomes, ids in alike.values():
        Membership.objects.filter(pk__in=ids).update(**becomes, updated_at=now())
    lines = [(row.pk, {name: getattr(row, name) for name in becomes}, becomes) for row, becomes in found.rows]
    write_down(by, change.action, lines, why)
    if keep:
        protecting.keep(by, found.reverted, change.field, why=why)
    return len(found.rows)


def _loses_admin(row: Account, becomes: Mapping[str, Any]) -> bool:
    """Whether an Admin who can act is one no more."""
    if row.status != Status.ACTIVE or Roles.ADMIN not in row.roles:
        return False
    return becomes.get("status", row.status) != Status.ACTIVE or Roles.ADMIN not in becomes.get("roles", row.roles)


def _keep_an_admin(found: Plan) -> None:
    """Leave out every Admin of a school that would have none: which of them stays is for a person to say."""
    losing: Counter[int | None] = Counter(row.school_id for row, becomes in found.rows if _loses_admin(row, becomes))
    if not losing:
        return
    acting = Membership.objects.filter(school__in=list(losing), status=Status.ACTIVE, roles__contains=[Roles.ADMIN])
    number: Counter[int | None] = Counter(acting.values_list("school_id", flat=True))
    planned, found.rows = found.rows, []
    for row, becomes in planned:
        last = _loses_admin(row, becomes) and number[row.school_id] <= losing[row.school_id]
        found.sort_out(row, LAST if last else becomes)


def _taken_back(becomes: Mapping[str, Any]) -> bool:
    """A sync sets roles as the source has them; of statuses it ends an active one, and no other."""
    return "roles" in becomes or becomes.get("status") == Status.ACTIVE
