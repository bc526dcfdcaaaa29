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
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse

from bench.sources.source import Source
from integrations.sandbox.server import Request, SandboxServer
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
    kind: str
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


def render(source: Source, folder: Path, people: int, *, rename_every: int = 0) -> Pages:
    """Walk a sandbox district of this many people once with the real provider, keeping every answer.

    With `rename_every`, one person in so many has another first name than without.
    """
    folder.mkdir(parents=True)
    answers: dict[str, Answer] = {}
    with source.filled(people, school_count(people)) as there:
        for position in range(0, people if rename_every else 0, rename_every or 1):
            source.rename(there, position)
        with in_place_of_the_network(_kept(asked(there.sandbox), folder, answers, source.people_path)):
            found = source.walk(there.tenant)
    if found != people:
        message = f"the sandbox was asked for {people} people and gave {found}"
        raise AssertionError(message)
    rendered = Pages(folder, source.kind, people, there.tenant, there.schools, answers)
    (folder / INDEX).write_text(json.dumps(asdict(rendered), default=str))
    return rendered


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


def asked(sandbox: SandboxServer) -> Network:
    """What the sandbox answers, without a socket in between."""

    def answer(request: requests.PreparedRequest) -> HTTPResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        response = sandbox.handle(Request(request.method or "GET", request.headers[TARGET], headers, b""))
        said = {"Content-Type": response.kind, **response.headers}
        return HTTPResponse(body=io.BytesIO(response.body), headers=said, status=response.status, preload_content=False)

    return answer


def _kept(network: Network, folder: Path, answers: dict[str, Answer], people_path: str) -> Network:
    """As `network`, and each answer is written into the folder."""

    def answer(request: requests.PreparedRequest) -> HTTPResponse:
        target = request.headers[TARGET]
        response = network(request)
        if target not in answers:
            what = "users" if urlsplit(target).path.endswith(people_path) else "other"
            kept = Answer(response.status, dict(response.headers), f"{what}-{len(answers):05d}.json")
            (folder / kept.file).write_bytes(response.data)
            answers[target] = kept
        return _opened(folder, answers[target])

    return answer


def _opened(folder: Path, kept: Answer) -> HTTPResponse:
    body = (folder / kept.file).open("rb")
    return HTTPResponse(body=body, headers=kept.headers, status=kept.status, preload_content=False)
