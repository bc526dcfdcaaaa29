"""The only module that turns (user, id) into a connection, a link of a school or a source's district.

As everywhere, somebody else's row and a row that does not exist get the same Http404.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Q
from django.http import Http404
from django.shortcuts import get_object_or_404

from accounts.access import reach_of, schools_of
from accounts.models import School
from integrations.models import Connection, ConnectionState, SchoolLink, StopSwitch, UpstreamTenant

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.models import QuerySet

    from accounts.models import District, User

#: No list that a page shows is longer.
MANY = 200


def connections_of(user: User, at: School | None = None) -> QuerySet[Connection]:
    """The connections that serve a school this person answers for; a District admin's whole district.

    Only those that serve `at`, where a page looks at one school.
    """
    reach = reach_of(user)
    if reach.everything:
        return Connection.objects.all()
    if at is not None:
        return connections_of(user).filter(pk__in=SchoolLink.objects.filter(school=at).values("connection_id"))
    seen = Q(pk__in=SchoolLink.objects.filter(school__in=reach.own_schools).values("connection_id"))
    if reach.district_wide:
        seen |= Q(district=user.district_id)
    return Connection.objects.filter(seen)


def connection_for(user: User, connection_id: int) -> Connection:
    """A connection this person may see, or Http404."""
    return get_object_or_404(connections_of(user), pk=connection_id)


def may_steer(user: User, connection: Connection) -> bool:
    """Whether this person may pause, resume or give up a connection they were let to.

    It stops everybody whom it serves, so that is for a District admin, or for an Admin of every linked school.
    """
    return connection.pk in steered_by(user, [connection])


def steered_by(user: User, connections: Iterable[Connection]) -> set[int]:
    """Which of these connections `may_steer` lets this person steer, asked at once."""
    reach = reach_of(user)
    mine = {each.pk for each in connections if each.district_id == user.district_id}
    if reach.everything or reach.district_wide or not mine:
        return set() if reach.everything else mine
    links = SchoolLink.objects.filter(connection__in=mine, active=True).values_list("connection_id", "school_id")
    served: set[int] = set()
    foreign: set[int] = set()
    for connection_id, school_id in links:
        (served if school_id in reach.own_schools else foreign).add(connection_id)
    return served - foreign


def school_links_of(user: User, connection: Connection, at: School | None = None) -> QuerySet[SchoolLink]:
    """Which source school is which of the schools this person answers for, or of `at`."""
    return links_of(user, [connection], at).order_by("school__name")


def links_of(user: User, connections: Iterable[Connection], at: School | None = None) -> QuerySet[SchoolLink]:
    """The same of several connections."""
    ids = [each.pk for each in connections]
    links = SchoolLink.objects.filter(connection__in=ids, active=True, school__in=schools_of(user, at).values("pk"))
    return links.select_related("school").order_by("connection_id", "school__name")


def bought_but_not_linked(user: User, at: School | None = None) -> QuerySet[School]:
    """This person's schools (or only `at`) that have bought SmartPass and take their people from no source."""
    reach = reach_of(user)
    seen = Q(pk__in=reach.own_schools)
    if reach.district_wide or reach.everything:
        seen |= Q(district=user.district_id)
    schools = School.objects.filter(seen, purchased=True).exclude(pk__in=_linked())
    return (schools.filter(pk=at.pk) if at else schools).order_by("name")


def _linked() -> QuerySet[SchoolLink, int]:
    """The ids of the schools that take their people from a source; a tie to one that was given up is none."""
    standing = SchoolLink.objects.filter(active=True).exclude(connection__state=ConnectionState.DISCONNECTED)
    return standing.values_list("school_id", flat=True)


def stopped_kinds() -> set[str]:
    """The sources that support stopped altogether; "" stands for all of them."""
    return set(StopSwitch.objects.values_list("kind", flat=True))


# For support only: every district's rows.


def connections_in(user: User, district: District) -> QuerySet[Connection]:
    """A district's connections, for somebody of SmartPass."""
    _only_support(user)
    return Connection.objects.filter(district=district).order_by("kind", "pk")


def connection_for_support(user: User, connection_id: int) -> Connection:
    """Any connection with its district, for somebody of SmartPass; Http404 for everybody else."""
    _only_support(user)
    return get_object_or_404(Connection.objects.select_related("district"), pk=connection_id)


def link_for_support(user: User, link_id: int) -> SchoolLink:
    """Any link of a school, for somebody of SmartPass."""
    _only_support(user)
    links = SchoolLink.objects.select_related("school", "connection", "connection__district")
    return get_object_or_404(links, pk=link_id)


def links_for_support(user: User, connection: Connection) -> QuerySet[SchoolLink]:
    """All of a connection's linked schools, for somebody of SmartPass."""
    _only_support(user)
    links = SchoolLink.objects.filter(connection=connection, active=True)
    return links.select_related("school").order_by("school__name")


def schools_to_link(user: User, connection: Connection) -> QuerySet[School]:
    """The district's schools that take their people from no source yet, for somebody of SmartPass."""
    _only_support(user)
    return School.objects.filter(district=connection.district).exclude(pk__in=_linked()).order_by("name")


def upstream_for_support(user: User, tenant_id: int) -> UpstreamTenant:
    """A source's district as last listed, for somebody of SmartPass."""
    _only_support(user)
    return get_object_or_404(UpstreamTenant, pk=tenant_id)


def upstreams_like(user: User, kind: str, words: str) -> list[tuple[UpstreamTenant, Connection | None]]:
    """The source's districts whose name or id has these words, each with the connection that has it."""
    _only_support(user)
    found = UpstreamTenant.objects.filter(kind=kind)
    for word in words.split():
        found = found.filter(Q(name__icontains=word) | Q(external_id=word))
    tenants = list(found.order_by("name", "external_id")[:MANY])
    used = Connection.objects.filter(kind=kind, tenant__in=[each.external_id for each in tenants]).exclude(
        state=ConnectionState.DISCONNECTED
    )
    by_tenant = {each.tenant: each for each in used.select_related("district")}
    return [(each, by_tenant.get(each.external_id)) for each in tenants]


def switches(user: User) -> dict[str, StopSwitch]:
    """The stop switches that stand, by source ("" for everything), for somebody of SmartPass."""
    _only_support(user)
    return {each.kind: each for each in StopSwitch.objects.select_related("by")}


def troubled(user: User) -> str:
    """How many connections failed or are late, in words for the front page; empty for none. For SmartPass only."""
    _only_support(user)
    standing = Connection.objects.exclude(problem="").exclude(state=ConnectionState.DISCONNECTED)
    number = standing.filter(stopped=False).count()
    return f"{number:,} failed or late" if number else ""


def _only_support(user: User) -> None:
    if not user.is_staff:
        raise Http404
