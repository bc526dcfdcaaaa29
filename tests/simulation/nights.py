"""Nights that follow one another: what the source and people did in between.

`tomorrow` takes a district as the last run left it and gives the next night's world.
"""

from __future__ import annotations

import copy
from random import Random

from django.utils.timezone import now

from accounts import tenancy
from accounts.models import Membership, Pin as PinRow, School, User as UserRow
from integrations.models import SchoolLink
from tests.simulation import reference, reference_confirm, reference_guard
from tests.simulation.harness import Night
from tests.simulation.loading import Loaded, read
from tests.simulation.records import EMAILS, FIELDS, FIRST, GRADES, IDS, REPLIES, chance, edit, stranger
from tests.simulation.reference_match import listed
from tests.simulation.world import OURS, Before, Past, Pin, Refusal, Staged, Waiting, World
from tests.simulation.worlds import draw_moment, draw_proof


def tomorrow(rng: Random, world: World, place: Loaded, found: Night) -> World:
    """The next night's world: what is stored now, what waits, and a source that moved on."""
    following = world.copy()
    following.users, following.links = read(place)
    following.past += past(world, found)
    following.waiting = waiting(world, found)
    following.refusals = [refusal for refusal in world.refusals if _stands(world, found, refusal)]
    following.last = last(world, found)
    following.before.insert(0, before(world, found))
    _source(rng, following)
    return following


def past(world: World, found: Night) -> list[Past]:
    """What this run suspended unasked."""
    held = [row for row, _ in found.held]
    leavers = [row for row in found.rows if row.kind == "suspend" and row not in held and row.user is not None]
    return [Past(row.user, row.school, 0) for row in leavers if row.user in world.users]


def waiting(world: World, found: Night) -> list[Waiting]:
    """What waits for a person after this run. When nobody could be removed, who was to leave goes on waiting."""
    kept = [old for old in world.waiting if old.kind == "suspend"] if found.run.removals else []
    return [*kept, *(Waiting(row.external_id, row.school, row.kind, reason) for row, reason in found.held)]


def last(world: World, found: Night) -> list[Staged]:
    """What the source said when last heard: tonight's word, and the older one of those a lost page left out."""
    erased = {link.external_id for link in world.links if link.connection == OURS and world.users[link.user].deleted}
    kept = [record for record in world.last if found.run.removals and record.external_id not in listed(world)]
    said = [*kept, *listed(world).values()]
    return [copy.deepcopy(record) for record in said if record.external_id not in erased]


def before(world: World, found: Night) -> Before:
    """Tonight, as the nights after it look back on it."""
    rows = reference.plan(world)
    said = reference_confirm.said(world, rows, reference_guard.unasked(world, rows))
    return Before(0, said, not found.run.removals, world.moment)


def _stands(world: World, found: Night, refusal: Refusal) -> bool:
    """A refusal ends for good when the source said something else; a lost page is no such word."""
    record = listed(world).get(refusal.external_id)
    unsaid = record is None and bool(found.run.removals)
    return not refusal.lifted and refusal.same_settings and (unsaid or refusal.record == record)


def _source(rng: Random, world: World) -> None:
    """What the source does between two nights: edits, arrivals, departures, lost pages, other orders."""
    world.listing = [record for record in world.listing if record.external_id and not chance(rng, 0.12)]
    known = {record.external_id for record in world.listing}
    unknown = [each for each in IDS if each not in known]
    for external_id in rng.sample(unknown, min(len(unknown), rng.choice([0, 0, 1, 2]))):
        world.listing.append(stranger(rng, world, external_id))
    for record in world.listing:
        if chance(rng, 0.2):
            edit(rng, world, record)
    rng.shuffle(world.listing)
    draw_proof(rng, world)
    if not world.asks:
        draw_moment(rng, world)
    world.replies = {external_id: rng.choice(REPLIES) for external_id in IDS}


# What people do by day


def by_day(rng: Random, world: World, place: Loaded) -> None:
    """A few things admins and support do, in the database and in the world's pins and settings."""
    with tenancy.district(place.district):
        for number in [each for each in world.users if chance(rng, 0.3)]:
            rng.choice([_rename, _change_status, _change_grade, _pin, _unpin, _delete, _mail])(
                rng, world, place, number
            )
        if chance(rng, 0.15):
            school = rng.choice([*world.schools])
            world.schools[school] = not world.schools[school]
            School.objects.filter(pk=place.row_id(school)).update(purchased=world.schools[school])
        if world.places and chance(rng, 0.15):
            link = rng.choice(world.places)
            if link.active:
                link.active = False
                SchoolLink.objects.filter(connection=place.connection, external_id=link.external_id).update(
                    active=False
                )


def _rename(rng: Random, world: World, place: Loaded, number: int) -> None:
    del world
    UserRow.objects.filter(pk=place.users[number]).update(first_name=rng.choice(FIRST))


def _mail(rng: Random, world: World, place: Loaded, number: int) -> None:
    del world
    UserRow.objects.filter(pk=place.users[number]).update(email=rng.choice([*EMAILS, ""]))


def _change_status(rng: Random, world: World, place: Loaded, number: int) -> None:
    del world
    status = rng.choice(["active", "disabled", "suspended", "deleted"])
    by = "person" if status == "suspended" else ""
    mine = Membership.objects.filter(user=place.users[number]).exclude(roles=[])
    mine.update(status=status, suspended_by=by, updated_at=now())


def _change_grade(rng: Random, world: World, place: Loaded, number: int) -> None:
    del world
    Membership.objects.filter(user=place.users[number]).update(grade=rng.choice(GRADES))


def _pin(rng: Random, world: World, place: Loaded, number: int) -> None:
    pin = Pin(number, rng.choice([None, None, *world.schools]), rng.choice(FIELDS))
    if all((each.user, each.school, each.field) != (pin.user, pin.school, pin.field) for each in world.pins):
        world.pins.append(pin)
        PinRow.objects.create(
            district_id=place.district, user_id=place.users[number], school_id=place.school(pin.school), field=pin.field
        )


def _unpin(rng: Random, world: World, place: Loaded, number: int) -> None:
    del rng
    world.pins = [pin for pin in world.pins if pin.user != number]
    PinRow.objects.filter(user=place.users[number]).delete()


def _delete(rng: Random, world: World, place: Loaded, number: int) -> None:
    """A person is deleted by a person: a tombstone stays, and the links."""
    if chance(rng, 0.3):
        UserRow.objects.filter(pk=place.users[number]).update(
            deleted_at=now(), login_email=None, email="", first_name=""
        )
        Membership.objects.filter(user=place.users[number]).update(status="deleted", suspended_by="")
        _unpin(rng, world, place, number)
