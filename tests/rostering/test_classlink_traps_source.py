"""The traps of ClassLink and OneRoster on the way to an account: answers that are none, refusals, slowness, logs.

Numbered as in the second part of docs/traps.md.
"""

from __future__ import annotations

import logging
from typing import Any

import pytest

from integrations.classlink.provider import ClassLinkProvider
from integrations.classlink.sandbox import ClassLinkSandbox
from integrations.http import Limits
from integrations.models import ConnectionState
from rostering.models import RunState
from tests.rostering.classlink import ClassLinkStory
from tests.rostering.conftest import IMPATIENT, TellAtClassLink
from tests.rostering.passing import Row, Seen


def kids(last: int) -> list[Seen]:
    """The students up to a number."""
    return [Seen(f"Kid {number:02}", "North", "student") for number in range(1, last + 1)]


@pytest.fixture
def seven(at_classlink: ClassLinkStory, monkeypatch: pytest.MonkeyPatch) -> ClassLinkStory:
    """Three pages of students, synced; one more has come since."""
    monkeypatch.setattr(ClassLinkProvider, "page_size", 3)
    at_classlink.students(7)
    at_classlink.night()
    at_classlink.student("Kid 08")
    at_classlink.sandbox.log.clear()
    return at_classlink


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"no_key_at": 2}, "an unexpected answer: no list of users in it"),
        ({"not_list_at": 2}, "an unexpected answer: no list of users in it"),
        ({"stray_row_at": 1}, "users that are not objects"),
    ],
)
def test_trap_42_an_unexpected_answer_changes_nobody(fault: dict[str, Any], said: str, seven: ClassLinkStory) -> None:
    failed(seven, fault, said)


def test_trap_43_an_error_with_status_200_changes_nobody(seven: ClassLinkStory) -> None:
    failed(seven, {"error_envelope_at": 2}, "an error inside a good answer")


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"html_at": 1}, "a web page instead of data"),
        ({"not_json_at": 2}, "something that is not JSON"),
        ({"empty_body_at": 3}, "something that is not JSON"),
        ({"page_status_at": 2, "page_status": 400, "error_body": "html"}, "HTTP 400"),
    ],
)
def test_trap_44_what_went_wrong_is_told_in_words(fault: dict[str, Any], said: str, seven: ClassLinkStory) -> None:
    failed(seven, fault, said)


def failed(story: ClassLinkStory, fault: dict[str, Any], said: str) -> None:
    """Such an answer fails the run, in words, and changes nobody; the next night heals."""
    story.sandbox.set_faults(fault)
    run = story.night()
    assert (run.state, run.problem) == (RunState.FAILED, "E-SOURCE-MALFORMED")
    assert (
        run.problem_text == f"ClassLink answered /{story.tenant.application_id}/ims/oneroster/v1p1/users with {said}."
    )
    assert story.people() == kids(7)
    story.sandbox.set_faults(dict.fromkeys(fault))
    story.night()
    assert story.people() == kids(8)


def test_trap_50_a_refusal_asks_for_a_person_and_touches_nobody(tell_at_classlink: TellAtClassLink) -> None:
    here, there = tell_at_classlink(), tell_at_classlink()
    for each in (here, there):
        each.students(3)
        each.night()
    before = here.accounts()
    here.world.revoke()
    here.sandbox.log.clear()
    run = here.night()
    assert (run.state, run.problem, run.tries) == (RunState.FAILED, "E-GRANT-REVOKED", 0)
    assert [(entry.path.rpartition("/")[2], entry.status) for entry in here.sandbox.log] == [
        ("orgs", 401),
        ("applications", 200),
        ("applications", 200),
    ]
    tie = here.tie()
    assert (tie.state, tie.problem, tie.problem_text) == (
        ConnectionState.NEEDS_ATTENTION,
        "E-GRANT-REVOKED",
        run.problem_text,
    )
    assert here.accounts() == before
    there.student("Kid 04")
    there.night()
    assert there.people() == kids(4)
    here.world.allow()
    here.night()
    assert (here.tie().state, here.people()) == (ConnectionState.CONNECTED, kids(3))


def test_trap_50_a_bearer_that_changed_is_found_and_kept_in_the_vault(seven: ClassLinkStory) -> None:
    before = seven.tie().secrets
    bearer = seven.world.rotate_bearer()
    seven.night()
    assert seven.people() == kids(8)
    after = seven.tie().secrets
    assert (after != before, bearer in after) == (True, False)
    seven.sandbox.log.clear()
    assert seven.plan(seven.night()) == []
    assert [entry.path for entry in seven.sandbox.log if "applications" in entry.path] == []


