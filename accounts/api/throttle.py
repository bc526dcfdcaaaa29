"""How often one key may ask: so many reads and so many writes a minute, counted for all web servers together."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.cache import cache
from rest_framework.throttling import BaseThrottle

from accounts.api.keys import key

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.views import APIView

WINDOW = 60
READS = {"GET", "HEAD", "OPTIONS"}


class PerKey(BaseThrottle):
    """Counts whole minutes, so that a count is one number and two servers cannot both take the last one."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        """Count this request; False if the minute is full."""
        del view
        kind = "reads" if request.method in READS else "writes"
        minute = int(time.time()) // WINDOW
        name = f"api:{kind}:{key(request).token_id}:{minute}"
        cache.add(name, 0, 2 * WINDOW)
        try:
            count = cache.incr(name)
        except ValueError:
            # The cache forgot it within the same moment; then nothing is full either.
            return True
        return count <= settings.API_A_MINUTE[kind]

    def wait(self) -> float:
        """Seconds until the next minute."""
        return WINDOW - time.time() % WINDOW + 1
