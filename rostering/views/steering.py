"""Pages on which a school's Admins ask for a sync, pause a source, resume it, or give it up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.access import person
from accounts.deeds import IN_THE_SHELL, Deed, Nothing, form_for, offer
from accounts.shell import page, shows
from integrations import pausing, registry
from integrations.access import connection_for, may_steer
from integrations.forms import Pause, TypedName
from rostering import access, lines, runs, steering, wording
from rostering.models import Change, Run
from rostering.sources import preview_ahead
from rostering.views.integrations import asking_school, told

if TYPE_CHECKING:
    from collections.abc import Callable

    from django import forms
    from django.http import HttpRequest, HttpResponse

    from accounts.models import User
    from integrations.models import Connection

    Do = Callable[[dict[str, Any]], HttpResponse]

#: What tells htmx that there is nothing more to ask for.
STOP_POLLING = 286
STAY = "Every account stays as it is, and everybody can sign in as before."


@login_required
def ask_sync(request: HttpRequest, connection_id: int) -> HttpResponse:
    """Start a sync where schools may, or ask SmartPass for one."""
    user, connection = _theirs(request, connection_id)
    verb = "Sync now" if connection.schools_may_sync else "Ask for a sync now"

    def do(given: dict[str, Any]) -> HttpResponse:
        del given
        made, new = steering.ask_for_sync(user, connection, asking_school(request))
        if isinstance(made, Run):
            messages.success(request, "The sync has started." if new else "A sync is going already. This is it.")
            return redirect("sync", made.pk)
        messages.success(request, told(made, new=new))
        return redirect("integrations")

    says = [
        "Everybody the source shares is read and compared. It usually takes a few hours.",
        "You can start one sync in 15 minutes."
        if connection.schools_may_sync
        else "SmartPass starts it for you, usually within 4 hours.",
    ]
    return _offered(request, connection, verb, reverse("integrations"), says, Nothing, do)


@login_required
def pause(request: HttpRequest, connection_id: int) -> HttpResponse:
    """Stop the syncs of a source for a while."""
    user, connection = _theirs(request, connection_id)
    if not may_steer(user, connection):
        return _not_theirs(request, connection)

    def do(given: dict[str, Any]) -> HttpResponse:
        messages.success(request, steering.pause(user, connection, given["until"], given["why"]))
        return redirect("source", connection.kind)

    says = ["No sync starts until you resume. One that is going ends without changing anything.", STAY]
    return _offered(request, connection, "Pause", _page_of(connection), says, Pause, do)


@login_required
def disconnect(request: HttpRequest, connection_id: int) -> HttpResponse:
    """Take nobody from a source any more."""
    user, connection = _theirs(request, connection_id)
    if not may_steer(user, connection):
        return _not_theirs(request, connection)
    label = registry.label(connection.kind)

    def do(given: dict[str, Any]) -> HttpResponse:
        messages.success(request, steering.disconnect(user, connection, given["why"]))
        return redirect("integrations")

    says = [
        f"No account is added, changed or suspended from {label} any more. {STAY}",
        "SmartPass can connect it again, and then finds everybody.",
    ]
    return _offered(
        request,
        connection,
        "Disconnect",
        _page_of(connection),
        says,
        lambda **k: TypedName(label, **k),
        do,
        danger=True,
    )


@login_required
def reconnect(request: HttpRequest, connection_id: int) -> HttpResponse:
    """Ask SmartPass to take people from a source again."""
    user, connection = _theirs(request, connection_id)

    def do(given: dict[str, Any]) -> HttpResponse:
        del given
        made, new = steering.ask_to_reconnect(user, connection, asking_school(request))
        messages.success(request, told(made, new=new))
        return redirect("integrations")

    says = ["SmartPass connects it again and previews the first sync with you, usually within 4 hours.", STAY]
    return _offered(request, connection, "Ask SmartPass to reconnect", reverse("integrations"), says, Nothing, do)


@login_required
def resume(request: HttpRequest, connection_id: int) -> HttpResponse:
    """Let the syncs of a source start again, after a look at what they would do."""
    user, connection = _theirs(request, connection_id)
    if not may_steer(user, connection):
        return _not_theirs(request, connection)

    def do(given: dict[str, Any]) -> HttpResponse:
        del given
        resumed = pausing.resume(user, connection)
        messages.success(request, "Resumed. The next sync is tonight's." if resumed else "It was going on already.")
        return redirect("source", connection.kind)

    extra = {"connection": connection, "label": registry.label(connection.kind), **_ahead(request, connection)}
    says = ["Syncs start again with the next night. Nothing is changed before."]
    return _offered(
        request,
        connection,
        "Resume",
        _page_of(connection),
        says,
        Nothing,
        do,
        template="rostering/resume.html",
        extra=extra,
    )


@login_required
def look_ahead(request: HttpRequest, connection_id: int) -> HttpResponse:
    """Start a preview of what resuming would do; its numbers stand on the page of `resume`."""
    user, connection = _theirs(request, connection_id)
    if not may_steer(user, connection):
        return _not_theirs(request, connection)

    def do(given: dict[str, Any]) -> HttpResponse:
        del given
        steering.look_ahead(user, connection)
        return redirect("resume", connection.pk)

    says = ["Everybody the source shares is read and compared. A preview changes nothing."]
    back = reverse("resume", args=[connection.pk])
    return _offered(request, connection, "Preview", back, says, Nothing, do)


@require_safe
@login_required
def ahead(request: HttpRequest, connection_id: int) -> HttpResponse:
    """The part of the page of `resume` that is asked for again while the preview goes on."""
    user, connection = _theirs(request, connection_id)
    if not may_steer(user, connection):
        return _not_theirs(request, connection)
    described = _ahead(request, connection)
    status = 200 if described["going"] else STOP_POLLING
    return render(request, "rostering/ahead.html", {"connection": connection, **described}, status=status)


@require_safe
@login_required
def names_ahead(request: HttpRequest, connection_id: int) -> HttpResponse:
    """What resuming would do, person by person, at the schools of whoever asks."""
    user, connection = _theirs(request, connection_id)
    if not may_steer(user, connection):
        return _not_theirs(request, connection)
    run = preview_ahead(connection)
    if run is None:
        return redirect("resume", connection.pk)
    listed = lines.Pages(access.changes_of(user, run)).get_page(request.GET.get("page"))
    context = {"connection": connection, "page": listed, "lines": lines.lines(listed, run)}
    return page(request, "rostering/names_ahead.html", "integrations", context)


def _ahead(request: HttpRequest, connection: Connection) -> dict[str, Any]:
    """The preview of what resuming would do, in this person's part of it."""
    user = person(request)
    run = preview_ahead(connection)
    if run is None:
        return {"preview": None, "going": False}
    counts = access.counts(user, [run])[run.pk]
    return {
        "preview": run,
        "going": run.state in runs.ACTIVE,
        "step": wording.STEPS.get(run.step, "Waiting for its turn"),
        "counts": [(label, counts[kind]) for kind, label in Change.Kind.choices if counts[kind]],
        "held": counts["held"],
    }


def _offered(  # noqa: PLR0913 - what a question consists of
    request: HttpRequest,
    connection: Connection,
    verb: str,
    back: str,
    says: list[str],
    form: Callable[..., forms.Form],
    do: Do,
    *,
    danger: bool = False,
    template: str = IN_THE_SHELL,
    extra: dict[str, Any] | None = None,
) -> HttpResponse:
    title = f"{registry.label(connection.kind)} · {verb}"
    facts = [("Source", connection.tenant_name or registry.label(connection.kind))]
    deed = Deed(title, verb, back, says=says, facts=facts, template=template, danger=danger, extra=extra or {})
    return offer(request, deed, form_for(request, form), do, shows("integrations"))


def _theirs(request: HttpRequest, connection_id: int) -> tuple[User, Connection]:
    """Whoever asks, and a connection that serves them. Support has pages of its own."""
    user = person(request)
    if user.is_staff:
        raise Http404
    return user, connection_for(user, connection_id)


def _page_of(connection: Connection) -> str:
    return reverse("source", args=[connection.kind])


def _not_theirs(request: HttpRequest, connection: Connection) -> HttpResponse:
    messages.error(request, "A District admin can do this, or somebody who is Admin of every linked school.")
    return redirect("source", connection.kind)
