"""Draws worlds: small districts in which everything awkward happens at once.

One generator serves both ways of testing: `draw(random.Random(seed))` for seeds, and
`worlds()` for Hypothesis, which hands in a Random of its own and can shrink what it drew.
"""

from __future__ import annotations

import copy
from random import Random

from hypothesis import strategies as st

from tests.simulation import reference
from tests.simulation.records import (
    EMAILS,
    FIELDS,
    FIRST,
    GRADES,
    IDS,
    LAST,
    NUMBERS,
    REPLIES,
    ROLE_MAP,
    agreeing,
    chance,
    draw_listing,
    edit,
)
from tests.simulation.scenes import set_scenes
from tests.simulation.world import (
    OTHER,
    OURS,
    Answer,
    Before,
    Link,
    Member,
    Past,
    Pin,
    Place,
    Proof,
    Refusal,
    Staged,
    User,
    World,
    login_form,
)

MOMENTS = ["", "", "2026-09-01T04:00:00Z", "2026-09-02T04:00:00Z"]


def worlds() -> st.SearchStrategy[World]:
    """Worlds for Hypothesis."""
    return st.randoms(use_true_random=False, note_method_calls=False).map(draw)


def draw(rng: Random) -> World:
    """One district and one night."""
    world = World(role_map={word: list(roles) for word, roles in ROLE_MAP.items()})
    if chance(rng, 0.1):
        del world.role_map[rng.choice(["teacher", "staff", "principal"])]
    _schools(rng, world)
    for number in range(1, rng.randint(0, 7) + 1):
        world.users[number] = user(rng, world)
        _links(rng, world, number)
    draw_listing(rng, world)
    _decisions(rng, world)
    draw_proof(rng, world)
    world.budget = rng.choice([200, 200, 200, 0, 1, 2])
    world.replies = {external_id: rng.choice(REPLIES) for external_id in IDS}
    set_scenes(rng, world)
    _limits(rng, world)
    _refusals(rng, world)
    draw_last(rng, world)
    # By a die of its own: what is known of a seed stays true.
    _listings(Random(repr(world)), world)
    return world


def _schools(rng: Random, world: World) -> None:
    for number in range(1, rng.randint(1, 4) + 1):
        world.schools[number] = chance(rng, 0.85)
        if chance(rng, 0.9):
            world.places.append(Place(f"p{number}", number, active=chance(rng, 0.85)))
    if chance(rng, 0.2):
        world.places.append(Place("old", 1, active=False))


# Accounts


def user(rng: Random, world: World) -> User:
    """An account as nights, other sources and people may have left it."""
    email = rng.choice([*EMAILS, "", ""])
    person = User(
        rng.choice(FIRST), rng.choice([*LAST, ""]), email, profile_source=rng.choice([OURS, OURS, OURS, None, OTHER])
    )
    login = rng.choice([login_form(email), login_form(email), login_form(email), None, login_form(rng.choice(EMAILS))])
    if login not in {other.login_email for other in world.users.values()}:
        person.login_email = login
    for school in rng.sample([*world.schools], rng.randint(0, min(2, len(world.schools)))):
        person.members[school] = member(rng)
    if chance(rng, 0.12):
        person.members[None] = _status(rng, Member(frozenset({"district_admin"}), source=_source(rng)))
    if chance(rng, 0.07):
        person.deleted, person.login_email = True, None
    return person


def member(rng: Random) -> Member:
    """A membership at a school."""
    roles = rng.choice([["student"]] * 5 + [["teacher"]] * 3 + [["admin", "teacher"], ["assistant"], ["admin"]])
    return _status(
        rng, Member(frozenset(roles), grade=rng.choice(GRADES), number=rng.choice(NUMBERS), source=_source(rng))
    )


def _source(rng: Random) -> int | None:
    return rng.choice([OURS, OURS, OURS, OURS, None, None, OTHER])


def _status(rng: Random, made: Member) -> Member:
    made.status = rng.choice(["active"] * 6 + ["suspended", "suspended", "disabled", "deleted"])
    made.suspended_by = rng.choice(["sync", "sync", "person"]) if made.status == "suspended" else ""
    if made.status in ("deleted", "disabled") and chance(rng, 0.2):
        made.roles = made.roles & {"district_admin"}
    return made


def _links(rng: Random, world: World, number: int) -> None:
    free = [each for each in IDS if each not in {link.external_id for link in world.links}]
    owned = any(made.source == OURS for made in world.users[number].members.values())
    if not chance(rng, 0.9 if owned else 0.4):
        return
    for external_id in rng.sample(free, min(len(free), rng.choice([1, 1, 1, 2, 3]))):
        kind = rng.choice(["roster"] * 6 + ["legacy", "sign_in"])
        connection = OURS if chance(rng, 0.9) else OTHER
        world.links.append(Link(external_id, number, kind, connection))


# What people decided, and how the listing ended


