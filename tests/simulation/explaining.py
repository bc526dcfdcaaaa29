"""What an explanation promises: it says what is stored, how it came to be so, and what tonight would do."""

from __future__ import annotations

import json
from random import Random
from typing import Any

from accounts import tenancy
from accounts.models import User as UserRow
from integrations.models import Connection
from rostering import explain, sync, undo
from rostering.models import RunState
from tests.simulation.harness import Night, apart, fields_of, night
from tests.simulation.loading import Loaded, load, read
from tests.simulation.reference_match import removals_possible
from tests.simulation.world import User
from tests.simulation.worlds import draw

PERSONAL = ("first_name", "last_name", "email", "login_email")
LOCAL = ("roles", "status", "grade", "number")


# 9. The explanation of a person reproduces the values that are stored


def explained(seed: int) -> list[str]:
    """For everybody: each stored value, the changes that lead to it from what was there, and tonight's plan."""
    world = draw(Random(seed))
    place = load(world)
    found = night(place, world)
    users, _ = read(place)
    again = night(place, world, preview=True)
    if RunState.FAILED in (found.run.state, again.run.state):
        return [f"the run ended as failed: {found.run.problem}"]
    wrong = []
    for number, user in users.items():
        with tenancy.district(place.district):
            connection = Connection.objects.select_related("district").get(pk=place.connection)
            told = explain.explain(connection, user=UserRow.objects.get(pk=place.users[number]))
        before = world.users.get(number, User())
        wrong += [f"user {number}: {line}" for line in _told(place, before, user, told)]
        if removals_possible(world) and not user.deleted:
            wrong += [f"user {number}: {line}" for line in _tonight(place, number, told, again)]
    return wrong


def explained_after_undo(seed: int) -> list[str]:
    """The same where a school, or the district, turned back what a night did: the undo is told like any other run."""
    rng, world = Random(seed), draw(Random(seed))
    place = load(world)
    found = night(place, world)
    if found.run.state == RunState.FAILED:
        return [f"the run ended as failed: {found.run.problem}"]
    part = [place.row_id(rng.choice(sorted(world.schools)))] if rng.random() < 0.5 else None
    with tenancy.district(place.district):
        if undo.why_not(found.run, part):
            return []
        inverse, _ = undo.start(found.run, by=None, why="a mistake", schools=part)
    sync.perform(inverse.pk)
    users, _ = read(place)
    wrong = []
    for number, user in users.items():
        with tenancy.district(place.district):
            connection = Connection.objects.select_related("district").get(pk=place.connection)
            told = explain.explain(connection, user=UserRow.objects.get(pk=place.users[number]))
        wrong += [f"user {number}: {line}" for line in _told(place, world.users.get(number, User()), user, told)]
    return wrong


def _told(place: Loaded, before: User, now: User, told: explain.Explanation) -> list[str]:
    """Stored values as told, and as they follow from the changes that are told."""
    said = {(fact.field, place.number(fact.school)): fact.stored for fact in told.facts}
    grown = _values(before)
    for change in told.changes:
        for name, value in change.after.items():
            where = None if name in PERSONAL else place.number(change.school_id)
            if name in (*PERSONAL, *LOCAL):
                grown[name, where] = value
    stored = _values(now)
    filled = {key: grown.get(key, "") for key in stored}
    return [*apart("told", _sorted(stored), _sorted(said)), *apart("grown", _sorted(stored), _sorted(filled))]


def _values(user: User) -> dict[tuple[str, int | None], str]:
    """Every value of somebody by field and school. A district role and a name share the place None."""
    values: dict[tuple[str, int | None], str] = {(name, None): getattr(user, name) or "" for name in PERSONAL}
    for school, member in user.members.items():
        values.update({(name, school): getattr(member, name) for name in ("status", "grade", "number")})
        values["roles", school] = " ".join(sorted(member.roles))
    return values


def _sorted(values: dict[tuple[str, int | None], str]) -> list[Any]:
    """Values in one order, roles compared as sets."""
    return sorted(
        ((key, " ".join(sorted(value.split())) if key[0] == "roles" else value) for key, value in values.items()),
        key=str,
    )


def _said(place: Loaded, fields: Any) -> dict[str, object]:
    return fields_of(place, json.loads(fields) if isinstance(fields, str) else fields)


def _tonight(place: Loaded, number: int, told: explain.Explanation, again: Night) -> list[str]:
    """What is told about tonight, against a preview. About the absent the source is not asked while explaining."""
    planned = [
        (row.school, row.kind, row.before, row.after)
        for row in again.rows
        if row.user == number and (told.records or row.kind != "suspend")
    ]
    foretold = [
        (place.number(row["school_id"]), row["code"], _said(place, row["before"]), _said(place, row["after"]))
        for row in told.tonight
        if row["key"] == place.users[number] and (told.records or row["code"] != "suspend")
    ]
    return apart("tonight", planned, foretold)
