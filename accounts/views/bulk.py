"""What is done to many accounts at once: each says to whom, asks, and does it once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache

from accounts import bulk, deeds, directory, protecting
from accounts.access import admin_reach, zone_of
from accounts.bulk_forms import ChangeForm, ProtectionForm, ReleaseForm
from accounts.models import Roles, Status
from accounts.people import NotPossible
from accounts.selection import chosen
from accounts.shell import page, shows

if TYPE_CHECKING:
    from collections.abc import Callable

    from django import forms
    from django.http import HttpRequest, HttpResponse

    from accounts.choice import Plan
    from accounts.models import User
    from accounts.selection import Chosen

NAMED = 5
ROLES = (Roles.STUDENT, Roles.TEACHER, Roles.ADMIN, Roles.ASSISTANT)


@dataclass(frozen=True)
class Words:
    """How a deed speaks: its verb, what it means for people, what to call it once it is done, and whether it hurts."""

    verb: str
    means: str
    done: str
    danger: bool = False


STATUSES = {
    Status.ACTIVE: Words("Activate", "They can use SmartPass. You can suspend them again any time.", "activated"),
    Status.DISABLED: Words(
        "Disable",
        "They can't sign in; staff still see them and can write passes. You can activate them any time.",
        "disabled",
        danger=True,
    ),
    Status.SUSPENDED: Words(
        "Suspend", "They disappear from SmartPass. You can reactivate them any time.", "suspended", danger=True
    ),
}
PROTECT = Words(
    "Protect",
    "The sync will not change their roles, status, grade or number. Names and emails still follow the source. "
    "You can remove the protection any time.",
    "protected",
)
RELEASE = Words(
    "Remove protection from",
    "Tonight's sync may change them again, to what their source says. You can protect them again any time.",
    "no longer protected",
)


@never_cache
@login_required
def change_status(request: HttpRequest) -> HttpResponse:
    """Activate, disable or suspend the chosen accounts."""
    user = _admin(request)
    to = request.GET.get("to", "")
    if to not in {each.value for each in STATUSES}:
        raise Http404
    return _change(request, user, bulk.to_status(Status(to)), STATUSES[Status(to)])


@never_cache
@login_required
def change_roles(request: HttpRequest) -> HttpResponse:
    """Give the chosen accounts a role, or take one away ("add-teacher", "remove-teacher")."""
    user = _admin(request)
    verb, _, name = request.GET.get("to", "").partition("-")
    if verb not in {"add", "remove"} or name not in {role.value for role in ROLES}:
        raise Http404
    role = Roles(name)
    if verb == "add":
        brings = " and Teacher" if role == Roles.ADMIN else ""
        means = f"They get the role {role.label}{brings}. You can remove it any time."
        words = Words(f"Add {role.label} to", means, f"given the role {role.label}")
        return _change(request, user, bulk.with_role(role), words)
    means = f"They lose the role {role.label} and keep their others. You can add it again any time."
    words = Words(f"Remove {role.label} from", means, f"without the role {role.label}", danger=True)
    return _change(request, user, bulk.without_role(role), words)


@never_cache
@login_required
def protect(request: HttpRequest) -> HttpResponse:
    """Have the sync leave the chosen accounts alone."""
    user = _admin(request)

    def do(picked: Chosen, read: str, given: dict[str, Any]) -> int:
        return protecting.protect(user, picked.rows, read=read, why=given["why"], until=given["until"])

    form = partial(ProtectionForm, zone_of(user))
    return _offer(request, user, PROTECT, protecting.plan_protection, lambda _: form, do)


@never_cache
@login_required
def unprotect(request: HttpRequest) -> HttpResponse:
    """Let the sync change the chosen accounts again."""
    user = _admin(request)

    def do(picked: Chosen, read: str, given: dict[str, Any]) -> int:
        return protecting.release(user, picked.rows, read=read, why=given["why"])

    return _offer(request, user, RELEASE, protecting.plan_release, lambda _: ReleaseForm, do)


def _admin(request: HttpRequest) -> User:
    """An Admin; somebody of SmartPass changes accounts on pages of their own."""
    reach = admin_reach(request)
    if reach.everything:
        raise Http404
    return reach.user


def _change(request: HttpRequest, user: User, change: bulk.Change, words: Words) -> HttpResponse:
    """Offer a change of status or roles, and to keep it where a sync would take it back."""

    def do(picked: Chosen, read: str, given: dict[str, Any]) -> int:
        keep = given.get("keep", False)
        return bulk.carry_out(user, picked.rows, change, read=read, why=given["why"], keep=keep)

    def form(plan: Plan) -> Callable[..., forms.Form]:
        number = _accounts(len(plan.reverted))
        return partial(ChangeForm, f"Protect this change for {number} (recommended)" if plan.reverted else "")

    def look(by: User, rows: Any) -> Plan:
        return bulk.plan(by, rows, change)

    return _offer(request, user, words, look, form, do, taken_back=TAKEN_BACK[change.field])


TAKEN_BACK = {
    "roles": "{number} from {sources}: tonight's sync would set the old roles again, unless you protect the change.",
    "status": "{number} from {sources}: tonight's sync suspends again whoever is not shared any more, "
    "unless you protect the change.",
}


def _offer(
    request: HttpRequest,
    user: User,
    words: Words,
    look: Callable[[User, Any], Plan],
    form_of: Callable[[Plan], Callable[..., forms.Form]],
    do: Callable[[Chosen, str, dict[str, Any]], int],
    *,
    taken_back: str = "",
) -> HttpResponse:
    """Say what would happen to the chosen accounts, ask, and do it."""
    picked = chosen(request, user)
    if picked is None:
        return page(request, "accounts/nobody_selected.html", "accounts")
    back = reverse("accounts") + picked.asked.but()
    try:
        plan = look(user, picked.rows)
    except NotPossible as refused:
        messages.error(request, str(refused))
        return redirect(back)
    if not plan.rows:
        messages.info(request, f"Nothing to do. {_left_out(plan)}")
        return redirect(back)

    def done(given: dict[str, Any]) -> HttpResponse:
        number = do(picked, request.POST.get("read", ""), given)
        messages.success(request, f"{_accounts(number)} {words.done}. {_left_out(plan)}".strip())
        return redirect(back)

    form = deeds.form_for(request, form_of(plan), read=plan.read)
    if form.is_bound:
        # Whoever is shown the page again reads it again: the next press is about what it says now.
        form.data = {**form.data.dict(), "read": plan.read}  # type: ignore[attr-defined]
    return deeds.offer(request, _deed(words, plan, back, taken_back), form, done, shows("accounts"))


def _deed(words: Words, plan: Plan, back: str, taken_back: str) -> deeds.Deed:
    verb = f"{words.verb} {_accounts(len(plan.rows))}"
    facts = [
        ("Who", _names(plan)),
        *([("Left out", f"{_accounts(sum(plan.left.values()))}: {_reasons(plan)}")] if plan.left else []),
    ]
    says = [words.means]
    if plan.reverted:
        says.append(taken_back.format(number=_accounts(len(plan.reverted)), sources=plan.sources))
    return deeds.Deed(f"{verb}?", verb, back, says, facts, deeds.IN_THE_SHELL, danger=words.danger)


def _names(plan: Plan) -> str:
    """The first five by name, and how many more."""
    names = directory.names([row.pk for row in plan.accounts], NAMED)
    more = len(plan.rows) - len(names)
    return "; ".join(names) + (f"; and {more:,} more" if more else "")


def _left_out(plan: Plan) -> str:
    number = sum(plan.left.values())
    return f"{_accounts(number)} left out: {_reasons(plan)}." if number else ""


def _reasons(plan: Plan) -> str:
    if len(plan.left) == 1:
        return next(iter(plan.left))
    return "; ".join(f"{reason} ({number:,})" for reason, number in sorted(plan.left.items()))


def _accounts(number: int) -> str:
    return f"{number:,} account{'' if number == 1 else 's'}"
