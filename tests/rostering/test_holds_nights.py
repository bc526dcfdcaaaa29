"""Holds that wait: refreshed by the next night, never stacked; two persons; previews."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils.timezone import now

from accounts import tenancy
from accounts.models import User
from rostering import holds, lease, runs, sync
from rostering.models import Hold, Run, RunState, Trigger
from rostering.steps import apply
from tests import factories
from tests.rostering.stories import Planned, Story, Waits


@pytest.fixture
def staff() -> list[User]:
    """Two people of SmartPass."""
    with tenancy.support():
        return [factories.staff(), factories.staff()]


def unshare(story: Story, keys: list[str]) -> None:
    """The district stops sharing these people."""
    for key in keys:
        story.world.unshare_user(key)


def share(story: Story, keys: list[str]) -> None:
    """It shares them again."""
    for key in keys:
        story.world.share_user(key)


def every_hold(story: Story) -> list[tuple[int, str, int]]:
    """All holds there ever were: (number, state, people)."""
    with tenancy.district(story.district.pk):
        return list(Hold.objects.order_by("pk").values_list("pk", "state", "people"))


def suspended(story: Story) -> int:
    """How many are suspended."""
    return len([each for each in story.people() if each.status == "suspended"])


def test_a_hold_that_waits_is_refreshed_not_stacked(story: Story) -> None:
    kids = story.students(100)
    story.night()
    unshare(story, kids[:12])
    first_run = story.night()
    (first,) = story.open_holds()
    again = story.night()
    (same,) = story.open_holds()
    assert (same.pk, same.opened_at, same.fingerprint) == (first.pk, first.opened_at, first.fingerprint)
    assert (first.run_id, same.run_id) == (first_run.pk, again.pk)
    assert same.refreshed_at > first.refreshed_at
    unshare(story, kids[12:15])
    story.night()
    assert story.holds() == [Waits("suspend_school", "North", 15)]
    assert story.open_holds()[0].text == "15 of 100 (15 %) students would be suspended."
    assert every_hold(story) == [(first.pk, "open", 15)]
    assert suspended(story) == 0


def test_who_waits_goes_on_waiting_though_the_others_came_back(story: Story) -> None:
    kids = story.students(100)
    story.night()
    unshare(story, kids[:12])
    story.night()
    share(story, kids[:9])
    run = story.night()
    assert story.holds() == [Waits("suspend_school", "North", 3)]
    assert story.plan(run) == [
        Planned(f"Kid {number}", "North", "suspend", "absent", "suspend_school") for number in (10, 11, 12)
    ]
    assert suspended(story) == 0


def test_a_hold_nobody_is_in_any_more_is_not_needed(story: Story, staff: list[User]) -> None:
    kids = story.students(100)
    story.night()
    unshare(story, kids[:12])
    story.night()
    (read,) = story.open_holds()
    share(story, kids[:12])
    assert story.plan(story.night()) == []
    assert every_hold(story) == [(read.pk, "superseded", 12)]
    assert (story.holds(), story.issues()) == ([], [])
    with pytest.raises(holds.NotOpen):
        holds.release(read, read.fingerprint, by=staff[0], why="Too late")
    # What comes again is a hold of its own.
    unshare(story, kids[:12])
    story.night()
    (new,) = story.open_holds()
    assert [each[:2] for each in every_hold(story)] == [(read.pk, "superseded"), (new.pk, "open")]


@pytest.mark.parametrize("stops", [apply.Stale, lease.Lost], ids=["stale", "killed"])
def test_who_waits_goes_on_waiting_though_the_night_had_to_begin_again(
    stops: type[Exception], story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    story.student("Kid 01")
    story.teacher("Ana Ruiz")
    story.staff("Ben Lo")
    story.staff("Cy Day")
    story.night()
    story.world.unshare_role("staff")
    story.night()
    (first,) = story.open_holds()
    told = iter([stops()])

    def once(*rest: Any) -> int:
        for error in told:
            raise error
        return apply.apply_set(*rest)

    monkeypatch.setattr(sync, "apply_set", once)
    run = story.night()
    if stops is lease.Lost:
        with tenancy.district(story.district.pk):
            Run.objects.filter(pk=run.pk).update(lease_until=now())
        run = story.worked(run)
    assert run.state == RunState.DONE
    assert (story.holds(), story.open_holds()[0].pk) == ([Waits("place_empty", "North", 2)], first.pk)
    assert suspended(story) == 0


def test_schools_wait_each_in_a_hold_of_its_own(story: Story, staff: list[User]) -> None:
    north, south = story.students(60, 0, "Kid"), story.students(60, 1, "Pal")
    story.night()
    unshare(story, [*north[:12], *south[:10]])
    story.night()
    assert story.holds() == [Waits("suspend_school", "North", 12), Waits("suspend_school", "South", 10)]
    one = next(each for each in story.open_holds() if each.school == story.schools[1])
    holds.release(one, one.fingerprint, by=staff[0], why="South is right")
    assert (suspended(story), story.holds()) == (10, [Waits("suspend_school", "North", 12)])


@pytest.fixture
def half(story: Story) -> Hold:
    """Half of a role would go."""
    kids = story.students(20)
    story.night()
    unshare(story, kids[:10])
    story.night()
    (hold,) = story.open_holds()
    assert (hold.people, hold.needs_second) == (10, True)
    return hold


def test_two_persons_must_say_yes_to_one_list(story: Story, half: Hold, staff: list[User]) -> None:
    one, two = staff
    before = story.accounts()
    for _ in range(2):
        with pytest.raises(holds.NeedsSecond, match="second person"):
            holds.release(half, half.fingerprint, by=one, why="Yes")
        assert (story.accounts(), story.holds()) == (before, [Waits("suspend_school", "North", 10)])
    holds.release(half, half.fingerprint, by=two, why="Yes, too")
    assert suspended(story) == 10


def test_a_first_yes_is_for_the_list_that_was_read(story: Story, half: Hold, staff: list[User]) -> None:
    one, two = staff
    with pytest.raises(holds.NeedsSecond):
        holds.release(half, half.fingerprint, by=one, why="Yes")
    story.world.unshare_user(sorted(story.names)[15])
    story.night()
    (other,) = story.open_holds()
    assert (other.pk, other.people) == (half.pk, 11)
    with pytest.raises(holds.NeedsSecond):
        holds.release(other, other.fingerprint, by=two, why="Yes to eleven")
    assert suspended(story) == 0
    holds.release(other, other.fingerprint, by=one, why="Yes to eleven, too")
    assert suspended(story) == 11


def test_one_person_may_say_no(story: Story, half: Hold, staff: list[User]) -> None:
    with pytest.raises(holds.NeedsSecond):
        holds.release(half, half.fingerprint, by=staff[0], why="Yes")
    holds.reject(half, half.fingerprint, by=staff[1], why="No")
    assert (suspended(story), story.plan(story.night())) == (0, [])


def test_a_preview_shows_what_would_wait_and_decides_nothing(story: Story, staff: list[User]) -> None:
    kids = story.students(100)
    story.night()
    unshare(story, kids[:12])
    story.student("New One", email=None)
    before = story.accounts()
    run = story.night(preview=True)
    assert (run.state, story.words(run)) == (RunState.DONE, "Preview ready")
    waits = {"create": "", "suspend": "suspend_school"}
    assert {each.kind: each.waits for each in story.plan(run)} == waits
    assert (story.accounts(), story.holds(), story.issues()) == (before, [], [])
    with tenancy.district(story.district.pk):
        shown = Hold.objects.get()
    assert (shown.state, shown.people) == ("preview", 12)
    for decide in (holds.release, holds.reject):
        with pytest.raises(holds.NotOpen):
            decide(shown, shown.fingerprint, by=staff[0], why="From a preview")
    assert story.accounts() == before


def test_a_preview_leaves_the_hold_that_waits_alone(story: Story, staff: list[User]) -> None:
    kids = story.students(100)
    story.night()
    unshare(story, kids[:12])
    story.night()
    (hold,) = story.open_holds()
    unshare(story, kids[12:14])
    story.night(preview=True)
    (same,) = story.open_holds()
    assert (same.pk, same.run_id, same.refreshed_at) == (hold.pk, hold.run_id, hold.refreshed_at)
    assert (same.people, same.fingerprint) == (12, hold.fingerprint)
    holds.release(hold, hold.fingerprint, by=staff[0], why="The twelve")
    assert suspended(story) == 12


@pytest.mark.parametrize("changed", [False, True])
def test_what_was_read_in_a_preview_and_let_go_does_not_wait_again(*, changed: bool, story: Story) -> None:
    for number in range(6):
        story.head(f"Head {number}")
    seen = story.night(preview=True)
    assert {each.waits for each in story.plan(seen)} == {"admin_gain"}
    if changed:
        story.head("Head 6")
    run = story.night(released_preview=seen)
    assert run.state == RunState.DONE
    assert len(story.people()) == (0 if changed else 6)
    assert story.holds() == ([Waits("admin_gain", "District", 7)] if changed else [])


def test_a_list_that_is_still_being_made_is_not_decided(
    story: Story, staff: list[User], monkeypatch: pytest.MonkeyPatch
) -> None:
    kids = story.students(100)
    story.night()
    unshare(story, kids[:12])
    told, goes_on = [], sync._Sync._apply

    def in_the_middle(_: sync._Sync) -> bool:
        (hold,) = story.open_holds()
        for decide in (holds.release, holds.reject):
            with pytest.raises(holds.Undecided, match="sync is running") as refused:
                decide(hold, hold.fingerprint, by=staff[0], why="While it runs")
            told.append(type(refused.value))
        monkeypatch.setattr(sync._Sync, "_apply", goes_on)
        return False  # As if an account had changed: the plan is made anew.

    monkeypatch.setattr(sync._Sync, "_apply", in_the_middle)
    assert story.night().state == RunState.DONE
    assert (told, story.holds()) == ([holds.Busy] * 2, [Waits("suspend_school", "North", 12)])
    (hold,) = story.open_holds()
    holds.release(hold, hold.fingerprint, by=staff[0], why="When it is done")
    with tenancy.district(story.district.pk):
        assert holds.rows(hold).count() == suspended(story) == 12


def test_a_release_between_the_press_and_the_run_is_seen_by_the_run(story: Story, staff: list[User]) -> None:
    kids = story.students(100)
    story.night()
    unshare(story, kids[:12])
    story.night()
    (hold,) = story.open_holds()
    with tenancy.district(story.district.pk):
        run, _ = runs.start(story.link_to_clever(), Trigger.ASKED)
    holds.release(hold, hold.fingerprint, by=staff[0], why="While it waits")
    assert suspended(story) == 12
    assert story.plan(story.worked(run)) == []
