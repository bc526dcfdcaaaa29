"""What a request may say: JSON of a bounded size, the fields that are known, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from typing import IO, TYPE_CHECKING, Any

from rest_framework import serializers
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import JSONParser

from accounts.api.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.models import QuerySet
    from rest_framework.parsers import BaseParser
    from rest_framework.renderers import BaseRenderer
    from rest_framework.request import Request

#: Bytes of a body. The longest that makes sense names a thousand people of a hold.
LONGEST_BODY = 64 * 1024
#: Rows of a page.
PAGE, LONGEST_PAGE = 100, 500
#: The largest id there can be.
LARGEST = 2**63 - 1


class Json(JSONParser):
    """JSON, if it is not too long."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Read the body."""
        asked = (parser_context or {})["request"]
        if int(asked.META.get("CONTENT_LENGTH") or 0) > LONGEST_BODY:
            raise Problem("too_long")
        try:
            return super().parse(stream, media_type, parser_context)
        except RecursionError:
            raise Problem("unreadable") from None


class OnlyJson(BaseContentNegotiation):
    """Every answer is JSON, whatever the request would rather have."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser | None:
        """The parser, if the body says that it is JSON."""
        said = (request.content_type or "").split(";")[0].strip().lower()
        return next((each for each in parsers if each.media_type == said), None)

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """The only one."""
        del request, format_suffix
        only = next(iter(renderers))
        return only, only.media_type or ""


class Strict(serializers.Serializer[Any]):
    """What a request may say. A field that nobody knows is a mistake, not a wish to be ignored."""

    def to_internal_value(self, data: Any) -> Any:
        """Refuse what is unknown, then read the rest."""
        if isinstance(data, Mapping):
            unknown = {name: ["There is no such field."] for name in data if name not in self.fields}
            if unknown:
                raise serializers.ValidationError(unknown, code="unknown")
        return super().to_internal_value(data)


class Id(serializers.IntegerField):
    """The id of a row."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"min_value": 1, "max_value": LARGEST, **kwargs})


class Moment(serializers.DateTimeField):
    """A time, in UTC."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"default_timezone": UTC, **kwargs})


class Paged(Strict):
    """Which page of a list."""

    after = Id(required=False, help_text="Begin after this row: `next` of the page before.")
    limit = serializers.IntegerField(
        required=False, default=PAGE, min_value=1, max_value=LONGEST_PAGE, help_text="Rows of a page."
    )


def said(request: Request, kind: type[Strict]) -> dict[str, Any]:
    """What the body says."""
    form = kind(data=request.data)
    form.is_valid(raise_exception=True)
    return dict(form.validated_data)


def asked(request: Request, kind: type[Strict]) -> dict[str, Any]:
    """What the address asks for after its "?"."""
    for name, values in request.query_params.lists():
        if len(values) > 1:
            raise serializers.ValidationError({name: ["Give this once."]}, code="twice")
    form = kind(data=request.query_params.dict())
    form.is_valid(raise_exception=True)
    return dict(form.validated_data)


def page(rows: QuerySet[Any], wanted: Mapping[str, Any], *, newest_first: bool = False) -> tuple[list[Any], int | None]:
    """One page of a list by id, and where the next one begins; no count, no offset, whatever the list's size."""
    if after := wanted.get("after"):
        rows = rows.filter(pk__lt=after) if newest_first else rows.filter(pk__gt=after)
    limit = wanted["limit"]
    found = list(rows.order_by("-pk" if newest_first else "pk")[: limit + 1])
    return found[:limit], found[limit - 1].pk if len(found) > limit else None
