"""The second wall between tenants: which door this transaction came through.

PostgreSQL's row-level security shows a transaction the rows of one district, or of
all of them through support's door, or nothing. Everything here is transaction-local
(as `SET LOCAL` is), because connections are shared.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from django.db import connection, transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from django.http import HttpRequest, HttpResponse

    from accounts.models import User

SUPPORT_ROLE = "smartpass_support"
SERVER_ERROR = 500


@contextmanager
def district(district_id: int) -> Iterator[None]:
    """A transaction that sees and writes one district only, as the application role."""
    with _door("none", str(district_id)):
        yield


@contextmanager
def support() -> Iterator[None]:
    """A transaction that sees every district, as the support role. The scheduler uses it too."""
    with _door(SUPPORT_ROLE, ""):
        yield


def open_for(user: User) -> None:
    """Open the door this person may use, until the end of the transaction we are in."""
    if user.is_staff:
        _enter(SUPPORT_ROLE, "")
    else:
        _enter("none", str(user.district_id))


def knock(user_id: int) -> None:
    """Show this transaction one user's own row, before their district is known."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('app.user_id', %s, true)", [str(user_id)])


@contextmanager
def _door(role: str, district_id: str) -> Iterator[None]:
    with transaction.atomic():
        before = _where()
        _enter(role, district_id)
        yield
        # After an error the rollback restores both by itself.
        if not connection.needs_rollback:
            _enter(*before)


def _where() -> tuple[str, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('role'), coalesce(current_setting('app.district_id', true), '')")
        role, district_id = cursor.fetchone()
    return role, district_id


def _enter(role: str, district_id: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('role', %s, true), set_config('app.district_id', %s, true)", [role, district_id]
        )


class TenantMiddleware:
    """One transaction a request, through the door of whoever signed in.

    Stands after AuthenticationMiddleware, so that loading the user already happens
    inside. A server error rolls everything back; so does an exception.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer one request inside its transaction."""
        with transaction.atomic():
            user_id = request.session.get("_auth_user_id")
            if user_id:
                knock(int(user_id))
                if request.user.is_authenticated:
                    open_for(request.user)
            response = self.get_response(request)
            if response.status_code >= SERVER_ERROR:
                transaction.set_rollback(True)
        return response
