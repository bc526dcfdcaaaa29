"""The traps of Google in who leaves: units that move or end, answers that are none, permissions that die.

Numbered as in the third part of docs/traps.md.
"""

from __future__ import annotations

from typing import Any

import pytest

from accounts import tenancy
from integrations.google.provider import GoogleProvider
from integrations.models import ConnectionState
from rostering import holds
from rostering.models import RunState
from tests import factories
from tests.rostering.conftest import IMPATIENT
from tests.rostering.gsuite import STAFF, STUDENTS, GoogleStory
from tests.rostering.passing import Planned, Seen, Waits


@pytest.fixture
def school(at_google: GoogleStory) -> GoogleStory:
    """Twelve students in two units, two teachers and an admin, synced."""
    at_google.students(6, "/Students/2024")
    at_google.students(6, "/Students/2025", "Teen")
    at_google.teacher("Tom Bell")
    at_google.teacher("Eve Long")
    at_google.admin("Ada Head")
    at_google.night()
    assert len(at_google.people()) == 15
    return at_google


def statuses(story: GoogleStory) -> dict[str, str]:
    """Who is not active, and how."""
    return {each.name: each.status for each in story.people() if each.status != "active"}


def key_of(story: GoogleStory, name: str) -> str:
    """Somebody's id at Google."""
    return next(key for key, called in story.names.items() if called == name)


def test_trap_05_a_renamed_unit_touches_nobody(school: GoogleStory) -> None:
    before = school.accounts()
    school.world.rename_ou(STAFF, "Team")
    school.world.rename_ou(STUDENTS, "Learners")
    run = school.night()
    assert (run.state, run.removals, school.plan(run)) == (RunState.DONE, "", [])
    assert school.accounts() == before


