"""Signing in by e-mail or username and password, for allauth and Django."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth.backends import ModelBackend

from accounts import signing_in

if TYPE_CHECKING:
    from django.http import HttpRequest

    from accounts.models import User


class Handle(ModelBackend):
    """Whoever has this e-mail or username, in whatever district, and this password."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **other: Any
    ) -> User | None:
        """The person, or the first of several; `request.sign_in_fits` then holds them all."""
        handle = username or other.get("email")
        if not handle or not password:
            return None
        fits = signing_in.fitting(handle, password)
        if request is not None:
            request.sign_in_fits = fits  # type: ignore[attr-defined]  # read back by signing_in.Adapter
        return fits[0] if fits else None
