"""How much memory a worker takes at its peak, for a small district and a large one."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass

from bench import district
from bench.pages import Pages
from bench.processes import ROOT


@dataclass(frozen=True)
class Peak:
    """The resident memory of one worker, in bytes: before it began, and at its peak."""

    people: int
    before: int
    bytes: int


def measure(pages: Pages) -> Peak:
    """Sync a fresh district of these pages twice, in a worker process of its own."""
    connection = district.fresh_connection(pages, f"of {pages.people:,} for memory")
    command = [sys.executable, "-m", "bench.worker", str(pages.folder), str(connection.pk)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603  (our own words)
    if done.returncode:
        raise AssertionError(done.stderr)
    said = json.loads(done.stdout)
    return Peak(pages.people, said["before"], said["peak"])
