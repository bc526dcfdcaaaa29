"""A district's own OneRoster server."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from integrations.oneroster.sandbox import OneRosterSandbox
from integrations.oneroster.sandbox.doors import OPEN
from integrations.sandbox.command import Served, WrongDistrict, size_of, told


def add_arguments(parser: ArgumentParser) -> None:
    """The version it speaks and the way in that is told."""
    parser.add_argument("--speaks", choices=sorted(OPEN), default="1.1", help="the version of OneRoster")
    parser.add_argument("--door", choices=OPEN["1.1"], default="", help="the way in whose settings are told")


def serve(options: dict[str, Any]) -> Served:
    """A server with one district; the settings are what somebody types in to connect it."""
    sandbox = OneRosterSandbox(options["port"], options["speaks"])
    try:
        district = sandbox.add_district(**size_of(options))
        settings = sandbox.settings(district, options["door"])
    except ValueError as error:
        sandbox.stop()
        raise WrongDistrict(str(error)) from None
    schools = sum(row["type"] == "school" for row in district.orgs())
    said = told(district.name, district.id, len(district.people()), schools)
    return Served(sandbox, said, {f"ONEROSTER_{name.upper()}": value for name, value in settings.items()})
