"""The traps in what people are: several roles at once, guardians, district admins, roles that go.

Numbered as in docs/traps.md.
"""

from __future__ import annotations

import pytest

from accounts import tenancy
from integrations import linking
from rostering.models import Record, RunState
from tests.rostering.stories import Planned, Seen, Story, Waits


def staff_are(story: Story, *roles: str) -> None:
    """Support decides what Clever's staff are here."""
    with tenancy.support():
        linking.set_roles(None, story.link_to_clever(), {"staff": roles}, "Asked by the school")


@pytest.mark.parametrize("order", [("teacher", "staff", "district_admin"), ("district_admin", "staff", "teacher")])
def test_trap_11_every_role_counts_whatever_comes_first(order: tuple[str, ...], story: Story) -> None:
    staff_are(story, "admin")
    held = {"teacher": story.role("teacher", 0), "staff": story.role("staff", 1, 2)}
    held["district_admin"] = story.role("district_admin")
    ana = story.add("Ana Ruiz", **{word: held[word] for word in order})
    story.night()
    expected = [
        Seen("Ana Ruiz", "District", "district_admin"),
        Seen("Ana Ruiz", "North", "teacher"),
        Seen("Ana Ruiz", "South", "admin teacher"),
        Seen("Ana Ruiz", "West", "admin teacher"),
    ]
    assert story.people() == expected
    before = story.accounts()
    story.world.reverse_keys(ana)
    assert story.plan(story.night()) == []
    assert story.accounts() == before


def test_trap_12_two_roles_make_one_account_with_both(story: Story) -> None:
    staff_are(story, "admin")
    ana = story.add("Ana Ruiz", teacher=story.role("teacher", 0), staff=story.role("staff", 0, 1))
    run = story.night()
    assert story.plan(run) == [Planned("Ana Ruiz", "North", "create"), Planned("Ana Ruiz", "South", "join")]
    assert story.people() == [Seen("Ana Ruiz", "North", "admin teacher"), Seen("Ana Ruiz", "South", "admin teacher")]
    assert len(story.accounts()["User"]) == 1
    assert story.user(ana).first_name == "Ana"


def test_trap_12_admin_always_brings_teacher(story: Story) -> None:
    staff_are(story, "admin")
    story.staff("Ana Ruiz", 0)
    story.night()
    assert story.people() == [Seen("Ana Ruiz", "North", "admin teacher")]


def test_trap_13_guardians_make_nothing_and_are_not_kept(story: Story) -> None:
    ana = story.student("Ana Ruiz")
    ward = {"student": ana, "relationship": "Parent", "type": "Primary"}
    for email in ("home@lincoln.example", "ana.ruiz@lincoln.example", None):
        story.add("Parent Ruiz", email, contact={"phone": "555", "student_relationships": [ward]})
    run = story.night()
    assert story.people() == [Seen("Ana Ruiz", "North", "student")]
    assert (len(story.accounts()["User"]), story.issues()) == (1, [])
    assert (run.receipt["rows"], run.receipt["ignored"]) == (4, 3)
    with tenancy.district(story.district.pk):
        assert list(Record.objects.values_list("external_id", flat=True)) == [ana]


def test_trap_14_staff_have_only_a_list_and_heads_no_school(story: Story) -> None:
    story.staff("Ben Lo", 1, 2)
    story.head("Cy Day")
    story.add("Di Ash", staff={"staff_id": "S-9", "schools": []})
    assert story.night().state == RunState.DONE
    assert story.people() == [
        Seen("Ben Lo", "South", "teacher"),
        Seen("Ben Lo", "West", "teacher"),
        Seen("Cy Day", "District", "district_admin"),
    ]
    assert story.issues() == [("Di Ash", "E-SCHOOL-NOT-LINKED")]


def test_trap_14_who_stands_for_the_district_is_decided_by_support(story: Story) -> None:
    with tenancy.support():
        linking.set_roles(None, story.link_to_clever(), {"district_admin": []}, "Not in this district")
    story.head("Cy Day")
    story.add("Di Ash", teacher=story.role("teacher", 0), district_admin=story.role("district_admin"))
    story.night()
    assert story.people() == [Seen("Di Ash", "North", "teacher")]
    assert story.issues() == []


def test_trap_15_only_the_role_that_is_lost_goes(story: Story) -> None:
    staff_are(story, "admin")
    ana = story.add("Ana Ruiz", teacher=story.role("teacher", 0), staff=story.role("staff", 0))
    story.staff("Ben Lo", 0)
    story.night()
    account = story.user(ana)
    story.world.set_role(ana, "staff", None)
    run = story.night()
    assert story.plan(run) == [Planned("Ana Ruiz", "North", "roles")]
    assert story.people() == [Seen("Ana Ruiz", "North", "teacher"), Seen("Ben Lo", "North", "admin teacher")]
    assert story.user(ana) == account


