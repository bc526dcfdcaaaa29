"""What a load balancer asks: is this process alive, and can it reach what it needs."""

from collections.abc import Callable

import structlog
from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

log = structlog.get_logger(__name__)


@require_safe
def alive(request: HttpRequest) -> JsonResponse:
    """Answer 200 as long as this process answers at all; asks nobody."""
    del request
    return JsonResponse({"status": "ok"})


@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """Answer 200 when the database and the cache answer, else 503 with the name of what does not.

    Shows no reason: this address is open to the world, the log has it.
    """
    del request
    checks = {"database": _ask_database, "cache": _ask_cache}
    failed = [name for name, ask in checks.items() if not _answers(name, ask)]
    status = 503 if failed else 200
    return JsonResponse({"status": "failed" if failed else "ok", "failed": failed}, status=status)


def _answers(name: str, ask: Callable[[], object]) -> bool:
    try:
        ask()
    except Exception:  # whatever it is, we are not ready
        log.warning("not_ready", part=name, exc_info=True)
        return False
    return True


def _ask_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _ask_cache() -> None:
    cache.set("readyz", 1, timeout=5)
