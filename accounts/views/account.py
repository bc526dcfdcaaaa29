"""One account: who somebody is, where they belong, and what an Admin changes about them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts import access, editing, pins
from accounts.account_forms import Edited, MembershipForm, ProfileForm, StatusForm
from accounts.adding_forms import put
from accounts.deeds import Deed, form_for, offer
from accounts.models import Status
from accounts.shell import page, shows
from accounts.templatetags.smartpass import roles as roles_in_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from django import forms
    from django.http import HttpRequest, HttpResponse

    from accounts.models import Membership, Pin, User

REVERTS = "{source} suspended this account: tonight's sync suspends it again, unless you keep your change."
TONES = {Status.ACTIVE: "good", Status.DISABLED: "warn", Status.SUSPENDED: "bad"}


@require_safe
@never_cache
@login_required
def account(request: HttpRequest, account_id: int) -> HttpResponse:
    """Somebody's account: its state at each school, its fields, what the sync may not change, where it comes from."""
    user = access.person(request)
    person = access.account_to_manage(user, account_id)
    memberships = list(access.memberships_at(user, person))
    standing = list(access.pins_of(user, person))
    whole = access.answers_for_all_of(user, person)
    pinned = {(pin.school_id, pin.field) for pin in standing}
    values = {
        "person": person,
        "source": access.source_of_profile(person),
        "profile": [(pins.LABELS[name], getattr(person, name), (None, name) in pinned) for name in pins.OF_THE_PERSON],
        "places": [_place(membership, pinned) for membership in memberships],
        "pins": _pins(user, standing, whole=whole),
        "whole": whole,
        "own": person.pk == user.pk,
        "handle": person.login_email or person.username,
        "more_schools": access.schools_to_give(user, person).exists(),
        "managed": person.profile_source is not None or any(each.source_id for each in memberships),
    }
    return page(request, "accounts/account.html", "accounts", values)


@never_cache
@login_required
def edit_profile(request: HttpRequest, account_id: int) -> HttpResponse:
    """Change somebody's name, email or username; what a source manages, anyway."""
    user = access.person(request)
    person = access.account_to_manage(user, account_id)
    whole = access.answers_for_all_of(user, person)
    form = form_for(
        request,
        lambda **given: ProfileForm(person, user, access.zone_of(user), whole=whole, **given),
        **{name: getattr(person, name) or "" for name in editing.PROFILE},
        seen=editing.version(person),
    )
    deed = _edit(person, "Edit name and sign-in", managed_by=access.source_of_profile(person))
    assert isinstance(form, ProfileForm)

    def do(given: dict[str, Any]) -> HttpResponse:
        values = {name: given[name] for name in editing.PROFILE if name in given}
        with _told(form, deed, person):
            changed = editing.change_person(user, person, given["seen"], values, form.keep_if_managed())
        return _saved(request, person, changed)

    return offer(request, deed, form, do, shows("accounts"))


@never_cache
@login_required
def edit_membership(request: HttpRequest, account_id: int, membership_id: int) -> HttpResponse:
    """Change somebody's roles, grade and number at one school; what a source manages, anyway."""
    user = access.person(request)
    person = access.account_to_manage(user, account_id)
    membership = access.membership_at_a_school(user, person, membership_id)
    form = form_for(
        request,
        lambda **given: MembershipForm(membership, access.zone_of(user), **given),
        roles=membership.roles,
        grade=membership.grade,
        number=membership.number,
        seen=editing.version(membership),
    )
    managed_by = membership.origin_label if membership.source_id else ""
    deed = _edit(person, f"Edit roles at {membership.school}", managed_by=managed_by)
    assert isinstance(form, MembershipForm)

    def do(given: dict[str, Any]) -> HttpResponse:
        values = {name: given[name] for name in ("roles", "grade", "number")}
        with _told(form, deed, membership):
            changed = editing.change_membership(user, membership, given["seen"], values, form.keep_if_managed())
        return _saved(request, person, changed)

    return offer(request, deed, form, do, shows("accounts"))