def _decisions(rng: Random, world: World) -> None:
    for _ in range(rng.choice([0, 0, 1, 2, 4]) if world.users else 0):
        pin = Pin(
            rng.choice([*world.users]), rng.choice([None, None, *world.schools]), rng.choice(FIELDS), chance(rng, 0.2)
        )
        if all((pin.user, pin.school, pin.field) != (old.user, old.school, old.field) for old in world.pins):
            world.pins.append(pin)
    for record in world.listing if world.users else []:
        if record.external_id and chance(rng, 0.1):
            world.answers.append(Answer(record.external_id, rng.choice([*world.users]), chance(rng, 0.5)))


def draw_proof(rng: Random, world: World) -> None:
    """How the listing ended; now and then it proves nothing."""
    shared = [place.external_id for place in world.places if not chance(rng, 0.03)]
    world.proof = Proof(shared, announced_right=chance(rng, 0.96), closed=chance(rng, 0.96))


def _limits(rng: Random, world: World) -> None:
    """Limits so low that a handful of people reaches them; half of the worlds keep the product's."""
    if chance(rng, 0.5):
        world.limits = low_limits(rng)
    for school in world.schools if chance(rng, 0.2) else []:
        world.school_limits[school] = {
            "suspend_role_share": rng.choice([0.1, 0.5]),
            "suspend_role_people": rng.choice([1, 2]),
        }
    if world.users and chance(rng, 0.2):
        world.made_by = rng.choice([*world.users])
    gone = [(n, at) for n, user in world.users.items() for at, m in user.members.items() if m.status == "suspended"]
    world.past = [Past(number, school, rng.choice([1, 6, 8, 29, 31])) for number, school in gone if chance(rng, 0.3)]


def low_limits(rng: Random) -> dict[str, float]:
    """Some limits set low."""
    every: dict[str, list[float]] = {
        "suspend_role_people": [1, 2],
        "suspend_role_share": [0.1, 0.6],
        "suspend_district_people": [1, 2, 3],
        "suspend_week_share": [0.2, 0.5],
        "suspend_month_share": [0.3, 0.7],
        "identity_people": [1, 2],
        "identity_share": [0.1, 0.5],
        "roles_people": [1, 2],
        "roles_share": [0.1, 0.5],
        "admin_gain_people": [0, 1],
        "new_ids_people": [1, 2],
        "new_ids_share": [0.1, 0.4],
    }
    return {name: rng.choice(values) for name, values in every.items() if chance(rng, 0.25)}


def _refusals(rng: Random, world: World) -> None:
    """What a person said no to before: some of tonight's own rows, with the facts as they are or as they were."""
    for row in reference.plan(world) if chance(rng, 0.25) else []:
        if chance(rng, 0.4):
            now = next((record for record in world.listing if record.external_id == row.external_id), None)
            then = now if chance(rng, 0.75) else Staged(row.external_id, "Then")
            refusal = Refusal(row.external_id, row.school, then, chance(rng, 0.85), chance(rng, 0.1))
            world.refusals.append(refusal)


def _listings(rng: Random, world: World) -> None:
    """A third of the sources cannot be asked: what their earlier listings said of whoever is missing."""
    world.asks = chance(rng, 0.67)
    if world.asks:
        return
    draw_moment(rng, world)
    named = {record.external_id for record in world.listing}
    missing = [link.external_id for link in world.links if link.connection == OURS and link.external_id not in named]
    world.last = [record for record in world.last if record.external_id not in missing or chance(rng, 0.3)]
    if chance(rng, 0.5):
        world.past = []
    for hours in rng.sample([2, 5, 19, 21, 30, 47], rng.randint(0, 5)):
        kept = {each: rng.choice(["missed", "missed", "unanswered"]) for each in missing if chance(rng, 0.7)}
        world.before.append(Before(hours, kept, chance(rng, 0.8), rng.choice(MOMENTS)))
    for each in missing if world.before else []:
        if chance(rng, 0.6):
            _long_missing(rng, world, each)


def _long_missing(rng: Random, world: World, external_id: str) -> None:
    """Every listing missed somebody, the oldest for the first time; or one of them, perhaps, did not."""
    for earlier in world.before:
        earlier.kept[external_id] = "unanswered"
    max(world.before, key=lambda each: each.hours).kept[external_id] = "missed"
    if chance(rng, 0.3):
        del rng.choice(world.before).kept[external_id]


def draw_moment(rng: Random, world: World) -> None:
    """The moment that the source says its data is from."""
    world.moment = rng.choice(MOMENTS)


def draw_last(rng: Random, world: World) -> None:
    """What the source said last: about what it says tonight, more people, and a word that is said no more."""
    if chance(rng, 0.15):
        return
    world.last = [copy.deepcopy(record) for record in world.listing if record.external_id and chance(rng, 0.9)]
    known = {record.external_id for record in world.listing}
    gone = [link for link in world.links if link.connection == OURS and link.external_id not in known]
    world.last += [agreeing(rng, world, link) for link in gone if chance(rng, 0.8)]
    for record in world.last:
        if chance(rng, 0.15):
            edit(rng, world, record)
        for entry in record.roles:
            if entry.word in ("teacher", "student") and chance(rng, 0.3):
                entry.word = "staff"
