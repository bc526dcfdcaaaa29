"""Every limit at its default, reached and just not reached: by people, and by share.

The limits are the answer to traps 21, 22 and 23 of docs/traps.md.
"""

from __future__ import annotations

import pytest

from accounts import tenancy
from accounts.models import District, School
from integrations import linking
from integrations.models import Connection
from rostering import holds
from rostering.limits import DEFAULTS
from rostering.models import RunState
from tests import factories
from tests.rostering.conftest import SCHOOLS, Tell
from tests.rostering.stories import Seen, Story, Waits


@pytest.fixture
def story(tell: Tell) -> Story:
    """A district of three linked schools and one that is not."""
    return tell(*SCHOOLS, at_clever=len(SCHOOLS) + 1)


def leave_us(story: Story, keys: list[str]) -> None:
    """These people go to the school that is not linked, where they are seen: nobody need be asked about them."""
    for key in keys:
        story.world.move_user(key, story.places[-1])


def suspended(story: Story) -> int:
    """How many memberships are suspended."""
    return len([each for each in story.people() if each.status == "suspended"])


def roles(story: Story, **words: list[str]) -> None:
    """Support decides what the source's words mean here."""
    with tenancy.support():
        linking.set_roles(None, story.link_to_clever(), words, "Asked by the school")


def held(story: Story, reason: str) -> int | None:
    """How many people wait for this reason, the only one there may be; None if nobody waits."""
    waits = story.holds()
    assert {each.reason for each in waits} <= {reason}
    return sum(each.people for each in waits) if waits else None


BOTH_WAYS = pytest.mark.parametrize


@BOTH_WAYS(("people", "leave", "wait"), [(100, 10, 10), (50, 9, None), (101, 10, None)])
def test_a_role_at_a_school(people: int, leave: int, wait: int | None, story: Story) -> None:
    kids = story.students(people)
    story.night()
    leave_us(story, kids[:leave])
    story.night()
    assert held(story, "suspend_school") == wait
    assert suspended(story) == (0 if wait else leave)


@BOTH_WAYS(("people", "leave", "wait"), [(83, (9, 8, 8), 25), (83, (8, 8, 8), None), (84, (9, 8, 8), None)])
def test_a_district(people: int, leave: tuple[int, ...], wait: int | None, story: Story) -> None:
    schools = [story.students(people, school, f"At {school}") for school in range(3)]
    story.night()
    for kids, count in zip(schools, leave, strict=True):
        leave_us(story, kids[:count])
    story.night()
    assert held(story, "suspend_district") == wait
    assert suspended(story) == (0 if wait else sum(leave))


@BOTH_WAYS(("last", "days", "wait"), [(2, 1, 2), (1, 1, None), (2, 7, None)])
def test_a_week(last: int, days: int, wait: int | None, story: Story) -> None:
    kids = story.students(100)
    story.night()
    for first in (0, 9):
        leave_us(story, kids[first : first + 9])
        story.night()
        story.days_pass(days)
    leave_us(story, kids[20 : 20 + last])
    story.night()
    assert held(story, "suspend_week") == wait
    assert suspended(story) == 18 + (0 if wait else last)


@BOTH_WAYS(("people", "wait"), [(25, 1), (26, None)])
def test_a_week_in_a_district(people: int, wait: int | None, story: Story) -> None:
    schools = [story.students(count, school, f"At {school}") for school, count in enumerate((50, 50, people))]
    story.night()
    for first in (0, 3, 6):
        for kids, count in zip(schools, (3, 3, 2), strict=True):
            leave_us(story, kids[first : first + count])
        story.night()
        story.days_pass(1)
    leave_us(story, schools[2][20:21])
    story.night()
    assert held(story, "suspend_week") == wait
    assert suspended(story) == (24 if wait else 25)


@BOTH_WAYS(("last", "days", "wait"), [(8, 8, 8), (7, 8, None), (8, 11, None)])
def test_a_month(last: int, days: int, wait: int | None, story: Story) -> None:
    kids = story.students(100)
    story.night()
    for first in (0, 9, 18):
        leave_us(story, kids[first : first + 9])
        story.night()
        story.days_pass(days)
    leave_us(story, kids[30 : 30 + last])
    story.night()
    assert held(story, "suspend_month") == wait
    assert suspended(story) == 27 + (0 if wait else last)


def test_what_a_person_released_is_not_counted_again(story: Story) -> None:
    kids = story.students(100)
    story.night()
    leave_us(story, kids[:19])
    story.night()
    (hold,) = story.open_holds()
    with tenancy.support():
        support = factories.staff()
    holds.release(hold, hold.fingerprint, by=support, why="Known")
    leave_us(story, kids[19:24])
    story.night()
    assert (story.holds(), suspended(story)) == ([], 24)


@BOTH_WAYS(("people", "change", "wait"), [(50, 25, 25), (48, 24, None), (51, 25, None)])
def test_names_and_emails(people: int, change: int, wait: int | None, story: Story) -> None:
    kids = story.students(people)
    story.night()
    before = story.accounts()
    for number, key in enumerate(kids[:change]):
        if number % 2:
            story.world.rename_user(key, last="Changed")
        else:
            story.world.set_email(key, f"changed.{number}@lincoln.example")
    story.night()
    assert held(story, "identity") == wait
    assert (story.accounts() == before) == bool(wait)


@BOTH_WAYS(("people", "change", "wait"), [(100, 25, 25), (90, 24, None), (101, 25, None)])
def test_roles(people: int, change: int, wait: int | None, story: Story) -> None:
    kids = story.students(people)
    story.night()
    for key in kids[:change]:
        story.world.set_role(key, "student", None)
        story.world.set_role(key, "teacher", story.role("teacher"))
    story.night()
    assert held(story, "roles") == wait
    assert [each.roles for each in story.people()].count("teacher") == (0 if wait else change)


