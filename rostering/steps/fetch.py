"""fetch: everybody the source shares, streamed into this run's own staging table.

No HTTP happens inside a transaction: a batch is read first, then written. Ending means
complete; whatever stops the stream raises and leaves nothing that counts.
"""

from __future__ import annotations

import csv
import io
import json
from itertools import islice
from typing import TYPE_CHECKING

from django.db import connection

from accounts import tenancy
from rostering import sql

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from integrations.provider import Provider
    from integrations.records import Person, Receipt
    from rostering.models import Run

BATCH = 5_000
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def fetch(run: Run, provider: Provider, scope: Sequence[str], progress: Callable[[int], None]) -> Receipt:
    """Stage everybody; the receipt of the listing.

    `progress` is told before each batch is written, inside its transaction, how many
    people have been read, and raises if this worker may no longer write. Raises `SourceError`.
    """
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
        cursor.copy_expert(sql.text("fetch.copy"), io.StringIO(_as_csv(people)))
        cursor.execute(sql.text("fetch.stage", staging(run)), {"district": run.district_id})
        cursor.execute("DROP TABLE incoming")


def _as_csv(people: list[Person]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(_lines(people))
    return out.getvalue()


def _lines(people: list[Person]) -> Iterator[tuple[str, ...]]:
    for p in people:
        yield (
            p.external_id,
            p.first_name,
            p.last_name,
            p.email,
            "t" if p.active else "f",
            p.problem,
            _encode(p.roles),
            _encode(p.legacy_ids) if p.legacy_ids else "[]",
        )
