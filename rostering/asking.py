"""What people ask of runs and holds: the request, the rule it must meet, its line in the trail.

Each function is one transaction. What cannot be done is refused in words (NotPossible).
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils.timezone import now

from accounts import audit
from accounts.people import NotPossible
from rostering import holds, runs, undo
from rostering.limits import DEFAULTS
from rostering.models import Hold, Rejection, Run, RunState, Trigger

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from accounts.models import District, School, User
    from integrations.models import Connection

#: How old the preview may be from which a first sync is let go.
PREVIEW_COUNTS_FOR = timedelta(hours=1)


@transaction.atomic
def preview(by: User, connection: Connection, why: str) -> tuple[Run, bool]:
    """Ask what a sync would do; joins the run that is going."""
    run, started = runs.start(connection, Trigger.SUPPORT, by=by, why=why, preview=True)
    return _asked(by, run, "run.preview", why, started=started)


@transaction.atomic
def sync_now(by: User, connection: Connection, why: str) -> tuple[Run, bool]:
    """Ask for a sync; joins the run that is going. Raises NotPossible before the first sync."""
    if not Run.objects.filter(connection=connection, applied_at__isnull=False).exists():
        raise NotPossible("The first sync starts from a preview that somebody has read. Start a preview.")
    if connection.state in runs.AT_REST:
        raise NotPossible(f"This connection is {connection.get_state_display().lower()}. No sync starts.")
    run, started = runs.start(connection, Trigger.SUPPORT, by=by, why=why)
    return _asked(by, run, "run.start", why, started=started)


@transaction.atomic
def first_sync(by: User, seen: Run, fingerprint: str, why: str) -> tuple[Run, bool]:
    """Let the first sync go from the preview that was read, named by its fingerprint.

    Raises NotPossible if that preview is not done, too old, or not the list that was read.
    """
    if not seen.preview or seen.state != RunState.DONE:
        raise NotPossible("This is not a finished preview.")
    if seen.finished_at is None or now() - seen.finished_at > PREVIEW_COUNTS_FOR:
        raise NotPossible("This preview is more than an hour old. Start a new one.")
    if fingerprint != seen.fingerprint:
        raise NotPossible("The list changed: read it again.")
    run, started = runs.start(seen.connection, Trigger.FIRST, by=by, why=why, released_preview=seen)
    return _asked(by, run, "run.first", why, started=started, preview=seen.pk, fingerprint=fingerprint)


@transaction.atomic
def stop(by: User, run: Run, why: str) -> bool:
    """End a run that has not finished; False if it had."""
    stopped = runs.stop(run, by=by, why=why)
    if stopped:
        audit.record(by, "run.stop", run, district=run.district_id, before={"state": run.state}, why=why)
    return bool(stopped)


@transaction.atomic
def take_back(
    by: User, run: Run, why: str, *, preview: bool = False, schools: Sequence[int] | None = None
) -> tuple[Run, bool]:
    """Undo what a run did (at these schools), as far as nobody changed it since, or show what that would do.

    Joins the same undo that is going; says whether it is new.
    """
    try:
        made, started = undo.start(run, by=by, why=why, preview=preview, schools=schools)
    except undo.CannotUndo as refused:
        raise NotPossible(str(refused)) from None
    if started:
        action = "run.undo_preview" if preview else "run.undo"
        after = {"run": made.pk, "schools": made.schools}
        audit.record(by, action, run, district=run.district_id, after=after, why=why)
    return made, started


@transaction.atomic
def release(
    by: User, hold: Hold, fingerprint: str, *, why: str, said: Mapping[str, str], part: holds.Part | None = None
) -> str:
    """Release the list that was read, or a part of it; what to tell whoever did.

    `said` records the school's authorisation. Where two people are needed the first yes
    is kept. Raises NotPossible if the list changed or is decided already.
    """
    try:
        holds.release(hold, fingerprint, by=by, why=why, part=part)
    except holds.NeedsSecond:
        _decided(by, hold, "hold.first_yes", fingerprint, why, said, part)
        return "Your yes is recorded. Because so many people are concerned, a second person must agree."
    except holds.Undecided as refused:
        raise NotPossible(str(refused)) from None
    _decided(by, hold, "hold.release", fingerprint, why, said, part)
    return "Released. Exactly the list you read was applied."


@transaction.atomic
def reject(
    by: User, hold: Hold, fingerprint: str, *, why: str, said: Mapping[str, str], part: holds.Part | None = None
) -> str:
    """Refuse the list that was read: nothing of it is done, nor planned again while the source says the same."""
    try:
        holds.reject(hold, fingerprint, by=by, why=why, part=part)
    except holds.Undecided as refused:
        raise NotPossible(str(refused)) from None
    _decided(by, hold, "hold.reject", fingerprint, why, said, part)
    return "Rejected. Everybody stays as they are, and the same change is not planned again."


def decide_each(by: User, read: Sequence[tuple[Hold, str]], *, approve: bool, why: str) -> list[tuple[Hold, str]]:
    """Decide several holds, each a transaction of its own and by the list that was read; what to tell of each."""
    decide = release if approve else reject
    told = []
    for hold, fingerprint in read:
        try:
            told.append((hold, decide(by, hold, fingerprint, why=why, said={})))
        except NotPossible as refused:
            told.append((hold, str(refused)))
    return told


@transaction.atomic
def lift_rejection(by: User, rejection: Rejection, why: str) -> bool:
    """Let a refused change be planned again; False if it could be already."""
    if not Rejection.objects.filter(pk=rejection.pk, lifted_at=None).update(lifted_at=now()):
        return False
    audit.record(
        by,
        "rejection.lift",
        rejection,
        district=rejection.district_id,
        before={"external_id": rejection.external_id, "kind": rejection.kind},
        why=why,
    )
    return True


@transaction.atomic
def set_limits(by: User, row: District | School | Connection, values: Mapping[str, float], why: str) -> bool:
    """Keep the limits that differ here; False if nothing changed. Raises NotPossible out of range."""
    for name, value in values.items():
        limit = DEFAULTS.get(name)
        if limit is None or not limit.lowest <= value <= limit.highest:
            raise NotPossible(f"{name} cannot be {value}.")
    held = type(row)._default_manager.select_for_update().get(pk=row.pk)
    if held.limits == dict(values):
        return False
    before, held.limits = held.limits, dict(values)
    held.save(update_fields=["limits"])
    audit.record(by, "limits", row, district=_district_id(row), before=before, after=dict(values), why=why)
    return True


def _district_id(row: District | School | Connection) -> int:
    return row.pk if row._meta.model_name == "district" else row.district_id  # type: ignore[union-attr]


def _asked(by: User, run: Run, action: str, why: str, *, started: bool, **after: Any) -> tuple[Run, bool]:
    if started:
        audit.record(by, action, run, district=run.district_id, after=after, why=why)
    return run, started


def _decided(
    by: User, hold: Hold, action: str, fingerprint: str, why: str, said: Mapping[str, str], part: holds.Part | None
) -> None:
    after = {
        "run": hold.run_id,
        "fingerprint": fingerprint,
        "people": hold.people,
        "authorisation": dict(said),
        "part": "all" if part is None else {"schools": part.schools, "kinds": part.kinds, "people": part.people},
    }
    audit.record(by, action, hold, district=hold.district_id, after=after, why=why)