def test_trap_15_a_role_at_another_school_stays(story: Story) -> None:
    ana = story.add("Ana Ruiz", teacher=story.role("teacher", 0), staff=story.role("staff", 1))
    cy = story.add("Cy Day", teacher=story.role("teacher", 0), district_admin=story.role("district_admin"))
    story.teacher("Ben Lo", 0, 1)
    story.head("Di Ash")
    story.staff("Ed Fox", 2)
    story.night()
    story.world.set_role(ana, "staff", None)
    story.world.set_role(cy, "district_admin", None)
    run = story.night()
    assert story.plan(run) == [
        Planned("Ana Ruiz", "South", "suspend", "left_school"),
        Planned("Cy Day", "District", "suspend", "left_school"),
    ]
    assert story.people() == [
        Seen("Ana Ruiz", "North", "teacher"),
        Seen("Ana Ruiz", "South", "teacher", "suspended"),
        Seen("Ben Lo", "North", "teacher"),
        Seen("Ben Lo", "South", "teacher"),
        Seen("Cy Day", "District", "district_admin", "suspended"),
        Seen("Cy Day", "North", "teacher"),
        Seen("Di Ash", "District", "district_admin"),
        Seen("Ed Fox", "West", "teacher"),
    ]


def school_of(story: Story, *, teachers: int, staff: int, students: int) -> None:
    """Fill the first school."""
    for number in range(teachers):
        story.teacher(f"Teacher {number:02}")
    for number in range(staff):
        story.staff(f"Staff {number:02}")
    story.students(students)


def test_trap_17_a_role_that_goes_altogether_waits(story: Story) -> None:
    staff_are(story, "admin")
    school_of(story, teachers=5, staff=3, students=200)
    story.night()
    before = story.accounts()
    story.world.unshare_role("staff")
    story.night()
    assert story.holds() == [Waits("place_empty", "North", 3)]
    (hold,) = story.open_holds()
    assert hold.text == "3 people here would lose the role Admin: the source sent nobody with it any more."
    assert story.accounts() == before
    story.world.share_role("staff")
    assert story.plan(story.night()) == []
    assert story.holds() == []


@pytest.mark.parametrize(("leaving", "held"), [(10, [Waits("suspend_school", "North", 10)]), (9, [])])
def test_trap_17_a_part_of_a_role_is_measured_against_that_role(leaving: int, held: list[Waits], story: Story) -> None:
    school_of(story, teachers=30, staff=leaving + 1, students=200)
    story.night()
    for key in [key for key, name in story.names.items() if name.startswith("Staff")][:leaving]:
        story.world.unshare_user(key)
    story.night()
    assert story.holds() == held
    assert len(gone(story)) == (0 if held else leaving)


def gone(story: Story) -> list[Seen]:
    """Who is not active any more."""
    return [each for each in story.people() if each.status != "active"]


def test_trap_17_a_word_that_goes_waits_though_its_role_has_others(story: Story) -> None:
    school_of(story, teachers=30, staff=9, students=20)
    story.head("Cy Day")
    story.night()
    before = story.accounts()
    story.world.unshare_role("staff")
    assert story.plan(story.night(preview=True))[0].waits == "place_empty"
    for _ in range(3):
        run = story.night()
        assert {each.waits for each in story.plan(run)} == {"place_empty"}
        assert story.holds() == [Waits("place_empty", "North", 9)]
        assert story.open_holds()[0].text == (
            "9 people here would lose what they have as 'staff': the source sent no one by that word any more."
        )
        assert story.accounts() == before
    story.world.share_role("staff")
    assert story.plan(story.night()) == []
    assert (story.holds(), story.accounts()) == ([], before)


def test_trap_17_who_waits_for_a_word_outlasts_a_listing_that_breaks_off(story: Story) -> None:
    school_of(story, teachers=30, staff=9, students=20)
    story.night()
    before = story.accounts()
    story.world.unshare_role("staff")
    story.night()
    (read,) = story.open_holds()
    story.sandbox.set_faults({"lose_rows_at": 1})
    run = story.night()
    story.sandbox.set_faults({"lose_rows_at": None})
    assert (bool(run.removals), story.plan(run)) == (True, [])
    (same,) = story.open_holds()
    assert (same.pk, same.fingerprint, same.people) == (read.pk, read.fingerprint, 9)
    story.night()
    assert story.holds() == [Waits("place_empty", "North", 9)]
    assert story.accounts() == before


def test_trap_17_who_is_sent_by_another_word_too_keeps_the_role(story: Story) -> None:
    ana = story.add("Ana Ruiz", teacher=story.role("teacher", 0), staff=story.role("staff", 0))
    school_of(story, teachers=3, staff=0, students=3)
    story.night()
    before = story.accounts()
    story.world.unshare_role("staff")
    assert story.plan(story.night()) == []
    assert (story.holds(), story.accounts()) == ([], before)
    assert story.user(ana).first_name == "Ana"


def test_trap_17_a_word_that_somebody_still_has_is_no_alarm(story: Story) -> None:
    school_of(story, teachers=30, staff=3, students=20)
    story.night()
    ben, *_ = [key for key, name in story.names.items() if name.startswith("Staff")]
    story.world.unshare_user(ben)
    story.night()
    assert (story.holds(), len(gone(story))) == ([], 1)


def test_trap_17_a_word_that_support_gave_no_role_is_no_alarm(story: Story) -> None:
    school_of(story, teachers=30, staff=3, students=20)
    story.night()
    staff_are(story)
    story.world.unshare_role("staff")
    story.night()
    assert (story.holds(), len(gone(story))) == ([], 3)
