"""The traps in who leaves: too many at once, one school of many, a few of few, and those who come back.

Numbered as in docs/traps.md.
"""

from __future__ import annotations

import threading
from functools import partial

import pytest
from django.db import connection

from accounts import people, tenancy
from accounts.models import Pin, User
from integrations.clever.sandbox import CleverSandbox
from rostering import holds, runs, schedule
from rostering.models import Change, Run, RunState, Trigger
from tests import factories
from tests.rostering.conftest import Tell
from tests.rostering.stories import Planned, Row, Seen, Story, Waits


def statuses(story: Story) -> dict[str, int]:
    """How many memberships have which status."""
    found = [each.status for each in story.people()]
    return {status: found.count(status) for status in sorted(set(found))}


def unshare(story: Story, keys: list[str]) -> None:
    """The district stops sharing these people."""
    for key in keys:
        story.world.unshare_user(key)


def test_trap_21_many_unshared_wait_and_the_rest_goes_on(story: Story) -> None:
    kids = story.students(100)
    story.night()
    unshare(story, kids[:12])
    story.world.rename_user(kids[50], last="Changed")
    story.student("New One")
    run = story.night()
    assert (run.state, story.words(run)) == (RunState.DONE, "On hold")
    assert story.holds() == [Waits("suspend_school", "North", 12)]
    assert statuses(story) == {"active": 101}
    assert story.user(kids[50]).last_name == "Changed"
    assert story.issues() == [(f"Kid {number:02}", "E-HELD") for number in range(1, 13)]
    with tenancy.support():
        support = factories.staff()
    (hold,) = story.open_holds()
    holds.release(hold, hold.fingerprint, by=support, why="They moved away")
    assert statuses(story) == {"active": 89, "suspended": 12}
    assert (story.plan(story.night()), story.holds(), story.issues()) == ([], [], [])
    # One yes counts once.
    unshare(story, kids[12:24])
    story.night()
    assert story.holds() == [Waits("suspend_school", "North", 12)]
    assert statuses(story) == {"active": 89, "suspended": 12}


def test_trap_21_a_whole_school_unshared_removes_nobody(story: Story) -> None:
    story.students(3)
    story.students(3, 1, "Pal")
    story.night()
    story.world.unshare_school(story.places[1])
    story.student("Kid 04")
    run = story.night()
    assert run.removals == "The source no longer shares a school that is linked here."
    assert story.plan(run) == [Planned("Kid 04", "North", "create")]
    assert statuses(story) == {"active": 7}
    story.world.share_school(story.places[1])
    assert story.plan(story.night()) == []


TEN = tuple(f"School {number}" for number in range(10))


@pytest.mark.parametrize(
    ("leave", "held"),
    [
        (12, [Waits("place_empty", "School 3", 12)]),
        (11, [Waits("suspend_school", "School 3", 11)]),
        (9, []),
    ],
)
def test_trap_22_one_school_of_ten_is_seen_by_itself(leave: int, held: list[Waits], tell: Tell) -> None:
    story = tell(*TEN)
    kids = [story.students(12, school, f"At {school}") for school in range(10)]
    story.night()
    unshare(story, kids[3][:leave])
    story.night()
    assert story.holds() == held
    assert statuses(story) == ({"active": 120} if held else {"active": 111, "suspended": 9})


def test_trap_23_one_of_five_is_no_alarm(story: Story) -> None:
    teachers = [story.teacher(f"Teacher {number}") for number in range(5)]
    story.night()
    unshare(story, teachers[:1])
    run = story.night()
    assert story.plan(run) == [Planned("Teacher 0", "North", "suspend", "gone")]
    assert (story.holds(), statuses(story)) == ([], {"active": 4, "suspended": 1})


def bare(accounts: Row) -> Row:
    """The rows without the status (and what is computed from it), which is all that leaving changes."""
    gone = {"status", "standing", "suspended_by", "updated_at"}
    return {
        name: [{key: value for key, value in row.items() if key not in gone} for row in rows]
        for name, rows in accounts.items()
    }