@BOTH_WAYS(("gain", "wait"), [(6, 6), (5, None)])
@BOTH_WAYS("way", ["comes as Admin", "comes for the district", "becomes Admin"])
def test_gaining_admin(way: str, gain: int, wait: int | None, story: Story) -> None:
    if way == "becomes Admin":
        for number in range(gain):
            story.staff(f"Staff {number}")
        story.night()
    if way == "comes for the district":
        for number in range(gain):
            story.head(f"Head {number}")
    else:
        roles(story, staff=["admin"])
        for number in range(gain if way == "comes as Admin" else 0):
            story.staff(f"Staff {number}")
    story.night()
    assert held(story, "admin_gain") == wait
    admins = [each for each in story.people() if "admin" in each.roles]
    assert len(admins) == (0 if wait else gain)


@BOTH_WAYS(("people", "change", "wait"), [(50, 10, 10), (45, 9, None), (51, 10, None)])
def test_new_ids(people: int, change: int, wait: int | None, story: Story) -> None:
    kids = story.students(people)
    story.night()
    for number, key in enumerate(kids[:change]):
        story.world.change_sis_id(key, f"9{number:03}")
    story.night()
    assert held(story, "new_ids") == wait
    assert (len(story.accounts()["User"]), suspended(story)) == (people, 0)


@BOTH_WAYS(("leave", "second"), [(41, True), (40, False)])
def test_a_second_person_for_a_large_share(leave: int, story: Story, *, second: bool) -> None:
    kids = story.students(100)
    story.night()
    leave_us(story, kids[:leave])
    story.night()
    assert [(each.people, each.needs_second) for each in story.open_holds()] == [(leave, second)]


@BOTH_WAYS(("leave", "second"), [(21, True), (20, False)])
def test_a_second_person_for_many_people(leave: int, story: Story, *, second: bool) -> None:
    assert DEFAULTS["second_person_people"].default == 500
    set_limits(story.connection, second_person_people=20)
    kids = story.students(60)
    story.night()
    leave_us(story, kids[:leave])
    story.night()
    assert [(each.people, each.needs_second) for each in story.open_holds()] == [(leave, second)]


@BOTH_WAYS(("budget", "asked", "stay"), [(4, 4, 0), (3, 3, 1), (0, 0, 4)])
def test_questions_about_the_absent(budget: int, asked: int, stay: int, story: Story) -> None:
    kids = story.students(10)
    story.night()
    set_limits(story.connection, confirm_budget=budget)
    for key in kids[:4]:
        story.world.unshare_user(key)
    story.sandbox.log.clear()
    assert story.night().state == RunState.DONE
    assert sum("/users/" in entry.path for entry in story.sandbox.log) == asked
    assert suspended(story) == 4 - stay
    assert story.issues() == [(f"Kid {number:02}", "E-NOT-CONFIRMED") for number in range(5 - stay, 5)]


def test_the_default_budget_is_two_hundred() -> None:
    assert DEFAULTS["confirm_budget"].default == 200


@BOTH_WAYS(("leave", "wait"), [(3, 3), (2, None)])
def test_a_school_nobody_is_in_any_more(leave: int, wait: int | None, story: Story) -> None:
    story.students(3)
    pals = story.students(3, 1, "Pal")
    story.night()
    leave_us(story, pals[:leave])
    story.night()
    assert held(story, "place_empty") == wait
    assert suspended(story) == (0 if wait else leave)


def test_the_last_admin_of_a_school(story: Story) -> None:
    roles(story, staff=["admin"])
    staff = [story.staff("One Admin", 0), story.staff("Two Admin", 0), story.staff("South Admin", 1)]
    story.students(3)
    story.night()
    leave_us(story, staff[:1])
    story.night()
    assert (story.holds(), suspended(story)) == ([], 1)
    leave_us(story, staff[1:2])
    story.night()
    assert story.holds() == [Waits("last_admin", "North", 1)]
    assert Seen("Two Admin", "North", "admin teacher") in story.people()


def test_the_admin_who_made_the_connection(story: Story) -> None:
    roles(story, staff=["admin"])
    staff = [story.staff("One Admin"), story.staff("Two Admin")]
    story.night()
    with tenancy.district(story.district.pk):
        Connection.objects.filter(pk=story.connection.pk).update(created_by=story.user(staff[0]))
    leave_us(story, staff[:1])
    story.night()
    assert story.holds() == [Waits("connection_admin", "North", 1)]
    assert suspended(story) == 0


def set_limits(row: District | School | Connection, **limits: float) -> None:
    """Support sets limits at this level."""
    with tenancy.support():
        type(row)._default_manager.filter(pk=row.pk).update(limits=limits)


@BOTH_WAYS(
    ("levels", "wait"),
    [
        ([], None),
        ([("district", 3)], 3),
        ([("district", 3), ("connection", 4)], None),
        ([("district", 4), ("connection", 4), ("school", 3)], 3),
        ([("connection", 3), ("school", 4)], None),
        ([("other school", 3)], None),
    ],
)
def test_the_nearest_limit_is_in_force(levels: list[tuple[str, int]], wait: int | None, story: Story) -> None:
    kids = story.students(20)
    story.night()
    rows: dict[str, District | School | Connection] = {
        "district": story.district, "connection": story.connection,
        "school": story.schools[0], "other school": story.schools[1],
    }  # fmt: skip
    for level, people in levels:
        set_limits(rows[level], suspend_role_people=people)
    leave_us(story, kids[:3])
    story.night()
    assert held(story, "suspend_school") == wait
    assert suspended(story) == (0 if wait else 3)
