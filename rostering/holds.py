"""What a person decides about a hold: release exactly what was read, or refuse it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from django.db.models import F, Q
from django.utils.timezone import now

from accounts import tenancy
from accounts.models import User
from integrations import registry
from rostering import runs, sql, telling
from rostering.models import Change, Hold, Issue
from rostering.steps import apply
from rostering.steps.plan import fingerprint as name_of

if TYPE_CHECKING:
    from django.db.models import QuerySet


class Undecided(Exception):
    """Nothing was decided; the message says why, in words for a page."""


class Stale(Undecided):
    """The list is not the one that was read, or an account changed meanwhile. Nothing was written."""


class NeedsSecond(Undecided):
    """The first person's yes was kept; another person must agree to the same list."""


class NotOpen(Undecided):
    """Somebody else decided this hold already."""


class Busy(Undecided):
    """The sync that makes this list may still make it anew."""


class Part(NamedTuple):
    """A part of a hold: rows of these schools, kinds and people (an empty tuple means all)."""

    schools: tuple[int, ...] = ()
    kinds: tuple[str, ...] = ()
    people: tuple[int, ...] = ()


def rows(hold: Hold) -> QuerySet[Change]:
    """The changes that wait in this hold, as its run planned them."""
    return Change.objects.filter(hold=hold, run=hold.run_id).order_by("pk")


def rows_of(hold: Hold, part: Part | None) -> QuerySet[Change]:
    """The rows that a decision about this part (null: all of it) would move. A newcomer's rows stay together."""
    if part is None:
        return rows(hold)
    chosen = Q()
    if part.schools:
        chosen &= Q(school__in=part.schools)
    if part.kinds:
        chosen &= Q(kind__in=part.kinds)
    if part.people:
        chosen &= Q(user_id__in=part.people)
    newcomers = rows(hold).filter(chosen, user_id__in=rows(hold).filter(kind=Change.Kind.CREATE).values("user_id"))
    return rows(hold).filter(chosen | Q(user_id__in=newcomers.values("user_id")))


def agreed(hold: Hold) -> tuple[bool, Part | None]:
    """Whether a first person's yes to this very list is kept, and to which part of it (null: all)."""
    fingerprint, _, part = hold.first_yes_for.partition(" ")
    if not hold.first_yes_by_id or fingerprint != hold.fingerprint:
        return False, None
    return True, Part(*map(tuple, json.loads(part))) if part else None


def release(hold: Hold, fingerprint: str, *, by: User, why: str, part: Part | None = None) -> Hold:
    """Apply exactly the list named by `fingerprint`, or a part of it; the released hold.

    Raises `Stale`, `NotOpen`, `Busy` or `NeedsSecond`, and then nothing was applied.
    """
    with tenancy.district(hold.district_id):
        locked = _locked(hold, fingerprint)
        if locked.needs_second and not _second(locked, by, part):
            locked.first_yes_by, locked.first_yes_for = by, _named(fingerprint, part)
            locked.save(update_fields=["first_yes_by", "first_yes_for"])
            telling.one_yes(locked)
            waits_for_another = True
        else:
            waits_for_another = False
            locked = _split(locked, part) if part else locked
            _apply(locked)
            _decide(locked, Hold.State.RELEASED, by, why)
    if waits_for_another:
        message = f"{locked.people:,} people are many: a second person must agree to this list."
        raise NeedsSecond(message)
    return locked


def reject(hold: Hold, fingerprint: str, *, by: User, why: str, part: Part | None = None) -> Hold:
    """Refuse the list named by `fingerprint`, or a part: nobody changes, and it is not planned again."""
    with tenancy.district(hold.district_id):
        locked = _locked(hold, fingerprint)
        locked = _split(locked, part) if part else locked
        sql.run(
            "undo.refuse",
            {
                "connection": locked.connection_id,
                "run": locked.run_id,
                "hold": locked.pk,
                "by": by.pk,
                "why": why,
            },
        )
        _decide(locked, Hold.State.REJECTED, by, why)
    return locked


def _locked(hold: Hold, fingerprint: str) -> Hold:
    # The run is read after the lock: the night may have moved the hold while we waited for it.
    locked = Hold.objects.select_for_update().get(pk=hold.pk)
    if locked.state != Hold.State.OPEN:
        message = "This hold was decided already."
        raise NotOpen(message)
    if locked.run.state in runs.ACTIVE and locked.run.applied_at is None:
        message = "A sync is running and may make this list anew. Try again when it is done."
        raise Busy(message)
    if name_of(locked.run_id, locked.pk)[0] != fingerprint:
        message = "The list was rebuilt since you read it, so nothing was done. Read it again."
        raise Stale(message)
    return locked


def _second(hold: Hold, by: User, part: Part | None) -> bool:
    return hold.first_yes_by_id != by.pk and agreed(hold) == (True, part)


def _named(fingerprint: str, part: Part | None) -> str:
    """A list, or a part of it, as a first yes keeps it."""
    return f"{fingerprint} {json.dumps(part)}" if part else fingerprint


def _split(hold: Hold, part: Part) -> Hold:
    """Move a part of a hold's rows into a hold of their own, and name both lists anew."""
    ids = list(rows_of(hold, part).values_list("pk", flat=True))
    if not ids:
        message = "Nobody was chosen."
        raise Undecided(message)
    if len(ids) == rows(hold).count():
        return hold
    other = Hold.objects.create(
        district_id=hold.district_id,
        connection=hold.connection,
        run=hold.run,
        school_id=hold.school_id,
        reason=hold.reason,
        text=hold.text,
        state=Hold.State.SUPERSEDED,
        needs_second=hold.needs_second,
        opened_at=hold.opened_at,
    )
    Change.objects.filter(pk__in=ids).update(hold=other)
    for named in (hold, other):
        named.fingerprint, named.people = name_of(named.run_id, named.pk)
        named.save(update_fields=["fingerprint", "people"])
    telling.shrunk(hold)
    return other


def _apply(hold: Hold) -> None:
    kind = hold.connection.kind
    try:
        apply.apply_set(hold.district_id, hold.connection_id, hold.run_id, hold.pk, kind, registry.label(kind))
    except apply.Stale as error:
        message = "Some of these accounts changed meanwhile, so nothing was done. The next sync makes the list anew."
        raise Stale(message) from error


def _decide(hold: Hold, state: str, by: User, why: str) -> None:
    hold.state, hold.decided_by, hold.decided_at, hold.decision = state, by, now(), why
    hold.save(update_fields=["state", "decided_by", "decided_at", "decision"])
    telling.decided(hold)
    waiting = rows(hold).values("external_id")
    Issue.objects.filter(connection=hold.connection_id, code="E-HELD", closed_at=None, external_id__in=waiting).update(
        closed_at=now(), closed_by=F("opened_by")
    )
