"""A source that says what a world says: a real `Provider`, without a network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import ClassVar
from unittest.mock import patch

from integrations import registry
from integrations.provider import Provider, Unreachable
from integrations.records import Found, Person, Place, Receipt, Role, Tenant
from tests.simulation.world import Staged, World


@dataclass
class Script:
    """What the source says tonight, and after how many records it breaks off (None: never)."""

    people: list[Person]
    receipt: Receipt
    replies: dict[str, str] = field(default_factory=dict)
    breaks_after: int | None = None
    asked: list[str] = field(default_factory=list)


class Scripted(Provider):
    """Reads the script of its tenant."""

    kind = "scripted"
    label = "Scripted"
    role_defaults: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    scripts: ClassVar[dict[str, Script]] = {}

    @property
    def script(self) -> Script:
        """What this tenant says."""
        return self.scripts[self.tenant]

    @classmethod
    def tenants(cls, hosts: Mapping[str, str], secrets: Mapping[str, str]) -> list[Tenant]:
        """Nobody asks."""
        del hosts, secrets
        return []

    def check(self) -> None:
        """Always fine."""

    def places(self) -> list[Place]:
        """The places of the receipt."""
        return [Place(each, each) for each in self.script.receipt.places]

    def people(self, scope: Sequence[str]) -> Iterator[Person]:
        """The script's people, in its order."""
        del scope
        for position, person in enumerate(self.script.people):
            if position == self.script.breaks_after:
                raise Unreachable("The source stopped answering.")
            yield person

    @property
    def receipt(self) -> Receipt:
        """The script's receipt."""
        return self.script.receipt

    def look_up(self, external_id: str, scope: Sequence[str]) -> Found:
        """The script's reply; "gone" where it says nothing."""
        del scope
        self.script.asked.append(external_id)
        reply = self.script.replies.get(external_id, "gone")
        if reply == "unanswered":
            raise Unreachable("The source does not answer.")
        return Found(reply)


class Listed(Scripted):
    """The same, where nobody can be asked about one person."""

    kind = "listed"
    answers_by_id = False

    def look_up(self, external_id: str, scope: Sequence[str]) -> Found:
        """Never called."""
        raise AssertionError(f"asked about {external_id} of {scope}")


KINDS = {each.kind: each for each in (Scripted, Listed)}


@contextmanager
def installed() -> Iterator[None]:
    """While this lasts, connections of kind "scripted" and "listed" can be opened like any other."""
    with patch.dict(registry.PROVIDERS, KINDS):
        yield


def script(world: World) -> Script:
    """What the source of this world says tonight."""
    people = [person(record) for record in world.listing]
    receipt = Receipt(
        pages=1,
        rows=len(people),
        announced=len(people) + (0 if world.proof.announced_right else 1),
        closed=world.proof.closed,
        places=list(world.proof.places),
        as_of=world.moment,
    )
    return Script(people, receipt, dict(world.replies))


def person(record: Staged) -> Person:
    """A record in the words every source is translated into."""
    roles = tuple(Role(entry.place, entry.word, entry.grade, entry.number) for entry in record.roles)
    return Person(
        record.external_id,
        first_name=record.first_name,
        last_name=record.last_name,
        email=record.email,
        active=record.active,
        roles=roles,
        legacy_ids=tuple(record.legacy_ids),
        problem=record.problem,
    )
