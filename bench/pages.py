"""The source's answers as files: rendered once by the sandbox, played back as often as needed.

Both happen behind the product's own HTTP layer, in the place of the network. What is kept is
what the provider asked for itself, with its own page size, byte for byte.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

import requests
from django.conf import settings
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse

from integrations.clever.provider import CleverProvider
from integrations.clever.sandbox import CleverSandbox
from integrations.sandbox.server import Request
from integrations.transport import TARGET

INDEX = "index.json"
PEOPLE_PER_SCHOOL = 1_000


Network = Callable[[requests.PreparedRequest], HTTPResponse]


@dataclass(frozen=True)
class Answer:
    """One answer of the source, its body in a file."""

    status: int
    headers: dict[str, str]
    file: str


@dataclass(frozen=True)
class Pages:
    """A district's answers in a folder, by what was asked."""

    folder: Path
    people: int
    tenant: str
    schools: list[str]
    answers: dict[str, Answer]

    @property
    def listing(self) -> list[Path]:
        """The pages of people, in order."""
        return sorted(self.folder.glob("users-*.json"))

    @property
    def bytes(self) -> int:
        """The size of the pages of people."""
        return sum(page.stat().st_size for page in self.listing)


def render(folder: Path, people: int, *, rename_every: int = 0) -> Pages:
    """Walk a sandbox district of this many people once with the real provider, keeping every answer.

    With `rename_every`, one person in so many has another first name than without.
    """
    folder.mkdir()
    answers: dict[str, Answer] = {}
    with sandbox_of(people) as sandbox:
        (district,) = sandbox.districts.values()
        for index in range(0, people if rename_every else 0, rename_every or 1):
            sandbox.world(district).rename_user(district.roster.id_at(index), first="Renamed")
        with in_place_of_the_network(_kept(asked(sandbox), folder, answers)):
            found = walk(district.id)
        if found != people:
            message = f"the sandbox was asked for {people} people and gave {found}"
            raise AssertionError(message)
        rendered = Pages(folder, people, district.id, [str(row["id"]) for row in district.schools()], answers)
    (folder / INDEX).write_text(json.dumps(asdict(rendered), default=str))
    return rendered


@contextmanager
def sandbox_of(people: int) -> Iterator[CleverSandbox]:
    """A sandbox with one district of this many people, which need not be asked over HTTP."""
    sandbox = CleverSandbox()
    try:
        sandbox.add_district(people, schools=school_count(people))
        yield sandbox
    finally:
        sandbox.stop()


def walk(tenant: str) -> int:
    """Read a district with the real provider, from wherever Clever is just now; how many people there are."""
    provider = CleverProvider(tenant, settings.SOURCE_HOSTS["clever"], settings.SOURCE_SECRETS["clever"])
    return sum(1 for _ in provider.people([]))


def school_count(people: int) -> int:
    """How many schools a district of this size has."""
    return max(3, people // PEOPLE_PER_SCHOOL)


def opened(folder: Path) -> Pages:
    """What `render` left in a folder."""
    kept: dict[str, Any] = json.loads((folder / INDEX).read_text())
    answers = {target: Answer(**answer) for target, answer in kept.pop("answers").items()}
    return Pages(**{**kept, "folder": folder, "answers": answers})


@contextmanager
def played(pages: Pages) -> Iterator[None]:
    """Every request of the product inside is answered from these files."""
    with in_place_of_the_network(lambda request: _opened(pages.folder, pages.answers[request.headers[TARGET]])):
        yield


@contextmanager
def in_place_of_the_network(answer: Network) -> Iterator[None]:
    """Give the product's HTTP layer an adapter that asks `answer`; all else is the real one."""

    class InProcess(HTTPAdapter):
        def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
            return self.build_response(request, answer(request))

    with patch("integrations.http.Adapter", InProcess):
        yield


def asked(sandbox: CleverSandbox) -> Network:
    """What the sandbox answers, without a socket in between."""

    def answer(request: requests.PreparedRequest) -> HTTPResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        response = sandbox.handle(Request(request.method or "GET", request.headers[TARGET], headers, b""))
        said = {"Content-Type": response.kind, **response.headers}
        return HTTPResponse(body=io.BytesIO(response.body), headers=said, status=response.status, preload_content=False)

    return answer


def _kept(network: Network, folder: Path, answers: dict[str, Answer]) -> Network:
    """As `network`, and each answer is written into the folder."""

    def answer(request: requests.PreparedRequest) -> HTTPResponse:
        target = request.headers[TARGET]
        response = network(request)
        if target not in answers:
            kind = "users" if urlsplit(target).path.endswith("/users") else "other"
            kept = Answer(response.status, dict(response.headers), f"{kind}-{len(answers):05d}.json")
            (folder / kept.file).write_bytes(response.data)
            answers[target] = kept
        return _opened(folder, answers[target])

    return answer


def _opened(folder: Path, kept: Answer) -> HTTPResponse:
    body = (folder / kept.file).open("rb")
    return HTTPResponse(body=body, headers=kept.headers, status=kept.status, preload_content=False)
