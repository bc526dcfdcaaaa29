"""What measuring needs of a source."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import ClassVar

from django.conf import settings
from django.test.utils import override_settings

from integrations.provider import Provider
from integrations.sandbox.server import SandboxServer


@dataclass(frozen=True)
class There:
    """A sandbox with one district in it: the district's id, and its schools by the ids that are linked."""

    sandbox: SandboxServer
    tenant: str
    schools: list[str]


class Source(ABC):
    """One kind of source. What its pages of people are called ends in `people_path` in every address."""

    kind: ClassVar[str]
    provider: ClassVar[type[Provider]]
    people_path: ClassVar[str] = "/users"

    @abstractmethod
    def environment(self, url: str) -> dict[str, str]:
        """The settings that have SmartPass look for this source there, with the sandbox's own secrets."""

    @abstractmethod
    def fill(self, people: int, schools: int) -> There:
        """A sandbox with a district of this many people. It listens, and need not be asked over HTTP."""

    @abstractmethod
    def rename(self, there: There, position: int) -> None:
        """The person at a position has another first name."""

    @contextmanager
    def filled(self, people: int, schools: int) -> Iterator[There]:
        """As `fill`, and the sandbox is gone at the end."""
        there = self.fill(people, schools)
        try:
            yield there
        finally:
            there.sandbox.stop()

    def reached_at(self, url: str) -> override_settings:
        """While the block runs, all hosts of this source are at one address."""
        return override_settings(SOURCE_HOSTS={self.kind: dict.fromkeys(settings.SOURCE_HOSTS[self.kind], url)})

    def walk(self, tenant: str) -> int:
        """Read a district with the real provider, from wherever the source is just now; how many people there are."""
        return sum(1 for _ in self.open(tenant).people([]))

    def open(self, tenant: str) -> Provider:
        """The real provider, at wherever the source is just now."""
        return self.provider(tenant, settings.SOURCE_HOSTS[self.kind], settings.SOURCE_SECRETS[self.kind])


def source_of(kind: str) -> Source:
    """The source of this kind."""
    found: Source = import_module(f"bench.sources.{kind}.source").SOURCE
    return found
