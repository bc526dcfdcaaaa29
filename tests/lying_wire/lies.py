"""The lies a wire can tell, each made of the true answer, what was said before, and chance."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from tests.lying_wire.wire import Answer, Asked, Memory, Sent, whole

HTML = b"<!DOCTYPE html><html><head><title>Sorry</title></head><body>Please sign in to the network.</body></html>"
WEB_PAGE = (("Content-Type", "text/html; charset=utf-8"),)
#: A drip's pause after each byte. What takes too long is for the provider's limits to say.
DROP = 0.02
#: How long a silent wire would go on being silent.
SILENCE = 30.0
#: So many drips and no more in a night: each takes as long as the provider waits.
DRIPS = 3
#: How often a cache hangs: all that was true on an evening comes again, for the rest of the night.
STICKS = 0.6


@dataclass(frozen=True)
class Lie:
    """One lie: which kind, how exactly, about what, and what goes over the wire."""

    kind: str
    how: str
    path: str
    sent: Sent


Telling = Callable[[Asked, Answer, Memory, random.Random], "tuple[str, Sent] | None"]


def cut(_: Asked, answer: Answer, _memory: Memory, draw: random.Random) -> tuple[str, Sent] | None:
    """The body ends somewhere, or its length is a lie."""
    if not answer.body:
        return None
    at = draw.randrange(len(answer.body))
    part = answer.body[:at]
    how = draw.choice(["short of its length", "with a length that fits", "without a length", "in a chunk", "too long"])
    if how == "short of its length":
        return how, Sent((answer.head(f"Content-Length: {len(answer.body)}") + part,), "close")
    if how == "with a length that fits":
        return how, Sent((answer.head(f"Content-Length: {at}") + part,))
    if how == "without a length":
        return how, Sent((answer.head("Connection: close") + part,), "close")
    if how == "in a chunk":
        return how, Sent((answer.head("Transfer-Encoding: chunked") + b"%x\r\n" % len(answer.body) + part,), "close")
    # The rest of the body stands in the line before the next answer.
    return how, Sent((answer.head(f"Content-Length: {at}") + answer.body,))


def replay(asked: Asked, _: Answer, memory: Memory, draw: random.Random) -> tuple[str, Sent] | None:
    """Another page of the same list is played once more, as if it were this one."""
    pages = [
        answer
        for (who, target), answer in memory.tonight.items()
        if who == asked.who and target.partition("?")[0] == asked.path and target != asked.target
    ]
    if not pages:
        return None
    # Mostly the page before, as a broken cursor would.
    return ("the page before", whole(pages[-1])) if draw.random() < 0.7 else ("a page", whole(draw.choice(pages)))


def drip(_: Asked, answer: Answer, _memory: Memory, draw: random.Random) -> tuple[str, Sent] | None:
    """A byte at a time, or not one."""
    everything = whole(answer).pieces[0]
    how = draw.choice(["from the first byte", "in the body", "silent"])
    if how == "silent":
        return how, Sent((b"",), "close", SILENCE)
    at = 0 if how == "from the first byte" else len(everything) - len(answer.body)
    return how, Sent((everything[:at], *(bytes([byte]) for byte in everything[at:])), "keep", DROP)


def reset(_: Asked, answer: Answer, _memory: Memory, draw: random.Random) -> tuple[str, Sent] | None:
    """The connection is gone, before a word or in the middle of one."""
    everything = whole(answer).pieces[0]
    if draw.random() < 0.4:
        return "before a word", Sent((), "reset")
    return "in the middle", Sent((everything[: draw.randrange(1, len(everything))],), "reset")


def trouble(_: Asked, _answer: Answer, _memory: Memory, draw: random.Random) -> tuple[str, Sent] | None:
    """Something else answers: a server in trouble, a gate that says wait, a page for people."""
    status, reason = draw.choice(
        [(500, "Internal Server Error"), (502, "Bad Gateway"), (503, "Service Unavailable"), (504, "Gateway Timeout")]
    )
    how = draw.choice(["in trouble", "in trouble", "too many", "too many for an hour", "a web page"])
    if how == "too many":
        return how, whole(Answer(429, "Too Many Requests", (("X-RateLimit-Reset", "1"),), b""))
    if how == "too many for an hour":
        return how, whole(Answer(429, "Too Many Requests", (("Retry-After", "3600"),), b"{}"))
    if how == "a web page":
        return how, whole(Answer(200, "OK", WEB_PAGE, HTML))
    return f"{status}", whole(Answer(status, reason, WEB_PAGE, draw.choice([HTML, b"", b'{"data": []}'])))


def stale(asked: Asked, answer: Answer, memory: Memory, draw: random.Random) -> tuple[str, Sent] | None:
    """What was true when the same question was asked on another evening."""
    known = [then for evening in memory.earlier if (then := evening.get(asked.key)) and then != answer]
    return ("of an evening", whole(draw.choice(known))) if known else None


def swap(asked: Asked, answer: Answer, memory: Memory, draw: random.Random) -> tuple[str, Sent] | None:
    """The answer to another question, which gets this one's when it is asked next."""
    others = {key: other for key, other in memory.known.items() if key != asked.key}
    neighbours = [key for key in others if key[1] == asked.target]
    if not others:
        return None
    key = draw.choice(neighbours) if neighbours and draw.random() < 0.5 else draw.choice(list(others))
    memory.owed[key] = answer
    return "with a neighbour" if key in neighbours else "with another question", whole(others[key])


KINDS: dict[str, Telling] = {each.__name__: each for each in (cut, replay, drip, reset, trouble, stale, swap)}


class Lies:
    """Tells the lies of one night of one district, as its seed has them.

    Most nights have one kind of lie, some have them all, so that what each kind does can be
    seen by itself and what they do together is tried as well. An old answer is a lie only where
    something has changed since, so the nights for it are more.
    """

    def __init__(self, seed: str, memory: Memory) -> None:
        """Lie by this seed, out of this memory."""
        self._memory = memory
        self._draw = random.Random(seed)
        everything = list(KINDS)
        self._kinds = everything if self._draw.random() < 0.35 else [self._draw.choice([*everything, "stale"])]
        self._often = self._draw.choice([0.15, 0.25, 0.5])
        self._stuck: dict[tuple[str, str], Answer] = {}
        self._last: tuple[str, str] | None = None
        self.told: list[Lie] = []
        self.asked_again = 0

    def tell(self, asked: Asked, answer: Answer) -> Sent | None:
        """A lie, or None for the truth; keeps what was told."""
        if self._last == asked.key:
            self.asked_again += 1
        lie = self._lie(asked, answer)
        self._last = asked.key if lie else None
        if lie is None:
            return None
        self.told.append(lie)
        return lie.sent

    def _lie(self, asked: Asked, answer: Answer) -> Lie | None:
        if asked.key in self._memory.owed:
            return Lie("swap", "the other way round", asked.path, whole(self._memory.owed.pop(asked.key)))
        if self._stuck.get(asked.key, answer) != answer:
            return Lie("stale", "and again", asked.path, whole(self._stuck[asked.key]))
        if self._draw.random() >= self._often:
            return None
        kind = self._draw.choice(self._kinds)
        if kind == "drip" and sum(lie.kind == kind for lie in self.told) == DRIPS:
            return None
        found = KINDS[kind](asked, answer, self._memory, self._draw)
        if found is None:
            return None
        how, sent = found
        if kind == "stale" and self._draw.random() < STICKS:
            self._stuck = next(then for then in self._memory.earlier if sent == whole(then.get(asked.key, answer)))
        return Lie(kind, how, asked.path, sent)
