"""What a comparison must keep to, or its ratios say nothing."""

import ast
import json
import sys
from importlib import import_module
from pathlib import Path

import pytest
from django.conf import LazySettings

from bench import district, floor, measure, pages, processes, reading, report
from bench.sources import KINDS
from bench.sources.source import Source, source_of
from integrations.provider import Provider
from integrations.sandbox.server import Request, Response, SandboxServer
from smartpass import settings as product

PEOPLE = 4_321


@pytest.fixture(params=KINDS)
def source(request: pytest.FixtureRequest, settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> Source:
    """Each source, with the secrets that its sandbox knows, in pages of which there are several."""
    found = source_of(request.param)
    told = {name.lower(): value for name, value in found.environment("").items()}
    secrets = {name: told[f"{found.kind}_{name}"] for name in product.SOURCE_SECRETS[found.kind]}
    settings.SOURCE_SECRETS = {found.kind: secrets}
    monkeypatch.setattr(found.provider, "page_size", 1_000)
    return found


def test_the_floor_imports_nothing_of_the_product() -> None:
    plain = [import_module(f"bench.sources.{kind}.plain") for kind in KINDS]
    around = [import_module(name) for kind in KINDS for name in ("bench", "bench.sources", f"bench.sources.{kind}")]
    outside = {name for module in (floor, *plain, *around) for name in _imported(Path(str(module.__file__)))}
    assert outside - set(sys.stdlib_module_names) == {"psycopg2"}
    assert {"smartpass", "accounts", "integrations", "rostering"} <= processes.PRODUCT


def test_every_source_that_has_a_folder_is_measured() -> None:
    folder = Path(str(import_module("bench.sources").__file__)).parent
    assert {path.parent.name for path in folder.glob("*/source.py")} == set(KINDS)
    assert [source_of(kind).kind for kind in KINDS] == list(KINDS)


def test_files_hold_what_the_sandbox_sends_over_http(source: Source, tmp_path: Path) -> None:
    rendered = pages.render(source, tmp_path / "pages", PEOPLE)
    with source.filled(PEOPLE, pages.school_count(PEOPLE)) as there, source.reached_at(there.sandbox.url):
        there.sandbox.start()
        sent = _recorded(there.sandbox)
        assert source.walk(rendered.tenant) == PEOPLE
    # Some sources end a list by an empty page.
    assert len(rendered.listing) in {5, 6}
    assert [page.read_bytes() for page in rendered.listing] == [
        body for target, body in sent.items() if "/users" in target
    ]
    assert set(sent) == set(rendered.answers)


def test_the_provider_reads_files_as_it_reads_the_source(source: Source, tmp_path: Path) -> None:
    pages.render(source, tmp_path / "pages", PEOPLE)
    rendered = pages.opened(tmp_path / "pages")
    with pages.played(rendered):
        assert source.walk(rendered.tenant) == PEOPLE


def test_the_floor_reads_of_a_page_what_the_product_reads(source: Source, tmp_path: Path) -> None:
    rendered = pages.render(source, tmp_path / "pages", PEOPLE)
    plain = import_module(f"bench.sources.{source.kind}.plain")
    lines = [line for page in rendered.listing for line in plain.people(json.loads(page.read_bytes()))]
    with pages.played(rendered):
        provider: Provider = source.open(rendered.tenant)
        people = list(provider.people([]))
    schools = set(rendered.schools)
    assert [(line[:4], _at_schools(json.loads(line[6]), schools), json.loads(line[7])) for line in lines] == [
        (person[:4], _at_schools(person.roles, schools), list(person.legacy_ids)) for person in people
    ]


def test_a_person_who_is_renamed_is_another_one_in_the_files(source: Source, tmp_path: Path) -> None:
    before = pages.render(source, tmp_path / "before", 300)
    after = pages.render(source, tmp_path / "after", 300, rename_every=100)
    assert (before.tenant, before.schools) == (after.tenant, after.schools)
    plain = import_module(f"bench.sources.{source.kind}.plain")
    lines = [
        [line for page in each.listing for line in plain.people(json.loads(page.read_bytes()))]
        for each in (before, after)
    ]
    assert sum(one != other for one, other in zip(*lines, strict=True)) == 3


@pytest.mark.django_db
def test_what_was_measured_of_one_source_leaves_the_others_numbers(tmp_path: Path) -> None:
    before = {"clever": {"people": 7, "web": {"pages": {"list": {"p95_ms": 1, "limit_ms": 2}}}, "kept": True}}
    found = _found(tmp_path, first=11.9, night=5.9)
    after = json.loads(report.with_found(json.dumps(before), [found]))
    assert after["clever"] == before["clever"]
    assert after["classlink"]["runs"][measure.FIRST]["ratio"] == 5.95
    assert after["classlink"]["kept"] is True
    assert found.kept
    assert "ClassLink: 100 people" in report.table(found)
    # And parts that were not measured again stay, and are judged with the new ones.
    slow = {"classlink": {"web": {"pages": {"list": {"p95_ms": 3, "limit_ms": 2}}}}}
    kept = json.loads(report.with_found(json.dumps(slow), [found]))["classlink"]
    assert kept["web"] == slow["classlink"]["web"]
    assert kept["kept"] is False


@pytest.mark.django_db
@pytest.mark.parametrize(("first", "night"), [(12.1, 5.9), (11.9, 6.1)])
def test_a_limit_that_is_not_kept_is_told(first: float, night: float, tmp_path: Path) -> None:
    found = _found(tmp_path, first, night)
    assert not found.kept
    assert report.table(found).count("OVER") == 1
    assert json.loads(report.with_found("{}", [found]))["classlink"]["kept"] is False


def _found(folder: Path, first: float, night: float) -> measure.Found:
    """A floor of two seconds, a first load and a quiet night."""
    listing = pages.Pages(folder, "classlink", 100, "2222", [], {})
    found = measure.Found(measure.Plan("classlink", folder, 100, 1), listing)
    found.floors = [processes.Floor(2.0, 1.0, 1.0)]
    for name, seconds in ((measure.FIRST, first), (measure.SECOND, night), (measure.LATER, 2.0)):
        found.runs[name] = [district.Measured(seconds, {"fetch": 1.0}, 0)]
    found.readings = [reading.Reading(1.0, 1.0, 1.0)]
    return found


def _at_schools(roles: object, schools: set[str]) -> list[tuple[str, ...]]:
    """The roles held at schools: what a role at the district is called is each source's own affair."""
    assert isinstance(roles, list | tuple)
    return [tuple(role) for role in roles if role[0] in schools]


def _imported(path: Path) -> set[str]:
    tree = ast.parse(path.read_text())
    named = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    named |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    return {name.partition(".")[0] for name in named}


def _recorded(sandbox: SandboxServer) -> dict[str, bytes]:
    """What the sandbox answers from here on, by target."""
    sent: dict[str, bytes] = {}
    answer = sandbox.handle

    def handle(request: Request) -> Response:
        response = answer(request)
        sent[request.target] = response.body
        return response

    sandbox.handle = handle  # type: ignore[method-assign]
    return sent