def test_trap_50_a_listing_that_lost_everybody_archives_nobody(seven: ClassLinkStory) -> None:
    before = seven.accounts()
    seven.world.rotate_bearer()
    for listing, said in (
        ({"applications": []}, "lists no district at all"),
        ({"error": 1}, "no list of applications"),
    ):
        seven.sandbox.set_faults({"applications": listing})
        run = seven.night()
        assert (run.state, said in run.problem_text, seven.accounts()) == (RunState.FAILED, True, before)
    seven.sandbox.set_faults({"applications": None})
    seven.night()
    assert seven.people() == kids(8)


def test_trap_51_a_day_is_not_slept_through(seven: ClassLinkStory, naps: list[float]) -> None:
    seven.sandbox.set_faults({"page_status_at": 2, "page_status": 429, "retry_after": "86400", "error_body": "html"})
    run = seven.night()
    assert (run.state, run.problem, naps) == (RunState.QUEUED, "E-RATE", [90.0] * IMPATIENT.pauses)
    assert seven.people() == kids(7)
    seven.sandbox.set_faults({"page_status_at": None})
    assert seven.an_hour_later(run).state == RunState.DONE
    assert seven.people() == kids(8)


def test_trap_52_pages_too_heavy_come_in_parts(at_classlink: ClassLinkStory) -> None:
    at_classlink.students(120)
    at_classlink.sandbox.set_faults({"heavy_above": 60})
    run = at_classlink.night()
    assert (run.state, run.people_read, len(at_classlink.people())) == (RunState.DONE, 120, 120)


def test_trap_53_one_slow_district_holds_up_nobody(
    tell_at_classlink: TellAtClassLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ClassLinkProvider, "limits", Limits(connect=1.0, read=0.3, answer=0.5, attempts=2))
    slow, broken, fine = tell_at_classlink(), tell_at_classlink(), tell_at_classlink()
    for each in (slow, broken, fine):
        each.students(3)
    slow.sandbox.set_faults({"page_slow_at": 1, "slow_seconds": 1.0})
    assert (slow.night().state, slow.people()) == (RunState.QUEUED, [])
    slow.sandbox.set_faults({"page_slow_at": None, "path_status": {f"/{broken.tenant.application_id}/": 500}})
    assert (broken.night().state, broken.people()) == (RunState.QUEUED, [])
    assert (fine.night().state, fine.people()) == (RunState.DONE, kids(3))


def test_trap_54_nothing_secret_and_nobody_by_name_is_written_down(
    at_classlink: ClassLinkStory, classlink: ClassLinkSandbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    called = ("Zebulon Quartermain", "Ottoline Brandywine", "Thessaly Marchbanks", "Peregrine Hollingsworth")
    keys = [at_classlink.student(name, identifier=f"SN-{name[:3]}") for name in called]
    at_classlink.world.set_fields(keys[0], {"password": "open-sesame"})
    at_classlink.world.set_email(keys[1], "ottoline.without.at.example")
    at_classlink.world.set_fields(keys[2], {"role": ["Thessaly", 1]})
    said, bearers = [], [at_classlink.tenant.bearer]
    faults: tuple[Row, ...] = (
        {},
        {"page_status_at": 1},
        {"not_json_at": 1},
        {"error_envelope_at": 1},
        {"prefix": "no"},
    )
    for fault in faults:
        classlink.faults = dict(fault)
        run = at_classlink.night()
        said += [run.problem, run.problem_text, run.removals, repr(run)]
        while run.state == RunState.QUEUED:
            run = at_classlink.an_hour_later(run)
    classlink.faults = {}
    bearers.append(at_classlink.world.rotate_bearer())
    at_classlink.world.revoke()
    said += [at_classlink.night().problem_text, at_classlink.tie().secrets, repr(at_classlink.tie())]
    written = caplog.text + repr([vars(record) for record in caplog.records]) + "".join(said)
    tenant = at_classlink.tenant
    secrets = [*bearers, tenant.key, tenant.secret, *classlink.secrets().values(), "Bearer ", "oauth_", "open-sesame"]
    theirs = [word for name in called for word in name.split()] + ["lincoln.example", "SN-Zeb", "without.at"]
    assert "/users" in written
    assert [word for word in [*secrets, *theirs] if word.lower() in written.lower()] == []
