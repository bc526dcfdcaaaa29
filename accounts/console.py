"""Support's part of the product: Django admin's frame around pages of our own.

No stock page of Django admin writes anything: what support does goes through the
product's functions, each on a page that says what will happen, asks for a reason, and
leaves a line in the audit trail. The apps above hang their pages in here.
"""

from __future__ import annotations

from functools import partial, wraps
from typing import TYPE_CHECKING, Any, ClassVar

from allauth.account.decorators import secure_admin_login
from django.contrib.admin import AdminSite, ModelAdmin
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import path, reverse

from accounts.access import person
from accounts.models import StaffRole

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse
    from django.urls import URLPattern, URLResolver

    from accounts.models import User

    View = Callable[..., HttpResponse]
    #: Given who looks, a connection and what its source shares (None: it did not say); a template and its values.
    Panel = Callable[[User, Any, "list[Any] | None"], "tuple[str, dict[str, Any]] | None"]

EVERYONE = frozenset(StaffRole)
#: Who may make districts, schools and first Admins.
SETS_UP = frozenset({StaffRole.SUPPORT, StaffRole.CSM})
#: Who may tie a district to a source, change what a sync does, and run one.
RUNS = frozenset({StaffRole.SUPPORT, StaffRole.INTEGRATIONS})
#: Who may decide a hold, with the school's authorisation.
DECIDES = frozenset({StaffRole.SUPPORT, StaffRole.CSM})
#: Who may stop everything.
STOPS = frozenset({StaffRole.SUPPORT, StaffRole.INTEGRATIONS})


class Console(AdminSite):
    """Django admin's site, for SmartPass staff only; everybody else finds nothing here."""

    site_header = "SmartPass support"
    site_title = "SmartPass support"
    index_title = "Support"
    site_url = None
    index_template = "console/index.html"
    enable_nav_sidebar = False

    def __init__(self) -> None:
        super().__init__(name="admin")
        self._pages: list[tuple[str, View, str]] = []
        #: (label, page name, what says how much waits there).
        self.sections: list[tuple[str, str, Callable[[User], str] | None]] = []
        #: (label, page name) of pages about one district, for the district's own page.
        self.tabs: list[tuple[str, str]] = []
        #: The same about one connection.
        self.connection_tabs: list[tuple[str, str]] = []
        #: What else stands on a connection's page.
        self.connection_panels: list[Panel] = []

    def page(self, route: str, *, name: str, roles: frozenset[StaffRole] = EVERYONE) -> Callable[[View], View]:
        """Hang a page in at `route`; staff of other roles are told who can use it."""

        def hang(view: View) -> View:
            self._pages.append((route, _for_roles(view, roles), name))
            return view

        return hang

    def section(self, label: str, name: str, waits: Callable[[User], str] | None = None) -> None:
        """List a page (without arguments) on the front page, with what waits there ("3 waiting")."""
        self.sections.append((label, name, waits))

    def tab(self, label: str, name: str) -> None:
        """List a page about one district (its id is the only argument) on the district's page."""
        self.tabs.append((label, name))

    def connection_tab(self, label: str, name: str) -> None:
        """List a page about one connection (its id is the only argument) on the connection's page."""
        self.connection_tabs.append((label, name))

    def connection_panel(self, build: Panel) -> Panel:
        """Put something more onto a connection's page, where `build` has something to say."""
        self.connection_panels.append(build)
        return build

    def has_permission(self, request: HttpRequest) -> bool:
        """Staff with a role."""
        user = request.user
        return user.is_authenticated and user.is_staff and user.is_active and bool(user.staff_role)

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:  # noqa: FBT001, FBT002 - Django's signature
        """As Django's, but for whoever signed in and is not staff nothing exists here."""
        guarded: View = super().admin_view(view, cacheable)

        @wraps(guarded)
        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.user.is_authenticated and not self.has_permission(request):
                raise Http404
            return guarded(request, *args, **kwargs)

        return inner

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Our pages before Django's."""
        ours: list[URLPattern | URLResolver] = [
            path(route, self.admin_view(view), name=name) for route, view, name in self._pages
        ]
        return ours + [each for each in super().get_urls() if getattr(each, "name", "") not in _CLOSED]

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Adds the front page's sections; what waits there is counted only where it is shown."""
        user = person(request)
        sections = [
            (label, reverse(f"admin:{name}"), partial(waits, user) if waits else "")
            for label, name, waits in self.sections
        ]
        return {**super().each_context(request), "sections": sections}

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Through the same door as everybody; only staff come in here."""
        del extra_context
        if request.user.is_authenticated:
            if not self.has_permission(request):
                raise Http404
            return redirect("admin:index")
        response: HttpResponse = secure_admin_login(lambda _: None)(request)
        return response

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Sign out where everybody does."""
        del request, extra_context
        return redirect("account_logout")


#: Django's own pages that would go around ours.
_CLOSED = {"password_change", "password_change_done", "view_on_site"}

console = Console()


class ReadOnly(ModelAdmin):  # type: ignore[type-arg]  # one base for every model
    """A list to look at. What can be done to a row is done on `page`, by the product's functions."""

    #: The name of our own page about one row; None where the list says it all.
    page: ClassVar[str | None] = None
    list_per_page = 50
    show_full_result_count = False
    actions = None

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """Never here."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """Never here."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """Never here."""
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """For all of SmartPass' staff."""
        return console.has_permission(request)

    def get_urls(self) -> list[URLPattern]:
        """The list, and a way from a row to its own page. Django's add, delete and history are not there."""
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        listed = path("", console.admin_view(self.changelist_view), name=f"{name}_changelist")
        row = path("<int:object_id>/", console.admin_view(self.open), name=f"{name}_change")
        return [listed, row] if self.page else [listed]

    def open(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Go to our own page about this row."""
        row = self.get_object(request, str(object_id))
        if row is None or self.page is None:
            raise Http404
        return redirect(f"admin:{self.page}", row.pk)

    def get_list_display_links(self, request: HttpRequest, list_display: Any) -> Any:
        """Rows lead somewhere only if there is a page about them."""
        return super().get_list_display_links(request, list_display) if self.page else None


def show(request: HttpRequest, template: str, title: str, context: dict[str, Any] | None = None) -> HttpResponse:
    """A console page: `title` names district and school, so that nobody mistakes where they are."""
    return render(request, template, {**console.each_context(request), "title": title, **(context or {})})


def _for_roles(view: View, roles: frozenset[StaffRole]) -> View:
    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if person(request).staff_role not in roles:
            who = " or ".join(sorted(StaffRole(role).label for role in roles))
            return render(
                request,
                "console/not_yours.html",
                {**console.each_context(request), "title": "Not yours to do", "who": who},
                status=403,
            )
        return view(request, *args, **kwargs)

    return inner
