"""The schools that a request names, beside what their source has under those ids."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from integrations import linking
from integrations.access import connections_in, links_for_support
from integrations.models import ConnectionState
from integrations.provider import SourceError
from rostering.models import SupportRequest
from rostering.support.access import asked_about

if TYPE_CHECKING:
    from collections.abc import Sequence

    from accounts.models import User
    from integrations.models import Connection, SchoolLink
    from integrations.records import Place

SOURCE = "source:"


class Org(NamedTuple):
    """A school as it was sent, what the source has under that id, and to which of ours it is linked."""

    sourced_id: str
    name: str
    identifier: str
    place: Place | None
    link: SchoolLink | None

    @property
    def differs(self) -> bool:
        """Whether the source calls it something else, or knows it by another number."""
        if self.place is None:
            return False
        other_name = _folded(self.name) != _folded(self.place.name)
        return other_name or bool(self.identifier and self.identifier != self.place.number)


class Named(NamedTuple):
    """What a request names. `connection` is where it is looked for; `answered` is False where the source did not say.

    `elsewhere` says that the request names another tenant than this connection's.
    """

    asked: SupportRequest
    connection: Connection | None
    answered: bool
    elsewhere: bool
    orgs: list[Org]


def named_by(user: User, asked: SupportRequest) -> Named | None:
    """The schools of one request, looked for where its district is tied to that source. For SmartPass only."""
    if not asked.details.get("orgs"):
        return None
    ties = connections_in(user, asked.district).filter(kind=_kind(asked)).exclude(state=ConnectionState.DISCONNECTED)
    tie = max(ties, key=lambda each: each.tenant == asked.details["tenant_id"], default=None)
    if tie is None:
        return Named(asked, None, answered=False, elsewhere=False, orgs=_beside(asked, [], []))
    try:
        shared = linking.places(tie)
    except SourceError:
        return _named(user, asked, tie, None)
    return _named(user, asked, tie, shared)


def named_for(user: User, connection: Connection, shared: Sequence[Place] | None) -> list[Named]:
    """The schools that waiting requests name for a connection. For SmartPass only."""
    about = f"{SOURCE}{connection.kind}"
    waiting = asked_about(user, connection.district, about)
    return [_named(user, asked, connection, shared) for asked in waiting if asked.details.get("orgs")]


def _named(user: User, asked: SupportRequest, tie: Connection, shared: Sequence[Place] | None) -> Named:
    orgs = _beside(asked, shared or [], list(links_for_support(user, tie)))
    return Named(asked, tie, shared is not None, tie.tenant != asked.details["tenant_id"], orgs)


def _beside(asked: SupportRequest, shared: Sequence[Place], links: Sequence[SchoolLink]) -> list[Org]:
    places = {place.external_id: place for place in shared}
    linked = {link.external_id: link for link in links}
    return [
        Org(**{**each, "place": places.get(each["sourced_id"]), "link": linked.get(each["sourced_id"])})
        for each in asked.details["orgs"]
    ]


def _kind(asked: SupportRequest) -> str:
    return asked.about.removeprefix(SOURCE)


def _folded(words: str) -> str:
    return " ".join(words.split()).casefold()
