"""Making an account by hand, and letting somebody who has one into another school."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_POST

from accounts import access, editing, people
from accounts.adding_forms import AddForm, GiveForm
from accounts.deeds import Deed, form_for, offer
from accounts.here import here
from accounts.people import NotPossible
from accounts.shell import page, shows

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


@sensitive_post_parameters("password")
@sensitive_variables()
@never_cache
@login_required
def add_account(request: HttpRequest) -> HttpResponse:
    """Add standard account: a form, and the first password shown this once."""
    reach = access.admin_reach(request)
    if reach.everything:
        return redirect("admin:index")
    at = here(request).school
    schools = access.schools_of(reach.user).order_by("name")
    form = form_for(request, lambda **given: AddForm(reach.user, schools, at, **given))
    assert isinstance(form, AddForm)

    def do(given: dict[str, Any]) -> HttpResponse:
        handle = given["handle"]
        made = people.add_person(
            reach.user,
            given["school"].district,
            school=given["school"],
            roles=given["roles"],
            first_name=given["first_name"],
            last_name=given["last_name"],
            grade=given["grade"],
            number=given["number"],
            password=given["password"],
            **({"email": handle} if "@" in handle else {"username": handle}),
        )
        return first_password(request, made, given["school"].name, added=True)

    title = f"Add an account at {at.name}" if at else "Add an account"
    deed = Deed(title, "Add account", reverse("accounts"), template="accounts/add.html")
    return offer(request, deed, form, do, shows("accounts"))


def first_password(request: HttpRequest, made: people.NewPerson, school: str, *, added: bool) -> HttpResponse:
    """The page that shows a first password this once, as a card to print or to copy."""
    values = {
        "person": made.user,
        "handle": made.user.login_email or made.user.username,
        "password": made.password,
        "school": school,
        "added": added,
        "address": request.build_absolute_uri(reverse("home")),
    }
    return page(request, "accounts/first_password.html", "accounts", values)


@require_POST
@login_required
def undo_add(request: HttpRequest, account_id: int) -> HttpResponse:
    """Take back an account that was just added and that nobody has used."""
    user = access.person(request)
    if access.deleted_by(user, account_id):
        return redirect("accounts")
    account = access.account_to_manage(user, account_id)
    name = account.get_full_name()
    try:
        editing.take_back(user, account)
    except NotPossible as refused:
        messages.error(request, str(refused))
        return redirect("account", account.pk)
    messages.success(request, f"Undone. The account of {name} is gone.")
    return redirect("accounts")


@never_cache
@login_required
def give_access(request: HttpRequest, account_id: int) -> HttpResponse:
    """Give somebody access to another of this Admin's schools."""
    user = access.person(request)
    account = access.account_to_manage(user, account_id)
    schools = access.schools_to_give(user, account)
    at = here(request).school
    form = form_for(request, lambda **given: GiveForm(schools, **given), school=at.pk if at else None)

    def do(given: dict[str, Any]) -> HttpResponse:
        editing.give_access(user, account, given["school"], given["roles"], given["grade"], given["number"])
        messages.success(request, f"{account.get_full_name()} has access to {given['school'].name} now.")
        return redirect("account", account.pk)

    deed = Deed(
        f"Give {account.get_full_name()} access to another school",
        "Give access",
        reverse("account", args=[account.pk]),
        says=["They keep one sign-in, and what they are at their other schools stays as it is."],
        template="accounts/edit.html",
        extra={"account": account},
    )
    return offer(request, deed, form, do, shows("accounts"))
