"""Awkward situations that chance alone would draw too seldom, each set up in a world around somebody new."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from tests.simulation.records import FIELDS, FIRST, GRADES, NUMBERS, chance
from tests.simulation.world import OURS, Answer, Entry, Link, Member, Pin, Staged, User, World, login_form


class Scene:
    """Where a scene plays: a linked school, an id and an e-mail nobody else has."""

    def __init__(self, rng: Random, world: World, number: int) -> None:
        self.rng, self.world = rng, world
        self.place = rng.choice(world.places)
        self.school = self.place.school
        self.external_id = f"c{number}"
        self.email = f"{'Scene' if chance(rng, 0.3) else 'scene'}{number}@east.example"

    def account(self, role: str = "student", source: int | None = OURS, *, linked: bool = True) -> int:
        """Somebody at the school, with this scene's e-mail, and with its id where linked."""
        number = max(self.world.users, default=0) + 1
        person = User(self.rng.choice(FIRST), "Scene", self.email, profile_source=source)
        owners = {other.login_email for other in self.world.users.values()}
        person.login_email = login_form(self.email) if login_form(self.email) not in owners else None
        roles = frozenset({role, "teacher"} if role == "admin" else {role})
        person.members[self.school] = Member(roles, grade=self.rng.choice(GRADES), source=source)
        self.world.users[number] = person
        if linked:
            self.world.links.append(Link(self.external_id, number))
        return number

    def record(self, external_id: str, word: str = "student") -> Staged:
        """A record at the school with this scene's e-mail."""
        entry = Entry(self.place.external_id, word, self.rng.choice(GRADES), self.rng.choice(NUMBERS))
        said = Staged(external_id, self.rng.choice(FIRST), "Scene", self.email, roles=[entry])
        self.world.listing.append(said)
        return said


def twins(scene: Scene) -> None:
    """Two accounts with one e-mail, and a record that has it too."""
    scene.account(source=None, linked=False)
    scene.account(source=None, linked=False)
    scene.record(scene.external_id)


def namesake(scene: Scene) -> None:
    """A hand-made account and a record with its e-mail, about which a person may have said something."""
    role = scene.rng.choice(["student", "student", "teacher", "admin"])
    number = scene.account(role, source=None, linked=False)
    scene.record(scene.external_id, scene.rng.choice(["student", "teacher"]) if chance(scene.rng, 0.3) else role)
    if role == "admin":
        scene.world.listing[-1].roles[0].word = "principal"
    if chance(scene.rng, 0.4):
        scene.world.answers.append(Answer(scene.external_id, number, chance(scene.rng, 0.3)))
    if chance(scene.rng, 0.4):
        scene.world.pins.append(Pin(number, None, scene.rng.choice(FIELDS)))


def two_claims(scene: Scene) -> None:
    """Somebody whose id is gone, one record that names it as an older id, and another with the e-mail."""
    scene.account()
    scene.record(f"{scene.external_id}b").legacy_ids = [scene.external_id]
    scene.world.listing[-1].email = ""
    scene.record(f"{scene.external_id}{scene.rng.choice('ac')}")


def moved_id(scene: Scene) -> None:
    """Somebody whose record came back under another id."""
    scene.account(scene.rng.choice(["student", "teacher", "admin"]))
    scene.record(f"{scene.external_id}n", scene.rng.choice(["student", "teacher"]))


def two_grades(scene: Scene) -> None:
    """One record that says two grades and numbers for one school."""
    scene.account()
    said = scene.record(scene.external_id)
    said.roles = [
        Entry(scene.place.external_id, "student", grade, number) for grade, number in (("", "1"), ("4", "2"), ("5", ""))
    ]


