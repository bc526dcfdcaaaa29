"""Clever's server side."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from integrations.clever.sandbox import CleverSandbox
from integrations.sandbox.command import Served, WrongDistrict, size_of, told


def add_arguments(parser: ArgumentParser) -> None:
    """A capture instead of an invented district, and the app's registration."""
    parser.add_argument("--data", type=Path, metavar="DIR", help="a capture: users, sections, districts .json")
    parser.add_argument("--client-id", default="sandbox-client")
    parser.add_argument("--client-secret", default="sandbox-secret")
    parser.add_argument("--redirect-uri", action="append", default=[], help="the first one is the primary")


def serve(options: dict[str, Any]) -> Served:
    """A Clever with one district."""
    sandbox = CleverSandbox(options["port"], options["client_id"], options["client_secret"])
    sandbox.identity.redirect_uris = options["redirect_uri"]
    try:
        district = sandbox.add_capture(options["data"]) if options["data"] else sandbox.add_district(**size_of(options))
    except (OSError, ValueError, LookupError, TypeError) as error:
        sandbox.stop()
        raise WrongDistrict(f"{type(error).__name__}: {error}") from None
    name = str(district.row.get("name"))
    said = told(name, district.id, district.shared_count(), len(district.schools()))
    return Served(sandbox, said, sandbox.environment())
