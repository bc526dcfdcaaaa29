"""Runs a named statement and says how many rows it touched.

Each step keeps its SQL beside it in a `.sql` file, cut into parts by lines that read
``-- name: something``. A part may use another part of its file as ``{something}``,
and the run's staging table as ``{staged}``. Values always travel as parameters.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.db import connection

if TYPE_CHECKING:
    from collections.abc import Iterator

STEPS = Path(__file__).parent / "steps"
_HEADING = re.compile(r"^-- name: (\w+)\s*$", re.MULTILINE)
_PART = re.compile(r"\{(\w+)\}")
_TABLE = re.compile(r"^staged_[0-9]+_[0-9]+$")


def load(path: Path) -> dict[str, str]:
    """The parts of one file by name."""
    pieces = _HEADING.split(path.read_text())
    return dict(zip(pieces[1::2], pieces[2::2], strict=True))


#: file stem -> part name -> SQL
STATEMENTS: dict[str, dict[str, str]] = {path.stem: load(path) for path in sorted(STEPS.glob("*.sql"))}


def text(name: str, staged: str = "", chosen: str = "") -> str:
    """The SQL of ``file.part`` with the parts it uses put in, at any depth.

    `chosen` names the part of the same file that stands where the SQL says ``{chosen}``.
    """
    file, part = name.split(".")
    parts = STATEMENTS[file]
    if staged and not _TABLE.match(staged) and not staged.lstrip().startswith("(SELECT"):
        message = f"not a staging table: {staged}"
        raise ValueError(message)

    def fill(match: re.Match[str]) -> str:
        key = match.group(1)
        return staged if key == "staged" else _PART.sub(fill, parts[(chosen or key) if key == "chosen" else key])

    return _PART.sub(fill, parts[part])


def run(name: str, params: dict[str, Any], staged: str = "", chosen: str = "") -> int:
    """Carry out a statement; how many rows it touched."""
    with connection.cursor() as cursor:
        cursor.execute(text(name, staged, chosen), params)
        return int(cursor.rowcount)


def rows(name: str, params: dict[str, Any], staged: str = "", chosen: str = "") -> list[dict[str, Any]]:
    """The rows a statement gives, by column name."""
    with connection.cursor() as cursor:
        cursor.execute(text(name, staged, chosen), params)
        columns = [column[0] for column in cursor.description or ()]
        return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]


def one(name: str, params: dict[str, Any], staged: str = "") -> dict[str, Any]:
    """The single row a statement gives."""
    return rows(name, params, staged)[0]


def work_in_sets() -> None:
    """Plan this transaction's statements for whole districts, until it ends.

    A plan's rows are minutes old and have no statistics yet. A planner that takes them
    for a handful loops through a hundred thousand rows a hundred thousand times; a join
    by hashing costs the same whatever it believes.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_nestloop = off; SET LOCAL jit = off; SET LOCAL work_mem = '64MB'")


@contextmanager
def about_a_few() -> Iterator[None]:
    """Plan the statements inside for a handful of people: through indexes, never by reading a whole district."""
    names = ("enable_hashjoin", "enable_mergejoin", "jit")
    with connection.cursor() as cursor:
        cursor.execute("SELECT " + ", ".join(f"current_setting('{name}')" for name in names))
        before = cursor.fetchone()
        cursor.execute("SELECT " + ", ".join(f"set_config('{name}', 'off', true)" for name in names))
        yield
        if not connection.needs_rollback:
            cursor.execute("SELECT " + ", ".join(f"set_config('{name}', %s, true)" for name in names), before)
