"""From an address and a method to the function that answers."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

from rest_framework.response import Response
from rest_framework.views import APIView

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpResponseBase
    from rest_framework.request import Request


def view(**handlers: Callable[..., Response]) -> Callable[..., HttpResponseBase]:
    """One address: `view(get=..., post=...)`, each a function of the request and the address's ids."""
    made: type[APIView] = type("View", (APIView,), {name: _method(handler) for name, handler in handlers.items()})
    return made.as_view()


def _method(handler: Callable[..., Response]) -> Callable[..., Response]:
    @wraps(handler)
    def method(self: APIView, request: Request, **ids: Any) -> Response:
        del self
        return handler(request, **ids)

    return method
