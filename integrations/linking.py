"""Tying a district and its schools to a source, and what a source's words mean there.

Each function is one transaction with its line in the audit trail. What is refused is
refused in words (NotPossible), before the database would refuse it without any.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

from django.core.cache import cache
from django.db import transaction
from django.db.models import F
from django.utils.timezone import now

from accounts import audit, people
from accounts.people import NotPossible
from integrations import registry
from integrations.models import (
    Connection,
    ConnectionState,
    SamePerson,
    SchoolLink,
    UpstreamTenant,
)
from integrations.provider import SourceError
from integrations.records import Place

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from accounts.models import District, School, User

#: Seconds for which a source's list of schools is taken as fresh.
FRESH = 300
#: Seconds before a source that did not answer is asked again.
ASK_AGAIN = 30


def refresh_tenants(kind: str) -> int:
    """Ask the source which districts our key opens and keep their names; how many there are.

    Raises a SourceError where the source does not say.
    """
    seen = now()
    listed = [
        UpstreamTenant(kind=kind, external_id=each.external_id, name=each.name, seen_at=seen)
        for each in registry.tenants(kind)
    ]
    with transaction.atomic():
        UpstreamTenant.objects.bulk_create(
            listed, update_conflicts=True, unique_fields=["kind", "external_id"], update_fields=["name", "seen_at"]
        )
        UpstreamTenant.objects.filter(kind=kind, seen_at__lt=seen).delete()
    return len(listed)


@transaction.atomic
def link_district(
    by: User | None, district: District, kind: str, tenant: str, name: str, why: str = "", *, account: str = ""
) -> Connection:
    """Tie a district to its counterpart at a source, or give back the tie it has; by `account` where one let us in.

    Raises NotPossible if that counterpart is tied to another district.
    """
    label = registry.label(kind)
    taken = Connection.objects.filter(kind=kind, tenant=tenant).exclude(state=ConnectionState.DISCONNECTED)
    other = taken.exclude(district=district).select_related("district").first()
    if other is not None:
        raise NotPossible(f"{label} district {name or tenant} is already linked to {other.district.name}.")
    connection, made = Connection.objects.get_or_create(
        district=district,
        kind=kind,
        tenant=tenant,
        account=account,
        defaults={"tenant_name": name, "created_by": by},
    )
    reopened = connection.state == ConnectionState.DISCONNECTED
    if reopened:
        connection.state = ConnectionState.SETTING_UP
        connection.save(update_fields=["state"])
    if made or reopened:
        after = {"kind": kind, "tenant": tenant, "name": name}
        audit.record(by, "connection.link", connection, district=district.pk, after=after, why=why)
    return connection


def places(connection: Connection) -> list[Place]:
    """The schools the source shares now; asked at most once in FRESH seconds.

    Raises a SourceError where the source does not say; then it is not asked again for
    a while either, because people wait for this page.
    """
    failed: tuple[str, str] | None = cache.get(_key(connection, "failed"))
    if failed:
        raise SourceError(*failed)
    fresh: list[tuple[Any, ...]] | None = cache.get(_key(connection, "fresh"))
    if fresh is None:
        fresh = [tuple(place) for place in _ask(connection)]
        cache.set(_key(connection, "fresh"), fresh, FRESH)
        cache.set(_key(connection, "names"), {place[0]: place[1] for place in fresh}, None)
    return [Place(*place) for place in fresh]


def _ask(connection: Connection) -> list[Place]:
    try:
        with closing(registry.open_provider(connection, hurried=True)) as provider:
            return provider.places()
    except SourceError as problem:
        cache.set(_key(connection, "failed"), (str(problem), problem.code), ASK_AGAIN)
        raise


def ask_places_again(connection: Connection) -> None:
    """What the source said about its schools, or that it did not answer, is not worth anything any more."""
    cache.delete_many([_key(connection, "fresh"), _key(connection, "failed")])


def place_names(connection: Connection) -> dict[str, str]:
    """What the source's schools are called, as far as anybody has asked."""
    names: dict[str, str] = cache.get(_key(connection, "names")) or {}
    return names


