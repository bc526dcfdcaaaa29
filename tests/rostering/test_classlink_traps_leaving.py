"""The traps of ClassLink and OneRoster in who leaves: listings that are not whole, removals of every kind, returns.

Numbered as in the second part of docs/traps.md.
"""

from __future__ import annotations

from typing import Any

import pytest

from accounts import tenancy
from integrations.classlink.provider import ClassLinkProvider
from integrations.classlink.sandbox import ClassLinkSandbox
from rostering import runs
from rostering.models import RunState
from tests.rostering.classlink import ClassLinkStory
from tests.rostering.conftest import Tell
from tests.rostering.passing import Planned, Seen, Waits


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read ClassLink in pages of three."""
    monkeypatch.setattr(ClassLinkProvider, "page_size", 3)


@pytest.fixture
def eight(at_classlink: ClassLinkStory, small_pages: None) -> ClassLinkStory:
    """Three pages of students; since they were synced one has left and one has come."""
    del small_pages
    keys = at_classlink.students(8)
    at_classlink.night()
    at_classlink.world.remove_user(keys[1])
    at_classlink.student("Kid 09")
    return at_classlink


def kids(*numbers: int, status: str = "active") -> list[Seen]:
    """What is seen of students made by number."""
    return [Seen(f"Kid {number:02}", "North", "student", status) for number in numbers]


CHANGED = sorted([*kids(1, 3, 4, 5, 6, 7, 8, 9), *kids(2, status="suspended")])


def suspended(story: ClassLinkStory) -> list[str]:
    """Who is suspended."""
    return [each.name for each in story.people() if each.status == "suspended"]


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"total_off": 1}, "The source announced 9 records and sent 8."),
        ({"total": "-7"}, "The source announced -7 records and sent 8."),
        ({"empty_page_at": 3}, "The source announced 8 records and sent 6."),
        ({"total": False}, ""),
    ],
)
def test_trap_16_a_total_that_is_not_met_removes_nobody(
    fault: dict[str, Any], said: str, eight: ClassLinkStory
) -> None:
    eight.sandbox.set_faults(fault)
    run = eight.night()
    assert (run.state, run.removals) == (RunState.DONE, said)
    assert suspended(eight) == ([] if said else ["Kid 02"])
    eight.sandbox.set_faults(dict.fromkeys(fault))
    eight.night()
    assert eight.people() == CHANGED


def test_trap_20_rows_that_come_twice_prove_nothing(eight: ClassLinkStory) -> None:
    eight.sandbox.set_faults({"repeat_row_at": 2, "total": False})
    run = eight.night()
    assert run.removals == "The source sent some records twice (1), so others may be missing."
    assert suspended(eight) == []
    assert run.people_read == 7  # the row after the one that came twice was skipped
    eight.sandbox.set_faults({"repeat_row_at": None})
    eight.night()
    assert eight.people() == CHANGED


def test_trap_21_a_roster_that_changes_is_read_again(eight: ClassLinkStory) -> None:
    eight.sandbox.set_faults({"perm_rev_at": 2, "perm_rev_times": 2})
    run = eight.night()
    assert (run.state, run.tries, eight.people()) == (RunState.DONE, 0, CHANGED)
    assert sum(entry.query.startswith("limit=3&offset=0&") for entry in users(eight)) == 1 + 3


def users(story: ClassLinkStory) -> list[Any]:
    """What was asked about users."""
    return [entry for entry in story.sandbox.log if entry.path.endswith("/users")]


def test_trap_21_a_roster_that_never_holds_still_is_for_later(eight: ClassLinkStory) -> None:
    before = eight.accounts()
    eight.sandbox.set_faults({"perm_rev_at": 2})
    run = eight.night()
    assert (run.state, run.problem, run.tries) == (RunState.QUEUED, "E-SOURCE-DOWN", 1)
    for _ in runs.PAUSES:
        run = eight.an_hour_later(run)
    assert (run.state, run.problem_text) == (RunState.FAILED, "ClassLink changed while its roster was read.")
    assert eight.accounts() == before
    eight.sandbox.set_faults({"perm_rev_at": None})
    eight.night()
    assert eight.people() == CHANGED


@pytest.mark.parametrize("fault", [{"page_status_at": 2}, {"page_reset_at": 3}])
def test_trap_23_a_page_that_fails_archives_nobody(fault: dict[str, Any], eight: ClassLinkStory) -> None:
    before = eight.accounts()
    eight.sandbox.set_faults(fault)
    run = eight.night()
    assert (run.state, run.problem, eight.accounts()) == (RunState.QUEUED, "E-SOURCE-DOWN", before)
    eight.sandbox.set_faults(dict.fromkeys(fault))
    assert eight.an_hour_later(run).state == RunState.DONE
    assert eight.people() == CHANGED


def test_trap_24_empty_lists_beside_the_users_archive_nobody(eight: ClassLinkStory) -> None:
    eight.sandbox.set_faults({"empty": ["students", "teachers", "schools", "enrollments"]})
    eight.night()
    assert eight.people() == CHANGED


def test_trap_24_empty_users_wait_for_a_person(eight: ClassLinkStory) -> None:
    before = eight.accounts()
    eight.sandbox.set_faults({"empty": ["users"]})
    eight.night()
    assert eight.holds() == [Waits("place_empty", "North", 8)]
    assert eight.accounts() == before


def test_trap_25_a_school_that_is_unshared_keeps_everybody(at_classlink: ClassLinkStory) -> None:
    at_classlink.students(3)
    at_classlink.students(3, 1, "Pal")
    at_classlink.night()
    at_classlink.world.unshare_school(at_classlink.places[1])
    at_classlink.student("Kid 04")
    run = at_classlink.night()
    assert run.removals == "The source no longer shares a school that is linked here."
    assert at_classlink.plan(run) == [Planned("Kid 04", "North", "create")]
    assert suspended(at_classlink) == []
    at_classlink.world.reshare_school(at_classlink.places[1])
    assert at_classlink.plan(at_classlink.night()) == []


def test_trap_25_somebody_at_two_schools_keeps_naming_the_one_that_is_hidden(at_classlink: ClassLinkStory) -> None:
    both = at_classlink.teacher("Ana Ruiz", 0, 1)
    at_classlink.students(3)
    at_classlink.students(3, 1, "Pal")
    at_classlink.night()
    at_classlink.world.unshare_school(at_classlink.places[1])
    at_classlink.night()
    assert at_classlink.membership(both, 1).status == "active"


def test_trap_26_a_record_to_be_deleted_leaves_and_can_come_back(at_classlink: ClassLinkStory) -> None:
    ana = at_classlink.student("Ana Ruiz")
    at_classlink.students(3)
    at_classlink.night()
    account = at_classlink.user(ana)
    at_classlink.world.mark_deleted(ana)
    run = at_classlink.night()
    assert at_classlink.plan(run) == [Planned("Ana Ruiz", "North", "suspend", "inactive")]
    assert suspended(at_classlink) == ["Ana Ruiz"]
    at_classlink.world.restore_user(ana)
    assert at_classlink.plan(at_classlink.night()) == [Planned("Ana Ruiz", "North", "reactivate")]
    assert (at_classlink.user(ana), suspended(at_classlink)) == (account, [])


@pytest.mark.parametrize("booleans", ["text", "boolean", "number", "upper"])
def test_trap_27_false_is_not_true(booleans: str, at_classlink: ClassLinkStory) -> None:
    at_classlink.sandbox.set_faults({"booleans": booleans})
    ana = at_classlink.student("Ana Ruiz")
    never = at_classlink.student("Ben Lo")
    at_classlink.world.disable_user(never)
    at_classlink.students(3)
    at_classlink.night()
    at_classlink.world.disable_user(ana)
    run = at_classlink.night()
    assert at_classlink.plan(run) == [Planned("Ana Ruiz", "North", "suspend", "inactive")]
    at_classlink.world.enable_user(ana)
    at_classlink.night()
    assert [each.name for each in at_classlink.people()] == ["Ana Ruiz", "Kid 01", "Kid 02", "Kid 03"]
    assert suspended(at_classlink) == []


def test_trap_28_summer_waits_for_a_person(at_classlink: ClassLinkStory) -> None:
    at_classlink.students(100)
    at_classlink.night()
    before = at_classlink.accounts()
    assert at_classlink.world.keep_percent(3) == 97
    at_classlink.night()
    assert at_classlink.holds() == [Waits("suspend_school", "North", 97)]
    assert at_classlink.accounts() == before


def test_trap_29_who_comes_back_under_the_same_id_is_the_same(at_classlink: ClassLinkStory) -> None:
    ana = at_classlink.student("Ana Ruiz")
    at_classlink.students(3)
    at_classlink.night()
    account = at_classlink.user(ana)
    at_classlink.world.remove_user(ana)
    at_classlink.night()
    at_classlink.days_pass(200)
    at_classlink.world.restore_user(ana)
    run = at_classlink.night()
    assert at_classlink.plan(run) == [Planned("Ana Ruiz", "North", "reactivate")]
    assert at_classlink.user(ana) == account


def test_trap_31_absence_here_ends_nothing_that_is_another_sources(tell: Tell, classlink: ClassLinkSandbox) -> None:
    clever = tell("North")
    ana = clever.student("Ana Ruiz", email="ana@lincoln.example")
    clever.teacher("Ben Lo")
    clever.night()
    beside = ClassLinkStory(classlink, classlink.add_district(0, 1), ["South"], clever.district)
    also = beside.student("Ana Ruiz", email="ana@lincoln.example")
    beside.students(3)
    beside.night()
    assert beside.user(also) == clever.user(ana)
    beside.world.remove_user(also)
    run = beside.night()
    assert beside.plan(run) == [Planned("Ana Ruiz", "South", "suspend", "gone")]
    assert [each for each in clever.people() if each.name in {"Ana Ruiz", "Ben Lo"}] == [
        Seen("Ana Ruiz", "North", "student"),
        Seen("Ana Ruiz", "South", "student", "suspended"),
        Seen("Ben Lo", "North", "teacher"),
    ]
    with tenancy.district(clever.district.pk):
        assert clever.user(ana).login_email == "ana@lincoln.example"
