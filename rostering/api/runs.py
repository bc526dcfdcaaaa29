"""Syncs, as far as they concern the key's schools."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rest_framework.response import Response

from accounts.access import school_for
from accounts.api.describing import described, listed
from accounts.api.keys import caller
from accounts.api.once import once
from accounts.api.reading import Paged, asked, page, said
from rostering import access, asking, lines, parts, undo
from rostering.api import changes, shapes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rest_framework.request import Request

    from accounts.models import User
    from rostering.models import Run
    from rostering.parts import Part

TAG = "Syncs"


@described("runs_list", "List syncs", listed(shapes.RunShape), tag=TAG, query=shapes.RunsAsked)
def list_runs(request: Request) -> Response:
    """Every sync of the sources that serve the key's schools, newest first."""
    user = caller(request)
    wanted = asked(request, shapes.RunsAsked)
    runs = access.runs_of(user)
    if "connection" in wanted:
        runs = runs.filter(connection=wanted["connection"])
    if "state" in wanted:
        runs = runs.filter(state=wanted["state"])
    found, following = page(runs, wanted, newest_first=True)
    return Response({"results": told(user, found), "next": following})


@described("runs_get", "Get a sync", shapes.RunShape, tag=TAG, refuses=("not_found",))
def get_run(request: Request, run_id: int) -> Response:
    """One sync, with what it did at the key's schools. Ask again every few seconds while it is queued or running."""
    user = caller(request)
    return Response(one(user, access.run_for(user, run_id).pk))


@described(
    "runs_changes",
    "List a sync's changes",
    listed(shapes.ChangeShape),
    tag=TAG,
    query=shapes.ChangesAsked,
    refuses=("not_found",),
)
def list_changes(request: Request, run_id: int) -> Response:
    """What a sync does to people at the key's schools, a row a person and school."""
    user = caller(request)
    run = access.run_for(user, run_id)
    wanted = asked(request, shapes.ChangesAsked)
    return Response(changes.told(access.changes_of(user, run), run, wanted))


@described(
    "runs_issues",
    "List what needed an eye",
    listed(shapes.IssueShape),
    tag=TAG,
    query=Paged,
    refuses=("not_found",),
)
def list_issues(request: Request, run_id: int) -> Response:
    """What about people at the key's schools needed an eye when the sync ended."""
    user = caller(request)
    run = access.run_for(user, run_id)
    found, following = page(access.issues_of(user, run), asked(request, Paged))
    rows = [{**_issue(line), "school": line.issue.school} for line in lines.issue_lines(found, run.connection.kind)]
    return Response({"results": shapes.IssueShape(rows, many=True).data, "next": following})


@described(
    "runs_holds",
    "List a sync's holds",
    listed(shapes.HoldShape),
    tag=TAG,
    query=Paged,
    refuses=("not_found",),
)
def list_holds(request: Request, run_id: int) -> Response:
    """The holds at the key's schools whose lists stand in this sync."""
    user = caller(request)
    run = access.run_for(user, run_id)
    found, following = page(access.holds_of(user).filter(run=run), asked(request, Paged), newest_first=True)
    return Response({"results": shapes.HoldShape(found, many=True).data, "next": following})


@described("runs_foresee", "Look at an undo", shapes.ForeseenShape, tag=TAG, refuses=("not_found",))
def foresee_undo(request: Request, run_id: int) -> Response:
    """What undoing the key's part of a sync would do now. Nothing is done."""
    user = caller(request)
    run = access.run_for(user, run_id)
    mine = access.part_of(user)
    refusal = undo.why_not(run, mine)
    foreseen = undo.foresee(run, mine, 0)
    told_undo = {
        "possible": not refusal,
        "refusal": refusal,
        "people": 0 if refusal else foreseen.people,
        "stays": 0 if refusal else foreseen.stays,
        "counts": {} if refusal else dict(foreseen.kinds),
    }
    return Response(shapes.ForeseenShape(told_undo).data)


@described(
    "runs_undo",
    "Undo a sync",
    shapes.RunShape,
    tag=TAG,
    body=shapes.Undoing,
    status=201,
    once=True,
    refuses=("not_found", "not_possible"),
    example={"why": "The wrong list was shared.", "schools": [12]},
)
def undo_run(request: Request, run_id: int) -> Response:
    """Turn back what a sync did at the key's schools, or at some of them; the sync that does it.

    Who was changed by a person since stays as they are. Who was created is suspended, not deleted.
    """
    user = caller(request)
    run = access.run_for(user, run_id)
    given = said(request, shapes.Undoing)
    chosen = [school_for(user, each).pk for each in given.get("schools", ())]

    def do() -> Response:
        made, _ = asking.take_back(user, run, given["why"], schools=chosen or access.part_of(user))
        return Response(one(user, made.pk), status=201)

    return once(request, do)


def one(user: User, run_id: int) -> dict[str, Any]:
    """One sync as this person may know it."""
    (run,) = told(user, access.runs_of(user).filter(pk=run_id))
    return run


def told(user: User, runs: Iterable[Run]) -> list[dict[str, Any]]:
    """Syncs as this person may know them: state and counts are those of their part."""
    return [dict(shapes.RunShape(_part(part)).data) for part in parts.parts(user, runs)]


def _part(part: Part) -> dict[str, Any]:
    run = part.run
    return {
        **{name: getattr(run, name) for name in COPIED},
        "id": run.pk,
        "status": part.word,
        "counts": {kind: number for kind, number in part.counts.items() if number and kind != "held"},
        "held": part.held,
        "trouble": {"code": run.problem, "text": run.problem_text} if run.problem else None,
    }


COPIED = (
    "connection_id",
    "trigger",
    "preview",
    "state",
    "step",
    "night",
    "undoes_id",
    "created_at",
    "started_at",
    "applied_at",
    "finished_at",
)


def _issue(line: lines.IssueLine) -> dict[str, Any]:
    row = line.issue
    return {
        "id": row.pk,
        "code": row.code,
        "severity": row.severity,
        "account": row.user_id,
        "name": line.name,
        "external_id": row.external_id,
        "says": line.says,
        "helps": line.helps,
    }
