"""The API's own description, in OpenAPI: public, since there is no data in it."""

from __future__ import annotations

import json
from functools import cache

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

MEDIA_TYPE = "application/vnd.oai.openapi+json"


@require_safe
@cache_control(public=True, max_age=3600)
def schema(request: HttpRequest) -> HttpResponse:
    """The description, made once in the life of a web server."""
    del request
    return HttpResponse(document(), content_type=MEDIA_TYPE)


@cache
def document() -> str:
    """The description as JSON."""
    # Slow to import, and nobody needs it until somebody asks.
    from drf_spectacular.generators import SchemaGenerator  # noqa: PLC0415

    return json.dumps(SchemaGenerator().get_schema(public=True))  # type: ignore[no-untyped-call]
