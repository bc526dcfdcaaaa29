"""Somebody of SmartPass takes a request, gives it back, or answers it; the school is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.urls import reverse
from django.utils.timezone import now

from accounts import audit, notices
from accounts.models import Notice
from accounts.people import NotPossible
from rostering.models import SupportRequest

if TYPE_CHECKING:
    from accounts.models import User

State = SupportRequest.State
#: What a school asks for when it waits to be told "you're all set".
BEGINNINGS = (SupportRequest.Kind.READY, SupportRequest.Kind.FIRST_SYNC)


@transaction.atomic
def take(by: User, asked: SupportRequest) -> bool:
    """Make a request one's own; False if it is already. Raises NotPossible if it is answered or somebody else's."""
    held = _locked(asked)
    _still_open(held)
    if held.taken_by_id == by.pk:
        return False
    if held.taken_by is not None:
        raise NotPossible(f"{held.taken_by.get_full_name()} has it. Ask them to give it back.")
    _move(held, State.TAKEN, by)
    audit.record(by, "request.take", held, district=held.district_id)
    return True


@transaction.atomic
def give_back(by: User, asked: SupportRequest) -> bool:
    """Let somebody else take a request, whoever has it; False if nobody has it."""
    held = _locked(asked)
    _still_open(held)
    if held.taken_by_id is None:
        return False
    before = {"taken_by": held.taken_by_id}
    _move(held, State.OPEN, None)
    audit.record(by, "request.give_back", held, district=held.district_id, before=before)
    return True


@transaction.atomic
def answer(by: User, asked: SupportRequest, text: str) -> Notice | None:
    """Close a request with what the school reads, and tell them. Raises NotPossible if it was answered already."""
    held = _locked(asked)
    _still_open(held)
    held.state, held.answer, held.answered_by, held.answered_at = State.ANSWERED, text.strip(), by, now()
    held.save(update_fields=["state", "answer", "answered_by", "answered_at"])
    audit.record(by, "request.answer", held, district=held.district_id, after={"answer": held.answer})
    return notices.tell(
        held.district_id,
        held.school_id,
        Notice.Kind.ANSWER,
        f"supportrequest:{held.pk}",
        # The answer itself may name somebody; a notice goes out by e-mail too.
        f"SmartPass answered your request #{held.pk} ({held.get_kind_display()}).",
        page_of(held),
    )


def page_of(asked: SupportRequest) -> str:
    """Where a school reads what became of its request."""
    return f"{reverse('help')}#request-{asked.pk}"


def _locked(asked: SupportRequest) -> SupportRequest:
    # Of itself only: whoever has it is a row that others may hold.
    found = SupportRequest.objects.select_for_update(of=("self",)).select_related("taken_by")
    return found.get(pk=asked.pk)


def _still_open(held: SupportRequest) -> None:
    if held.state == State.ANSWERED:
        raise NotPossible("This request was answered already.")


def _move(held: SupportRequest, state: SupportRequest.State, by: User | None) -> None:
    held.state, held.taken_by = state, by
    held.save(update_fields=["state", "taken_by"])
