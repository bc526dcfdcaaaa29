"""The API's description: public, without data, and stable."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.api.schema import document

#: What programs are written against: a name that stands here is never given to something else.
OPERATIONS = {
    "accounts_add": "POST /accounts/",
    "accounts_change": "PATCH /accounts/{account_id}/",
    "accounts_get": "GET /accounts/{account_id}/",
    "accounts_list": "GET /accounts/",
    "connections_get": "GET /connections/{connection_id}/",
    "connections_list": "GET /connections/",
    "connections_pause": "POST /connections/{connection_id}/pause/",
    "connections_resume": "POST /connections/{connection_id}/resume/",
    "connections_sync": "POST /connections/{connection_id}/runs/",
    "explain_get": "GET /explain/",
    "holds_changes": "GET /holds/{hold_id}/changes/",
    "holds_get": "GET /holds/{hold_id}/",
    "holds_list": "GET /holds/",
    "holds_reject": "POST /holds/{hold_id}/reject/",
    "holds_release": "POST /holds/{hold_id}/release/",
    "me_get": "GET /me/",
    "memberships_change": "PATCH /memberships/{membership_id}/",
    "memberships_get": "GET /memberships/{membership_id}/",
    "memberships_list": "GET /memberships/",
    "runs_changes": "GET /runs/{run_id}/changes/",
    "runs_foresee": "GET /runs/{run_id}/undo/",
    "runs_get": "GET /runs/{run_id}/",
    "runs_holds": "GET /runs/{run_id}/holds/",
    "runs_issues": "GET /runs/{run_id}/issues/",
    "runs_list": "GET /runs/",
    "runs_undo": "POST /runs/{run_id}/undo/",
}


def operations() -> dict[str, Any]:
    paths = json.loads(document())["paths"]
    return {
        operation["operationId"]: (f"{method.upper()} {path.removeprefix('/api/v1')}", operation)
        for path, methods in paths.items()
        for method, operation in methods.items()
    }


def test_operations_keep_their_names() -> None:
    assert {name: where for name, (where, _) in operations().items()} == OPERATIONS


def test_every_address_is_described() -> None:
    (api,) = [each for each in get_resolver().url_patterns if getattr(each, "namespace", "") == "api"]
    assert isinstance(api, URLResolver)
    names = [each.name for each in api.url_patterns if isinstance(each, URLPattern)]
    assert len(names) == len(set(names))
    assert len(json.loads(document())["paths"]) == len(names) - 1


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_an_operation_says_what_it_does_and_how_it_refuses(name: str) -> None:
    where, operation = operations()[name]
    assert operation["summary"]
    assert operation["description"].endswith(".")
    assert operation["security"] == [{"key": []}]
    refusals = {"401", "429"}
    if "{" in where:
        refusals.add("404")
    if where.startswith("POST"):
        refusals |= {"400", "409", "413", "415", "422"}
        assert operation["requestBody"]["content"]["application/json"]["examples"]
        assert [each["name"] for each in operation["parameters"] if each["in"] == "header"] == ["Idempotency-Key"]
    assert refusals <= operation["responses"].keys()
    for status, response in operation["responses"].items():
        (media,) = response["content"]
        assert media == ("application/json" if status.startswith("2") else "application/problem+json")


def test_the_description_is_valid(tmp_path: Any) -> None:
    target = tmp_path / "schema.json"
    call_command("spectacular", "--validate", "--fail-on-warn", "--format", "openapi-json", "--file", str(target))
    assert json.loads(target.read_text())["openapi"] == "3.1.0"


def test_anybody_may_read_the_description(committed_db: None) -> None:
    del committed_db
    document()
    with CaptureQueriesContext(connection) as asked:
        answer = Client().get("/api/v1/schema/")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/vnd.oai.openapi+json"
    assert answer.headers["Cache-Control"] == "public, max-age=3600"
    assert answer.json()["info"]["title"] == "SmartPass rostering"
    assert not [query for query in asked.captured_queries if "accounts_" in query["sql"]]
    assert Client().post("/api/v1/schema/").status_code == 405
