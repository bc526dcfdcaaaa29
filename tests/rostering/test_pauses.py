"""Pauses and what a worker makes of them, night by night, against a real source."""

from __future__ import annotations

from typing import Any

import pytest

from accounts import tenancy
from accounts.models import Roles
from accounts.people import NotPossible
from integrations import pausing
from rostering import asking, lease, runs, steering, sync
from rostering.models import Change, RunState, Trigger
from tests import factories
from tests.rostering.stories import Story


@pytest.fixture
def head(story: Story) -> Any:
    """A District admin, and a school with two students that was synced once."""
    with tenancy.support():
        who = factories.person(story.district, None, Roles.DISTRICT_ADMIN, first_name="Ravi")
    story.student("Ana Ruiz")
    story.student("Ben Lo")
    story.night()
    return who


def names(story: Story) -> list[str]:
    return [each.name for each in story.people() if "student" in each.roles]


def test_a_pause_in_the_middle_of_a_night(story: Story, head: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    story.student("Cam Diaz")
    guard = sync._Sync._guard

    def and_then_somebody_pauses(work: Any) -> None:
        guard(work)
        with tenancy.district(story.district.pk):
            steering.pause(head, work.run.connection, None, "Wait")

    monkeypatch.setattr(sync._Sync, "_guard", and_then_somebody_pauses)
    run = story.night()
    assert (run.state, run.problem_text, run.applied_at) == (RunState.STOPPED, lease.PAUSED, None)
    assert names(story) == ["Ana Ruiz", "Ben Lo"]
    monkeypatch.undo()


def test_looking_ahead_changes_nothing_and_resuming_goes_on(story: Story, head: Any) -> None:
    story.student("Cam Diaz")
    with tenancy.district(story.district.pk):
        steering.pause(head, story.link_to_clever(), None, "Wait")
    assert story.night().state == RunState.STOPPED
    with tenancy.district(story.district.pk):
        ahead, started = steering.look_ahead(head, story.link_to_clever())
        assert (ahead.trigger, started) == (Trigger.ASKED, True)
    seen = story.worked(ahead)
    assert seen.state == RunState.DONE
    assert [(row.name, row.kind) for row in story.plan(seen)] == [("Cam Diaz", Change.Kind.CREATE)]
    assert names(story) == ["Ana Ruiz", "Ben Lo"]
    with tenancy.district(story.district.pk):
        pausing.resume(head, story.link_to_clever())
    assert story.night().state == RunState.DONE
    assert names(story) == ["Ana Ruiz", "Ben Lo", "Cam Diaz"]


def test_an_undo_is_done_while_syncs_are_paused(story: Story, head: Any) -> None:
    story.student("Cam Diaz")
    last = story.night()
    with tenancy.district(story.district.pk):
        steering.pause(head, story.link_to_clever(), None, "Too many")
        made, _ = asking.take_back(head, last, "Too many", preview=False)
    assert story.worked(made).state == RunState.DONE
    assert [each.status for each in story.people() if each.name == "Cam Diaz"] == ["suspended"]
    assert story.link_to_clever().state == "paused"


def test_a_pause_does_not_wait_for_a_worker_and_a_report_is_still_written(story: Story, head: Any) -> None:
    with tenancy.district(story.district.pk):
        run, _ = runs.start(story.link_to_clever(), Trigger.NIGHTLY)
        taken = lease.claim(run.pk)
        assert taken is not None
        taken.applied_at = taken.started_at
        taken.save(update_fields=["applied_at"])
    with tenancy.district(story.district.pk):
        assert "A sync was going" in steering.pause(head, story.link_to_clever(), None, "Wait")
    assert story.fresh(run).state == RunState.RUNNING
    sync._Sync(taken).carry_out()
    assert story.fresh(run).state == RunState.DONE
    assert story.link_to_clever().state == "paused"


def test_support_starts_no_sync_of_what_rests(story: Story, head: Any) -> None:
    with tenancy.district(story.district.pk):
        steering.disconnect(head, story.link_to_clever(), "Moving")
    with tenancy.support(), pytest.raises(NotPossible, match="disconnected"):
        asking.sync_now(factories.staff(), story.link_to_clever(), "please")
