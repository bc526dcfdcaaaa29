"""Draws what a source says: records that agree with what we have, strangers, and edits."""

from __future__ import annotations

from random import Random

from tests.simulation.world import OURS, Entry, Link, Staged, World

FIRST = ["Ada", "Łukasz", "Zoë", "محمد", "小明", "Ann 🌻", "O'Brien", "Anna" * 75, "José", "jose"]
LAST = ["Marsh", "Ñandú", "Öztürk", "van der Berg", "Smith-Jones", "'; --", "עמית", "marsh"]
EMAILS = [
    "ada@north.example",
    "Ada@North.example",
    " ada@north.example ",
    "zoe@north.example",
    "zoë@north.example",
    "lee@south.example",
    "LEE@south.example",
    "kim@south.example",
    "pat@south.example",
    "pat+1@south.example",
    "no-at-sign",
    "two@@north.example",
    "no@dot",
    "space in@north.example",
    "end@dot.",
]
IDS = ["a", "a0", "A", "b", "B1", "10", "9", "é1", "e1", "z z", "%(x)s", "{staged}", "q'1", "n1", "n2", "n3"]
ROLE_MAP = {
    "student": ["student"],
    "teacher": ["teacher"],
    "staff": ["teacher"],
    "principal": ["admin"],
    "office": ["district_admin"],
    "dean": ["district_admin", "teacher"],
    "contact": [],
}
WORDS = [
    "student",
    "student",
    "student",
    "teacher",
    "teacher",
    "staff",
    "principal",
    "office",
    "dean",
    "contact",
    "x-word",
]
FIELDS = ["first_name", "last_name", "email", "grade", "number", "roles", "status", "*", "*"]
GRADES = ["", "", "9", "10", "K"]
NUMBERS = ["", "", "17", "017", "n-1"]
REPLIES = ["gone", "gone", "out_of_scope", "inactive", "in_scope", "unanswered"]


def chance(rng: Random, share: float) -> bool:
    """Whether something that happens with this share happens."""
    return rng.random() < share


def draw_listing(rng: Random, world: World) -> None:
    """Tonight's records: most of them known, some new, some edited, in any order."""
    for link in list(world.links):
        if link.connection == OURS and chance(rng, 0.75):
            world.listing.append(agreeing(rng, world, link))
    known = {record.external_id for record in world.listing}
    unknown = [each for each in IDS if each not in known]
    for external_id in rng.sample(unknown, rng.randint(0, 4)):
        world.listing.append(stranger(rng, world, external_id))
    for record in world.listing:
        if chance(rng, 0.25):
            edit(rng, world, record)
    if chance(rng, 0.06):
        world.listing.append(Staged("", problem="id: missing or not text"))
    rng.shuffle(world.listing)


def agreeing(rng: Random, world: World, link: Link) -> Staged:
    """A record that says of somebody what we have already, more or less."""
    person = world.users[link.user]
    record = Staged(link.external_id, person.first_name, person.last_name, person.email)
    for school, made in person.members.items():
        place = next((each.external_id for each in world.places if each.school == school), None)
        if made.source == OURS and chance(rng, 0.85):
            record.roles += [Entry(place, word(made.roles), made.grade, made.number)]
    if not record.roles and chance(rng, 0.6):
        record.roles.append(entry(rng, world))
    return record


def word(roles: frozenset[str]) -> str:
    """A source word that means these roles."""
    for role, said in (("student", "student"), ("admin", "principal"), ("district_admin", "office")):
        if role in roles:
            return said
    return "teacher"


def entry(rng: Random, world: World) -> Entry:
    """Any role anywhere."""
    places = [each.external_id for each in world.places]
    return Entry(
        rng.choice([*places, *places, *places, "px", "", None]),
        rng.choice(WORDS),
        rng.choice(GRADES),
        rng.choice(NUMBERS),
    )


def stranger(rng: Random, world: World, external_id: str) -> Staged:
    """A record with an id we do not know, perhaps of somebody we do."""
    record = Staged(external_id, rng.choice(FIRST), rng.choice([*LAST, ""]), rng.choice([*EMAILS, ""]))
    record.roles = [entry(rng, world) for _ in range(rng.choice([0, 1, 1, 1, 2, 3]))]
    if world.users and chance(rng, 0.5):
        twin = world.users[rng.choice([*world.users])]
        record.email = twin.email
        said = [
            Entry(place, word(twin.members[school].roles)) for place, school in _at(world) if school in twin.members
        ]
        record.roles = said or record.roles
    if chance(rng, 0.35):
        record.legacy_ids = rng.sample([each for each in IDS if each != external_id], rng.choice([1, 1, 2]))
    return record


def _at(world: World) -> list[tuple[str, int]]:
    return [(place.external_id, place.school) for place in world.places]


def edit(rng: Random, world: World, record: Staged) -> None:
    """Something the office of a school did to one record."""
    what = rng.randint(0, 8)
    if what == 0:
        record.active = False
    elif what == 1:
        record.__dict__.update(Staged(record.external_id, problem="roles: not an object").__dict__)
    elif what == 2:
        record.first_name, record.last_name = rng.choice([*FIRST, ""]), rng.choice([*LAST, ""])
    elif what in (3, 4):
        record.email = rng.choice([*EMAILS, ""])
    elif what == 5:
        record.roles = [*record.roles, entry(rng, world)]
    elif what == 6:
        record.roles = [entry(rng, world) for _ in range(rng.randint(0, 2))]
    elif what == 7:
        record.legacy_ids = rng.sample([each for each in IDS if each != record.external_id], 1)
    elif record.roles:
        record.roles = record.roles[1:]
