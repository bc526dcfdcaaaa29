"""What is special about a source: its sandbox, how it is read in small pages, and what happens in its districts."""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, ClassVar
from unittest.mock import patch

from django.test import override_settings

from integrations.classlink.provider import ClassLinkProvider
from integrations.classlink.sandbox import ClassLinkSandbox, Tenant
from integrations.clever.provider import CleverProvider
from integrations.clever.sandbox import CleverSandbox, District as CleverDistrict
from integrations.http import Limits
from integrations.provider import Provider
from integrations.records import Person

#: Under which a night of lies is short: what drips is left after a quarter of a second.
HASTY = Limits(connect=1.0, read=0.2, answer=0.25, attempts=2, pause=90.0, pauses=2)
#: Under which a slow machine is no lie.
PATIENT = Limits(connect=10.0, read=30.0, answer=60.0, attempts=3, pause=90.0, pauses=2)
PEOPLE, SCHOOLS = 36, 4


class There(ABC):
    """One district at its source: who is in it, and what happens there by day."""

    tenant: str
    #: The ids of its schools; the last one is shared and not linked.
    places: list[str]

    def __init__(self, source: Source) -> None:
        self.source = source

    def people(self) -> dict[str, Person]:
        """Everybody as the source has them now, by id, past any wire."""
        with self.source.reached_at(self.source.url, PATIENT):
            return {person.external_id: person for person in self.source.provider(self.tenant).people([])}

    @abstractmethod
    def join(self, number: int, place: str, *, first: bool) -> None:
        """A new student at a place, named by a number: the first one of the listing, or at its end."""

    @abstractmethod
    def rename(self, who: str, first: str) -> None:
        """Somebody has another first name."""

    @abstractmethod
    def move(self, who: str, place: str) -> None:
        """A student changes to another school."""


class Source(ABC):
    """A source with districts of 36 people in four schools, read a few at a time."""

    kind: ClassVar[str]
    url: str

    @abstractmethod
    def district(self, seed: int) -> There:
        """Another district."""

    @abstractmethod
    def hosts(self, url: str) -> dict[str, str]:
        """The hosts by name, all of them at this address."""

    @abstractmethod
    def provider(self, tenant: str) -> Provider:
        """What reads a district at the true source."""

    @abstractmethod
    def secrets(self) -> Mapping[str, str]:
        """Our vendor's own."""

    #: The provider's class, and the attributes that make its pages small.
    reads: ClassVar[type[Any]]
    small: ClassVar[dict[str, Any]]

    @contextmanager
    def reached_at(self, url: str, limits: Limits) -> Iterator[None]:
        """While the block runs, SmartPass finds this source there, has these limits, and naps for no time."""
        with ExitStack() as stack:
            stack.enter_context(
                override_settings(SOURCE_HOSTS={self.kind: self.hosts(url)}, SOURCE_SECRETS={self.kind: self.secrets()})
            )
            changed = {"limits": limits, "sleep": staticmethod(lambda _: None), **self.small}
            stack.enter_context(patch.multiple(self.reads, **changed))
            yield


class Clever(Source):
    """Clever's sandbox."""

    kind = "clever"
    reads = CleverProvider
    small: ClassVar = {"page_size": 9}

    def __init__(self, sandbox: CleverSandbox) -> None:
        self.sandbox = sandbox
        self.url = sandbox.url

    def district(self, seed: int) -> There:
        """A district whose ids are made from the seed."""
        return CleverThere(self, self.sandbox.add_district(PEOPLE, schools=SCHOOLS, seed=seed))

    def hosts(self, url: str) -> dict[str, str]:
        """Both at one address."""
        return {"api": url, "auth": url}

    def secrets(self) -> Mapping[str, str]:
        """The app's registration."""
        return self.sandbox.secrets()

    def provider(self, tenant: str) -> Provider:
        """Clever's."""
        return CleverProvider(tenant, self.hosts(self.url), self.secrets())