def changed(scene: Scene) -> None:
    """Somebody whose every field changed, with pins on some of them and any status."""
    number = scene.account(scene.rng.choice(["student", "teacher"]))
    member = scene.world.users[number].members[scene.school]
    member.grade, member.number = "1", "old"
    member.status = scene.rng.choice(["active", "active", "suspended", "disabled", "deleted"])
    member.suspended_by = scene.rng.choice(["sync", "person"]) if member.status == "suspended" else ""
    said = scene.record(scene.external_id, scene.rng.choice(["student", "teacher", "principal"]))
    said.first_name, said.email, said.roles[0].grade, said.roles[0].number = "New", f"new{scene.email}", "2", "new"
    for field in scene.rng.sample(FIELDS[:-1], scene.rng.choice([0, 1, 1, 2])):
        scene.world.pins.append(Pin(number, scene.rng.choice([None, scene.school]), field, chance(scene.rng, 0.2)))


def absent(scene: Scene) -> None:
    """Somebody who is missing, perhaps with a second id; the source may still know them."""
    number = scene.account(scene.rng.choice(["student", "teacher", "admin"]))
    if chance(scene.rng, 0.3):
        scene.world.links.append(Link(f"{scene.external_id}z", number))
    for external_id in (scene.external_id, f"{scene.external_id}z"):
        scene.world.replies[external_id] = scene.rng.choice(
            ["gone", "in_scope", "unanswered", "inactive", "out_of_scope"]
        )


def steady(scene: Scene) -> None:
    """Somebody about whom nothing changes, so that a school does not empty at once."""
    role = scene.rng.choice(["student", "teacher", "admin"])
    number = scene.account(role)
    person = scene.world.users[number]
    member = person.members[scene.school]
    word = "principal" if role == "admin" else role
    entry = Entry(scene.place.external_id, word, member.grade, member.number)
    scene.world.listing.append(
        Staged(scene.external_id, person.first_name, person.last_name, person.email, roles=[entry])
    )


def ghost(scene: Scene) -> None:
    """Somebody who was deleted, and a record with their e-mail."""
    number = scene.account(source=None, linked=False)
    person = scene.world.users[number]
    person.deleted, person.login_email = True, None
    scene.record(scene.external_id)


def two_ids(scene: Scene) -> None:
    """Two ids of one person, the one the beginning of the other, at different schools."""
    number = scene.account()
    scene.world.links.append(Link(f"{scene.external_id}0", number))
    scene.record(scene.external_id)
    scene.record(f"{scene.external_id}0").roles[0].place = scene.rng.choice(scene.world.places).external_id


def mover(scene: Scene) -> None:
    """Somebody who changes school, where few moves are many."""
    scene.account()
    scene.record(scene.external_id).roles[0].place = scene.rng.choice(scene.world.places).external_id
    scene.world.limits.update(roles_people=1, roles_share=0.01)


def bleeding(scene: Scene) -> None:
    """One leaves where two stay and three are suspended already; a quarter is too many."""
    for position in range(6):
        number = scene.account(linked=False)
        external_id = f"{scene.external_id}{position}"
        scene.world.links.append(Link(external_id, number))
        member = scene.world.users[number].members[scene.school]
        if position < 3:
            said = scene.record(external_id)
            said.active, said.email = position > 0, ""
        else:
            member.status, member.suspended_by = "suspended", "sync"
    scene.world.limits.update(suspend_role_people=1, suspend_role_share=0.25)


SCENES: list[Callable[[Scene], None]] = [
    twins,
    ghost,
    two_ids,
    mover,
    bleeding,
    namesake,
    namesake,
    two_claims,
    moved_id,
    two_grades,
    changed,
    changed,
    changed,
    absent,
    absent,
    steady,
    steady,
    steady,
    steady,
    steady,
    steady,
]


def set_scenes(rng: Random, world: World) -> None:
    """A few scenes, where there is a linked school to play at."""
    for number in range(rng.choice([0, 1, 2, 3, 5]) if world.places else 0):
        rng.choice(SCENES)(Scene(rng, world, number))
    rng.shuffle(world.listing)
