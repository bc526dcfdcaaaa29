"""docs/adding-a-provider.md can be followed: its example, taken from the page, keeps the contract and syncs."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from django.core.cache import cache

from accounts.models import Membership
from integrations import registry
from rostering.models import Change
from tests.desk import Desk, number, rows, worked

PAGE = Path(__file__).parents[1] / "docs" / "adding-a-provider.md"
BLOCK = re.compile(r"^```python\n# (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def written() -> dict[str, ModuleType]:
    """The modules that stand on the page, by name, as if they lay where it says."""
    found = {}
    for path, code in BLOCK.findall(PAGE.read_text()):
        name = path.removesuffix(".py").replace("/", ".")
        found[name] = sys.modules[name] = ModuleType(name)
        exec(compile(code, f"{PAGE.name}: {path}", "exec"), vars(found[name]))  # noqa: S102  our own page
    return found


MODULES = written()
PROVIDER: Any = MODULES["integrations.folder.provider"].FolderProvider
EXAMPLE: Any = MODULES["tests.integrations.test_folder_contract"]
#: Collected here, as it is in the module that the page tells one to write.
TestFolderContract = EXAMPLE.TestFolderContract


@pytest.fixture
def desk(committed_db: None, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Support, and the registry with the page's line in it."""
    del committed_db
    cache.clear()
    monkeypatch.setattr("rostering.queue.enqueue", lambda _: None)
    monkeypatch.setitem(registry.PROVIDERS, PROVIDER.kind, PROVIDER)
    return Desk()


def test_the_page_syncs_a_district(desk: Desk, tmp_path: Path) -> None:
    """Only by what it tells one to write: connect, link, preview, the first sync, and a quiet night."""
    stage = EXAMPLE.FolderStage(tmp_path)
    made = desk.do("/admin/districts/new/", name="Birch County")
    district = number(r"districts/(\d+)/", made.headers["Location"])
    desk.do(f"/admin/districts/{district}/schools/new/", name="Birch High", purchased="on")
    school = number(r'schools/(\d+)/purchased/">', desk.look(f"/admin/districts/{district}/"))
    assert "Connect Folder" in desk.look(f"/admin/districts/{district}/sources/")
    refused = desk.do(f"/admin/districts/{district}/sources/folder/open/", folder="/nowhere")
    assert "cannot read roster.json" in refused.content.decode()
    opened = desk.do(f"/admin/districts/{district}/sources/folder/open/", folder=str(tmp_path))
    connection = number(r"connections/(\d+)/", opened.headers["Location"])
    assert "Lincoln High" in desk.look(f"/admin/connections/{connection}/")
    desk.do(f"/admin/connections/{connection}/link/?school=s1", school=school, typed="Birch High")

    preview = worked(desk.do(f"/admin/connections/{connection}/preview/"))
    let = re.search(r'href="(/admin/runs/\d+/first-sync/[^"]+)"', desk.look(f"/admin/runs/{preview.pk}/"))
    assert let
    worked(desk.do(let[1], read="on", fingerprint=preview.fingerprint))
    assert len(rows(Membership, roles=["student"], school=school)) == stage.size // 2
    quiet = worked(desk.do(f"/admin/connections/{connection}/sync/"))
    assert rows(Change, run=quiet.pk) == []


@pytest.mark.parametrize("path", [path for path, _ in BLOCK.findall(PAGE.read_text())])
def test_the_pages_code_is_in_our_style(path: str) -> None:
    """As `make check` will say to whoever copies it; but for what ruff can only know where the files lie."""
    code = f"# {path}\n{dict(BLOCK.findall(PAGE.read_text()))[path]}"
    for asked in (["check", "--ignore=I001,INP001"], ["format", "--check"]):
        command = [sys.executable, "-m", "ruff", *asked, "--stdin-filename", path, "-"]
        done = subprocess.run(command, input=code, capture_output=True, text=True, check=False, cwd=PAGE.parents[1])  # noqa: S603  ruff
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("a text", "id: missing or not text"),
        ({"id": 7}, "id: missing or not text"),
        ({"id": "7", "first": "D\0na"}, "first: missing or not text"),
        ({"id": "7", "last": "M\ud800ss"}, "last: missing or not text"),
        ({"id": "7", "roles": [{"school": "s1"}]}, "word: missing or not text"),
        ({"id": "7", "roles": 5}, "roles: not a list"),
    ],
)
def test_the_example_reads_what_cannot_be_read(row: Any, problem: str) -> None:
    """As a problem of that one record."""
    person = MODULES["integrations.folder.provider"].read(row)
    assert (person.problem, person.first_name) == (problem, "")


@pytest.mark.parametrize(
    "roster",
    [[], {}, {"schools": [1], "people": 1, "files": []}, {"schools": [], "people": "1", "files": []}],
)
def test_the_example_refuses_a_roster_that_is_none(roster: Any, tmp_path: Path) -> None:
    """In words that say which file."""
    (tmp_path / "roster.json").write_text(json.dumps(roster))
    with pytest.raises(Exception, match=r"roster\.json does not say"):
        PROVIDER("", {}, {}, {"folder": str(tmp_path)}).check()
