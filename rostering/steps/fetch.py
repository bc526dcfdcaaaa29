"""fetch: everybody the source shares, streamed into this run's own staging table.

No HTTP happens inside a transaction: a batch is read first, then written. Ending means
complete; whatever stops the stream raises and leaves nothing that counts.
"""

from __future__ import annotations

import csv
import gc
import io
import json
from contextlib import contextmanager, suppress
from itertools import islice
from json.encoder import encode_basestring as _quoted
from typing import TYPE_CHECKING

from django.db import connection

from accounts import tenancy
from integrations.provider import Changed
from rostering import sql

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from integrations.provider import Provider
    from integrations.records import Person, Receipt, Role
    from rostering.models import Run

BATCH = 5_000
#: So often a listing is begun, where the source says each time that it changed under us.
READINGS = 3
CHUNK = 64 * 1024
#: Python looks for garbage in cycles after so many new objects. A page is tens of thousands of
#: them without one cycle; at the usual 700, looking took as long as all the rest of reading.
NEW_OBJECTS = 100_000
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


@contextmanager
def _seldom_looking_for_cycles() -> Iterator[None]:
    usual = gc.get_threshold()
    gc.set_threshold(NEW_OBJECTS, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)


@_seldom_looking_for_cycles()
def fetch(run: Run, provider: Provider, scope: Sequence[str], progress: Callable[[int], None]) -> Receipt:
    """Stage everybody; the receipt of the listing.

    `progress` is told before each batch is written, inside its transaction, how many
    people have been read, and raises if this worker may no longer write. Raises `SourceError`.
    """
    for _ in range(READINGS - 1):
        with suppress(Changed):
            return _read(run, provider, scope, progress)
    return _read(run, provider, scope, progress)


def _read(run: Run, provider: Provider, scope: Sequence[str], progress: Callable[[int], None]) -> Receipt:
    """One reading, from nothing."""
    read = 0
    with tenancy.district(run.district_id):
        progress(read)
        open_staging(run)
    stream = provider.people(scope)
    while batch := list(islice(stream, BATCH)):
        read += len(batch)
        with tenancy.district(run.district_id):
            progress(read)
            stage(run, batch)
    return provider.receipt


def staging(run: Run) -> str:
    """The name of the table this attempt stages into."""
    return f"staged_{run.pk}_{run.attempt}"


def open_staging(run: Run) -> None:
    """Make this attempt's table and drop those of earlier ones."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT smartpass_open_staging(%s, %s)", [run.pk, run.attempt])


def stage(run: Run, people: list[Person]) -> None:
    """Write a batch: `COPY` into a temporary table, then into staging behind its wall."""
    with connection.cursor() as cursor:
        cursor.execute(sql.text("fetch.incoming"))
        cursor.copy_expert(sql.text("fetch.copy"), io.BytesIO(_as_csv(people).encode()), CHUNK)
        cursor.execute(sql.text("fetch.stage", staging(run)), {"district": run.district_id})
        cursor.execute("DROP TABLE incoming")


def _as_csv(people: list[Person]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(_lines(people))
    return out.getvalue()


def _lines(people: list[Person]) -> Iterator[tuple[str, ...]]:
    for external_id, first_name, last_name, email, active, roles, legacy_ids, problem in people:
        legacy = _encode(legacy_ids) if legacy_ids else "[]"
        yield external_id, first_name, last_name, email, "t" if active else "f", problem, _as_json(roles), legacy


def _as_json(roles: tuple[Role, ...]) -> str:
    """What `_encode` would write, in a third of its time."""
    listed = [
        f"[{'null' if place is None else _quoted(place)},{_quoted(word)},{_quoted(grade)},{_quoted(number)}]"
        for place, word, grade, number in roles
    ]
    return f"[{','.join(listed)}]"
