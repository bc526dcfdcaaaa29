"""The traps on the way from Clever to an account: pages, links, limits, errors and what is written down.

The provider's half of each stands with the sources' tests. Numbered as in docs/traps.md.
"""

from __future__ import annotations

import logging

import pytest

from integrations.clever.provider import CleverProvider
from integrations.clever.sandbox import CleverSandbox
from rostering.models import RunState
from tests.rostering.conftest import IMPATIENT, Tell
from tests.rostering.stories import Row, Seen, Story


def asked(clever: CleverSandbox, path: str) -> int:
    """How often a list was asked for."""
    return sum(entry.path.endswith(path) for entry in clever.log)


@pytest.fixture
def seven(story: Story, small_pages: None) -> Story:
    """Three pages of students, synced; one more has come since."""
    del small_pages
    story.students(7)
    story.night()
    story.student("Kid 08")
    story.sandbox.log.clear()
    return story


def kids(last: int) -> list[Seen]:
    """The students up to a number."""
    return [Seen(f"Kid {number:02}", "North", "student") for number in range(1, last + 1)]


def test_trap_36_everybody_of_many_pages_gets_an_account(
    clever: CleverSandbox, tell: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CleverProvider, "page_size", 100)
    story = tell(people=250)
    run = story.night()
    assert (run.people_read, run.receipt["pages"], run.receipt["rows"]) == (250, 3, 250)
    assert len(story.accounts()["User"]) == 250
    assert asked(clever, "/users") == 3
    assert story.plan(story.night()) == []


def test_trap_37_a_night_asks_for_exactly_what_it_needs(clever: CleverSandbox, seven: Story) -> None:
    seven.night()
    ids = sorted(seven.names)
    pages = ["/v3.1/users?limit=3&count=true"]
    pages += [f"/v3.1/users?limit=3&count=true&starting_after={ids[place]}" for place in (2, 5)]
    schools = "/v3.1/schools?limit=10000"
    token = f"/oauth/tokens?owner_type=district&district={seven.clever.id}"
    assert clever.paths() == [token, f"/v3.1/districts/{seven.clever.id}", schools, *pages, schools]
    assert seven.people() == kids(8)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("foreign_next_at", "a link that leads to another host"),
        ("doubled_next_at", "a next page of another list"),
        ("bare_next_at", "a next page that does not say where to go on"),
    ],
)
def test_trap_37_a_link_that_leads_elsewhere_changes_nobody(
    fault: str, said: str, clever: CleverSandbox, seven: Story
) -> None:
    clever.set_faults({fault: 2})
    run = seven.night()
    assert (run.state, run.problem, asked(clever, "/users")) == (RunState.FAILED, "E-SOURCE-MALFORMED", 2)
    assert run.problem_text == f"Clever answered /v3.1/users with {said}."
    assert seven.people() == kids(7)


def test_trap_38_a_list_without_an_end_changes_nobody(clever: CleverSandbox, seven: Story) -> None:
    clever.set_faults({"repeat_next_at": 2})
    run = seven.night()
    assert (run.state, run.problem, asked(clever, "/users")) == (RunState.FAILED, "E-SOURCE-MALFORMED", 2)
    assert run.problem_text == "Clever answered /v3.1/users with a next page that was already read."
    assert seven.people() == kids(7)
    clever.set_faults({"repeat_next_at": None})
    seven.night()
    assert seven.people() == kids(8)


def test_trap_39_a_rate_limit_is_waited_for(clever: CleverSandbox, naps: list[float], seven: Story) -> None:
    clever.clock = lambda: 1_800_000_000.0 + sum(naps)
    clever.set_faults({"rate_limit": 3, "rate_bucket": 1200})
    run = seven.night()
    assert (run.state, run.attempt, run.tries) == (RunState.DONE, 1, 0)
    assert naps == [60.0]
    refused = [place for place, entry in enumerate(clever.log) if entry.status == 429]
    paths = clever.paths()
    assert [paths[place] for place in refused] == [paths[place + 1] for place in refused]
    assert seven.people() == kids(8)


