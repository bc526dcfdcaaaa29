"""The traps in what a source leaves out: pages that fail, rows that are lost, nothing at all, a dead token.

Nobody loses an account for it. Numbered as in docs/traps.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from django.core.management import call_command

from integrations.clever.provider import CleverProvider
from integrations.clever.sandbox import CleverSandbox
from integrations.models import ConnectionState
from integrations.provider import Changed
from integrations.records import Person
from rostering import runs
from rostering.models import RunState
from rostering.sync import perform
from tests.rostering.conftest import Tell
from tests.rostering.stories import Planned, Seen, Story, Waits


def kids(*numbers: int, status: str = "active") -> list[Seen]:
    """What is seen of students made by number."""
    return [Seen(f"Kid {number:02}", "North", "student", status) for number in numbers]


@pytest.fixture
def eight(story: Story, small_pages: None) -> Story:
    """Three pages of students; since they were synced one has left and one has come."""
    del small_pages
    second = story.students(8)[1]
    story.night()
    story.world.delete_user(second)
    story.student("Kid 09")
    return story


CHANGED = sorted([*kids(1, 3, 4, 5, 6, 7, 8, 9), *kids(2, status="suspended")])


@pytest.mark.parametrize("fault", [{"page_status_at": 3}, {"page_reset_at": 3}])
def test_trap_18_a_page_that_fails_ends_no_listing(fault: dict[str, Any], clever: CleverSandbox, eight: Story) -> None:
    clever.set_faults(fault)
    run = eight.night()
    assert (run.state, run.problem, run.tries) == (RunState.QUEUED, "E-SOURCE-DOWN", 1)
    assert eight.people() == kids(*range(1, 9))
    clever.set_faults(dict.fromkeys(fault))
    assert eight.an_hour_later(run).state == RunState.DONE
    assert eight.people() == CHANGED


def test_trap_18_a_source_that_stays_down_fails_the_run_and_the_next_night_heals(
    clever: CleverSandbox, eight: Story
) -> None:
    before = eight.accounts()
    clever.set_faults({"page_status_at": 3})
    run = eight.night()
    for _ in runs.PAUSES:
        run = eight.an_hour_later(run)
    assert (run.state, run.problem, eight.words(run)) == (RunState.FAILED, "E-SOURCE-DOWN", "Failed")
    assert run.problem_text == "Clever does not answer (HTTP 503)."
    tie = eight.link_to_clever()
    assert (tie.state, tie.problem) == (ConnectionState.CONNECTED, "E-SOURCE-DOWN")
    assert eight.accounts() == before
    clever.set_faults({"page_status_at": None})
    assert eight.night().state == RunState.DONE
    assert (eight.link_to_clever().problem, eight.people()) == ("", CHANGED)


@pytest.mark.parametrize("fault", ["lose_rows_at", "end_at"])
def test_trap_18_a_listing_that_is_short_of_its_count_removes_nobody(
    fault: str, clever: CleverSandbox, eight: Story
) -> None:
    clever.set_faults({fault: 2})
    run = eight.night()
    assert run.state == RunState.DONE
    assert run.removals == f"The source announced 8 records and sent {7 if fault == 'lose_rows_at' else 6}."
    assert [each for each in eight.people() if each.status != "active"] == []
    clever.set_faults({fault: None})
    eight.night()
    assert eight.people() == CHANGED


def test_trap_18_who_is_lost_without_a_count_is_asked_about(clever: CleverSandbox, eight: Story) -> None:
    clever.set_faults({"lose_rows_at": 1, "count": False})
    run = eight.night()
    assert eight.plan(run) == [Planned("Kid 02", "North", "suspend", "gone"), Planned("Kid 09", "North", "create")]
    assert eight.people() == CHANGED
    assert eight.issues() == [("Kid 04", "E-STILL-THERE")]
    clever.set_faults({"lose_rows_at": None})
    eight.night()
    assert eight.issues() == []


def test_trap_19_no_data_at_all_is_told_and_removes_nobody(clever: CleverSandbox, eight: Story) -> None:
    before = eight.accounts()
    clever.set_faults({"no_data": True})
    run = eight.night()
    assert (run.state, eight.words(run)) == (RunState.DONE, "Completed with warnings")
    assert run.removals == "The source shares no data: no school and no person."
    assert eight.plan(run) == []
    assert eight.accounts() == before
    clever.set_faults({"no_data": None})
    eight.night()
    assert eight.people() == CHANGED


def test_trap_19_schools_without_anybody_wait_for_a_person(eight: Story) -> None:
    before = eight.accounts()
    eight.world.unshare_role("student")
    run = eight.night()
    assert run.removals == ""
    assert eight.holds() == [Waits("place_empty", "North", 8)]
    assert eight.accounts() == before
    assert eight.words(run) == "On hold"


def test_trap_20_a_revoked_token_asks_for_a_person_and_touches_nobody(clever: CleverSandbox, tell: Tell) -> None:
    here, there = tell(), tell()
    for each in (here, there):
        each.students(3)
        each.night()
    before = here.accounts()
    here.world.revoke()
    clever.log.clear()
    run = here.night()
    assert (run.state, run.problem, here.words(run)) == (RunState.FAILED, "E-GRANT-REVOKED", "Failed")
    assert [entry.path for entry in clever.log] == ["/oauth/tokens"]
    tie = here.link_to_clever()
    assert (tie.state, tie.problem) == (ConnectionState.NEEDS_ATTENTION, "E-GRANT-REVOKED")
    assert tie.problem_text == run.problem_text
    assert here.accounts() == before
    there.student("Kid 04")
    assert there.night().state == RunState.DONE
    assert there.people() == kids(1, 2, 3, 4)
    assert there.link_to_clever().state == ConnectionState.CONNECTED


def test_trap_20_a_token_that_dies_in_the_middle_is_read_once_more(clever: CleverSandbox, eight: Story) -> None:
    before = eight.accounts()
    clever.set_faults({"page_401_from": 2})
    clever.log.clear()
    run = eight.night()
    assert (run.state, run.problem, run.tries) == (RunState.FAILED, "E-GRANT-REVOKED", 0)
    assert sum(entry.path == "/oauth/tokens" for entry in clever.log) == 2
    assert eight.accounts() == before


def test_trap_20_reconnecting_heals(eight: Story) -> None:
    eight.world.revoke()
    assert eight.night().state == RunState.FAILED
    eight.world.reconnect()
    assert eight.night().state == RunState.DONE
    tie = eight.link_to_clever()
    assert (tie.state, tie.problem, tie.problem_text) == (ConnectionState.CONNECTED, "", "")
    assert eight.people() == CHANGED


@pytest.mark.parametrize("body", ["message", "empty"])
def test_trap_26_a_404_about_one_person_is_an_answer(body: str, clever: CleverSandbox, eight: Story) -> None:
    clever.set_faults({"not_found": body})
    run = eight.night()
    assert run.state == RunState.DONE
    assert eight.plan(run)[0] == Planned("Kid 02", "North", "suspend", "gone")
    assert eight.people() == CHANGED


@pytest.mark.parametrize("fault", [{"not_found": "html"}, {"path_status": {"/v3.1/users/": 503}}])
def test_trap_26_no_answer_about_one_person_keeps_them_and_the_run_goes_on(
    fault: dict[str, Any], clever: CleverSandbox, eight: Story
) -> None:
    clever.set_faults(fault)
    run = eight.night()
    assert run.state == RunState.DONE
    assert eight.people() == kids(*range(1, 10))
    assert eight.issues() == [("Kid 02", "E-NOT-CONFIRMED")]


def changes_under_us(times: int, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Clever's data changes under the first readings, each after two pages; how many people each reading gave."""
    read: list[int] = []
    really = CleverProvider.people

    def people(self: CleverProvider, scope: Sequence[str]) -> Iterator[Person]:
        read.append(0)
        for person in really(self, scope):
            if len(read) <= times and read[-1] == 6:
                raise Changed("Clever's data changed while it was read.")
            read[-1] += 1
            yield person

    monkeypatch.setattr(CleverProvider, "people", people)
    return read