@pytest.mark.parametrize("page", [1, 2])
def test_trap_05_a_unit_renamed_during_the_night(
    page: int, school: GoogleStory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The listing is begun again, in the same run."""
    monkeypatch.setattr(GoogleProvider, "page_size", 4)
    before = school.accounts()
    school.sandbox.set_faults(
        {"edit_at": page, "edit": {"do": "rename_ou", "args": {"unit": STUDENTS, "name": "Learners"}}}
    )
    run = school.night()
    assert (run.state, run.tries, run.removals, school.plan(run)) == (RunState.DONE, 0, "", [])
    assert school.customer.units.find("/Learners")
    assert school.accounts() == before


def test_trap_06_a_deleted_unit_removes_nobody(school: GoogleStory) -> None:
    """Its people are kept and the others go on; the run and its receipt name it."""
    with tenancy.district(school.district.pk):
        gone = school.tie().rules.get(name=STUDENTS)
    school.world.delete_ou(STUDENTS)
    school.teacher("Ann New")
    run = school.night()
    assert (run.state, run.removals) == (RunState.DONE, "/Students no longer exists in Google.")
    assert run.receipt["notes"]["gone"] == gone.source_id
    assert statuses(school) == {}
    assert Seen("Ann New", "North", "teacher") in school.people()
    assert len(school.people()) == 16


@pytest.mark.parametrize("verb", ["suspend", "archive"])
def test_trap_07_who_cannot_sign_in_at_google_is_suspended(verb: str, school: GoogleStory) -> None:
    """And nobody who cannot is made."""
    getattr(school.world, verb)(key_of(school, "Kid 01"))
    newcomer = school.student("Kid 99")
    getattr(school.world, verb)(newcomer)
    run = school.night()
    assert school.plan(run) == [Planned("Kid 01", "North", "suspend", "inactive")]
    assert statuses(school) == {"Kid 01": "suspended"}


def test_trap_08_an_index_of_yesterday_does_not_keep_anybody(school: GoogleStory) -> None:
    """The search still shows them as they were; what each account says of itself counts."""
    school.sandbox.set_faults({"lagging": True})
    school.world.suspend(key_of(school, "Kid 01"))
    school.world.move(key_of(school, "Kid 02"), "/")
    school.world.move(key_of(school, "Kid 03"), STAFF)
    run = school.night()
    assert school.plan(run) == [
        Planned("Kid 01", "North", "suspend", "inactive"),
        Planned("Kid 02", "North", "suspend", "out_of_scope"),
        Planned("Kid 03", "North", "roles"),
    ]


def test_trap_08_an_index_of_yesterday_loses_nobody(school: GoogleStory) -> None:
    """Who came from elsewhere yesterday is not found by a search; asked about, they are there."""
    mover = key_of(school, "Kid 01")
    school.world.move(mover, "/")
    school.sandbox.set_faults({"lagging": True})
    school.world.move(mover, "/Students/2024")
    run = school.night()
    assert school.plan(run) == []
    assert (statuses(school), school.issues()) == ({}, [("Kid 01", "E-STILL-THERE")])


def test_trap_09_who_comes_back_is_the_same(school: GoogleStory) -> None:
    key = key_of(school, "Kid 01")
    before = school.user(key).pk
    school.world.suspend(key)
    school.night()
    assert statuses(school) == {"Kid 01": "suspended"}
    school.world.unsuspend(key)
    run = school.night()
    assert school.plan(run) == [Planned("Kid 01", "North", "reactivate")]
    assert (school.user(key).pk, statuses(school)) == (before, {})


@pytest.mark.parametrize("fault", [{"page_fail_at": 2}, {"page_cut_at": 2}])
def test_trap_10_a_page_that_fails_removes_nobody(
    fault: dict[str, Any], school: GoogleStory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last good night stands; it is tried again, and heals."""
    monkeypatch.setattr(GoogleProvider, "page_size", 4)
    school.world.delete(key_of(school, "Kid 01"))
    before = school.accounts()
    school.sandbox.set_faults(fault)
    run = school.night()
    assert (run.state, run.problem, run.tries) == (RunState.QUEUED, "E-SOURCE-DOWN", 1)
    assert school.accounts() == before
    school.sandbox.set_faults(dict.fromkeys(fault))
    run = school.an_hour_later(run)
    assert school.plan(run) == [Planned("Kid 01", "North", "suspend", "gone")]


def test_trap_11_nobody_at_all_waits_for_a_person(school: GoogleStory) -> None:
    """200 without anybody, of a unit that had twelve: nobody is removed, and a person is asked."""
    school.sandbox.set_faults({"empty": ["users"]})
    run = school.night()
    assert statuses(school) == {}
    assert (school.words(run), {each.reason for each in school.holds()}) == ("On hold", {"place_empty"})
    school.sandbox.set_faults({"empty": None})
    school.night()
    assert (statuses(school), school.holds()) == ({}, [])


def test_trap_12_a_unit_that_is_really_empty_can_be_confirmed(school: GoogleStory) -> None:
    """In summer: the students have left, and a person says so."""
    for name in school.names.copy().values():
        if name.startswith(("Kid", "Teen")):
            school.world.delete(key_of(school, name))
    school.night()
    assert school.holds() == [Waits("place_empty", "North", 12)]
    (hold,) = school.open_holds()
    with tenancy.support():
        first, second = factories.staff(), factories.staff()
    with pytest.raises(holds.NeedsSecond):
        holds.release(hold, hold.fingerprint, by=first, why="They have left")
    holds.release(hold, hold.fingerprint, by=second, why="They have left, yes")
    assert sorted(statuses(school)) == sorted(
        name for name in school.names.values() if name.startswith(("Kid", "Teen"))
    )


def test_trap_16_a_missing_right_asks_for_a_person(school: GoogleStory) -> None:
    """Not for patience: nothing is tried again, nobody is touched, and what to tick is said."""
    before = school.accounts()
    school.world.take("users")
    run = school.night()
    assert (run.state, run.problem, run.tries) == (RunState.FAILED, "E-PRIVILEGE-MISSING", 0)
    assert (school.tie().state, school.tie().problem) == (ConnectionState.NEEDS_ATTENTION, "E-PRIVILEGE-MISSING")
    assert "Admin API Privileges > Users > Read" in run.problem_text
    assert school.accounts() == before
    school.world.grant("users")
    school.night()
    assert school.tie().state == ConnectionState.CONNECTED


def test_trap_16_throttling_is_no_reason_to_link_anew(school: GoogleStory, naps: list[float]) -> None:
    """Waited for, then tried again later; the connection stands."""
    naps.clear()
    school.sandbox.set_faults({"refuse": {"users": "quotaExceeded"}})
    run = school.night()
    assert (run.state, run.problem, len(naps)) == (RunState.QUEUED, "E-RATE", IMPATIENT.pauses)
    assert school.tie().state == ConnectionState.CONNECTED
    school.sandbox.set_faults({"refuse": {}})
    assert school.an_hour_later(run).state == RunState.DONE


def test_trap_17_a_dead_permission_touches_nobody(school: GoogleStory) -> None:
    """A person links anew, and the same people go on."""
    before = school.accounts()
    school.sandbox.set_faults({"token_fault": "revoked"})
    run = school.night()
    assert (run.state, run.problem, run.tries) == (RunState.FAILED, "E-GRANT-REVOKED", 0)
    assert school.tie().state == ConnectionState.NEEDS_ATTENTION
    assert school.accounts() == before
    school.sandbox.set_faults({"token_fault": None})
    token = school.link_anew()
    assert token not in school.tie().secrets
    run = school.night()
    assert (run.state, school.plan(run)) == (RunState.DONE, [])


def test_trap_18_who_is_lost_between_pages_is_asked_about(school: GoogleStory) -> None:
    school.sandbox.set_faults({"lose_rows_at": 1})
    run = school.night()
    assert school.plan(run) == []
    assert statuses(school) == {}
    lost = [name for name, code in school.issues() if code == "E-STILL-THERE"]
    assert len(lost) == 2


def test_trap_18_who_moves_while_pages_are_read_is_what_they_are_at_last(school: GoogleStory) -> None:
    """Read as a teacher and then as a student: everything is read anew."""
    mover = key_of(school, "Tom Bell")
    school.world.move(mover, "/Staff/Administration")
    school.night()
    school.sandbox.set_faults(
        {"edit_at": 1, "page_of": "users", "edit": {"do": "move", "args": {"user": mover, "unit": "/Students/2024"}}}
    )
    run = school.night()
    assert run.state == RunState.DONE
    assert Seen("Tom Bell", "North", "student") in school.people()


def test_trap_32_a_wave_waits_and_the_rest_goes_on(school: GoogleStory) -> None:
    """Over the limits somebody decides; under them nobody is bothered."""
    more = school.students(30, "/Students/2023", "Pupil")
    school.night()
    for key in more[:3]:
        school.world.delete(key)
    run = school.night()
    assert {row.why for row in school.plan(run)} == {"gone"}
    assert len(statuses(school)) == 3
    for key in more[3:20]:
        school.world.move(key, "/")
    newcomer = school.student("Kid 77")
    school.night()
    assert school.holds() == [Waits("suspend_school", "North", 17)]
    assert len(statuses(school)) == 3
    assert school.user(newcomer).first_name == "Kid"
