"""The door: whose handle and password these are, whether they may come in, and still may.

allauth does the throttling, the session and the pages around it; its look-ups all come
here, because a handle belongs to a district and the district is not known yet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from allauth.account.adapter import DefaultAccountAdapter
from django.contrib.auth import logout
from django.contrib.auth.hashers import check_password, make_password
from django.db import connection
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.timezone import now

from accounts import tenancy
from accounts.access import reach_of
from accounts.models import District, User

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

#: The session's key for those whose password was right, while they choose a district.
CHOOSING = "sign_in_choice"
#: Seconds in which the district must be chosen.
CHOOSE_WITHIN = 300
#: So many hashes are computed whether a handle is unknown, known once or known twice.
CHECKS = 2


def fitting(handle: str, password: str) -> list[User]:
    """Everybody, of any district, who has this handle and this password.

    Of those, the ones who may enter if there are any. Takes the time of CHECKS hashes
    for a handle that nobody has.
    """
    candidates = _candidates(handle)
    right = [user_id for user_id, encoded in candidates if check_password(password, encoded)]
    for _ in range(CHECKS - len(candidates)):
        make_password(password)
    people = [user for user in map(load, right) if user is not None]
    return [user for user in people if _welcome(user)] or people


def load(user_id: int) -> User | None:
    """One account, seen through its own door; that door stays open in this transaction."""
    tenancy.knock(user_id)
    user = User.objects.filter(pk=user_id, deleted_at=None).first()
    if user is not None:
        tenancy.open_for(user)
    return user


def may_enter(user: User) -> bool:
    """Whether this person is still let in: staff with a role, or anybody active somewhere.

    Their own door must be open.
    """
    if not user.is_active:
        return False
    return bool(user.staff_role) if user.is_staff else bool(reach_of(user).memberships)


def _welcome(user: User) -> bool:
    """Open this person's door, and say whether they may enter by it."""
    tenancy.open_for(user)
    return may_enter(user)


def remember_choice(request: HttpRequest, people: list[User]) -> None:
    """Keep whose password was right while they choose; no names, and only for minutes."""
    request.session[CHOOSING] = {"people": [user.pk for user in people], "at": now().timestamp()}


def choices(request: HttpRequest) -> list[tuple[User, str]]:
    """Those between whom this session may choose, with the names of their districts."""
    kept = request.session.get(CHOOSING) or {"people": [], "at": 0}
    if now().timestamp() - kept["at"] > CHOOSE_WITHIN:
        return []
    return [(user, _district_name(user)) for user in map(load, kept["people"]) if user and _welcome(user)]


def forget_choice(request: HttpRequest) -> None:
    """The choice was made, or came too late."""
    request.session.pop(CHOOSING, None)


class Adapter(DefaultAccountAdapter):
    """What allauth asks of us. It is never given a look-up of its own."""

    error_messages = {  # noqa: RUF012 - allauth's own attribute
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": "That email/username and password don't match. "
        "Check both, or ask your office to reset it.",
        "username_password_mismatch": "That email/username and password don't match. "
        "Check both, or ask your office to reset it.",
        "too_many_login_attempts": "Too many tries. Wait 300 seconds, then try again.",
    }

    def pre_login(self, request: HttpRequest, user: User, **hooks: Any) -> HttpResponse | None:
        """Turn away who may not enter; let who fits in several districts choose; open the door."""
        fits: list[User] = getattr(request, "sign_in_fits", [])
        if not _welcome(user):
            return redirect("account_inactive")
        if len(fits) > 1:
            remember_choice(request, fits)
            request.sign_in_fits = []  # type: ignore[attr-defined]  # chosen on the next page
            return redirect(_with_next(reverse("choose_district"), hooks.get("redirect_url")))
        forget_choice(request)
        tenancy.knock(user.pk)
        tenancy.open_for(user)
        return None

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002 - allauth's signature
        """Nobody makes their own account."""
        return False

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Nothing: arriving says enough."""


class StillWelcome:
    """Ends the session of whoever was suspended, and sends new people to choose a password.

    Costs the one query that every page needs anyway: the active memberships.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Let the request through, or end the session."""
        if request.user.is_authenticated:
            if not may_enter(request.user):
                logout(request)
                return redirect("account_inactive")
            if request.user.must_change_password and request.path not in _on_the_way():
                return redirect(_with_next(reverse("choose_password"), request.path))
        return self.get_response(request)


def _candidates(handle: str) -> list[tuple[int, str]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT user_id, password FROM smartpass_sign_in_candidates(%s)", [handle])
        return list(cursor.fetchall())


def _district_name(user: User) -> str:
    tenancy.open_for(user)
    if user.district_id is None:
        return "SmartPass support"
    return District.objects.values_list("name", flat=True).get(pk=user.district_id)


def _on_the_way() -> set[str]:
    return {reverse("choose_password"), reverse("account_logout")}


def _with_next(url: str, target: str | None) -> str:
    return f"{url}?{urlencode({'next': target})}" if target and target != "/" else url
