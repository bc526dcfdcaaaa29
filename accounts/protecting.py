"""What a sync must leave alone at a school, decided by a person for many accounts at once."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from accounts.access import memberships_of
from accounts.choice import BATCH, Account, Plan, accounts_in, lock, write_down
from accounts.models import Membership, Pin, Status

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from django.db.models import QuerySet

    from accounts.models import User

EVERYTHING = "*"
#: Why an account is left out, as it stands behind a number.
DISTRICT = "a District admin, who is protected on their own page"
ALREADY = "already protected"
NOT = "not protected"
EVERYWHERE = "protected everywhere, also at schools you don't see: a District admin can end that"


def plan_protection(by: User, chosen: QuerySet[Membership]) -> Plan:
    """Whom protecting would protect. Raises NotPossible if they are too many for one request."""
    del by
    found, rows = Plan(), accounts_in(chosen)
    protected = kept(rows, EVERYTHING)
    for row in rows:
        if row.school_id is None:
            found.left[DISTRICT] += 1
        else:
            found.sort_out(row, ALREADY if row.pk in protected else {"protected": True})
    return found


@transaction.atomic
def protect(by: User, chosen: QuerySet[Membership], *, read: str, why: str, until: datetime | None = None) -> int:
    """Have no sync change anything of these memberships, until a moment or for good; how many.

    Raises NotPossible, and does nothing, if it would not be exactly what was read.
    """
    lock(chosen)
    found = plan_protection(by, chosen)
    found.require(read)
    keep(by, found.accounts, EVERYTHING, why=why, until=until)
    return len(found.rows)


def plan_release(by: User, chosen: QuerySet[Membership]) -> Plan:
    """Whom the sync may change again. Raises NotPossible if they are too many for one request."""
    found, rows = Plan(), accounts_in(chosen)
    pins = _standing_for(rows)
    wider = _beyond(by, rows)
    for row in rows:
        fields = sorted(pins[row.user_id, row.school_id])
        everywhere = sorted(pins[row.user_id, None])
        if row.school_id is None:
            found.left[DISTRICT] += 1
        elif everywhere and row.user_id in wider:
            found.left[EVERYWHERE] += 1
        else:
            found.sort_out(row, {"fields": fields, "everywhere": everywhere} if fields or everywhere else NOT)
    return found


@transaction.atomic
def release(by: User, chosen: QuerySet[Membership], *, read: str, why: str = "") -> int:
    """Let the sync change these memberships again; how many.

    Raises NotPossible, and does nothing, if it would not be exactly what was read.
    """
    lock(chosen)
    found = plan_release(by, chosen)
    found.require(read)
    people = [row.user_id for row in found.accounts]
    for school in {row.school_id for row in found.accounts}:
        there = [row.user_id for row in found.accounts if row.school_id == school]
        Pin.objects.filter(user__in=there, school=school).delete()
    Pin.objects.filter(user__in=people, school=None).delete()
    write_down(by, "pin.remove", [(row.pk, said, {}) for row, becomes in found.rows for said in _said(becomes)], why)
    return len(found.rows)


def kept(rows: Collection[Account], name: str) -> set[int]:
    """Which of these memberships no sync may change in this field, by id."""
    pins = _standing_for(rows)
    wanted = {name, EVERYTHING}
    return {row.pk for row in rows if wanted & (pins[row.user_id, row.school_id] | pins[row.user_id, None])}


def keep(by: User, rows: Collection[Account], name: str, *, why: str, until: datetime | None = None) -> None:
    """Have the sync leave this field of these memberships alone, with a line in the trail for each."""
    over = Pin.objects.filter(user__in=[row.user_id for row in rows], field=name, until__lte=Now())
    over.filter(school__in={row.school_id for row in rows}).delete()
    pins = [
        Pin(
            district=by.district,
            user_id=row.user_id,
            school_id=row.school_id,
            field=name,
            by=by,
            why=why.strip(),
            until=until,
        )
        for row in rows
    ]
    Pin.objects.bulk_create(pins, batch_size=BATCH, ignore_conflicts=True)
    after = {"field": name, "why": why.strip(), "until": until.isoformat() if until else ""}
    write_down(by, "pin.set", [(row.pk, {}, after) for row in rows], why)


def _standing_for(rows: Collection[Account]) -> defaultdict[tuple[int, int | None], set[str]]:
    """The fields that are kept, by person and school (None: everywhere)."""
    found: defaultdict[tuple[int, int | None], set[str]] = defaultdict(set)
    people = {row.user_id for row in rows}
    pins = Pin.objects.filter(Q(until=None) | Q(until__gt=Now()), user__in=people)
    for user_id, school_id, name in pins.values_list("user_id", "school_id", "field"):
        found[user_id, school_id].add(name)
    return found


def _beyond(by: User, rows: Collection[Account]) -> set[int]:
    """Which of these people are also somewhere that this person does not answer for."""
    places = Membership.objects.exclude(status=Status.DELETED).filter(user__in={row.user_id for row in rows})
    return set(places.exclude(pk__in=memberships_of(by).values("pk")).values_list("user_id", flat=True))


def _said(becomes: Mapping[str, Any]) -> list[dict[str, str]]:
    return [{"field": name} for name in (*becomes["fields"], *becomes["everywhere"])]
