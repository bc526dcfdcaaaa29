"""Support's pages about districts, schools and their first Admins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_safe

from accounts import access, access_support, people
from accounts.console import SETS_UP, ReadOnly, console, show
from accounts.deeds import Deed, form_for, offer
from accounts.forms import DistrictForm, FirstAdminForm, SchoolForm
from accounts.models import AuditEvent, District, Mail
from accounts.models.notices import GIVEN_UP

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse


class Districts(ReadOnly):
    """Every district, by name."""

    page = "district"
    list_display = ("name", "timezone", "created_at")
    search_fields = ("name", "schools__name")
    ordering = ("name", "pk")


class Trail(ReadOnly):
    """What people did, newest first."""

    list_display = ("at", "by", "action", "target", "district", "why")
    list_filter = ("action",)
    search_fields = ("target", "why")
    ordering = ("-at", "-pk")
    list_select_related = ("by", "district")


class Sending(admin.SimpleListFilter):
    """Letters by what became of them."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        """The states a letter can be in."""
        del request, model_admin
        return [("waiting", "Waiting"), ("given_up", "Given up"), ("sent", "Sent")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Mail]) -> QuerySet[Mail]:
        """Only those."""
        del request
        if self.value() == "given_up":
            return queryset.filter(GIVEN_UP)
        if self.value() == "waiting":
            return queryset.filter(sent_at=None).exclude(GIVEN_UP)
        return queryset.filter(sent_at__isnull=False) if self.value() == "sent" else queryset


class Outbox(ReadOnly):
    """E-mails, newest first: to whom and of what, never what they say."""

    list_display = ("made_at", "district", "to", "subject", "state", "tries", "sent_at")
    list_filter = (Sending,)
    search_fields = ("district__name", "subject", "=to__id")
    ordering = ("-made_at", "-pk")
    list_select_related = ("district", "to")


console.register(District, Districts)
console.register(Mail, Outbox)
console.section("Emails", "accounts_mail_changelist", access_support.given_up)
console.register(AuditEvent, Trail)
console.section("New district", "new_district")


@console.page("districts/new/", name="new_district", roles=SETS_UP)
def new_district(request: HttpRequest) -> HttpResponse:
    """Make a district."""

    def do(given: dict[str, Any]) -> HttpResponse:
        district = people.create_district(access.person(request), given["name"])
        messages.success(request, f"{district.name} was created. Add its schools next.")
        return redirect("admin:district", district.pk)

    deed = Deed(
        "New district",
        "Create district",
        reverse("admin:accounts_district_changelist"),
        says=["A district is walled off from every other one. An independent school is a district of one."],
    )
    return offer(request, deed, form_for(request, DistrictForm), do)


@console.page("districts/<int:district_id>/", name="district")
@require_safe
def district_page(request: HttpRequest, district_id: int) -> HttpResponse:
    """A district: its schools, who may decide there, and the way to its sources."""
    user = access.person(request)
    district = access_support.district_for_support(user, district_id)
    return show(
        request,
        "console/district.html",
        district.name,
        {
            "district": district,
            "schools": access_support.schools_in(user, district),
            "admins": access_support.admins_in(user, district),
            "tabs": [(label, reverse(f"admin:{name}", args=[district.pk])) for label, name in console.tabs],
        },
    )


@console.page("districts/<int:district_id>/schools/new/", name="new_school", roles=SETS_UP)
def new_school(request: HttpRequest, district_id: int) -> HttpResponse:
    """Make a school."""
    user = access.person(request)
    district = access_support.district_for_support(user, district_id)

    def do(given: dict[str, Any]) -> HttpResponse:
        school = people.create_school(user, district, given["name"], purchased=given["purchased"])
        messages.success(request, f"{school.name} is a school of {district.name}.")
        return redirect("admin:district", district.pk)

    deed = Deed(f"{district.name} · New school", "Create school", reverse("admin:district", args=[district.pk]))
    return offer(request, deed, form_for(request, SchoolForm), do)


@console.page("districts/<int:district_id>/first-admin/", name="first_admin", roles=SETS_UP)
@never_cache
@sensitive_variables()
def first_admin(request: HttpRequest, district_id: int) -> HttpResponse:
    """Make a school's first Admin, and show the first password this once."""
    user = access.person(request)
    district = access_support.district_for_support(user, district_id)

    def do(given: dict[str, Any]) -> HttpResponse:
        made = people.create_first_admin(
            user,
            given["school"],
            first_name=given["first_name"],
            last_name=given["last_name"],
            email=given["email"],
        )
        title = f"{district.name} · {given['school'].name}"
        return show(request, "console/first_password.html", title, {"made": made, "district": district})

    deed = Deed(
        f"{district.name} · First Admin",
        "Create Admin",
        reverse("admin:district", args=[district.pk]),
        says=[
            "They become Admin and Teacher at the school.",
            "We make up a first password and show it to you once. They choose their own when they first sign in.",
        ],
    )
    return offer(request, deed, form_for(request, FirstAdminForm, access_support.schools_in(user, district)), do)