@pytest.mark.parametrize("way", ["deleted", "unshared"])
def test_trap_24_who_leaves_is_kept_and_comes_back_the_same(way: str, story: Story) -> None:
    ana = story.student("Ana Ruiz", 0, 1)
    story.student("Ben Lo", 0, 1)
    story.night()
    account = story.user(ana)
    with tenancy.district(story.district.pk):
        User.objects.filter(pk=account.pk).update(username="ana", password="kept", first_name="Anita")
        Pin.objects.create(district=story.district, user=account, field="first_name", why="She asked")
    before = story.accounts()
    go, come = (
        (story.world.delete_user, story.world.restore_user)
        if way == "deleted"
        else (story.world.unshare_user, story.world.share_user)
    )
    go(ana)
    story.night()
    assert story.people()[:2] == [
        Seen("Anita Ruiz", "North", "student", "suspended"),
        Seen("Anita Ruiz", "South", "student", "suspended"),
    ]
    assert bare(story.accounts()) == bare(before)
    come(ana)
    run = story.night()
    assert story.plan(run) == [Planned("Ana Ruiz", school, "reactivate") for school in ("North", "South")]
    assert bare(story.accounts()) == bare(before)
    assert [story.membership(ana, school).status for school in (0, 1)] == ["active", "active"]
    with tenancy.district(story.district.pk):
        history = Change.objects.filter(user_id=account.pk, school=story.schools[0]).order_by("pk")
        assert list(history.values_list("kind", flat=True)) == ["create", "suspend", "reactivate"]


def test_trap_24_what_a_person_ended_is_not_begun_again(story: Story) -> None:
    ana = story.student("Ana Ruiz")
    ben = story.student("Ben Lo")
    story.night()
    with tenancy.support():
        people.suspend(None, story.membership(ana))
        people.disable(None, story.membership(ben))
    assert story.plan(story.night()) == []
    assert story.people() == [
        Seen("Ana Ruiz", "North", "student", "suspended by hand"),
        Seen("Ben Lo", "North", "student", "disabled"),
    ]


def test_trap_27_a_paused_district_is_old_and_quiet(story: Story) -> None:
    story.students(30)
    story.world.sync("2026-06-05T06:00:00.000Z")
    story.night()
    story.world.pause("2026-06-07", "2999-08-15T00:00:00.000Z")
    before = story.accounts()
    for _ in range(3):
        story.world.sync()
        story.days_pass(1)
        run = story.night()
        assert (story.plan(run), story.holds(), run.problem) == ([], [], "")
        assert run.receipt["as_of"] == "2026-06-05T06:00:00.000Z"
        assert run.receipt["notes"] == {"paused_until": "2999-08-15T00:00:00.000Z", "state": "paused"}
        assert story.words(run) == "Completed"
    assert story.accounts() == before
    tie = story.link_to_clever()
    with tenancy.district(story.district.pk):
        assert tie.problem == ""
    assert schedule.sound_alarms() == []


def test_trap_28_a_second_start_joins_and_a_second_worker_leaves(clever: CleverSandbox, story: Story) -> None:
    story.students(3)
    clever.set_faults({"page_slow_at": 1, "slow_seconds": 0.6})
    done: list[Run] = []

    def work() -> None:
        done.append(story.night())
        connection.close()

    first = threading.Thread(target=work)
    first.start()
    while not any(entry.path.endswith("/users") for entry in list(clever.log)):
        first.join(0.01)
    with tenancy.district(story.district.pk):
        again, new = runs.start(story.link_to_clever(), Trigger.ASKED)
    assert story.worked(again).state == RunState.RUNNING
    first.join()
    assert (new, done) == (False, [again])
    assert (done[0].state, done[0].attempt) == (RunState.DONE, 1)
    assert sum(entry.path.endswith("/users") for entry in clever.log) == 1
    assert statuses(story) == {"active": 3}
    with tenancy.district(story.district.pk):
        assert list(Run.objects.all()) == [again]


def test_trap_29_the_order_in_which_people_come_means_nothing(tell: Tell) -> None:
    stories = [tell(), tell()]
    for story, forward in zip(stories, (True, False), strict=True):
        arrivals = [
            partial(story.student, "Ana Ruiz", 1, 0),
            partial(story.teacher, "Ben Lo", 0, email="same@lincoln.example"),
            partial(story.student, "Cy Day", 2, email="same@lincoln.example"),
            partial(story.head, "Di Ash"),
            partial(story.staff, "Eve Fox", 2),
        ]
        for arrives in arrivals if forward else reversed(arrivals):
            arrives()
        story.night()
    assert len(stories[0].people()) == 6
    one, other = ((each.people(), each.issues(), each.logins()) for each in stories)
    assert one == other
