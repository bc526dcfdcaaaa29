"""What waits for a person at the key's schools, and the decision."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.response import Response

from accounts.api.describing import described, listed
from accounts.api.keys import caller
from accounts.api.once import once
from accounts.api.reading import asked, page, said
from rostering import access, asking
from rostering.api import changes, shapes
from rostering.holds import Part

if TYPE_CHECKING:
    from collections.abc import Callable

    from rest_framework.request import Request

TAG = "Holds"
EXAMPLE = {"fingerprint": "9f2c61d0a8e4b733", "why": "They graduated.", "kinds": ["suspend"]}


@described("holds_list", "List holds", listed(shapes.HoldShape), tag=TAG, query=shapes.HoldsAsked)
def list_holds(request: Request) -> Response:
    """The holds at the key's schools, newest first. Those with state `open` wait for a decision."""
    user = caller(request)
    wanted = asked(request, shapes.HoldsAsked)
    holds = access.holds_of(user)
    for name in wanted.keys() & {"state", "connection"}:
        holds = holds.filter(**{name: wanted[name]})
    found, following = page(holds, wanted, newest_first=True)
    return Response({"results": shapes.HoldShape(found, many=True).data, "next": following})


@described("holds_get", "Get a hold", shapes.HoldShape, tag=TAG, refuses=("not_found",))
def get_hold(request: Request, hold_id: int) -> Response:
    """One hold. Its fingerprint names the list that a decision is about."""
    user = caller(request)
    return Response(shapes.HoldShape(access.hold_for(user, hold_id)).data)


@described(
    "holds_changes",
    "List a hold's changes",
    listed(shapes.ChangeShape),
    tag=TAG,
    query=shapes.ChangesAsked,
    refuses=("not_found",),
)
def list_changes(request: Request, hold_id: int) -> Response:
    """The list that waits: what would be done if it were released."""
    user = caller(request)
    hold = access.hold_for(user, hold_id)
    # A newcomer's rows wait together: one of them may be at a school that is not this reader's.
    mine = access.changes_of(user, hold.run).filter(hold=hold)
    return Response(changes.told(mine, hold.run, asked(request, shapes.ChangesAsked)))


@described(
    "holds_release",
    "Release a hold",
    shapes.DecidedShape,
    tag=TAG,
    body=shapes.Deciding,
    once=True,
    refuses=("not_found", "not_possible"),
    example=EXAMPLE,
)
def release(request: Request, hold_id: int) -> Response:
    """Do exactly what stands in the list that was read, or in a part of it.

    Where two people must agree the first yes is kept, and the message says so.
    """
    return _decide(request, hold_id, asking.release)


@described(
    "holds_reject",
    "Reject a hold",
    shapes.DecidedShape,
    tag=TAG,
    body=shapes.Deciding,
    once=True,
    refuses=("not_found", "not_possible"),
    example=EXAMPLE,
)
def reject(request: Request, hold_id: int) -> Response:
    """Do nothing of the list that was read, or of a part of it.

    The same changes are not planned again while the source says the same.
    """
    return _decide(request, hold_id, asking.reject)


def _decide(request: Request, hold_id: int, decide: Callable[..., str]) -> Response:
    user = caller(request)
    hold = access.hold_for(user, hold_id)
    given = said(request, shapes.Deciding)
    chosen = Part(*(tuple(given.get(name, ())) for name in ("schools", "kinds", "people")))

    def do() -> Response:
        message = decide(
            user, hold, given["fingerprint"], why=given["why"], said={}, part=chosen if any(chosen) else None
        )
        return Response(shapes.DecidedShape({"message": message, "hold": access.hold_for(user, hold_id)}).data)

    return once(request, do)