def test_a_listing_that_changes_under_us_is_read_anew(eight: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """From nothing: what the broken readings gave is not counted twice."""
    read = changes_under_us(2, monkeypatch)
    run = eight.night()
    assert (run.state, read, run.people_read) == (RunState.DONE, [6, 6, 8], 8)
    assert eight.people() == CHANGED


def test_a_listing_that_goes_on_changing_is_for_later(eight: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three times, then the run waits for its next try, and nobody is touched."""
    before = eight.accounts()
    read = changes_under_us(3, monkeypatch)
    run = eight.night()
    assert (run.state, run.problem, read) == (RunState.QUEUED, "E-SOURCE-DOWN", [6, 6, 6])
    assert eight.accounts() == before


def test_one_id_for_two_records_stops_the_run_in_words(eight: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """A provider that let it through is no worker that died: nobody tries it again and again."""
    before = eight.accounts()
    really = CleverProvider.people

    def people(self: CleverProvider, scope: Sequence[str]) -> Iterator[Person]:
        for person in really(self, scope):
            yield person._replace(external_id="one")

    monkeypatch.setattr(CleverProvider, "people", people)
    run = eight.night()
    assert (run.state, run.problem) == (RunState.FAILED, "E-SOURCE-MALFORMED")
    assert run.problem_text == "The source sent two records with one id."
    assert eight.accounts() == before


def test_the_command_waits_for_a_worker_that_was_quicker(
    eight: Story, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who has the run first is the broker's matter: the report comes when it is over."""
    looks: list[int] = []

    def elsewhere(run_id: int) -> None:
        looks.append(run_id)
        if len(looks) == 3:
            perform(run_id)

    monkeypatch.setattr("rostering.management.commands.sync.perform", elsewhere)
    call_command("sync", str(eight.connection.pk))
    assert len(looks) == 3
    assert "Completed in" in capsys.readouterr().out
    assert eight.people() == CHANGED
