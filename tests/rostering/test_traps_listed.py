"""docs/traps.md tells the truth: every trap is there, and every test it names."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOC = (ROOT / "docs" / "traps.md").read_text()
TRAPS = {*range(1, 6), *range(8, 16), *range(17, 25), *range(26, 42)}
NOT_HERE = {6, 7, 16, 25, *range(42, 57)}


def rows() -> dict[int, list[str]]:
    """The tests listed for each trap."""
    found = re.findall(r"^\| (\d+) \| [^|]+ \| ([^|]+) \|$", DOC, re.MULTILINE)
    return {int(trap): re.findall(r"`([^`]+)`", tests) for trap, tests in found}


def functions() -> set[str]:
    """Every test named after a trap, as pytest knows it."""
    return {
        f"{path.relative_to(ROOT)}::{node.name}"
        for path in (ROOT / "tests").rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_trap_")
    }


def test_every_trap_is_listed_once_and_in_order() -> None:
    assert list(rows()) == sorted(TRAPS)
    assert len(re.findall(r"^\| \d+ \|", DOC, re.MULTILINE)) == len(TRAPS)


def test_every_listed_test_exists_and_every_test_is_listed() -> None:
    listed = [test for tests in rows().values() for test in tests]
    assert sorted(listed) == sorted(functions())


def test_a_test_is_listed_beside_its_own_trap() -> None:
    assert {
        trap: sorted({int(re.findall(r"::test_trap_(\d\d)_", test)[0]) for test in tests})
        for trap, tests in rows().items()
    } == {trap: [trap] for trap in TRAPS}


def test_every_trap_has_a_test_with_accounts_or_says_why_not() -> None:
    assert {trap for trap, tests in rows().items() if any("tests/rostering/" in test for test in tests)} == TRAPS
    told = {
        number
        for first, last in re.findall(r"(?<=[*, ])(\d+)(?: to (\d+))?(?=[*,])", DOC.partition("## Not here")[2])
        for number in range(int(first), int(last or first) + 1)
    }
    assert told == NOT_HERE
