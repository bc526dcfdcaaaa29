"""What reading a district costs by itself, with nothing written: without HTTP, over HTTP, from the sandbox."""

from __future__ import annotations

import time
from dataclasses import dataclass

from bench import pages, processes
from bench.pages import Pages
from bench.sources.source import source_of


@dataclass(frozen=True)
class Reading:
    """Seconds of one walk: from files in place of the network, from the same files over HTTP, from the sandbox."""

    files: float
    over_http: float
    sandbox: float


def measure(listing: Pages, times: int) -> list[Reading]:
    """Walk the district all three ways in turn, so many times."""
    with processes.files(listing) as files, processes.sandbox(listing) as sandbox:
        return [
            Reading(_in_place_of_the_network(listing), _over_http(listing, files), _over_http(listing, sandbox))
            for _ in range(times)
        ]


def _in_place_of_the_network(listing: Pages) -> float:
    with pages.played(listing):
        return _seconds(listing)


def _over_http(listing: Pages, url: str) -> float:
    with source_of(listing.kind).reached_at(url):
        return _seconds(listing)


def _seconds(listing: Pages) -> float:
    began = time.perf_counter()
    if source_of(listing.kind).walk(listing.tenant) != listing.people:
        raise AssertionError("somebody is missing")
    return round(time.perf_counter() - began, 3)
