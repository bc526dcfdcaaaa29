"""A worker process whose memory is watched.

Run as ``python -m bench.worker FOLDER CONNECTION``: loads what a worker loads, syncs the
connection twice from the files of the folder, and prints its own memory as JSON.
"""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path

import django

KILO = 1024


def main(folder: Path, connection_id: int) -> dict[str, int]:
    """Sync twice; give the peak memory before and after, in bytes."""
    django.setup()
    from accounts import tenancy  # noqa: PLC0415  (models need settings)
    from bench import district, pages  # noqa: PLC0415
    from integrations.models import Connection  # noqa: PLC0415
    from smartpass.celery import app  # noqa: PLC0415

    app.loader.import_default_modules()
    listing = pages.opened(folder)
    with tenancy.support():
        connection = Connection.objects.get(pk=connection_id)
    before = peak()
    district.first_load(listing, connection)
    district.quiet_night(listing, connection)
    return {"before": before, "peak": peak()}


def peak() -> int:
    """The most resident memory this process ever had.

    Linux hands getrusage the peak of the process that started us; our own is in /proc.
    """
    status = Path("/proc/self/status")
    if status.exists():
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(lines["VmHWM"].split()[0]) * KILO
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * KILO


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(Path(sys.argv[1]), int(sys.argv[2]))))
