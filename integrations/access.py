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
    from django.db.models import QuerySet

    from accounts.models import District, User

#: No list that a page shows is longer.
MANY = 200


def connections_of(user: User) -> QuerySet[Connection]:
    """The connections that serve a school this person answers for; a District admin's whole district."""
    reach = reach_of(user)
    if reach.everything:
        return Connection.objects.all()
    seen = Q(pk__in=SchoolLink.objects.filter(school__in=reach.own_schools).values("connection_id"))
    if reach.district_wide:
        seen |= Q(district=user.district_id)
    return Connection.objects.filter(seen)


def connection_for(user: User, connection_id: int) -> Connection:
    """A connection this person may see, or Http404."""
    return get_object_or_404(connections_of(user), pk=connection_id)


def school_links_of(user: User, connection: Connection) -> QuerySet[SchoolLink]:
    """Which source school is which of the schools this person answers for."""
    links = SchoolLink.objects.filter(connection=connection, active=True, school__in=schools_of(user).values("pk"))
    return links.select_related("school").order_by("school__name")


def bought_but_not_linked(user: User) -> QuerySet[School]:
    """This person's schools that have bought SmartPass and take their people from no source."""
    reach = reach_of(user)
    seen = Q(pk__in=reach.own_schools)
    if reach.district_wide or reach.everything:
        seen |= Q(district=user.district_id)
    linked = SchoolLink.objects.filter(active=True).values("school_id")
    return School.objects.filter(seen, purchased=True).exclude(pk__in=linked).order_by("name")


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
    taken = SchoolLink.objects.filter(active=True).values("school_id")
    return School.objects.filter(district=connection.district).exclude(pk__in=taken).order_by("name")


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
