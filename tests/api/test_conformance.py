"""Requests drawn from the API's own description: no server error, and every answer is one that was described.

What is drawn is sometimes replaced by what exists (an id, a fingerprint), or nearly every request would
only ask for what nobody has.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, seed, settings, strategies as st
from pytest_django import Settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.openapi import checks as _registered  # noqa: F401 - the checks below register themselves with it
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from accounts import tenancy
from accounts.api.schema import document
from smartpass.wsgi import application
from tests import factories
from tests.api.program import key_of
from tests.api.test_api_walls import BODIES, IDS, ids_of
from tests.api.test_syncs import waiting

pytestmark = pytest.mark.long

SEED = 20261124
EXAMPLES = 40
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
#: Of a hundred operations so many must be reached by a request that succeeds.
REACHED = 0.8


@pytest.fixture
def worlds(
    world: factories.World, other: factories.World, settings: Settings
) -> tuple[factories.World, factories.World]:
    settings.API_A_MINUTE = {"reads": 1_000_000, "writes": 1_000_000}
    settings.ALLOWED_HOSTS = ["*"]
    return world, other


def described() -> Any:
    loaded = schemathesis.openapi.from_dict(json.loads(document()))
    loaded.app = application
    return loaded


def operations(schema: Any) -> Iterator[Any]:
    for result in schema.get_all_operations():
        yield result.ok()


def existing(world: Any) -> dict[str, Any]:
    """Names in paths, queries and bodies, and what exists by them."""
    waits = waiting(world)
    with tenancy.support():
        values = {name: row(world) for name, row in IDS.items()}
    lists = {name: [values[name]] for name in ("people", "schools")}
    return {**values, **lists, **ids_of(world), "fingerprint": waits.fingerprint}


def put_in(draw: Any, values: dict[str, Any] | None, known: dict[str, Any]) -> None:
    """Replace some of what was drawn by what exists."""
    for name in sorted(known.keys() & (values or {}).keys()):
        if draw(st.sampled_from([True, True, True, False])):
            assert values is not None
            values[name] = known[name]


def requests_of(operation: Any, world: factories.World, mode: GenerationMode) -> st.SearchStrategy[Any]:
    """Requests of one operation: as described, or with mistakes, often about what exists."""
    known = existing(world)
    whole = BODIES[operation.definition.raw["operationId"]](world) if operation.body else {}

    @st.composite
    def drawn(draw: Any) -> Any:
        case = draw(operation.as_strategy(generation_mode=mode))
        for values in (case.path_parameters, case.query):
            put_in(draw, values, known)
        if isinstance(case.body, dict):
            put_in(draw, case.body, {**whole, **known} if draw(st.booleans()) else known)
        return case

    return drawn()


def ask(operation: Any, world: factories.World, key: str, mode: GenerationMode) -> Counter[int]:
    """Send them, and count the answers by status."""
    answers: Counter[int] = Counter()
    headers = {"Authorization": f"Bearer {key}"}

    @seed(SEED)
    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(requests_of(operation, world, mode))
    def each(case: Any) -> None:
        response = case.call(headers=headers)
        answers[response.status_code] += 1
        case.validate_response(response, checks=CHECKS, headers=headers)

    each()
    return answers


def test_requests_as_described_are_answered_as_described(worlds: tuple[Any, Any]) -> None:
    world, _ = worlds
    key, reached, all_of_them = key_of(world.district_admin).shown, [], []
    for operation in operations(described()):
        answers = ask(operation, world, key, GenerationMode.POSITIVE)
        all_of_them.append(operation.definition.raw["operationId"])
        if any(200 <= status < 300 for status in answers):
            reached.append(all_of_them[-1])
    assert len(reached) >= REACHED * len(all_of_them), sorted(set(all_of_them) - set(reached))


def test_requests_with_mistakes_break_nothing(worlds: tuple[Any, Any]) -> None:
    world, _ = worlds
    key = key_of(world.admin).shown
    for operation in operations(described()):
        answers = ask(operation, world, key, GenerationMode.NEGATIVE)
        assert max(answers, default=0) < 500


def test_to_another_district_nothing_of_this_one_exists(worlds: tuple[Any, Any]) -> None:
    world, other = worlds
    headers = {"Authorization": f"Bearer {key_of(other.district_admin).shown}"}
    ids, tried = ids_of(world), 0
    for operation in operations(described()):
        if "{" not in operation.path:
            continue
        tried += 1

        @seed(SEED)
        @settings(max_examples=10, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(operation.as_strategy())
        def each(case: Any) -> None:
            case.path_parameters = {name: ids[name] for name in case.path_parameters}
            assert case.call(headers=headers).status_code == 404

        each()
    assert tried > 8
