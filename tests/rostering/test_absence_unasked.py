"""Who leaves where the source cannot be asked about one person: whom listings miss for most of a day.

Clever's sandbox stands for such a source: whole listings as ever, and no question may reach it.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from accounts import tenancy
from integrations.clever.provider import CleverProvider
from integrations.clever.sandbox import CleverSandbox
from rostering import holds, runs
from rostering.models import Answer, Run, RunState, Trigger
from tests import factories
from tests.rostering.pages import browser, text
from tests.rostering.stories import Planned, Story, Waits

STAYS: list[Planned] = []
LEAVES = [Planned("Ana Ruiz", "North", "suspend", "gone")]
UNCONFIRMED = [("Ana Ruiz", "E-NOT-CONFIRMED")]


@pytest.fixture(autouse=True)
def silent(clever: CleverSandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nobody is asked about, from the first night to the last."""
    monkeypatch.setattr(CleverProvider, "answers_by_id", False)
    yield
    assert [entry.path for entry in clever.log if entry.path.startswith("/v3.1/users/")] == []


@pytest.fixture
def ana(story: Story) -> str:
    """One of five, synced, who then is missing from what the source lists."""
    key = story.student("Ana Ruiz")
    story.students(4)
    story.night()
    story.hours_pass(24)
    story.world.unshare_user(key)
    return key


def later(story: Story, hours: float = 24) -> Run:
    """So many hours later the source has new data, and a night reads it."""
    story.hours_pass(hours)
    story.world.sync()
    return story.night()


def status(story: Story, key: str) -> str:
    return str(story.membership(key).status)


def answers(story: Story, run: Run) -> list[str]:
    with tenancy.district(story.district.pk):
        return list(Answer.objects.filter(run=run).values_list("state", flat=True))


def test_the_first_night_without_somebody_keeps_them(story: Story, ana: str) -> None:
    run = story.night()
    assert (story.plan(run), status(story, ana), story.issues()) == (STAYS, "active", UNCONFIRMED)
    assert (answers(story, run), run.issue_counts) == (["missed"], {"E-NOT-CONFIRMED": 1})


@pytest.mark.parametrize(("hours", "plan"), [(19.9, STAYS), (20.1, LEAVES)])
def test_a_second_night_counts_from_twenty_hours_on(hours: float, plan: list[Planned], story: Story, ana: str) -> None:
    story.night()
    run = later(story, hours)
    assert story.plan(run) == plan
    assert (status(story, ana), story.issues()) == (("suspended", []) if plan else ("active", UNCONFIRMED))


def test_listings_within_the_day_are_bridged_to_the_first(story: Story, ana: str) -> None:
    story.night()
    for _ in range(2):
        assert story.plan(later(story, 9)) == STAYS
    assert (story.plan(later(story, 9)), status(story, ana)) == (LEAVES, "suspended")
    assert story.plan(later(story)) == STAYS


def test_who_came_back_in_between_starts_anew(story: Story, ana: str) -> None:
    story.night()
    story.world.share_user(ana)
    assert (story.plan(later(story)), story.issues()) == ([], [])
    story.world.unshare_user(ana)
    assert answers(story, later(story)) == ["missed"]
    assert status(story, ana) == "active"
    assert (story.plan(later(story)), status(story, ana)) == (LEAVES, "suspended")


def test_who_left_and_came_back_starts_anew_too(story: Story, ana: str) -> None:
    story.night()
    later(story)
    story.world.share_user(ana)
    later(story)
    assert status(story, ana) == "active"
    story.world.unshare_user(ana)
    assert (story.plan(later(story)), status(story, ana)) == (STAYS, "active")
    assert (story.plan(later(story)), status(story, ana)) == (LEAVES, "suspended")


def test_a_night_that_proves_nothing_does_not_count(clever: CleverSandbox, story: Story, ana: str) -> None:
    clever.set_faults({"lose_rows_at": 1})
    assert later(story).removals == "The source announced 4 records and sent 3."
    clever.set_faults({"lose_rows_at": None})
    assert (story.plan(later(story)), status(story, ana)) == (STAYS, "active")
    assert story.plan(later(story)) == LEAVES


