"""Every row of every table, in a form in which two databases with the same past can be compared.

Both began as copies of one prepared database and then carried out the same night. What
must differ between them, and how it is made comparable:

* numbers the database hands out: a killed attempt used some up, so that rows made tonight
  have others. A new person is named by their id at the source, a new hold by its school
  and reason, any other new row by nothing. Older rows keep their number, to the last one.
* moments of tonight are all "tonight". Older moments are compared as they are: whoever
  was not changed has the very timestamp from before.
* of the run itself: how often it was begun, its lease, what each step took, and which
  night it answers for (that depends on the hour at which the test runs).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812  (it is a class)

TABLES = """
    SELECT relname FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY 1
"""
COLUMNS = """
    SELECT attname, format_type(atttypid, NULL) FROM pg_attribute
    WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum
"""
#: Tables that a scheduler fills, where there is one, with its own timetable.
TIMETABLE = "django_celery_beat_"
OWN = {
    # They say which hold or run by its number; what it is told of stands in the other columns.
    "accounts_notice": {"about", "link"},
    "rostering_run": {"attempt", "lease_token", "lease_until", "seconds", "night", "start_after"},
}
#: What a new row of a table is called, where its number alone tells nothing.
NAMES = {
    "accounts_user": "SELECT 'new ' || min(l.external_id) FROM integrations_link l WHERE l.user_id = {number}",
    "rostering_hold": "SELECT concat('new ', h.school_id, h.reason) FROM rostering_hold h WHERE h.id = {number}",
}
#: Columns that name a row of such a table, whatever table they are in.
POINTERS = {"user_id": "accounts_user", "hold_id": "rostering_hold", "notice_id": "accounts_notice"}


@dataclass(frozen=True)
class Past:
    """Where tonight begins: a moment, and the highest number of each table."""

    moment: str
    numbers: dict[str, int]


def past(cursor: Cursor) -> Past:
    """Everything that is there now is past."""
    cursor.execute("SELECT clock_timestamp()::text")
    moment = _one(cursor)
    numbers = {}
    for table in _tables(cursor):
        if ("id", "bigint") in _columns(cursor, table):
            cursor.execute(sql.SQL("SELECT coalesce(max(id), 0) FROM {}").format(sql.Identifier(table)))
            numbers[table] = int(_one(cursor))
    return Past(moment, numbers)


def rows(cursor: Cursor, since: Past) -> dict[str, list[str]]:
    """Every table's rows as sorted, comparable text."""
    found = {}
    for table in _tables(cursor):
        if not table.startswith(TIMETABLE):
            shown = [_shown(cursor, table, name, kind, since) for name, kind in _columns(cursor, table)]
            fields = sql.SQL(", ").join(each for each in shown if each is not None)
            statement = sql.SQL("SELECT ROW({})::text FROM {} t").format(fields, sql.Identifier(table))
            cursor.execute(statement)
            found[table] = sorted(str(row) for (row,) in cursor.fetchall())
    return found


def apart(expected: dict[str, list[str]], found: dict[str, list[str]], most: int = 12) -> list[str]:
    """What only one of two databases holds, the first few lines of it."""
    return list(_apart(expected, found))[:most]


def _apart(expected: dict[str, list[str]], found: dict[str, list[str]]) -> Iterator[str]:
    for table in sorted({*expected, *found}):
        one, other = expected.get(table), found.get(table)
        if one is None or other is None:
            yield f"{table}: only one of the two has it"
        elif one != other:
            yield f"{table}: {len(one)} rows expected, {len(other)} found"
            yield from (f"  expected only: {row}" for row in sorted({*one} - {*other})[:5])
            yield from (f"  found only: {row}" for row in sorted({*other} - {*one})[:5])


def _shown(cursor: Cursor, table: str, name: str, kind: str, since: Past) -> sql.Composable | None:
    """How a column is shown; None where it must differ."""
    if name in OWN.get(table, set()):
        return None
    column = sql.SQL("t.{}").format(sql.Identifier(name))
    of = table if name == "id" else POINTERS.get(name)
    if of in since.numbers and kind == "bigint":
        number = sql.Literal(since.numbers[of])
        called = sql.SQL(NAMES.get(of, "SELECT 'new'")).format(number=column)
        return sql.SQL("CASE WHEN {} <= {} THEN {}::text ELSE ({}) END").format(column, number, column, called)
    if kind.startswith("timestamp"):
        return sql.SQL("CASE WHEN {} > {} THEN 'tonight' ELSE {}::text END").format(
            column, sql.Literal(since.moment), column
        )
    del cursor
    return column


def _tables(cursor: Cursor) -> list[str]:
    cursor.execute(TABLES)
    return [str(name) for (name,) in cursor.fetchall()]


def _columns(cursor: Cursor, table: str) -> list[tuple[str, str]]:
    cursor.execute(COLUMNS, [table])
    return [(str(name), str(kind)) for name, kind in cursor.fetchall()]


def _one(cursor: Cursor) -> str:
    (value,) = cursor.fetchone() or ("",)
    return str(value)
