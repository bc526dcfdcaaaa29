"""What reading a district costs by itself, with nothing written: from files, and from the sandbox."""

from __future__ import annotations

import time
from dataclasses import dataclass

from bench import pages, processes
from bench.district import clever_at
from bench.pages import Pages
from integrations.clever.sandbox import CleverSandbox


@dataclass(frozen=True)
class Reading:
    """Seconds of one walk from files, from the sandbox in this process, and from the sandbox over HTTP."""

    files: float
    sandbox: float
    over_http: float


def measure(listing: Pages, times: int) -> list[Reading]:
    """Walk the district all three ways in turn, so many times."""
    with pages.sandbox_of(listing.people) as sandbox, processes.sandbox(listing) as url:
        return [
            Reading(
                _from_files(listing),
                _from(sandbox, listing),
                _over_http(listing, url),
            )
            for _ in range(times)
        ]


def _from_files(listing: Pages) -> float:
    with pages.played(listing):
        return _seconds(listing)


def _from(sandbox: CleverSandbox, listing: Pages) -> float:
    with pages.in_place_of_the_network(pages.asked(sandbox)):
        return _seconds(listing)


def _over_http(listing: Pages, url: str) -> float:
    with clever_at(url):
        return _seconds(listing)


def _seconds(listing: Pages) -> float:
    began = time.perf_counter()
    if pages.walk(listing.tenant) != listing.people:
        raise AssertionError("somebody is missing")
    return round(time.perf_counter() - began, 3)
