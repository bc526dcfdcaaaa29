"""The sources from which the key's schools take their people."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from rest_framework.response import Response

from accounts.api.describing import described, listed
from accounts.api.keys import caller
from accounts.api.reading import Paged, asked, page
from integrations.access import connection_for, connections_of, links_of
from rostering.api import shapes

if TYPE_CHECKING:
    from rest_framework.request import Request

    from accounts.models import User
    from integrations.models import Connection, SchoolLink

TAG = "Connections"


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


def told(user: User, connections: list[Connection]) -> list[dict[str, Any]]:
    """Connections as this person may know them."""
    links: dict[int, list[SchoolLink]] = defaultdict(list)
    for link in links_of(user, connections):
        links[link.connection_id].append(link)
    return [dict(shapes.ConnectionShape(_told(each, links[each.pk])).data) for each in connections]


def _told(connection: Connection, links: list[SchoolLink]) -> dict[str, Any]:
    return {
        "id": connection.pk,
        "kind": connection.kind,
        "name": connection.tenant_name or connection.tenant,
        "state": connection.state,
        "trouble": {"code": connection.problem, "text": connection.problem_text} if connection.problem else None,
        "paused_until": connection.paused_until,
        "schools": links,
    }
