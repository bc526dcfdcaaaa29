"""Measure, print a table, keep the numbers. Exit status 1 if a limit is exceeded."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bench.sources import KINDS
from bench.sources.source import source_of
from smartpass import embedded

if TYPE_CHECKING:
    from bench.measure import Plan

RESULTS = Path(__file__).with_name("results.json")
#: Of this source everything is measured. Pages and memory know nothing of sources: of the others, only the loads are.
WHOLE = "clever"
PEOPLE, ROUNDS, MEMORY = 100_000, 5, (30_000, 300_000)
QUICK_PEOPLE, QUICK_ROUNDS, QUICK_MEMORY = 20_000, 3, (5_000, 30_000)
#: Nobody listens there: what is not answered from files must not leave the machine.
NOWHERE = "http://127.0.0.1:9"


def main(argv: Sequence[str]) -> int:
    """Run everything; 0 if all limits were kept."""
    options = _options(argv)
    # Being told to stop is an exit like any other, so that what was started and made goes away.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("Stopped."))
    with workshop() as folder:
        from bench import measure, report  # noqa: PLC0415  (they read the environment)

        plans = [_plan(kind, folder / kind, options) for kind in options.source]
        found = [measure.pages_alone(plan) if options.pages else measure.everything(plan) for plan in plans]
        print("\n".join(report.table(each) for each in found))
        if options.out:
            before = options.out.read_text() if options.out.exists() else "{}"
            options.out.write_text(report.with_found(before, found))
            print(f"Written to {options.out}")
        return 0 if all(each.kept for each in found) else 1


def _plan(kind: str, folder: Path, options: argparse.Namespace) -> Plan:
    """What is measured of one source."""
    from bench.measure import Plan  # noqa: PLC0415  (reads the environment)

    whole = kind == WHOLE
    memory = options.memory or ((QUICK_MEMORY if options.quick else MEMORY) if whole else ())
    return Plan(kind, folder, options.people, options.rounds, tuple(memory), web=whole)


def _options(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "--source", action="append", choices=KINDS, help="measure this one only, and keep the others' numbers"
    )
    parser.add_argument("--people", type=int, help=f"people in the district ({PEOPLE:,})")
    parser.add_argument("--rounds", type=int, help=f"how often each is measured ({ROUNDS})")
    parser.add_argument(
        "--memory", type=int, nargs=2, metavar="N", help="compare the peak memory at these two sizes, of any source"
    )
    parser.add_argument(
        "--quick", action="store_true", help=f"{QUICK_PEOPLE:,} people, a few rounds: for trying things"
    )
    parser.add_argument("--pages", action="store_true", help="measure the pages only, and keep the other numbers")
    parser.add_argument("--out", type=Path, help="where to keep the numbers (a run of full size: bench/results.json)")
    options = parser.parse_args(argv)
    whole = not (options.quick or options.people or options.rounds or options.memory)
    options.source = options.source or ([WHOLE] if options.pages else list(KINDS))
    options.people = options.people or (QUICK_PEOPLE if options.quick else PEOPLE)
    options.rounds = options.rounds or (QUICK_ROUNDS if options.quick else ROUNDS)
    options.out = options.out or (RESULTS if whole else None)
    return options


@contextmanager
def workshop() -> Iterator[Path]:
    """Give a folder with services of its own that the environment names; nothing of it stays."""
    folder = Path(tempfile.mkdtemp(prefix="smartpass-bench-"))
    # The servers' account must get to its own folder inside.
    folder.chmod(0o711)
    services = folder / "services"
    try:
        with embedded.services(services) as urls:
            os.environ.update(
                urls,
                DJANGO_SETTINGS_MODULE="smartpass.settings",
                SMARTPASS_EMBEDDED="1",
                SMARTPASS_VAR=str(folder / "var"),
                BENCH_DATABASE_URL=embedded.superuser_url(services),
                LOG_LEVEL="WARNING",
            )
            for kind in KINDS:
                os.environ.update(source_of(kind).environment(NOWHERE))
            import django  # noqa: PLC0415  (reads the environment)
            from django.core.management import call_command  # noqa: PLC0415

            django.setup()
            call_command("migrate", database="owner", verbosity=0)
            yield folder
            from django.db import connections  # noqa: PLC0415

            connections.close_all()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
