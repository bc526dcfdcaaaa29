"""Google's sign-in pages and its Directory API."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from integrations.google.sandbox import GoogleSandbox
from integrations.sandbox.command import Served, WrongDistrict, count


def add_arguments(parser: ArgumentParser) -> None:
    """Our registration, and how many units there are."""
    parser.add_argument("--ous", type=count, default=None, help="so many organizational units, the sample's by default")
    parser.add_argument("--client-id", default="sandbox-client")
    parser.add_argument("--client-secret", default="sandbox-secret")
    parser.add_argument("--redirect-uri", action="append", default=[], help="where Google may send people back to")


def serve(options: dict[str, Any]) -> Served:
    """A Google with one customer of the size asked for; schools and guardians are nothing that Google knows."""
    sandbox = GoogleSandbox(options["port"], options["client_id"], options["client_secret"])
    sandbox.redirect_uris.extend(options["redirect_uri"])
    try:
        customer = sandbox.add_customer(options["people"], options["seed"], options["ous"], odd=options["oddities"])
    except ValueError as error:
        sandbox.stop()
        raise WrongDistrict(str(error)) from None
    size = f"{options['people']} people in {len(customer.units)} units"
    return Served(sandbox, f"{customer.name} ({customer.domain}): {size}", sandbox.environment())
