"""Clever's rate limit: a fixed window of a minute for each token, told in every answer's headers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from integrations.sandbox.server import Response

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Clever: requests per minute and bearer token.
PER_WINDOW = 1200


class Windows:
    """How much each token has used of its current window."""

    def __init__(self) -> None:
        """Nothing used."""
        self._used: dict[str, tuple[int, int]] = {}

    def headers(self, token: str, now: float, faults: Mapping[str, Any]) -> tuple[dict[str, str], bool]:
        """The four headers for one more request with `token`, and whether it is one too many."""
        limit = int(faults.get("rate_limit", PER_WINDOW))
        seconds = int(faults.get("rate_window", 60))
        window = int(now) // seconds
        begun, used = self._used.get(token, (window, 0))
        used = used + 1 if begun == window else 1
        self._used[token] = (window, used)
        reset = (window + 1) * seconds
        if "rate_reset_in" in faults:
            reset = int(now) + int(faults["rate_reset_in"])
        values = {"Limit": limit, "Remaining": max(0, limit - used), "Reset": reset, "Bucket": "token"}
        told = {f"X-RateLimit-{name}": str(value) for name, value in values.items()}
        if "rate_bucket" in faults:
            other = {"Limit": faults["rate_bucket"], "Remaining": faults["rate_bucket"], "Reset": reset + 30}
            beside = {"Bucket": "app", **other}
            told = {f"X-Ratelimit-{name}": f"{value}, {beside[name]}" for name, value in values.items()}
        return told, used > limit


def too_many() -> Response:
    """Clever: 429 has an empty body."""
    return Response(429)
