"""Who is told what: once while it is true, by their own wish, and never beyond their schools."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now

from accounts import access, notices, tenancy
from accounts.models import Mail, MailWish, Notice, Roles, Status, User
from tests import factories
from tests.rostering.workers import at_once

KIND = Notice.Kind
TEXT = "We paused part of tonight's sync."


@pytest.fixture
def world(committed_db: None) -> factories.World:
    del committed_db
    with tenancy.support():
        return factories.world("Alder")


def tell(world: factories.World, *, at: str = "school", kind: str = KIND.HOLD, about: str = "hold:7") -> Notice | None:
    school = getattr(world, at).pk if at else None
    with tenancy.district(world.district.pk):
        return notices.tell(
            world.district.pk, school, kind, about, TEXT, "/accounts/syncs/1/", must_act=kind == KIND.HOLD
        )


def letters() -> list[tuple[str, str]]:
    """Every letter, sent or not: to whom (their first name), and its subject."""
    with tenancy.support():
        return sorted(Mail.objects.values_list("to__first_name", "subject"))


def shown(user: User) -> list[str]:
    with tenancy.district(user.district_id or 0):
        return [each.about for each in access.notices_of(User.objects.get(pk=user.pk))]


def change(user: User, **fields: object) -> None:
    with tenancy.support():
        User.objects.filter(pk=user.pk).update(**fields)


def test_a_thing_is_told_once_while_it_is_true(world: factories.World) -> None:
    first = tell(world)
    assert first is not None
    assert (first.kind, first.school_id, first.text, first.must_act) == ("hold", world.school.pk, TEXT, True)
    assert tell(world) is None
    assert letters() == [
        ("AlderDana", "SmartPass: sync on hold for Alder High"),
        ("AlderRavi", "SmartPass: sync on hold for Alder High"),
    ]
    with tenancy.district(world.district.pk):
        assert [each.pk for each in notices.close(world.district.pk, KIND.HOLD, "hold:7")] == [first.pk]
        assert notices.close(world.district.pk, KIND.HOLD, "hold:7") == []
    assert letters() == []
    again = tell(world)
    assert again is not None
    assert again.pk != first.pk


def test_two_workers_tell_it_once(world: factories.World) -> None:
    told = at_once([lambda: tell(world), lambda: tell(world)])
    assert sorted(each is None for each in told) == [False, True]
    assert len(letters()) == 2


def test_what_is_rolled_back_was_never_told(world: factories.World) -> None:
    with tenancy.district(world.district.pk):
        assert notices.tell(world.district.pk, world.school.pk, KIND.HOLD, "hold:7", TEXT, "/")
        transaction.set_rollback(True)
    assert (letters(), shown(world.admin)) == ([], [])


def test_sister_schools_and_other_districts_hear_nothing(world: factories.World) -> None:
    with tenancy.support():
        other = factories.world("Birch")
    tell(world)
    tell(world, at="sister", about="hold:8")
    tell(world, at="", about="hold:9")
    assert shown(world.admin) == ["hold:7"]
    assert shown(world.sister_admin) == ["hold:8"]
    assert sorted(shown(world.district_admin)) == ["hold:7", "hold:8", "hold:9"]
    for user in (world.teacher, world.student, other.admin, other.district_admin):
        assert shown(user) == []
    to = [(name, subject.rpartition(" for ")[2]) for name, subject in letters()]
    assert to == [
        ("AlderDana", "Alder High"),
        ("AlderRavi", "Alder High"),
        ("AlderRavi", "Alder Middle"),
        ("AlderRavi", "Alder USD"),
        ("AlderSasha", "Alder Middle"),
    ]


@pytest.mark.parametrize(
    ("fields", "gets"),
    [
        ({}, True),
        ({"mail": MailWish.ACT}, True),
        ({"mail": MailWish.NONE}, False),
        ({"email": ""}, False),
        ({"email": "dana at example"}, False),
        ({"deleted_at": now()}, False),
        # Brought by a source, and not come in yet: nobody we make an account for is written to.
        ({"profile_source": 1}, False),
        ({"profile_source": 1, "last_login": now()}, True),
    ],
)
def test_who_is_written_to(world: factories.World, fields: dict[str, object], gets: bool) -> None:  # noqa: FBT001
    change(world.admin, **fields)
    tell(world)
    assert ("AlderDana" in [name for name, _ in letters()]) is gets


def test_only_when_i_must_act(world: factories.World) -> None:
    change(world.admin, mail=MailWish.ACT)
    tell(world, kind=KIND.FIXED)
    assert [name for name, _ in letters()] == ["AlderRavi"]


@pytest.mark.parametrize("status", [Status.SUSPENDED, Status.DISABLED])
def test_an_admin_who_may_not_come_in_is_not_written_to(world: factories.World, status: str) -> None:
    with tenancy.support():
        held = factories.membership(world.admin, world.school)
        held.status, held.suspended_by = status, "person" if status == Status.SUSPENDED else ""
        held.save()
    tell(world)
    assert [name for name, _ in letters()] == ["AlderRavi"]


def test_many_readers_are_one_statement(world: factories.World) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            tell(world, about=f"hold:{len(letters())}")
        return len(asked)

    with_one = queries()
    with tenancy.support():
        for _ in range(30):
            factories.person(world.district, world.school, Roles.ADMIN)
    before = len(letters())
    assert queries() == with_one
    assert len(letters()) - before == 32


def test_what_is_told_of_the_whole_district_reaches_its_admin_once(world: factories.World) -> None:
    places = [(world.school.pk, "High"), (world.sister.pk, "Middle"), (None, "District")]
    with tenancy.district(world.district.pk):
        made = notices.tell_all(
            world.district.pk,
            KIND.LATE,
            [notices.Telling(school, "connection:1", text, "/") for school, text in places],
        )
    assert len(made) == 3
    assert [name for name, _ in letters()] == ["AlderDana", "AlderRavi", "AlderSasha"]
    assert [len(shown(user)) for user in (world.admin, world.sister_admin, world.district_admin)] == [1, 1, 1]


def test_what_waits_is_reminded_of_after_a_day_after_three_and_each_week(world: factories.World) -> None:
    tell(world)
    tell(world, kind=KIND.FIXED)
    told = now()
    reminded = []
    for hours in range(12, 24 * 25, 12):
        with time_machine.travel(told + timedelta(hours=hours), tick=False):
            if notices.remind():
                reminded.append(hours // 24)
    assert reminded == [1, 3, 10, 17, 24]
    assert letters().count(("AlderDana", "SmartPass: reminder, sync on hold for Alder High")) == 5


def test_two_schedulers_remind_once(world: factories.World) -> None:
    tell(world)
    with tenancy.support():
        earlier = now() - timedelta(hours=25)
        Notice.objects.update(at=earlier)
        Mail.objects.update(made_at=earlier)
    assert sorted(at_once([notices.remind, notices.remind])) == [0, 2]
    assert notices.remind() == 0


def test_nobody_is_reminded_of_what_was_decided(world: factories.World) -> None:
    tell(world)
    with tenancy.support():
        Notice.objects.update(at=now() - timedelta(hours=25))
        notices.close(world.district.pk, KIND.HOLD, "hold:7")
    assert notices.remind() == 0


def test_what_is_past_its_time_is_forgotten_and_what_waits_is_not(world: factories.World) -> None:
    for about in ("hold:1", "hold:2"):
        tell(world, about=about)
    tell(world, kind=KIND.READY, about="run:1")
    with tenancy.support():
        notices.close(world.district.pk, KIND.HOLD, "hold:1")
        assert notices.forget(now() - timedelta(days=1)) == 0
        assert notices.forget(now() + timedelta(days=1)) == 2
    assert shown(world.admin) == ["hold:2"]
    assert len(letters()) == 2


def test_the_words_of_a_notice_are_brought_up_to_date_without_a_letter(world: factories.World) -> None:
    tell(world)
    with tenancy.district(world.district.pk):
        assert notices.reword(world.district.pk, KIND.HOLD, "hold:7", "282 students.")
        assert not notices.reword(world.district.pk, KIND.HOLD, "hold:7", "282 students.")
        assert Notice.objects.get().text == "282 students."
    assert len(letters()) == 2


def test_seen_never_goes_back(world: factories.World) -> None:
    late, early = now(), now() - timedelta(hours=1)
    with tenancy.district(world.district.pk):
        assert notices.seen(world.admin, late)
        assert not notices.seen(world.admin, early)
        assert User.objects.get(pk=world.admin.pk).notices_seen_at == late
        notices.seen(world.admin, now() + timedelta(days=9))
        seen_at = User.objects.get(pk=world.admin.pk).notices_seen_at
        assert seen_at is not None
        assert seen_at <= now()
