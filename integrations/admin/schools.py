"""Support's pages about a connection: its schools side by side, and what its words mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.access import person
from accounts.access_support import school_for_support
from accounts.console import RUNS, SETS_UP, console, show
from accounts.deeds import Deed, form_for, offer
from integrations import access, linking, registry
from integrations.admin.naming import label_of, title_of, words_of
from integrations.forms import FindPlace, LinkSchool, Purchased, RoleMapping, TypedName
from integrations.models import Connection
from integrations.provider import SourceError
from integrations.records import Place

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from django.http import HttpRequest, HttpResponse

    from integrations.models import SchoolLink

#: So many schools of a source stand on one page.
PAGE = 50


@console.page("connections/<int:connection_id>/", name="connection")
@require_safe
def connection_page(request: HttpRequest, connection_id: int) -> HttpResponse:
    """A connection: its state, its schools side by side, what words mean, and what can be done."""
    user = person(request)
    connection = access.connection_for_support(user, connection_id)
    shared, problem = _shared(connection)
    words = words_of(connection.kind)
    form = FindPlace(*words, request.GET or None, label_suffix="")
    sought = form.cleaned_data["q"] if form.is_bound and form.is_valid() else ""
    links = list(access.links_for_support(user, connection))
    linked = {link.external_id for link in links}
    unlinked = [place for place in _like(shared, sought) if place.external_id not in linked]
    context = {
        "connection": connection,
        "label": label_of(connection.kind),
        "words": words,
        "has_settings": registry.settings_form(connection.kind) is not None,
        "problem": problem,
        "form": form,
        "sought": sought,
        "links": _side_by_side(links, shared, sought, problem),
        "page": Paginator(unlinked, PAGE).get_page(request.GET.get("page")),
        "free": access.schools_to_link(user, connection),
        "roles": registry.roles_of(connection),
        "tabs": [(label, reverse(f"admin:{name}", args=[connection.pk])) for label, name in console.connection_tabs],
        "panels": [build(user, connection, None if problem else shared) for build in console.connection_panels],
    }
    return show(request, "console/connection.html", title_of(connection), context)


def _like(shared: Iterable[Place], words: str) -> list[Place]:
    """Those whose id or number is exactly this, or whose name has all of these words; all of them for no words."""
    sought, number = words.casefold().split(), words.strip()
    return [
        place
        for place in shared
        if not sought
        or words == place.external_id
        or number in {place.external_id, place.number}
        or all(word in place.name.casefold() for word in sought)
    ]


def _side_by_side(
    links: Iterable[SchoolLink], shared: Sequence[Place], sought: str, problem: str
) -> list[tuple[SchoolLink, Place | None, bool]]:
    """Each linked school that was sought, with what the source has there, and whether it has it no longer."""
    ids = {place.external_id: place for place in shared}
    told = [(link, ids.get(link.external_id)) for link in links]
    as_place = [(link, place or Place(link.external_id, link.external_name)) for link, place in told]
    wanted = {place.external_id for place in _like([place for _, place in as_place], sought)}
    ours = {link.pk for link in links if sought.casefold() in link.school.name.casefold()}
    return [
        (link, place, place is None and not problem)
        for link, place in told
        if link.external_id in wanted or link.pk in ours
    ]


@console.page("connections/<int:connection_id>/link/", name="link_school", roles=RUNS)
def link_school(request: HttpRequest, connection_id: int) -> HttpResponse:
    """Say which of our schools a source school (`?school=` its id there) is."""
    user = person(request)
    connection = access.connection_for_support(user, connection_id)
    label = label_of(connection.kind)
    shared, problem = _shared(connection)
    place = next((each for each in shared if each.external_id == request.GET.get("school")), None)
    if place is None:
        if problem:
            messages.error(request, problem)
            return redirect("admin:connection", connection.pk)
        raise Http404

    def do(given: dict[str, Any]) -> HttpResponse:
        linking.link_school(user, connection, place, given["school"], given["why"])
        messages.success(request, f"{label} school {place.name} is {given['school'].name}.")
        return redirect("admin:connection", connection.pk)

    deed = Deed(
        f"{title_of(connection)} · Link school",
        "Link school",
        reverse("admin:connection", args=[connection.pk]),
        says=["The next sync takes this school's people from here, if the school has bought SmartPass."],
        facts=[
            (f"{label} school", place.name),
            (words_of(connection.kind)[0], place.external_id),
            (words_of(connection.kind)[1], place.number or "none"),
            ("Type", place.kind or "not said"),
        ],
    )
    return offer(request, deed, form_for(request, LinkSchool, access.schools_to_link(user, connection)), do)


@console.page("links/<int:link_id>/unlink/", name="unlink_school", roles=RUNS)
def unlink_school(request: HttpRequest, link_id: int) -> HttpResponse:
    """Stop syncing a school."""
    user = person(request)
    link = access.link_for_support(user, link_id)
    back = reverse("admin:connection", args=[link.connection_id])

    def do(given: dict[str, Any]) -> HttpResponse:
        linking.unlink_school(user, link, given["why"])
        messages.success(request, f"{link.school.name} is no longer synced. Nobody was suspended.")
        return redirect(back)

    deed = Deed(
        f"{title_of(link.connection)} · {link.school.name}",
        "Unlink school",
        back,
        says=[
            "Unlinking suspends no one. Everybody stays as they are, and can sign in as before.",
            "The next sync no longer brings this school's people; those it would suspend wait in a hold.",
        ],
        facts=[("SmartPass school", link.school.name), ("Source school", link.external_name or link.external_id)],
    )
    return offer(request, deed, form_for(request, TypedName, link.school.name), do)


@console.page("connections/<int:connection_id>/roles/", name="roles", roles=RUNS)
def roles(request: HttpRequest, connection_id: int) -> HttpResponse:
    """Decide what each of the source's words means in this district."""
    user = person(request)
    connection = access.connection_for_support(user, connection_id)
    form = form_for(request, RoleMapping, label_of(connection.kind), registry.roles_of(connection))

    def do(given: dict[str, Any]) -> HttpResponse:
        assert isinstance(form, RoleMapping)
        changed = linking.set_roles(user, connection, form.chosen(), given["why"])
        messages.success(request, "Saved. Preview before the next sync." if changed else "Nothing changed.")
        return redirect("admin:connection", connection.pk)

    deed = Deed(
        f"{title_of(connection)} · Roles",
        "Save",
        reverse("admin:connection", args=[connection.pk]),
        says=["The school sees this mapping. It counts from the next sync; a large change waits in a hold."],
    )
    return offer(request, deed, form, do)


@console.page("schools/<int:school_id>/purchased/", name="purchased", roles=SETS_UP)
def purchased(request: HttpRequest, school_id: int) -> HttpResponse:
    """Say whether a school has bought SmartPass."""
    user = person(request)
    school = school_for_support(user, school_id)
    back = reverse("admin:district", args=[school.district_id])

    def do(given: dict[str, Any]) -> HttpResponse:
        changed = linking.set_purchased(user, school, purchased=given["purchased"], why=given["why"])
        messages.success(request, "Saved." if changed else "It already said so. Nothing changed.")
        return redirect(back)

    deed = Deed(
        f"{school.district.name} · {school.name}",
        "Save",
        back,
        says=["Only schools that are linked and bought are synced. Taking it away suspends no one by itself."],
    )
    return offer(request, deed, form_for(request, Purchased, purchased=school.purchased), do)


def _shared(connection: Connection) -> tuple[list[Place], str]:
    """What the source shares now, or nothing and why."""
    try:
        return linking.places(connection), ""
    except SourceError as problem:
        return [], f"{problem} ({problem.code})"
