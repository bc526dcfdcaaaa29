"""How a request ends that no view answered: in words for a browser, in JSON for a program."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.views import defaults

from accounts.api import problems

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404."""
    return problems.answer("not_found") if problems.is_api(request) else defaults.page_not_found(request, exception)


def broken(request: HttpRequest) -> HttpResponse:
    """500."""
    return problems.answer("broken") if problems.is_api(request) else defaults.server_error(request)
