"""Syncs."""

from __future__ import annotations

from tests.factories import World
from tests.journeys.states import State


def none(world: World) -> None:
    """No sync yet."""
    world.run.__class__.objects.filter(pk=world.run.pk).update(preview=True)


STATES = [
    State("syncs", "some", "/accounts/syncs/"),
    State("syncs", "empty", "/accounts/syncs/", given=none),
    State("syncs", "not yours", "/accounts/syncs/", who="teacher", status=403),
    State("sync", "on hold", "/accounts/syncs/{world.run.pk}/"),
    State("sync", "not there", "/accounts/syncs/9999999/", status=404),
]