def test_trap_39_a_limit_that_does_not_end_is_for_later(clever: CleverSandbox, naps: list[float], seven: Story) -> None:
    clever.set_faults({"rate_limit": 0, "rate_reset_in": 5_000_000})
    run = seven.night()
    assert (run.state, run.problem, run.tries) == (RunState.QUEUED, "E-RATE", 1)
    assert run.problem_text == "Clever asks us to wait longer than we may."
    assert naps == [90.0] * IMPATIENT.pauses
    assert seven.people() == kids(7)
    clever.set_faults({"rate_limit": None, "rate_reset_in": None})
    assert seven.an_hour_later(run).state == RunState.DONE
    assert seven.people() == kids(8)


@pytest.mark.parametrize(
    ("status", "state", "problem", "requests"),
    [
        (400, RunState.FAILED, "E-SOURCE-MALFORMED", 2),
        (403, RunState.FAILED, "E-PRIVILEGE-MISSING", 2),
        (404, RunState.FAILED, "E-SOURCE-MALFORMED", 2),
        (500, RunState.QUEUED, "E-SOURCE-DOWN", 1 + IMPATIENT.attempts),
        (503, RunState.QUEUED, "E-SOURCE-DOWN", 1 + IMPATIENT.attempts),
    ],
)
def test_trap_40_what_is_tried_again_and_what_is_not(
    status: int, state: str, problem: str, requests: int, clever: CleverSandbox, seven: Story
) -> None:
    clever.set_faults({"page_status_at": 2, "page_status": status})
    run = seven.night()
    assert (run.state, run.problem, asked(clever, "/users")) == (state, problem, requests)
    assert seven.people() == kids(7)


def test_trap_40_a_failure_that_passes_is_not_seen(clever: CleverSandbox, seven: Story) -> None:
    clever.set_faults({"page_status_at": 2, "page_status_times": 1, "page_reset_at": 3, "page_reset_times": 1})
    run = seven.night()
    assert (run.state, run.tries, seven.people()) == (RunState.DONE, 0, kids(8))


def test_trap_41_nothing_secret_and_nobody_by_name_is_written_down(
    clever: CleverSandbox, story: Story, small_pages: None, caplog: pytest.LogCaptureFixture
) -> None:
    del small_pages
    caplog.set_level(logging.DEBUG)
    called = ("Zebulon Quartermain", "Ottoline Brandywine", "Thessaly Marchbanks", "Peregrine Hollingsworth")
    keys = [story.student(name, student_number=f"SN-{name[:3]}") for name in called]
    story.world.set_email(keys[1], "ottoline.without.at.example")
    story.world.put_user({**story.clever.editable(keys[2]), "roles": ["Thessaly"]})
    said = []
    faults: tuple[Row, ...] = (
        {},
        {"page_status_at": 2},
        {"not_json_at": 1},
        {"repeat_row_at": 1},
        {"lose_rows_at": 1, "count": False},
    )
    for fault in faults:
        clever.faults = dict(fault)
        run = story.night()
        said += [run.problem, run.problem_text, run.removals, repr(run)]
        while run.state == RunState.QUEUED:
            run = story.an_hour_later(run)
    story.world.rotate_token()
    clever.faults = {"page_401_from": 1}
    said.append(story.night().problem_text)
    written = caplog.text + repr([vars(record) for record in caplog.records]) + "".join(said)
    secrets = [story.clever.token, *story.clever.dead_tokens, *clever.secrets().values(), "Bearer", "Basic"]
    theirs = [word for name in called for word in name.split()] + ["lincoln.example", "SN-Zeb", "without.at"]
    assert "/v3.1/users" in written
    assert [word for word in [*secrets, *theirs] if word.lower() in written.lower()] == []
