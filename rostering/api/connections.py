"""The sources from which the key's schools take their people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from rest_framework.response import Response

from accounts.api.describing import described, listed
from accounts.api.keys import caller
from accounts.api.once import once
from accounts.api.reading import Paged, asked, page, said
from integrations import pausing
from integrations.access import connection_for, connections_of, may_steer
from rostering import steering
from rostering.api import runs, shapes
from rostering.sources import sources

if TYPE_CHECKING:
    from collections.abc import Callable

    from rest_framework.request import Request

    from accounts.models import User
    from integrations.models import Connection
    from rostering.sources import Source

TAG = "Connections"
ASK = "SmartPass starts syncs here. Ask for one at Accounts, Integrations."
NOT_ALL = "This source serves schools that this key does not reach. Their District admin may do this."


@described("connections_list", "List connections", listed(shapes.ConnectionShape), tag=TAG, query=Paged)
def list_connections(request: Request) -> Response:
    """The sources that serve the key's schools, oldest first."""
    user = caller(request)
    found, following = page(connections_of(user), asked(request, Paged))
    return Response({"results": told(user, found), "next": following})


@described("connections_get", "Get a connection", shapes.ConnectionShape, tag=TAG, refuses=("not_found",))
def get_connection(request: Request, connection_id: int) -> Response:
    """One source, how it stands, and which of the key's schools it serves."""
    user = caller(request)
    return Response(told(user, [connection_for(user, connection_id)])[0])


@described(
    "connections_sync",
    "Start a sync",
    shapes.RunShape,
    tag=TAG,
    body=shapes.NothingMore,
    status=201,
    once=True,
    refuses=("not_found", "not_yours", "not_possible"),
    example={},
)
def start(request: Request, connection_id: int) -> Response:
    """Start a sync, or join the one that is going. Only where SmartPass lets schools start one (`may_sync`)."""
    user = caller(request)
    connection = connection_for(user, connection_id)
    if not connection.schools_may_sync:
        raise PermissionDenied(ASK)
    said(request, shapes.NothingMore)

    def do() -> Response:
        run, _ = steering.sync_now(user, connection)
        return Response(runs.one(user, run.pk), status=201)

    return once(request, do)


@described(
    "connections_pause",
    "Pause a connection",
    shapes.SteeredShape,
    tag=TAG,
    body=shapes.Pausing,
    once=True,
    refuses=("not_found", "not_yours", "not_possible"),
    example={"why": "Schedules are being rebuilt.", "until": "2027-08-16"},
)
def pause(request: Request, connection_id: int) -> Response:
    """No sync starts until this day, or until somebody resumes; the one that is going ends. Nobody changes by it."""

    def do(user: User, connection: Connection) -> str:
        given = said(request, shapes.Pausing)
        return steering.pause(user, connection, given["until"], given["why"])

    return _steer(request, connection_id, do)


@described(
    "connections_resume",
    "Resume a connection",
    shapes.SteeredShape,
    tag=TAG,
    body=shapes.NothingMore,
    once=True,
    refuses=("not_found", "not_yours", "not_possible"),
    example={},
)
def resume(request: Request, connection_id: int) -> Response:
    """Syncs start again with the next night."""

    def do(user: User, connection: Connection) -> str:
        said(request, shapes.NothingMore)
        resumed = pausing.resume(user, connection)
        return "Resumed. The next sync is tonight's." if resumed else "It was going on already."

    return _steer(request, connection_id, do)


def _steer(request: Request, connection_id: int, deed: Callable[[User, Connection], str]) -> Response:
    user = caller(request)
    connection = connection_for(user, connection_id)
    if not may_steer(user, connection):
        raise PermissionDenied(NOT_ALL)

    def do() -> Response:
        message = deed(user, connection)
        return Response({"message": message, "connection": told(user, [connection])[0]})

    return once(request, do)


def told(user: User, connections: list[Connection]) -> list[dict[str, Any]]:
    """Connections as this person may know them."""
    known = {each.connection.pk: each for each in sources(user)}
    return [dict(shapes.ConnectionShape(_told(known[each.pk])).data) for each in connections]


def _told(source: Source) -> dict[str, Any]:
    connection = source.connection
    return {
        "id": connection.pk,
        "kind": connection.kind,
        "name": connection.tenant_name or connection.tenant,
        "state": connection.state,
        "status": source.word[0],
        "trouble": {"code": connection.problem, "text": connection.problem_text} if connection.problem else None,
        "paused_until": connection.paused_until,
        "may_sync": connection.schools_may_sync,
        "may_pause": source.steers,
        "schools": source.links,
        "last_run": source.last.pk if source.last else None,
        "last_good_run": source.good.pk if source.good else None,
    }
