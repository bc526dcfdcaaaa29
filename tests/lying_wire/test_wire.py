"""An honest wire changes nothing, and each lie is the lie it says; what SmartPass's client makes of them."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from integrations.http import Client
from integrations.provider import Malformed, SourceError, Unreachable
from integrations.sandbox.server import Response, as_json
from tests.integrations.wire import Scripted
from tests.lying_wire import lies
from tests.lying_wire.sources import HASTY
from tests.lying_wire.wire import Answer, Asked, Memory, Sent, Wire, whole

LIST = "/a%2fb/users?limit=2&q=%7E"
BODY = {"data": [f"person {number}" for number in range(20)]}
ALICE, BOB = {"Authorization": "Bearer alice"}, {"Authorization": "Bearer bob"}
ASKED_AGAIN, BELIEVED = "asked again", "believed"


class Once:
    """Tells one lie of a kind, in one of its ways; then the truth."""

    def __init__(self, kind: str, how: str, memory: Memory) -> None:
        self.kind, self.how, self.memory = kind, how, memory
        self.asked: list[str] = []

    def tell(self, asked: Asked, answer: Answer) -> Sent | None:
        """The lie, at the first question."""
        self.asked.append(asked.target)
        return next(self._ways(asked, answer)) if len(self.asked) == 1 else None

    def _ways(self, asked: Asked, answer: Answer) -> Iterator[Sent]:
        for seed in range(1000):
            found = lies.KINDS[self.kind](asked, answer, self.memory, random.Random(seed))
            if found and found[0] == self.how:
                yield found[1]


def client(url: str) -> Client:
    """SmartPass's own, in the haste of a night of lies."""
    return Client(url, "Source", HASTY, lambda _: None)


def test_an_honest_wire_changes_nothing() -> None:
    odd = Response(404, b'{"a": "\\u0000"}', headers={"X-Total-Count": "7"})
    with Scripted(as_json(BODY), odd) as source:
        wire = Wire(source.url)
        with wire.listening() as url:
            speaker = client(url)
            assert speaker.get(LIST, ALICE).json() == BODY
            again = speaker.get("/x", ALICE)
            assert (again.status, again.body, again.headers["X-Total-Count"]) == (404, odd.body, "7")
            assert [each.target for each in source.requests] == [LIST, "/x"]
            assert source.requests[0].headers["authorization"] == "Bearer alice"
            assert wire.lines == 1
            speaker.post("/token", {}, b"grant_type=x")
            assert source.requests[-1].body == b"grant_type=x"
            speaker.close()


@pytest.mark.parametrize(
    ("kind", "how", "meets"),
    [
        ("cut", "short of its length", ASKED_AGAIN),
        ("cut", "with a length that fits", Malformed),
        ("cut", "without a length", Malformed),
        ("cut", "in a chunk", ASKED_AGAIN),
        ("cut", "too long", Malformed),
        ("drip", "from the first byte", ASKED_AGAIN),
        ("drip", "in the body", ASKED_AGAIN),
        ("drip", "silent", ASKED_AGAIN),
        ("reset", "before a word", ASKED_AGAIN),
        ("reset", "in the middle", ASKED_AGAIN),
        ("trouble", "503", ASKED_AGAIN),
        ("trouble", "too many", ASKED_AGAIN),
        ("trouble", "too many for an hour", ASKED_AGAIN),
        ("trouble", "a web page", Malformed),
    ],
)
def test_what_cannot_be_an_answer_is_none(kind: str, how: str, meets: type[SourceError] | str) -> None:
    met, liar = _met(kind, how)
    assert met == (BODY if meets == ASKED_AGAIN else meets)
    assert liar.asked == [LIST] * (2 if meets == ASKED_AGAIN else 1)


def _met(kind: str, how: str) -> tuple[object, Once]:
    with Scripted(as_json(BODY)) as source:
        wire = Wire(source.url)
        wire.liar = liar = Once(kind, how, wire.memory)
        with wire.listening() as url:
            speaker = client(url)
            try:
                return speaker.get(LIST, ALICE).json(), liar
            except (Malformed, Unreachable) as error:
                return type(error), liar
            finally:
                speaker.close()


@pytest.mark.parametrize(
    ("kind", "how", "said", "afterwards"),
    [
        ("stale", "of an evening", "yesterday", "today"),
        ("replay", "the page before", "page 2", "today"),
        ("swap", "with a neighbour", "bob's", "today"),
    ],
)
def test_another_answer_comes_whole(kind: str, how: str, said: str, afterwards: str) -> None:
    memory = Memory()
    asked = Asked("GET", LIST, tuple(ALICE.items()), b"")
    neighbour = Asked("GET", LIST, tuple(BOB.items()), b"")
    page = Asked("GET", f"{LIST}&page=2", tuple(ALICE.items()), b"")
    memory.keep(asked, _said("yesterday"))
    memory.next_evening()
    memory.keep(page, _said("page 2"))
    memory.keep(neighbour, _said("bob's"))
    liar = Once(kind, how, memory)
    assert liar.tell(asked, _said("today")) == whole(_said(said))
    assert liar.tell(asked, _said("today")) is None
    # Whose answer was given away gets the other one.
    assert list(memory.owed.values()) == ([_said(afterwards)] if kind == "swap" else [])


def test_what_was_swapped_comes_the_other_way_round() -> None:
    memory = Memory()
    night = lies.Lies("x", memory)
    asked = Asked("GET", LIST, tuple(ALICE.items()), b"")
    memory.owed[asked.key] = _said("bob's")
    assert night.tell(asked, _said("alice's")) == whole(_said("bob's"))
    assert [lie.kind for lie in night.told] == ["swap"]
    assert memory.owed == {}


def test_the_same_seed_tells_the_same_lies() -> None:
    def night(seed: str) -> list[Sent | None]:
        memory = Memory()
        liar = lies.Lies(seed, memory)
        found = []
        for number in range(30):
            asked = Asked("GET", f"{LIST}&page={number}", tuple(ALICE.items()), b"")
            found.append(liar.tell(asked, _said(str(number))))
            memory.keep(asked, _said(str(number)))
        return found

    assert night("1 2 3") == night("1 2 3")
    assert any(night("1 2 3"))
    assert len({tuple(night(f"{seed}")) for seed in range(20)}) > 10


def _said(words: str) -> Answer:
    return Answer(200, "OK", (), words.encode())
