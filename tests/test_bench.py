"""What a comparison must keep to, or its ratios say nothing."""

import ast
import sys
from pathlib import Path

import pytest
from django.conf import LazySettings

from bench import floor, pages, processes
from integrations.clever.sandbox import CleverSandbox
from integrations.sandbox.server import Request, Response

PEOPLE = 4_321


@pytest.fixture(autouse=True)
def _clever(settings: LazySettings) -> None:
    settings.SOURCE_SECRETS = {"clever": {"client_id": "sandbox-client", "client_secret": "sandbox-secret"}}


def test_the_floor_imports_nothing_of_the_product() -> None:
    tree = ast.parse(Path(floor.__file__).read_text())
    named = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    named |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    outside = {name.partition(".")[0] for name in named} - set(sys.stdlib_module_names)
    assert outside == {"psycopg2"}
    assert {"smartpass", "accounts", "integrations", "rostering"} <= processes.PRODUCT


def test_files_hold_what_the_sandbox_sends_over_http(tmp_path: Path, settings: LazySettings) -> None:
    rendered = pages.render(tmp_path / "pages", PEOPLE)
    with pages.sandbox_of(PEOPLE) as sandbox:
        settings.SOURCE_HOSTS = {"clever": sandbox.hosts()}
        sandbox.start()
        sent = _recorded(sandbox)
        assert pages.walk(rendered.tenant) == PEOPLE
    assert [page.read_bytes() for page in rendered.listing] == [
        body for target, body in sent.items() if "/users" in target
    ]
    assert set(sent) == set(rendered.answers)


def test_the_provider_reads_files_as_it_reads_clever(tmp_path: Path) -> None:
    pages.render(tmp_path / "pages", PEOPLE)
    rendered = pages.opened(tmp_path / "pages")
    with pages.played(rendered):
        assert pages.walk(rendered.tenant) == PEOPLE


def _recorded(sandbox: CleverSandbox) -> dict[str, bytes]:
    """What the sandbox answers from here on, by target."""
    sent: dict[str, bytes] = {}
    answer = sandbox.handle

    def handle(request: Request) -> Response:
        response = answer(request)
        sent[request.target] = response.body
        return response

    sandbox.handle = handle  # type: ignore[method-assign]
    return sent
