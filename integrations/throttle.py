"""How long to wait before asking again, in seconds, read from what a source answered."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC
from email.utils import parsedate_to_datetime

FIRST_PAUSE = 0.5


def growing_pause(failures: int) -> float:
    """0.5, 1, 2, 4 … seconds, up to half as much again so that workers do not march in step."""
    return float(FIRST_PAUSE * 2 ** (failures - 1) * random.uniform(1.0, 1.5))  # noqa: S311  it keeps workers apart and guards nothing


def retry_after(headers: Mapping[str, str], now: float | None = None) -> float:
    """The seconds a `Retry-After` header asks for (a number or a date); 0 when it says nothing."""
    value = headers.get("Retry-After", "").strip()
    if value.isdecimal() and len(value) < 10:
        return float(value)
    with suppress(ValueError, TypeError):
        when = parsedate_to_datetime(value)
        when = when if when.tzinfo else when.replace(tzinfo=UTC)
        return max(0.0, when.timestamp() - _clock(headers, now))
    return 0.0


def rate_limit_pause(headers: Mapping[str, str], pauses: int, now: float | None = None) -> float:
    """How long a 429 asks us to wait.

    Clever: no `Retry-After`; `X-RateLimit-Reset` is in Unix seconds, and several buckets
    come as comma-separated lists. Only buckets with nothing left count, all of them when
    that is not said. A reset that lies in the past or cannot be read falls back to a
    growing pause.
    """
    asked = retry_after(headers, now)
    if asked:
        return asked
    resets = _numbers(headers.get("X-RateLimit-Reset", ""))
    left = _numbers(headers.get("X-RateLimit-Remaining", ""))
    if len(left) == len(resets) and 0 in left:
        resets = [reset for reset, rest in zip(resets, left, strict=True) if rest == 0]
    wait = max(resets, default=0) - _clock(headers, now)
    return wait if wait > 0 else growing_pause(pauses)


def _clock(headers: Mapping[str, str], now: float | None) -> float:
    """The source's own time where it says it: its reset is told by its clock, not by ours."""
    with suppress(ValueError, TypeError):
        return parsedate_to_datetime(headers.get("Date", "")).timestamp()
    return time.time() if now is None else now


def _numbers(text: str) -> list[int]:
    parts = [part.strip() for part in text.split(",")]
    return [int(part) for part in parts if part.isdecimal() and len(part) < 16]
