"""What the stories of nights share: sources on loopback, a district with a neighbour, no real naps."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from pytest_django import Settings

from accounts.models import District
from integrations import registry
from integrations.classlink.provider import ClassLinkProvider
from integrations.classlink.sandbox import ClassLinkSandbox
from integrations.clever.provider import CleverProvider
from integrations.clever.sandbox import CleverSandbox
from integrations.google.provider import GoogleProvider
from integrations.google.sandbox import GoogleSandbox
from integrations.http import Limits
from tests.rostering.classlink import ClassLinkStory
from tests.rostering.gsuite import GoogleStory
from tests.rostering.stories import Story, everything_of, neighbour

#: Limits under which a source that does not answer is given up soon.
IMPATIENT = Limits(connect=2.0, read=2.0, answer=5.0, attempts=2, pause=90.0, pauses=2)
SCHOOLS = ("North", "South", "West")
NEIGHBOURS = ("Ana Ruiz", "Ben Lo", "Kid 01")

Tell = Callable[..., Story]
TellAtClassLink = Callable[..., ClassLinkStory]
TellAtGoogle = Callable[..., GoogleStory]


@pytest.fixture
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Every pause a source took, in seconds; none of them really passes."""
    taken: list[float] = []
    for source in (CleverProvider, ClassLinkProvider, GoogleProvider):
        monkeypatch.setattr(source, "sleep", staticmethod(taken.append))
        monkeypatch.setattr(source, "limits", IMPATIENT)
    return taken


@pytest.fixture
def clever(settings: Settings, naps: list[float]) -> Iterator[CleverSandbox]:
    """A Clever without districts, which SmartPass is pointed at."""
    del naps
    with CleverSandbox() as server:
        settings.SOURCE_HOSTS = {"clever": server.hosts()}
        settings.SOURCE_SECRETS = {"clever": server.secrets()}
        yield server


@pytest.fixture
def tell(clever: CleverSandbox, committed_db: None) -> Iterator[Tell]:
    """Begin a story: a district with nobody in it. A neighbour of the first one stays untouched to the end."""
    del committed_db
    stories: list[Story] = []
    beside: list[tuple[District, dict[str, str]]] = []

    def begin(*schools: str, people: int = 0, at_clever: int | None = None, odd: bool = False) -> Story:
        names = schools or SCHOOLS
        there = clever.add_district(people, schools=at_clever or len(names), seed=len(stories) + 1, odd=odd)
        stories.append(Story(clever, there, names))
        if not beside:
            district = neighbour(stories[0], NEIGHBOURS)
            beside.append((district, everything_of(district)))
        return stories[-1]

    yield begin
    for district, before in beside:
        assert everything_of(district) == before


@pytest.fixture
def story(tell: Tell) -> Story:
    """A district of three schools, all of them linked and purchased."""
    return tell()


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read Clever in pages of three."""
    monkeypatch.setattr(CleverProvider, "page_size", 3)


@pytest.fixture
def classlink(settings: Settings, naps: list[float]) -> Iterator[ClassLinkSandbox]:
    """A ClassLink without tenants, which SmartPass is pointed at."""
    del naps
    with ClassLinkSandbox() as server:
        settings.SOURCE_HOSTS = {**settings.SOURCE_HOSTS, "classlink": server.hosts()}
        settings.SOURCE_SECRETS = {**settings.SOURCE_SECRETS, "classlink": server.secrets()}
        yield server


@pytest.fixture
def tell_at_classlink(classlink: ClassLinkSandbox, committed_db: None) -> TellAtClassLink:
    """Begin a story: a tenant with nobody in it."""
    del committed_db

    def begin(*schools: str, people: int = 0) -> ClassLinkStory:
        names = schools or SCHOOLS
        tenant = classlink.add_district(people, len(names), seed=len(classlink.tenants) + 1)
        return ClassLinkStory(classlink, tenant, names)

    return begin


@pytest.fixture
def at_classlink(tell_at_classlink: TellAtClassLink) -> ClassLinkStory:
    """A tenant of three schools, all of them linked and purchased."""
    return tell_at_classlink()


@pytest.fixture
def google(settings: Settings, naps: list[float], monkeypatch: pytest.MonkeyPatch) -> Iterator[GoogleSandbox]:
    """A Google without customers, which SmartPass is pointed at."""
    del naps
    monkeypatch.setitem(registry.PROVIDERS, "gsuite", GoogleProvider)
    with GoogleSandbox() as server:
        settings.SOURCE_HOSTS = {**settings.SOURCE_HOSTS, "gsuite": server.hosts()}
        settings.SOURCE_SECRETS = {**settings.SOURCE_SECRETS, "gsuite": server.secrets()}
        yield server


@pytest.fixture
def tell_at_google(google: GoogleSandbox, committed_db: None) -> TellAtGoogle:
    """Begin a story: a customer with nobody in it."""
    del committed_db

    def begin(*schools: str, people: int = 0) -> GoogleStory:
        customer = google.add_customer(people, seed=len(google.customers) + 1)
        return GoogleStory(google, customer, schools or ("North",))

    return begin


@pytest.fixture
def at_google(tell_at_google: TellAtGoogle) -> GoogleStory:
    """A customer with nobody in it yet, read for one school."""
    return tell_at_google()
