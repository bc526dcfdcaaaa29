"""What a sync promises whatever the world: each promise as a check on one seed.

A check gives what it found wrong, as lines; nothing means that the promise was kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from typing import Any
from unittest.mock import patch

from django.db import connection
from django.utils.timezone import now

from accounts import tenancy
from rostering import sync
from rostering.models import Change, Run, RunState
from rostering.steps import fetch
from tests.simulation.harness import Night, apart, begin, left, night, state
from tests.simulation.loading import Loaded, load, read
from tests.simulation.reference import Row, pinned
from tests.simulation.reference_guard import DEFAULTS
from tests.simulation.scripted import script
from tests.simulation.world import OURS, World
from tests.simulation.worlds import draw

TABLES = ("accounts_user", "accounts_membership", "integrations_link", "accounts_emailalias", "accounts_pin")


class Killed(BaseException):
    """Stands for a worker that is gone in the middle of a statement."""


def digest(place: Loaded) -> list[str]:
    """A name for every account row of a district, timestamps included."""
    with tenancy.district(place.district), connection.cursor() as cursor:
        names = []
        for table in TABLES:
            cursor.execute(f"SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t.id), '')) FROM {table} t")  # noqa: S608
            names.append(f"{table} {cursor.fetchone()[0]}")
    return names


# 1. Running twice changes nothing the second time


def twice(seed: int) -> list[str]:
    """The second night on the same listing does nothing; only a sign-in e-mail that was given up is granted late.

    Older ids and people's answers are left out here: a record that lost a claim to
    another one can be tied a night later. `settled` has them.
    """
    world = draw(Random(seed))
    world.answers = []
    for record in world.listing:
        record.legacy_ids = []
    place = load(world)
    night(place, world)
    late = [row for row in done(night(place, world)) if set(row.after) != {"login_email"}]
    return [f"done the second time: {row}" for row in late]


def settled(seed: int) -> list[str]:
    """Whatever the world, the same listing comes to rest, and then not even a timestamp moves."""
    world = draw(Random(seed))
    place = load(world)
    for _ in range(4):
        found = night(place, world)
        if found.run.state == RunState.DONE and not done(found):
            break
    before = digest(place)
    restless = done(night(place, world))
    return [*(f"never at rest: {row}" for row in restless), *apart("digest", before, digest(place))]


def done(found: Night) -> list[Row]:
    """The rows of a night that no hold keeps."""
    held = [row for row, _ in found.held]
    return [row for row in found.rows if row not in held]


# 2. A crash anywhere, then a resume, ends in the same state


def crash(seed: int) -> list[str]:
    """Killed in the middle of any statement, even twice, a run comes to the end it would have had."""
    rng, world = Random(seed), draw(Random(seed))
    calm, torn = load(world), load(world)
    with _dying_at(None) as statements:
        undisturbed = night(calm, world)
    run = begin(torn, script(world))
    for _ in range(rng.choice([1, 1, 2])):
        _killed(run, rng.randint(1, len(statements)))
    sync.perform(run.pk)
    after = left(torn, run)
    return [
        *apart("row", undisturbed.rows, after.rows),
        *apart("hold", undisturbed.held, after.held),
        *apart("issue", undisturbed.issues, after.issues),
        *apart("now", state(*read(calm), world), state(*read(torn), world)),
    ]


def _killed(run: Run, at: int) -> None:
    try:
        with _dying_at(at):
            sync.perform(run.pk)
    except Killed:
        pass
    with tenancy.support():
        Run.objects.filter(pk=run.pk, state=RunState.RUNNING).update(lease_until=now())


@contextmanager
def _dying_at(at: int | None) -> Iterator[list[str]]:
    """Kill the worker at its n-th statement (None: only list them)."""
    said: list[str] = []

    def listen(execute: Callable[..., Any], sql: str, params: Any, *rest: Any) -> Any:
        said.append(sql)
        if len(said) == at:
            raise Killed
        return execute(sql, params, *rest)

    with connection.execute_wrapper(listen):
        yield said


# 3. Losing any page, row or reply never removes a person


def loss(seed: int) -> list[str]:
    """Whoever the source still shares stays, whatever part of the listing never arrived, noticed or not."""
    rng, world = Random(seed), draw(Random(seed))
    whole = {record.external_id for record in world.listing}
    there = {link.user for link in world.links if link.connection == OURS and link.external_id in whole}
    world.listing = [record for record in world.listing if rng.random() < 0.5]
    lost = whole - {record.external_id for record in world.listing}
    gone = {link.user for link in world.links if link.external_id in whole - lost and link.connection == OURS}
    noticed = rng.random() < 0.5
    world.proof.announced_right = world.proof.announced_right and not noticed
    world.replies.update(dict.fromkeys(lost, "in_scope"))
    # Where nobody can be asked, it is the second loss of the same people that removes them.
    world.before = []
    world.limits = {name: 1000 for name in DEFAULTS if name.endswith("_people")}
    world.school_limits = {}
    place = load(world)
    left_out = [row for row in done(night(place, world)) if row.kind == "suspend"]
    wrong = left_out if noticed else [row for row in left_out if row.user in there - gone]
    silent = [row for row in left_out if row.why == "gone" and world.replies.get(row.external_id) == "unanswered"]
    return [f"removed: {row}" for row in [*wrong, *silent]]


# 4. The order of rows and pages does not change the plan


def order(seed: int) -> list[str]:
    """The same records in another order, in pages of another size, give the same plan under the same name."""
    rng, world = Random(seed), draw(Random(seed))
    place, other = load(world), world.copy()
    first = night(place, world, preview=True)
    rng.shuffle(other.listing)
    with patch.object(fetch, "BATCH", rng.choice([1, 2, 3])):
        second = night(place, other, preview=True)
    return [
        *apart("row", first.rows, second.rows),
        *apart("hold", first.held, second.held),
        *apart("fingerprint", [first.run.fingerprint], [second.run.fingerprint]),
    ]


# 6. No plan touches another district


def walls(seed: int) -> list[str]:
    """A twin district with the very same ids and e-mails does not notice a run next door."""
    world = draw(Random(seed))
    here, there = load(world), load(world)
    before = digest(there)
    found = night(here, world)
    with tenancy.support():
        rows = list(Change.objects.filter(run=found.run.pk).values_list("district_id", "user_id", "school_id"))
    theirs = [there.users.values(), [there.school(number) for number in world.schools]]
    strange = [row for row in rows if row[0] != here.district or row[1] in theirs[0] or row[2] in theirs[1]]
    return [*apart("digest", before, digest(there)), *(f"strange: {row}" for row in strange)]


# 8. A pin never loses without a person's action


def pins(seed: int) -> list[str]:
    """What is pinned has after the night the value it had before."""
    world = draw(Random(seed))
    place = load(world)
    night(place, world)
    users, _ = read(place)
    return [line for number, user in world.users.items() for line in _lost(world, number, user, users[number])]


def _lost(world: World, number: int, before: Any, after: Any) -> Iterator[str]:
    for name in ("first_name", "last_name", "email"):
        if pinned(world, number, None, name) and getattr(before, name) != getattr(after, name):
            yield f"user {number} lost {name}"
    if pinned(world, number, None, "email") and before.login_email != after.login_email:
        yield f"user {number} lost the sign-in e-mail"
    for school, member in before.members.items():
        for name in ("roles", "status", "grade", "number"):
            if pinned(world, number, school, name) and getattr(member, name) != getattr(after.members[school], name):
                yield f"user {number} lost {name} at {school}"
