"""What happened to an account: what syncs did and what people did, one list, newest first."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from django.core.paginator import Paginator
from django.db.models.functions import Coalesce

from accounts import access as people, pins
from integrations import registry
from rostering import access, explain, wording
from rostering.models import Change

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.core.paginator import Page

    from accounts.models import AuditEvent, Membership, User

A_PAGE = 25
#: What people do, as the trail names it -> in words.
ACTIONS = {
    "person.create": "Added by hand",
    "person.update": "Edited",
    "person.password": "Password reset",
    "membership.create": "Given access",
    "membership.update": "Edited",
    "membership.active": "Reactivated",
    "membership.disabled": "Disabled",
    "membership.suspended": "Suspended",
    "pin.set": "Protected from sync",
    "pin.remove": "Left to the sync again",
}


class Entry(NamedTuple):
    """One thing that happened. `run` is the sync that did it, where the reader may open it."""

    at: datetime
    who: str
    run: int | None
    what: str
    place: str
    differences: list[wording.Difference]
    why: str


def history(reader: User, account: User, number: str | None) -> tuple[Page[Any], list[Entry]]:
    """A page of what the reader may know of an account's past."""
    changes = access.seen_by(reader, explain.applied(account))
    when = Coalesce("hold__decided_at", "run__applied_at")
    done = [(at, "change", pk) for pk, at in changes.order_by().values_list("pk", when)]
    events = people.history_of(reader, account)
    done += [(at, "event", pk) for pk, at in events.order_by().values_list("pk", "at")]
    page = Paginator(sorted(done, reverse=True), A_PAGE).get_page(number)
    rows = list(page)
    by_sync = _by_syncs(reader, changes.filter(pk__in=[pk for _, kind, pk in rows if kind == "change"]))
    by_hand = _by_people(reader, account, events.filter(pk__in=[pk for _, kind, pk in rows if kind == "event"]))
    known = {("change", pk): entry for pk, entry in by_sync} | {("event", pk): entry for pk, entry in by_hand}
    return page, [known[kind, pk] for _, kind, pk in rows]


def _by_syncs(reader: User, changes: Any) -> Iterable[tuple[int, Entry]]:
    rows = list(changes.select_related("run__connection", "hold", "school"))
    open_to = set(access.runs_of(reader).filter(pk__in={row.run_id for row in rows}).values_list("pk", flat=True))
    called = people.actors(reader, [row.hold.decided_by_id for row in rows if row.hold])
    for row in rows:
        run, label = row.run, registry.label(row.run.connection.kind)
        who = f"Undo of sync #{run.undoes_id}" if run.undoes_id else f"Sync #{run.pk}"
        if row.hold:
            who = f"{who}, approved by {called[row.hold.decided_by_id]}"
        yield (
            row.pk,
            Entry(
                row.hold.decided_at if row.hold else run.applied_at,
                who,
                run.pk if run.pk in open_to else None,
                str(Change.Kind(row.kind).label),
                row.school.name if row.school else "District",
                wording.differences(row),
                wording.why(row, label),
            ),
        )


def _by_people(reader: User, account: User, events: Iterable[AuditEvent]) -> Iterable[tuple[int, Entry]]:
    rows = list(events)
    called = people.actors(reader, [row.by_id for row in rows])
    places = {f"membership:{each.pk}": _place(each) for each in people.memberships_at(reader, account)}
    for row in rows:
        entry = Entry(
            row.at, called[row.by_id], None, _what(row), places.get(row.target, ""), _differences(row), row.why
        )
        yield row.pk, entry


def _place(membership: Membership) -> str:
    return membership.school.name if membership.school else "District"


def _what(row: AuditEvent) -> str:
    said = ACTIONS.get(row.action, "Changed")
    pinned = (row.after or row.before).get("field", "") if row.action.startswith("pin.") else ""
    return f"{said}: {pins.LABELS[pinned].lower()}" if pinned in pins.LABELS else said


def _differences(row: AuditEvent) -> list[wording.Difference]:
    """What differs, in the words of a sync's own rows."""
    if row.action.startswith("pin."):
        return []
    before, after = ({name: _flat(value) for name, value in side.items()} for side in (row.before, row.after))
    change = Change(kind=Change.Kind.UPDATE, before=before, after=after)
    return [each for each in wording.differences(change) if each.before != each.after]


def _flat(value: Any) -> Any:
    return " ".join(map(str, value)) if isinstance(value, list) else value
