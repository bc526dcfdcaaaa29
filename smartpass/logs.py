"""How the product logs: one line per event, ids on every line, no secret on any.

Secrets are kept out where lines are made, by not logging them; nothing here filters them.
"""

import sys
from typing import Any

import structlog
from django.http import HttpRequest
from django_structlog.middlewares import RequestMiddleware
from structlog.typing import Processor


class RequestLog(RequestMiddleware):
    """django-structlog's request lines, without the query string.

    A sign-in comes back with its code and state in the query, and a search has names in it.
    """

    @staticmethod
    def format_request(request: HttpRequest) -> str:
        """Say the method and the path only."""
        return f"{request.method} {request.path}"


def processors() -> list[Processor]:
    """Give what every line passes through, ours or a library's."""
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]


def configure(*, level: str, as_json: bool) -> dict[str, Any]:
    """Set structlog up and give Django's LOGGING: JSON for machines, plain lines for people."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *processors(),
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": _formatter, "as_json": as_json}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            # Django gives these handlers of their own, which would print each line twice.
            "django": {"handlers": [], "level": level, "propagate": True},
            "django.server": {"handlers": [], "level": "WARNING", "propagate": True},
            # django-structlog says the same, with the ids.
            "celery.worker.strategy": {"level": "WARNING"},
            "celery.app.trace": {"level": "WARNING"},
            # urllib3 names whole addresses, with their query, at DEBUG.
            "urllib3": {"level": "WARNING"},
        },
    }


def _formatter(*, as_json: bool) -> structlog.stdlib.ProcessorFormatter:
    # Neither renderer shows the local variables of a traceback: a token may be among them.
    renderers: list[Processor] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()] if as_json else [_plain()]
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=processors(),
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderers],
    )


def _plain() -> structlog.dev.ConsoleRenderer:
    return structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(),
        exception_formatter=structlog.dev.plain_traceback,
    )
