"""What can be done from an explanation: let the sync try again, and ask the source now."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache

from accounts import tenancy
from accounts.models import AuditEvent
from integrations import registry
from integrations.models import Connection
from integrations.provider import Malformed, Refused, Unreachable
from integrations.records import Found, Person, Role
from rostering import checking
from rostering.models import Change, Rejection
from tests import factories
from tests.desk import TOKEN
from tests.digest import digest
from tests.rostering.pages import browser, change, text, words


class Clever:
    """A source that answers what a test says, and counts how often it was asked."""

    says: Any = None
    asked: int = 0
    closed: int = 0
    scope: tuple[str, ...] = ()

    def __init__(self, of: Connection, *, hurried: bool) -> None:
        assert of.kind == "clever"
        assert hurried, "somebody waits for this page"

    def look_up(self, external_id: str, scope: list[str]) -> Found:
        """What was to be said, about whoever is asked for."""
        Clever.asked, Clever.scope = Clever.asked + 1, tuple(scope)
        if isinstance(Clever.says, Exception):
            raise Clever.says
        assert isinstance(Clever.says, Found)
        person = Clever.says.person
        return Clever.says._replace(person=person._replace(external_id=external_id) if person else None)

    def close(self) -> None:
        """Once a page has its answer, or none."""
        Clever.closed += 1


@pytest.fixture
def world(committed_db: None, monkeypatch: pytest.MonkeyPatch) -> factories.World:
    del committed_db
    monkeypatch.setattr(registry, "open_provider", Clever)
    Clever.asked, Clever.closed, Clever.says = 0, 0, Found("gone")
    with tenancy.support():
        made = factories.world("Alder")
        Change.objects.exclude(hold=None).delete()
    return made


def path(world: factories.World) -> str:
    return f"/accounts/find/record/{world.record.pk}/"


def now_says(world: factories.World, who: Any = None) -> str:
    """What the page says after "Re-check now" was pressed."""
    return words(browser(who or world.admin).post(path(world), {"source": world.connection.pk}))


def person(world: factories.World, *roles: Role, **fields: Any) -> Person:
    record = world.record
    same = {"first_name": record.first_name, "last_name": record.last_name, "email": record.email}
    return Person(record.external_id, roles=roles, **{**same, **fields})


def student(world: factories.World, grade: str = "9") -> Role:
    return Role(world.link.external_id, "student", grade, "")


def test_the_same_as_last_night(world: factories.World) -> None:
    Clever.says = Found("in_scope", person(world, student(world)))
    admin = browser(world.admin)
    before = digest()
    said = words(admin.post(path(world), {"source": world.connection.pk}))
    assert digest() == before
    assert "Clever lists them: student at Alder High The same as in the last sync. Asked" in said
    assert Clever.scope == (world.link.external_id,)


def test_what_is_different_now(world: factories.World) -> None:
    Clever.says = Found("in_scope", person(world, student(world, "10"), email="new@example.org"))
    said = now_says(world)
    assert f"Email {world.record.email} → new@example.org" in said
    assert "student at Alder High, grade 9 → student at Alder High, grade 10" in said


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (Unreachable("No answer."), "Clever isn't answering; last known:"),
        (Malformed("Odd."), "Clever isn't answering; last known:"),
        (Refused("No."), "Clever no longer accepts our access; last known:"),
        (Found("gone"), "Clever doesn't list them at a school of yours now."),
    ],
)
def test_a_source_that_does_not_know_or_answer(answer: Any, says: str, world: factories.World) -> None:
    Clever.says = answer
    assert says in now_says(world)
    if answer == Found("gone"):
        change(Connection, world.connection.pk, state="connected")
        cache.clear()
        assert "Clever doesn't share this person with SmartPass any more." in now_says(world, world.district_admin)


def test_switched_off_or_unreadable(world: factories.World) -> None:
    Clever.says = Found("inactive", person(world, student(world), active=False))
    assert "Clever has switched them off." in now_says(world)
    cache.clear()
    Clever.says = Found("in_scope", person(world, problem="No name."))
    assert "the record can't be read: No name." in now_says(world)


def test_a_sister_schools_part_of_the_answer_is_left_out(world: factories.World) -> None:
    there = Role(world.sister_link.external_id, "teacher", "", "B-1")
    Clever.says = Found("in_scope", person(world, there, student(world)))
    said = now_says(world)
    assert "teacher" not in said
    assert "Alder Middle" not in said
    cache.clear()
    Clever.says = Found("out_of_scope", person(world, there, first_name="Renamed"))
    said = now_says(world)
    assert "Clever doesn't list them at a school of yours now." in said
    assert "Renamed" not in said


def test_a_second_press_asks_nobody_twice(world: factories.World) -> None:
    Clever.says = Found("in_scope", person(world, student(world)))
    assert now_says(world) == now_says(world)
    assert (Clever.asked, Clever.closed) == (1, 1)
    with tenancy.support():
        second = factories.person(world.district, world.school, "admin")
    assert "Clever was asked about this person less than a minute ago." in now_says(world, second)
    assert (Clever.asked, Clever.closed) == (1, 1)


def test_a_reader_has_only_so_many_questions(world: factories.World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "QUESTIONS", 1)
    assert "Asked" in now_says(world)
    with tenancy.support():
        world.record = factories.record(world.connection, world.link.external_id)
    assert "You have asked Clever 1 times in five minutes." in now_says(world)
    assert (Clever.asked, Clever.closed) == (1, 1)


def test_only_a_source_that_knows_them_is_asked(world: factories.World) -> None:
    admin = browser(world.admin)
    hand_made = f"/accounts/find/account/{world.teacher.pk}/"
    assert "Nothing was asked" not in words(admin.post(hand_made, {"source": world.connection.pk}))
    change(Connection, world.connection.pk, state="disconnected")
    assert "Re-check now" not in text(admin, path(world))
    assert words(admin.post(path(world), {"source": world.connection.pk}))
    assert words(admin.post(path(world), {"source": "x"}))
    assert Clever.asked == 0


def rejected(world: factories.World) -> Rejection:
    with tenancy.support():
        Rejection.objects.filter(pk=world.rejection.pk).update(
            external_id=world.record.external_id, digest=world.record.digest, by=world.admin.pk, kind="create"
        )
        return Rejection.objects.get(pk=world.rejection.pk)


def test_what_was_rejected_may_be_tried_again(world: factories.World) -> None:
    rejection = rejected(world)
    admin = browser(world.admin)
    said = text(admin, path(world))
    assert "You rejected this on" in said
    assert "Nothing about this person changes." in said
    deed = f"/accounts/find/rejection/{rejection.pk}/"
    form = admin.get(deed)
    assert "Let the sync try again" in words(form)
    token = TOKEN.search(form.content.decode())
    assert token
    given = {"token": token[1], "why": "They are ours after all"}
    assert "The sync may try this again. It does so in its next run." in words(admin.post(deed, given, follow=True))
    assert "Nothing was done twice" in words(admin.post(deed, given, follow=True))
    again = {**given, "token": "another"}
    assert "The sync may try this again already." in words(admin.post(deed, again, follow=True))
    with tenancy.support():
        (line,) = AuditEvent.objects.filter(action="rejection.lift")
    assert (line.by_id, line.why) == (world.admin.pk, "They are ours after all")
    assert "Makes an account · Alder High" in text(admin, path(world))


def test_a_refusal_whose_facts_changed_is_not_told(world: factories.World) -> None:
    rejection = rejected(world)
    change(Rejection, rejection.pk, digest=1)
    assert "rejected" not in text(browser(world.admin), path(world))
    change(Rejection, rejection.pk, digest=world.record.digest, settings_version=99)
    assert "rejected" not in text(browser(world.admin), path(world))
