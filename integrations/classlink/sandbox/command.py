"""ClassLink Roster Server, with its listing of districts and its sign-in pages."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from integrations.classlink.sandbox import ClassLinkSandbox
from integrations.sandbox.command import Served, WrongDistrict, count, size_of, told


def add_arguments(parser: ArgumentParser) -> None:
    """Our registration, and how many more districts there are."""
    parser.add_argument("--districts", type=count, default=0, help="so many small districts beside the one")
    parser.add_argument("--partner-key", default="sandbox-partner-key")
    parser.add_argument("--client-id", default="sandbox-client")
    parser.add_argument("--client-secret", default="sandbox-secret")
    parser.add_argument("--redirect-uri", action="append", default=[], help="the first one is the tile's")


def serve(options: dict[str, Any]) -> Served:
    """A ClassLink with one district of the size asked for, and perhaps more."""
    registered = (options["partner_key"], options["client_id"], options["client_secret"])
    sandbox = ClassLinkSandbox(options["port"], *registered)
    sandbox.identity.redirect_uris = options["redirect_uri"]
    try:
        tenant = sandbox.add_district(**size_of(options))
        sandbox.add_districts(options["districts"])
    except ValueError as error:
        sandbox.stop()
        raise WrongDistrict(str(error)) from None
    schools = sum(row["type"] == "school" for row in tenant.orgs())
    said = told(tenant.name, f"tenant {tenant.tenant_id}", len(tenant.people()), schools)
    return Served(sandbox, said, sandbox.environment())
