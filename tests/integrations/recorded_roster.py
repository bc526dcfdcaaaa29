"""The recorded answers under `recorded/`, served over HTTP, and a provider that reads them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from integrations.http import Client
from integrations.oneroster.client import Server
from integrations.oneroster.doors import Bearer
from integrations.oneroster.roster import OneRosterProvider
from integrations.records import Person
from integrations.sandbox.server import Request, Response, SandboxServer, WrongCommand, as_json

FOLDER = Path(__file__).with_name("recorded")


class Recorded(SandboxServer):
    """A server of one version: each collection whole on its first page, and its users by id."""

    def __init__(self, version: str) -> None:
        """`version` is 1p1 or 1p2."""
        super().__init__()
        names = ("orgs", "users")
        self.rows: dict[str, list[Any]] = {
            name: json.loads((FOLDER / f"{name}-{version}.json").read_text())[name] for name in names
        }

    def answer(self, request: Request) -> Response:
        """A collection, or one user."""
        _, name, *rest = request.path.split("/")
        if not rest:
            return as_json({name: self.rows[name] if request.first("offset", "0") == "0" else []})
        found = [row for row in self.rows["users"] if str(row["sourcedId"]) == rest[0]]
        return as_json({"user": found[0]}) if found else as_json({"error": "Not found"}, 404)

    def edit(self, verb: str, args: dict[str, Any]) -> Any:
        """There is no world."""
        raise WrongCommand(f"{verb} {args}")


class RecordedProvider(OneRosterProvider):
    """Reads such a server."""

    kind = "recorded"
    label = "OneRoster"

    def open(self) -> Server:
        """With any bearer."""
        return Server(Client(self.hosts["api"], self.label), "", Bearer("any"), "shut")


def read_recorded(version: str) -> tuple[dict[str, Person], RecordedProvider]:
    """Everybody in the answers of one version, by id, and the provider after that."""
    with Recorded(version) as server:
        source = RecordedProvider("t", {"api": server.url}, {})
        return {person.external_id: person for person in source.people([])}, source
