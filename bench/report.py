"""The numbers as a table for people and as JSON for keeping."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

from django.db import connection

from bench.measure import FIRST, LIMITS, MEMORY_LIMIT, Found

MEGA = 1_000_000
PACKAGES = ("django", "psycopg2-binary", "requests", "urllib3", "celery")
#: Each column of the table: a word and, for numbers, how they stand under it.
LINE = "{:<44}{:>12}{:>12}{:>9}{:>9}  {}"


def table(found: Found) -> str:
    """What was measured against what it may be, and where the seconds went."""
    return "\n".join(["", *(_loads(found) if found.runs else []), *_pages(found), ""])


def _loads(found: Found) -> list[str]:
    label, floor = found.plan.source.provider.label, f"{found.floor:.2f} s"
    heading = f"{label}: {found.plan.people:,} people, medians"
    lines = [LINE.format(heading, "floor", "SmartPass", "ratio", "limit", "")]
    for name in found.runs:
        most, ratio = LIMITS.get(name), found.ratio(name)
        verdict = "" if most is None else _verdict(ratio, most)
        limit = "" if most is None else f"{most:.1f}"
        lines.append(LINE.format(name, floor, f"{found.seconds(name):.2f} s", f"{ratio:.2f}", limit, verdict))
    return [*lines, *_peaks(found), "", *_steps(found), "", _reading(found), ""]


def _peaks(found: Found) -> list[str]:
    """What a small district and a large one take of memory, where that was measured."""
    if not found.peaks:
        return []
    small, large = found.peaks[0], found.peaks[-1]
    name = f"peak memory, {small.people:,} and {large.people:,} people"
    sizes = [f"{peak.bytes / MEGA:.0f} MB" for peak in (small, large)]
    ratio = found.memory_ratio
    return [LINE.format(name, *sizes, f"{ratio:.2f}", f"{MEMORY_LIMIT:.1f}", _verdict(ratio, MEMORY_LIMIT))]


def with_found(before: str, found: Sequence[Found]) -> str:
    """What was kept before, by source, with all that was measured now in its place."""
    kept: dict[str, Any] = json.loads(before)
    for each in found:
        entry = {**kept.get(each.plan.kind, {}), **_measured(each)}
        kept[each.plan.kind] = {**entry, "kept": _is_kept(entry)}
    return json.dumps(kept, indent=2) + "\n"


def _measured(found: Found) -> dict[str, Any]:
    """Everything that was measured of one source, and nothing that was not."""
    now = datetime.now(UTC).isoformat(timespec="minutes")
    parts: dict[str, Any] = {"people": found.plan.people}
    if found.runs:
        parts |= {
            "measured": now,
            "machine": machine(),
            "versions": versions(),
            "pages": {"count": len(found.listing.listing), "bytes": found.listing.bytes},
            "floor": {"median": found.floor, "each": [asdict(floor) for floor in found.floors]},
            "runs": {name: _run(found, name) for name in found.runs},
            "reading": _apart(found),
        }
    if found.peaks:
        each = [asdict(peak) for peak in found.peaks]
        parts["memory"] = {"ratio": round(found.memory_ratio, 3), "limit": MEMORY_LIMIT, "each": each}
    if found.waited:
        parts["web"] = {"measured": now, "pages": _web(found)}
    return parts


def _is_kept(entry: dict[str, Any]) -> bool:
    """Whether every limit is kept by what stands in one source's numbers."""
    pairs = [(run["ratio"], run["limit"]) for run in entry.get("runs", {}).values()]
    pairs += [(memory["ratio"], memory["limit"]) for memory in (entry.get("memory"),) if memory]
    pairs += [(page["p95_ms"], page["limit_ms"]) for page in entry.get("web", {}).get("pages", {}).values()]
    return all(most is None or found <= most for found, most in pairs)


def machine() -> dict[str, Any]:
    """What it was measured on."""
    info = Path("/proc/cpuinfo")
    models = [line for line in info.read_text().splitlines() if line.startswith("model name")] if info.exists() else []
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "system": platform.platform(),
        "processor": models[0].partition(":")[2].strip() if models else platform.processor(),
        "cores": os.cpu_count(),
        "memory_gb": round(memory / 1e9, 1),
    }


def versions() -> dict[str, str]:
    """What it was measured with."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version'), current_setting('shared_buffers')")
        server, buffers = cursor.fetchone()
    packages = {name: version(name) for name in PACKAGES}
    return {"python": platform.python_version(), "postgresql": server, "shared_buffers": buffers, **packages}


def _run(found: Found, name: str) -> dict[str, Any]:
    return {
        "median": round(found.seconds(name), 3),
        "ratio": round(found.ratio(name), 3),
        "limit": LIMITS.get(name),
        "each": [run.seconds for run in found.runs[name]],
        "changes": found.runs[name][0].changes,
        "steps": found.steps(name),
    }


def _steps(found: Found) -> list[str]:
    """The seconds of each step, kind of run by kind of run; the rest is the report and the lease."""
    steps = list(found.steps(FIRST))
    lines = ["Seconds in each step".ljust(30) + "".join(f"{step:>9}" for step in [*steps, "rest"])]
    for name in found.runs:
        spent = found.steps(name)
        seconds = [*(spent.get(step, 0.0) for step in steps), found.seconds(name) - sum(spent.values())]
        lines.append(name.ljust(30) + "".join(f"{each:>9.2f}" for each in seconds))
    return lines


def _pages(found: Found) -> list[str]:
    """What people wait for, in milliseconds, where that was measured."""
    if not found.waited:
        return []
    lines = [LINE.format(f"{found.plan.people:,} people, milliseconds", "requests", "median", "p95", "limit", "")]
    for each in found.waited:
        limit = "" if each.limit is None else f"{each.limit:.0f}"
        verdict = "" if each.limit is None else _verdict(each.p95, each.limit)
        numbers = (len(each.each), f"{each.median:.0f}", f"{each.p95:.0f}", limit, verdict)
        lines.append(LINE.format(each.name, *numbers))
    return lines


def _web(found: Found) -> dict[str, Any]:
    return {
        each.name: {
            "requests": len(each.each),
            "median_ms": round(each.median, 1),
            "p95_ms": round(each.p95, 1),
            "worst_ms": max(each.each),
            "limit_ms": each.limit,
        }
        for each in found.waited
    }


def _reading(found: Found) -> str:
    """What HTTP and the sandbox add to reading from files."""
    apart = _apart(found)
    return (
        f"Reading alone, nothing written: {apart['files']:.2f} s from files; HTTP adds {apart['http']:.2f} s "
        f"and the sandbox {apart['sandbox']:.2f} s by making its answers."
    )


def _apart(found: Found) -> dict[str, float]:
    files = median(each.files for each in found.readings)
    http = median(each.over_http - each.files for each in found.readings)
    sandbox = median(each.sandbox - each.over_http for each in found.readings)
    return {"files": round(files, 3), "http": round(http, 3), "sandbox": round(sandbox, 3)}


def _verdict(ratio: float, most: float) -> str:
    return "ok" if ratio <= most else "OVER"