@never_cache
@login_required
def change_status(request: HttpRequest, account_id: int, membership_id: int) -> HttpResponse:
    """Make somebody Active, Disabled or Suspended at one school."""
    user = access.person(request)
    person = access.account_to_manage(user, account_id)
    membership = access.membership_of(user, person, membership_id)
    asked = request.GET.get("status", "")
    managed = membership.source_id is not None
    by_sync = managed and membership.suspended_by == "sync"
    form = form_for(
        request,
        lambda **given: StatusForm(access.zone_of(user), managed=managed, **given),
        status=asked if asked in Status.values else membership.status,
        seen=editing.version(membership),
    )
    place = membership.school.name if membership.school else "the district"
    deed = Deed(
        f"Change status at {place}",
        "Save",
        reverse("account", args=[person.pk]),
        template="accounts/edit.html",
        extra={"account": person, "warns": REVERTS.format(source=membership.origin_label) if by_sync else ""},
    )
    assert isinstance(form, StatusForm)

    def do(given: dict[str, Any]) -> HttpResponse:
        with _told(form, deed, membership):
            editing.change_status(user, membership, given["seen"], given["status"], given["why"], form.keep_if_wanted())
        word = Status(given["status"]).label
        back = by_sync and given["status"] == Status.ACTIVE and form.keep_if_wanted() is None
        after = f" {REVERTS.format(source=membership.origin_label)}" if back else ""
        (messages.warning if back else messages.success)(
            request, f"{person.get_full_name()} is {word} at {place}.{after}"
        )
        return redirect("account", person.pk)

    return offer(request, deed, form, do, shows("accounts"))


@contextmanager
def _told(form: Edited | StatusForm, deed: Deed, row: User | Membership) -> Iterator[None]:
    """Where somebody else was quicker: keep what was typed, show what stands now, let the next press decide."""
    try:
        yield
    except editing.Changed:
        row.refresh_from_db()
        put(form, "seen", editing.version(row))
        deed.extra["meanwhile"] = list(_stands(form, row))
        raise


def _stands(form: forms.Form, row: User | Membership) -> Iterable[tuple[str, str]]:
    """What is stored now in the fields of a form."""
    for name in (*editing.PROFILE, *pins.OF_A_MEMBERSHIP):
        if name in form.fields:
            value = getattr(row, name) or ""
            words = roles_in_words(value) if name == "roles" else str(value)
            yield pins.LABELS.get(name, name.capitalize()), words or "(none)"


def _edit(person: User, title: str, *, managed_by: str) -> Deed:
    says = [f"{managed_by} manages this. What you change here stays, until you let the sync decide."]
    return Deed(
        title,
        "Change anyway" if managed_by else "Save",
        reverse("account", args=[person.pk]),
        says=says if managed_by else [],
        template="accounts/edit.html",
        extra={"account": person},
    )


def _saved(request: HttpRequest, person: User, changed: list[str]) -> HttpResponse:
    if changed:
        messages.success(request, "Saved.")
    else:
        messages.info(request, "Nothing was different, so nothing was saved.")
    return redirect("account", person.pk)


def _place(membership: Membership, pinned: set[tuple[int | None, str]]) -> dict[str, Any]:
    """One school (or the district) as the page shows it."""
    return {
        "membership": membership,
        "tone": TONES[Status(membership.status)],
        "managed_by": membership.origin_label if membership.source_id else "",
        "kept": [name for name in pins.OF_A_MEMBERSHIP if (membership.school_id, name) in pinned],
        "reverts": bool(membership.source_id) and membership.suspended_by == "sync",
    }


def _pins(user: User, standing: list[Pin], *, whole: bool) -> list[dict[str, Any]]:
    """What the sync may not change, with who said so; some pins of the person only their own Admins lift."""
    called = access.actors(user, [pin.by_id for pin in standing])
    return [
        {
            "pin": pin,
            "label": pins.LABELS[pin.field],
            "by": called[pin.by_id],
            "liftable": whole or pin.school_id is not None or pin.field in pins.NAMES,
        }
        for pin in standing
    ]
