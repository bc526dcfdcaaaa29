"""How an operation of the API is described: what it answers, and each way in which it refuses."""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar, Unpack

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers

from accounts.api.once import HEADER, LONGEST
from accounts.api.problems import CODES, MEDIA_TYPE
from accounts.api.reading import Strict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from drf_spectacular.utils import Direction

View = TypeVar("View", bound="Callable[..., Any]")


class Schema(AutoSchema):
    """As drf-spectacular's, with our own names of shapes."""

    def get_serializer_name(self, serializer: serializers.Serializer[Any], direction: Direction) -> str:
        """`AccountShape` is called Account: in the description there is no row to mistake it for."""
        del direction
        return type(serializer).__name__.replace("Shape", "")

    def _map_basic_serializer(self, serializer: Any, direction: Direction) -> Any:
        mapped = super()._map_basic_serializer(serializer, direction)  # type: ignore[no-untyped-call]
        return {**mapped, "additionalProperties": False} if isinstance(serializer, Strict) else mapped


class Wrong(serializers.Serializer[Any]):
    """One thing that is wrong with a request."""

    field = serializers.CharField(help_text="Where, with dots: `roles.0`. Empty for the whole.")
    code = serializers.CharField(help_text="What, in a word: `required`, `unknown`, `invalid_choice` …")
    message = serializers.CharField(help_text="What, in words.")


CODE_CHOICES = [(code, says) for code, (_, says) in CODES.items()]


class ProblemShape(serializers.Serializer[Any]):
    """A refusal."""

    type = serializers.CharField(help_text="Always `about:blank`.")
    title = serializers.CharField(help_text="The status in words.")
    status = serializers.IntegerField()
    code = serializers.ChoiceField(choices=CODE_CHOICES)
    detail = serializers.CharField(help_text="Why, in words that a person can be shown.")
    errors = Wrong(  # type: ignore[assignment]  # a field of this name hides no errors
        many=True, help_text="What is wrong with the request, for `not_valid`; else empty."
    )


class Operation(TypedDict, total=False):
    """What there is to say about one operation.

    What the body and the query may be, what is answered and with which status, how else it
    refuses, whether it listens to an Idempotency-Key, and examples (of the request if it
    has a body, of the answer if not).
    """

    body: type[Strict]
    query: type[Strict]
    status: int
    refuses: tuple[str, ...]
    once: bool
    example: dict[str, Any]


def described(
    name: str, summary: str, answer: type[serializers.Serializer[Any]], *, tag: str, **more: Unpack[Operation]
) -> Callable[[View], View]:
    """Describe an operation. `name` is its id, which never changes; its text is the function's docstring."""
    status = more.get("status", 200)
    responses: dict[Any, Any] = {(status, "application/json"): OpenApiResponse(answer, summary)}
    responses |= _refusals(_codes(more))
    parameters: list[Any] = [more["query"]] if "query" in more else []
    parameters += [_idempotency()] if more.get("once") else []
    return extend_schema(
        operation_id=name,
        summary=summary,
        tags=[tag],
        request={"application/json": more["body"]} if "body" in more else None,
        parameters=parameters,
        responses=responses,
        examples=_examples(more, status),
    )


@cache
def listed(shape: type[serializers.Serializer[Any]]) -> type[serializers.Serializer[Any]]:
    """A page of a list of these."""
    after = serializers.IntegerField(
        allow_null=True, help_text="Send it as `after` for the next page; null at the end."
    )
    made: type[serializers.Serializer[Any]] = type(
        f"{shape.__name__}Page", (serializers.Serializer,), {"results": shape(many=True), "next": after}
    )
    return made


def _codes(more: Operation) -> set[str]:
    codes = {"no_key", "too_many", *more.get("refuses", ())}
    if "body" in more or "query" in more:
        codes.add("not_valid")
    if "body" in more:
        codes |= {"unreadable", "too_long", "not_json"}
    if more.get("once"):
        codes |= {"being_done", "other_request", "not_valid"}
    return codes


def _refusals(codes: Iterable[str]) -> dict[Any, Any]:
    by_status: dict[int, list[str]] = defaultdict(list)
    for code in sorted(codes):
        by_status[CODES[code][0]].append(code)
    return {
        (status, MEDIA_TYPE): OpenApiResponse(ProblemShape, " ".join(f"`{code}`: {CODES[code][1]}" for code in same))
        for status, same in by_status.items()
    }


def _idempotency() -> OpenApiParameter:
    says = (
        "Any text of your own. The same request sent again with it within 24 hours is answered as before, "
        f"and not done twice. At most {LONGEST} characters."
    )
    schema = {"type": "string", "maxLength": LONGEST, "pattern": "^[ -~]*$"}
    return OpenApiParameter(HEADER, schema, OpenApiParameter.HEADER, description=says)


def _examples(more: Operation, status: int) -> list[OpenApiExample]:
    if "example" not in more:
        return []
    if "body" in more:
        return [OpenApiExample("Example", more["example"], request_only=True)]
    return [OpenApiExample("Example", more["example"], response_only=True, status_codes=[str(status)])]