class CleverThere(There):
    """A district of Clever's sandbox."""

    def __init__(self, source: Clever, district: CleverDistrict) -> None:
        super().__init__(source)
        self._world = source.sandbox.world(district)
        self.tenant = district.id
        self.places = [str(row["id"]) for row in district.schools()]

    def join(self, number: int, place: str, *, first: bool) -> None:
        """Clever: new ids are the highest; one that sorts first moves every page behind it."""
        student = {"school": place, "schools": [place], "grade": "9", "student_number": f"N{number}"}
        name = {"first": f"New{number}", "last": "Comer"}
        row = {"name": name, "email": f"new{number}@{self.tenant}.example", "roles": {"student": student}}
        # Above all others stands 70…, below them 60….
        key = f"{'60' if first else '70'}{self.tenant[2:8]}{number:016x}"
        self._world.put_user({"id": key, "district": self.tenant, **row})

    def rename(self, who: str, first: str) -> None:
        """In the SIS."""
        self._world.rename_user(who, first=first)

    def move(self, who: str, place: str) -> None:
        """Every role of theirs."""
        self._world.move_user(who, place)


@contextmanager
def clever() -> Iterator[Source]:
    """A Clever without districts."""
    with CleverSandbox() as sandbox:
        yield Clever(sandbox)


class ClassLink(Source):
    """ClassLink's sandbox, whose districts all use the same ids."""

    kind = "classlink"
    reads = ClassLinkProvider
    small: ClassVar = {"page_size": 9}

    def __init__(self, sandbox: ClassLinkSandbox) -> None:
        self.sandbox = sandbox
        self.url = sandbox.url

    def district(self, seed: int) -> There:
        """A tenant whose people are made from the seed."""
        return ClassLinkThere(self, self.sandbox.add_district(PEOPLE, schools=SCHOOLS, seed=seed))

    def hosts(self, url: str) -> dict[str, str]:
        """All at one address."""
        return {"api": url, "auth": url, "info": url}

    def secrets(self) -> Mapping[str, str]:
        """The partner key."""
        return self.sandbox.secrets()

    def provider(self, tenant: str) -> Provider:
        """ClassLink's."""
        return ClassLinkProvider(tenant, self.hosts(self.url), self.secrets())


class ClassLinkThere(There):
    """A district of ClassLink's sandbox."""

    def __init__(self, source: ClassLink, tenant: Tenant) -> None:
        super().__init__(source)
        self._world = source.sandbox.world(tenant)
        self.tenant = str(tenant.tenant_id)
        self.places = sorted(key for key, org in tenant.orgs_by_id.items() if org["type"] == "school")

    def join(self, number: int, place: str, *, first: bool) -> None:
        """Ids are texts in their order: a mark stands before digits, letters behind them."""
        key = f"{'!' if first else 'N'}{number:04}"
        fields = {"givenName": f"New{number}", "familyName": "Comer", "email": f"new{number}@{self.tenant}.example"}
        self._world.put_user(key, {**fields, "roles": [{"role": "student", "org": place}], "grades": ["09"]})

    def rename(self, who: str, first: str) -> None:
        """In the SIS."""
        self._world.rename_user(who, first=first)

    def move(self, who: str, place: str) -> None:
        """Every role of theirs."""
        self._world.move_user(who, place)


@contextmanager
def classlink() -> Iterator[Source]:
    """A ClassLink without districts."""
    with ClassLinkSandbox() as sandbox:
        yield ClassLink(sandbox)


def day(there: There, draw: random.Random, number: int, settled: list[str]) -> None:
    """What happens between two evenings: one or two come, some have another name, one changes school; nobody leaves.

    `settled` are students who can still move: nobody moves twice, so that whoever missed an
    evening ends where everybody ends.
    """
    linked = there.places[:-1]
    for each in range(draw.randint(1, 2)):
        there.join(number * 10 + each, draw.choice(linked), first=draw.random() < 0.3)
    people = there.people()
    for who in draw.sample(sorted(people), 2):
        there.rename(who, f"Name{number}")
    if settled and draw.random() < 0.7:
        who = settled.pop(draw.randrange(len(settled)))
        there.move(who, draw.choice([place for place in linked if place != people[who].roles[0].place]))


def movable(there: There) -> list[str]:
    """Students of one linked school, who may move."""
    linked = there.places[:-1]
    return sorted(
        key
        for key, person in there.people().items()
        if [role.word for role in person.roles] == ["student"] and person.roles[0].place in linked
    )
