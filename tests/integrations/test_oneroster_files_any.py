"""Files that hold anything at all, and files that are large."""

from __future__ import annotations

import tracemalloc
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings, strategies as st

from integrations.oneroster_files.provider import OneRosterFilesProvider
from integrations.provider import SourceError
from integrations.records import Person, Place
from tests.integrations.exports import Export, invented, lincoln

#: What tears a CSV file, or its header, or a reader.
SPLINTERS = [
    b'"',
    b",",
    b";",
    b"\r\n",
    b"\n",
    b"\r",
    b"\0",
    b"\xff",
    b"0012",
    b"status",
    b"\xef\xbb\xbf",
    b"active",
    b"1,2",
]
CHANGE = st.tuples(st.floats(0, 1), st.integers(0, 40), st.sampled_from(SPLINTERS) | st.binary(max_size=6))
NAMES = ("users.csv", "orgs.csv", "roles.csv", "manifest.csv")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(NAMES), version=st.sampled_from(["1.0", "1.1", "1.2"]), changes=st.lists(CHANGE, max_size=4)
)
@example(name="users.csv", version="1.1", changes=[(0.5, 0, b'"'), (0.9, 0, b'"')])
def test_any_file_is_read_or_refused_in_our_words(
    name: str, version: str, changes: list[tuple[float, int, bytes]], tmp_path: Path
) -> None:
    """Whoever is told of has an id of their own, and every row is accounted for: the engine relies on both."""
    export = lincoln(tmp_path, version)
    content = export.files().get(name, b"")
    for where, cut, put in changes:
        at = int(where * len(content))
        content = content[:at] + put + content[at + cut :]
    export.over[name] = content
    source = export.write().open()
    if not (told := _told(source)):
        return
    people, places = told
    known = [person.external_id for person in people if person.external_id]
    assert len(known) == len(set(known))
    assert source.receipt.rows - source.receipt.ignored == len(people)
    assert source.receipt.announced == source.receipt.rows
    assert {place.external_id for place in places} == set(source.receipt.places)


def _told(source: OneRosterFilesProvider) -> tuple[list[Person], list[Place]] | None:
    """What a source tells; None where it refuses to, in words of its own."""
    try:
        return list(source.people([])), source.places()
    except SourceError as problem:
        refused = str(problem)
    assert refused.startswith("OneRoster files: ")
    return None


def peak(export: Export) -> int:
    """The most memory that reading takes, in bytes, beyond what was there."""
    export.write()
    export.users, export.roles = [], []
    source = export.open()
    tracemalloc.start()
    try:
        for _ in source.people([]):
            pass
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_memory_is_flat(version: str, tmp_path: Path) -> None:
    small = peak(invented(tmp_path / "small", 400, version=version))
    large = peak(invented(tmp_path / "large", 4_000, version=version))
    assert large < 1.3 * small


def test_nobody_waits_in_memory_for_the_end(tmp_path: Path) -> None:
    """The first is told of when a page has been read, however long the file is."""
    pages: list[int] = []
    source = invented(tmp_path, 1_000).write().open(page_size=100, turned=staticmethod(lambda: pages.append(1)))
    list(islice(source.people([]), 1))
    assert len(pages) == 10 + 1
