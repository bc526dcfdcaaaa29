"""docs/traps.md tells the truth: every trap of every source is there, and every test it names."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
DOC = (ROOT / "docs" / "traps.md").read_text()


class Source(NamedTuple):
    """A part of the page: its heading, whose tests are its own, which traps are there, and which of them how."""

    heading: str
    tests: str
    traps: set[int]
    without_accounts: set[int]
    not_here: set[int]

    def part(self) -> str:
        """Its part of the page."""
        return DOC.partition(f"\n## {self.heading}\n")[2].partition("\n## ")[0]

    def rows(self) -> dict[int, list[str]]:
        """The tests listed for each trap."""
        found = re.findall(r"^\| (\d+) \| [^|]+ \| ([^|]+) \|$", self.part(), re.MULTILINE)
        return {int(trap): re.findall(r"`([^`]+)`", tests) for trap, tests in found}

    def said(self, below: str) -> set[int]:
        """The traps named in bold below a heading of the part."""
        text = self.part().partition(f"\n### {below}\n")[2].partition("\n### ")[0]
        return {
            number
            for first, last in re.findall(r"(?<=[*, ])(\d+)(?: to (\d+))?(?=[*,])", text)
            for number in range(int(first), int(last or first) + 1)
        }


CLEVER = Source(
    "Clever",
    r"test_(clever_)?traps_",
    {*range(1, 6), *range(8, 16), *range(17, 25), *range(26, 42)},
    set(),
    {6, 7, 16, 25, *range(42, 57)},
)
ONEROSTER = Source(
    "ClassLink and OneRoster",
    r"test_(classlink|oneroster|files)_",
    {*range(1, 56), *range(64, 70)},
    {3, 8, 14, 15, 17, 18, 19, 22, 32, 40, 41, *range(45, 50), 55},
    {*range(56, 64)},
)
GOOGLE = Source(
    "G Suite",
    r"test_google_traps_",
    {*range(1, 33), 47},
    {1, 3, 4, 13, 14, 15, 24, 25, 27, 28, 30, 47},
    {*range(33, 47)},
)
EVERY = [CLEVER, ONEROSTER, GOOGLE]
SOURCES = pytest.mark.parametrize("source", EVERY, ids=["clever", "oneroster", "google"])


def functions() -> set[str]:
    """Every test named after a trap, as pytest knows it."""
    return {
        f"{path.relative_to(ROOT)}::{node.name}"
        for path in (ROOT / "tests").rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_trap_")
    }


def test_every_part_of_the_page_is_a_source() -> None:
    assert re.findall(r"^## (.+)$", DOC, re.MULTILINE) == [each.heading for each in EVERY]


@SOURCES
def test_every_trap_is_listed_once_and_in_order(source: Source) -> None:
    assert list(source.rows()) == sorted(source.traps)
    assert len(re.findall(r"^\| \d+ \|", source.part(), re.MULTILINE)) == len(source.traps)


def test_every_test_is_of_one_source() -> None:
    own = {test: [each.heading for each in EVERY if re.search(each.tests, test)] for test in functions()}
    assert {test: headings for test, headings in own.items() if len(headings) != 1} == {}


@SOURCES
def test_every_listed_test_exists_and_every_test_is_listed(source: Source) -> None:
    listed = [test for tests in source.rows().values() for test in tests]
    assert sorted(listed) == sorted(test for test in functions() if re.search(source.tests, test))


@SOURCES
def test_a_test_is_listed_beside_its_own_trap(source: Source) -> None:
    assert {
        trap: sorted({int(re.findall(r"::test_trap_(\d\d)_", test)[0]) for test in tests})
        for trap, tests in source.rows().items()
    } == {trap: [trap] for trap in source.traps}


@SOURCES
def test_every_trap_has_a_test_with_accounts_or_says_why_not(source: Source) -> None:
    with_accounts = {trap for trap, tests in source.rows().items() if any("tests/rostering/" in test for test in tests)}
    assert source.traps - with_accounts == source.without_accounts == source.said("Without accounts")
    assert source.said("Not here") == source.not_here
