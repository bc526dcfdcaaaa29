"""The floor: the least that loading a roster can cost. Imports nothing of the product.

The same page files, the standard library's json, one `COPY` a page into an unlogged table with
the columns the product stages, one `INSERT … SELECT` into plain tables of people and
memberships with nothing but their primary keys, and a commit.

Run as ``python -m bench.floor FOLDER KIND`` with BENCH_DATABASE_URL set; prints seconds as JSON.
How a kind's pages are read is in `bench/sources/KIND/plain.py`.
"""

from __future__ import annotations

import csv
import io
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from importlib import import_module
from pathlib import Path
from typing import Any

import psycopg2

TABLES = """
DROP SCHEMA IF EXISTS floor CASCADE;
CREATE SCHEMA floor;
CREATE UNLOGGED TABLE floor.incoming (
    external_id text, first_name text, last_name text, email text, active boolean, problem text,
    roles jsonb, legacy jsonb
);
CREATE TABLE floor.people (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    external_id text NOT NULL, first_name text NOT NULL, last_name text NOT NULL, email text NOT NULL
);
CREATE TABLE floor.memberships (
    person bigint, school text, role text, grade text NOT NULL, number text NOT NULL,
    PRIMARY KEY (person, school, role)
);
"""
COPY = "COPY floor.incoming FROM STDIN WITH (FORMAT csv, FORCE_NOT_NULL (first_name, last_name, email, problem))"
LOAD = """
WITH people AS (
    INSERT INTO floor.people (external_id, first_name, last_name, email)
    SELECT external_id, first_name, last_name, email FROM floor.incoming
    RETURNING id, external_id
)
INSERT INTO floor.memberships
SELECT p.id, coalesce(item ->> 0, ''), item ->> 1, item ->> 2, item ->> 3
FROM floor.incoming i
JOIN people p ON p.external_id = i.external_id
CROSS JOIN LATERAL jsonb_array_elements(i.roles) AS r(item)
"""
Reading = Callable[[dict[str, Any]], Iterator[tuple[str, ...]]]


def load(folder: Path, url: str, people: Reading) -> dict[str, Any]:
    """Load the pages of a folder into fresh tables: how long it took, and what then was there."""
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(TABLES)
        connection.commit()
        began = time.perf_counter()
        for page in sorted(folder.glob("users-*.json")):
            lines = io.StringIO()
            csv.writer(lines).writerows(people(json.loads(page.read_bytes())))
            lines.seek(0)
            cursor.copy_expert(COPY, lines)
        staged = time.perf_counter()
        cursor.execute(LOAD)
        connection.commit()
        ended = time.perf_counter()
        cursor.execute("SELECT (SELECT count(*) FROM floor.people), (SELECT count(*) FROM floor.memberships)")
        loaded, memberships = cursor.fetchone() or (0, 0)
        cursor.execute("DROP SCHEMA floor CASCADE")
        connection.commit()
    return {
        "seconds": round(ended - began, 3),
        "read_and_copy": round(staged - began, 3),
        "insert": round(ended - staged, 3),
        "people": loaded,
        "memberships": memberships,
    }


if __name__ == "__main__":
    plain = import_module(f"bench.sources.{sys.argv[2]}.plain")
    measured = load(Path(sys.argv[1]), os.environ["BENCH_DATABASE_URL"], plain.people)
    sys.stdout.write(json.dumps({**measured, "modules": sorted({name.partition(".")[0] for name in sys.modules})}))
