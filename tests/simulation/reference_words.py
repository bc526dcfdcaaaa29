"""The words of the source that nobody is sent with any more, with loops."""

from __future__ import annotations

from collections.abc import Iterator

from tests.simulation.reference_match import roster
from tests.simulation.reference_wants import school_of
from tests.simulation.world import DISTRICT_ADMIN, Staged, World


def silenced(world: World) -> Iterator[set[int]]:
    """For each word that meant a role in the last listing we know and is not said tonight: of whom it was said."""
    owners = {link.external_id: link.user for link in world.links if roster(link)}
    for word in world.role_map:
        before = [record.external_id for record in world.last if _says(world, record, word)]
        if before and not any(_says(world, record, word) for record in world.listing):
            yield {owners[external_id] for external_id in before if external_id in owners}


def _says(world: World, record: Staged, word: str) -> bool:
    """Whether a record gives somebody a role here by this word."""
    roles = world.role_map[word]
    return record.speaks and any(
        entry.word == word and (DISTRICT_ADMIN in roles or (roles != [] and school_of(world, entry.place) is not None))
        for entry in record.roles
    )