def test_a_night_that_proves_nothing_ends_no_count(clever: CleverSandbox, story: Story, ana: str) -> None:
    story.night()
    clever.set_faults({"lose_rows_at": 1})
    assert later(story, 12).removals == "The source announced 4 records and sent 3."
    clever.set_faults({"lose_rows_at": None})
    assert (story.plan(later(story, 12)), status(story, ana)) == (LEAVES, "suspended")


def test_a_night_that_proves_nothing_but_names_them_ends_the_count(
    clever: CleverSandbox, story: Story, ana: str
) -> None:
    story.night()
    story.world.share_user(ana)
    clever.set_faults({"lose_rows_at": 1})
    assert later(story, 8).removals == "The source announced 5 records and sent 4."
    clever.set_faults({"lose_rows_at": None})
    story.world.unshare_user(ana)
    assert answers(story, later(story, 8)) == ["missed"]
    assert (story.plan(later(story, 8)), status(story, ana)) == (STAYS, "active")
    assert story.plan(later(story, 13)) == LEAVES


def test_neither_a_preview_nor_an_undo_is_a_night(story: Story, ana: str) -> None:
    story.world.sync()
    preview = story.night(preview=True)
    assert answers(story, preview) == ["missed"]
    first = later(story)
    assert (story.plan(first), status(story, ana)) == (STAYS, "active")
    with tenancy.support():
        staff = factories.staff()
        undone, _ = runs.start(story.link_to_clever(), Trigger.UNDO, by=staff, why="To see", undoes=story.fresh(first))
    assert story.worked(undone).state == RunState.DONE
    assert story.plan(later(story)) == LEAVES


def test_a_file_that_is_read_twice_is_one_listing(story: Story, ana: str) -> None:
    story.night()
    for _ in range(3):
        story.hours_pass(24)
        assert (story.plan(story.night()), status(story, ana)) == (STAYS, "active")
    assert (story.plan(later(story)), status(story, ana)) == (LEAVES, "suspended")


def test_who_waits_in_a_hold_needs_a_person_and_no_second_night(story: Story) -> None:
    kids = story.students(100)
    story.night()
    for key in kids[:12]:
        story.world.unshare_user(key)
    run = later(story)
    assert (answers(story, run), story.holds()) == ([], [Waits("suspend_school", "North", 12)])
    with tenancy.support():
        staff = factories.staff()
    (hold,) = story.open_holds()
    holds.release(hold, hold.fingerprint, by=staff, why="They moved away")
    assert [status(story, key) for key in kids[:13]] == ["suspended"] * 12 + ["active"]


def test_who_was_rejected_stays_however_many_nights_miss_them(story: Story) -> None:
    kids = story.students(100)
    story.night()
    for key in kids[:12]:
        story.world.unshare_user(key)
    later(story)
    with tenancy.support():
        staff = factories.staff()
    (hold,) = story.open_holds()
    holds.reject(hold, hold.fingerprint, by=staff, why="The file was cut")
    for _ in range(3):
        assert story.plan(later(story)) == []
    assert {status(story, key) for key in kids} == {"active"}


def test_an_undo_stands_however_many_nights_miss_them(story: Story, ana: str) -> None:
    story.night()
    left = later(story)
    assert status(story, ana) == "suspended"
    with tenancy.support():
        staff = factories.staff()
        undone, _ = runs.start(story.link_to_clever(), Trigger.UNDO, by=staff, why="No", undoes=story.fresh(left))
    story.worked(undone)
    for _ in range(3):
        assert story.plan(later(story)) == []
        assert status(story, ana) == "active"


def test_a_page_says_that_the_source_cannot_be_asked(story: Story, ana: str) -> None:
    story.night()
    with tenancy.support():
        admin = factories.person(story.district, story.schools[0], "admin")
    window, path = browser(admin), f"/accounts/find/account/{story.user(ana).pk}/"
    page = text(window, path)
    assert "Clever was asked about them: It can't be asked" in page
    assert "Missing from Clever's list, and it can't be asked about one person. We kept them." in page
    assert "Clever can't be asked about one person: they stay until its lists" in page
    assert "Re-check now" not in page
