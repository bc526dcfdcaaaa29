"""A new first password for somebody, and the end of an account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables

from accounts import access, editing
from accounts.account_forms import DeleteForm
from accounts.deeds import Deed, form_for, offer
from accounts.people import NewPerson
from accounts.shell import shows
from accounts.views.adding import first_password

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from accounts.models import User


@sensitive_variables()
@never_cache
@login_required
def reset_password(request: HttpRequest, account_id: int) -> HttpResponse:
    """Reset and print card: a new first password, shown this once."""
    user = access.person(request)
    person = _whole(user, account_id)

    def do(_given: dict[str, Any]) -> HttpResponse:
        made = NewPerson(person, editing.reset_password(user, person))
        places = access.memberships_at(user, person)
        school = next((each.school.name for each in places if each.school), "")
        return first_password(request, made, school, added=False)

    deed = Deed(
        f"Reset the password of {person.get_full_name()}",
        "Reset password",
        reverse("account", args=[person.pk]),
        says=[
            "We make up a new password and show it to you once. Their present password stops working at once.",
            "They choose their own when they next sign in. We don't notify them.",
        ],
        template="accounts/edit.html",
        extra={"account": person},
    )
    return offer(request, deed, form_for(request, forms.Form), do, shows("accounts"))


@never_cache
@login_required
def delete_account(request: HttpRequest, account_id: int) -> HttpResponse:
    """Delete account: for good, after its email was typed."""
    user = access.person(request)
    if request.method == "POST" and access.deleted_by(user, account_id):
        messages.info(request, "That was already done. Nothing was done twice.")
        return redirect("accounts")
    person = _whole(user, account_id)
    name = person.get_full_name()

    def do(given: dict[str, Any]) -> HttpResponse:
        editing.delete(user, person, given["typed"], given["why"])
        messages.success(request, f"The account of {name} was deleted.")
        return redirect("accounts")

    deed = Deed(
        f"Delete the account of {name}?",
        "Delete account",
        reverse("account", args=[person.pk]),
        says=[
            "This cannot be undone. Name, email and everything that says who they are is erased.",
            "No sync brings them back. To hide them and keep the account, suspend it instead.",
        ],
        template="accounts/edit.html",
        danger=True,
        extra={"account": person},
    )
    form = form_for(request, lambda **given: DeleteForm(editing.to_type(person), **given))
    return offer(request, deed, form, do, shows("accounts"))


def _whole(user: User, account_id: int) -> User:
    """Somebody for all of whom this Admin answers, or Http404."""
    person = access.account_to_manage(user, account_id)
    if not access.answers_for_all_of(user, person):
        raise Http404
    return person