@transaction.atomic
def link_school(by: User | None, connection: Connection, place: Place, school: School, why: str = "") -> SchoolLink:
    """Say that this source school is that school of ours.

    Raises NotPossible if either is linked to something else.
    """
    label = registry.label(connection.kind)
    if school.district_id != connection.district_id:
        raise NotPossible(f"{school.name} is not a school of this district.")
    theirs = SchoolLink.objects.select_related("school").filter(connection=connection, external_id=place.external_id)
    old = theirs.first()
    if old and old.active and old.school_id != school.pk:
        raise NotPossible(f"{label} school {place.name} is already linked to {old.school.name}. Unlink it first.")
    # A tie to a source that was given up holds nobody back; it ends where another one begins.
    given_up = SchoolLink.objects.filter(school=school, active=True, connection__state=ConnectionState.DISCONNECTED)
    given_up.exclude(connection=connection).update(active=False)
    ours = SchoolLink.objects.filter(school=school, active=True).first()
    if ours and (ours.connection_id, ours.external_id) != (connection.pk, place.external_id):
        raise NotPossible(f"{school.name} already takes its people from {ours.external_name or ours.external_id}.")
    if ours:
        return ours
    link, _ = SchoolLink.objects.update_or_create(
        connection=connection,
        external_id=place.external_id,
        defaults={
            "district_id": connection.district_id,
            "school": school,
            "external_name": place.name,
            "active": True,
        },
    )
    plan_anew(connection)
    after = {"external_id": place.external_id, "name": place.name, "school": school.pk}
    audit.record(by, "school.link", link, district=connection.district_id, after=after, why=why)
    return link


@transaction.atomic
def unlink_school(by: User | None, link: SchoolLink, why: str = "") -> bool:
    """Stop syncing a school. Suspends no one by itself; False if it was unlinked already."""
    if not SchoolLink.objects.filter(pk=link.pk, active=True).update(active=False):
        return False
    plan_anew(link.connection)
    before = {"external_id": link.external_id, "school": link.school_id}
    audit.record(by, "school.unlink", link, district=link.district_id, before=before, why=why)
    return True


@transaction.atomic
def set_roles(by: User | None, connection: Connection, chosen: Mapping[str, Sequence[str]], why: str = "") -> bool:
    """Decide what each of the source's words means in this district; False if nothing changed.

    Only what differs from the source's defaults is kept. "Nobody" for a word that has no
    default is a decision too: its people are not reported any more.
    """
    defaults = registry.PROVIDERS[connection.kind].role_defaults
    overrides = {
        word: sorted(roles)
        for word, roles in chosen.items()
        if word not in defaults or sorted(roles) != sorted(defaults[word])
    }
    held = Connection.objects.select_for_update().get(pk=connection.pk)
    if held.roles == overrides:
        return False
    Connection.objects.filter(pk=held.pk).update(roles=overrides)
    plan_anew(held)
    audit.record(
        by,
        "connection.roles",
        held,
        district=held.district_id,
        before={"roles": held.roles},
        after={"roles": overrides},
        why=why,
    )
    connection.roles = overrides
    return True


@transaction.atomic
def set_purchased(by: User | None, school: School, *, purchased: bool, why: str) -> bool:
    """As `people.set_purchased`; the connections of the school are planned anew."""
    changed = people.set_purchased(by, school, purchased=purchased, why=why)
    if changed:
        for link in SchoolLink.objects.filter(school=school, active=True).select_related("connection"):
            plan_anew(link.connection)
    return changed


@transaction.atomic
def let_schools_sync(by: User, connection: Connection, *, may: bool, why: str) -> bool:
    """Whether Admins of its schools may start a sync themselves; False if it was so already."""
    if not Connection.objects.filter(pk=connection.pk).exclude(schools_may_sync=may).update(schools_may_sync=may):
        return False
    audit.record(
        by,
        "connection.schools_may_sync",
        connection,
        district=connection.district_id,
        before={"schools_may_sync": not may},
        after={"schools_may_sync": may},
        why=why,
    )
    return True


@transaction.atomic
def same_person(by: User, connection: Connection, external_id: str, user: User, *, same: bool, why: str) -> SamePerson:
    """A person's word on whether a record of the source is this account; the next sync obeys it."""
    answer, made = SamePerson.objects.get_or_create(
        connection=connection,
        external_id=external_id,
        user=user,
        defaults={"district_id": connection.district_id, "same": same, "by": by},
    )
    if made or answer.same != same:
        SamePerson.objects.filter(pk=answer.pk).update(same=same, by=by, at=now())
        plan_anew(connection)
        after = {"external_id": external_id, "user": user.pk, "same": same}
        audit.record(by, "same_person", answer, district=connection.district_id, after=after, why=why)
        answer.refresh_from_db()
    return answer


def plan_anew(connection: Connection) -> None:
    """Something a plan depends on is different now: the next run looks at everything anew."""
    Connection.objects.filter(pk=connection.pk).update(settings_version=F("settings_version") + 1)


def _key(connection: Connection, what: str) -> str:
    return f"places:{connection.pk}:{what}"
