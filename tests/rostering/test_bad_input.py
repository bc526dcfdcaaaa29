"""Bad input gets a clear error and loses nothing: addresses, secrets, pages, records and values."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils.timezone import now
from pytest_django import Settings

from accounts import tenancy
from integrations.clever.sandbox import CleverSandbox
from integrations.models import ConnectionState
from rostering.lease import MOST_ATTEMPTS
from rostering.models import Issue, Run, RunState
from tests.rostering.conftest import Tell
from tests.rostering.stories import Planned, Row, Seen, Story

NAMES = ("Zebulon Quartermain", "Ottoline Brandywine", "Thessaly Marchbanks", "Peregrine Hollingsworth")


@pytest.fixture
def four(story: Story, small_pages: None, caplog: pytest.LogCaptureFixture) -> Iterator[Story]:
    """Four people on two pages, synced; a fifth has come since. Nothing that follows writes down a name or a token."""
    del small_pages
    caplog.set_level(logging.DEBUG)
    for name in NAMES:
        story.student(name)
    story.night()
    story.student("Fifth Person")
    yield story
    written = repr([vars(record) for when in ("setup", "call") for record in caplog.get_records(when)]).lower()
    assert "/oauth/tokens" in written
    secret = [story.clever.token, *story.sandbox.secrets().values(), "bearer", "lincoln.example"]
    assert [word for word in [*secret, *" ".join(NAMES).split()] if word.lower() in written] == []


def unchanged(story: Story) -> None:
    """Everybody is as they were."""
    assert story.people() == sorted(Seen(name, "North", "student") for name in NAMES)


def heals(story: Story) -> None:
    """The next night does what this one could not, and the trouble is over."""
    assert story.night().state == RunState.DONE
    assert len(story.people()) == 5
    tie = story.link_to_clever()
    assert (tie.state, tie.problem, tie.problem_text) == (ConnectionState.CONNECTED, "", "")


def test_an_address_nobody_answers(four: Story, settings: Settings) -> None:
    right = settings.SOURCE_HOSTS
    settings.SOURCE_HOSTS = {"clever": dict.fromkeys(("api", "auth"), "http://127.0.0.1:9")}
    run = four.night()
    assert (run.state, run.problem, run.problem_text) == (
        RunState.QUEUED, "E-SOURCE-DOWN", "Clever does not answer.",
    )  # fmt: skip
    unchanged(four)
    settings.SOURCE_HOSTS = right
    four.an_hour_later(run)
    heals(four)


def test_an_address_nobody_answers_tells_who_waits_for_a_preview_at_once(four: Story, settings: Settings) -> None:
    settings.SOURCE_HOSTS = {"clever": dict.fromkeys(("api", "auth"), "http://127.0.0.1:9")}
    run = four.night(preview=True)
    assert (run.state, run.problem, run.tries) == (RunState.FAILED, "E-SOURCE-DOWN", 0)


def test_an_address_that_is_a_web_site(four: Story, clever: CleverSandbox) -> None:
    clever.set_faults({"path_status": {"/": 200}})
    run = four.night()
    assert (run.state, run.problem) == (RunState.FAILED, "E-SOURCE-MALFORMED")
    assert run.problem_text == "Clever answered /oauth/tokens with a web page instead of data."
    unchanged(four)
    clever.set_faults({"path_status": None})
    heals(four)


def test_an_address_that_stops_every_worker_ends_in_words(four: Story, settings: Settings) -> None:
    right = settings.SOURCE_HOSTS
    settings.SOURCE_HOSTS = {"clever": dict.fromkeys(("api", "auth"), "ftp://127.0.0.1")}
    with pytest.raises(ValueError, match="not the address"):
        four.night()
    with tenancy.district(four.district.pk):
        run = Run.objects.get(state=RunState.RUNNING)
    for attempt in range(MOST_ATTEMPTS):
        with tenancy.district(four.district.pk):
            Run.objects.filter(pk=run.pk).update(lease_until=now() - timedelta(seconds=1))
        if attempt + 1 < MOST_ATTEMPTS:
            with pytest.raises(ValueError, match="not the address"):
                four.worked(run)
    run = four.worked(run)
    assert (run.state, run.problem) == (RunState.FAILED, "E-WORKER")
    unchanged(four)
    settings.SOURCE_HOSTS = right
    heals(four)


def test_a_wrong_secret(four: Story, settings: Settings) -> None:
    right = settings.SOURCE_SECRETS
    settings.SOURCE_SECRETS = {"clever": {**right["clever"], "client_secret": "wrong"}}
    run = four.night()
    assert (run.state, run.problem) == (RunState.FAILED, "E-CLIENT-REFUSED")
    assert run.problem_text == "Clever does not accept SmartPass's own client id and secret."
    tie = four.link_to_clever()
    assert (tie.state, tie.problem) == (ConnectionState.NEEDS_ATTENTION, "E-CLIENT-REFUSED")
    unchanged(four)
    settings.SOURCE_SECRETS = right
    heals(four)


def test_a_right_to_the_district_but_not_to_its_people(four: Story) -> None:
    four.world.secure_sync(on=False)
    run = four.night()
    assert (run.state, run.problem) == (RunState.FAILED, "E-PRIVILEGE-MISSING")
    assert run.problem_text == (
        "Clever lets us see this district but not its people: SmartPass needs Secure Sync there."
    )
    unchanged(four)
    four.world.secure_sync(on=True)
    heals(four)


def test_a_first_look_at_a_district_that_shares_nothing(clever: CleverSandbox, story: Story) -> None:
    clever.set_faults({"no_data": True})
    for preview in (True, False):
        run = story.night(preview=preview)
        assert (run.state, run.people_read) == (RunState.DONE, 0)
        assert run.removals == "The source shares no data: no school and no person."
    assert (story.people(), story.issues(), story.holds()) == ([], [], [])


#: What happens to the second page, and what is said about it.
SPOILED = {
    "html_at": "a web page instead of data",
    "not_json_at": "something that is not JSON",
    "not_object_at": "JSON that is not an object",
    "no_data_at": "a page without a data list",
    "no_links_at": "a page without links",
    "unwrapped_at": "a row that is not wrapped as promised",
    "repeat_row_at": "rows that are repeated or out of order",
    "repeat_page_at": "rows that are repeated or out of order",
    "reverse_rows_at": "rows that are repeated or out of order",
}


def test_pages_that_are_not_what_was_promised(clever: CleverSandbox, four: Story) -> None:
    told = {}
    for fault in SPOILED:
        clever.set_faults({fault: 2})
        run = four.night()
        tie = four.link_to_clever()
        assert (run.state, run.problem, run.tries) == (RunState.FAILED, "E-SOURCE-MALFORMED", 0)
        assert (tie.state, tie.problem_text) == (ConnectionState.CONNECTED, run.problem_text)
        told[fault] = run.problem_text
        unchanged(four)
        clever.set_faults({fault: None})
    assert told == {fault: f"Clever answered /v3.1/users with {said}." for fault, said in SPOILED.items()}
    heals(four)


UNSTORABLE = "text: a character that cannot be stored"
BAD: list[tuple[str, Row]] = [
    ("roles: not an object", {"roles": ["student"]}),
    ("roles.student: not an object", {"roles": {"student": "yes"}}),
    ("name: not an object", {"name": "Zebulon"}),
    ("name.first: not text", {"name": {"first": 7}}),
    ("email: not text", {"email": ["z@lincoln.example"]}),
    ("schools: not a list", {"roles": {"student": {"schools": "North"}}}),
    ("schools: not a list of texts", {"roles": {"student": {"schools": [1]}}}),
    ("grade: not text", {"roles": {"student": {"grade": 9}}}),
    ("district: not the district that was asked for", {"district": "5f0000000000000000000000"}),
    (UNSTORABLE, {"name": {"first": "Zebu\0lon"}}),
    (UNSTORABLE, {"name": {"last": "\ud83d"}}),
]


def test_a_record_that_cannot_be_read_is_listed_and_its_person_stays(story: Story) -> None:
    keys = [story.student(f"Kid {place:02}") for place in range(len(BAD))]
    story.night()
    before = story.accounts()
    for key, (_, fields) in zip(keys, BAD, strict=True):
        story.world.put_user({**story.clever.editable(key), **fields}, at=key)
    story.student("New One")
    run = story.night()
    assert (run.state, run.removals) == (RunState.DONE, "")
    assert story.plan(run) == [Planned("New One", "North", "create")]
    assert story.issues() == [(f"Kid {place:02}", "E-UNREADABLE") for place in range(len(BAD))]
    with tenancy.district(story.district.pk):
        told = dict(Issue.objects.values_list("external_id", "detail__problem"))
    assert told == {key: problem for key, (problem, _) in zip(keys, BAD, strict=True)}
    after = story.accounts()
    assert {name: rows[: len(before[name])] for name, rows in after.items()} == before


@pytest.mark.parametrize("identifier", [None, "", 7, "\0"])
def test_a_record_without_an_id_means_that_nobody_leaves(identifier: Any, four: Story) -> None:
    key = next(iter(four.names))
    four.world.put_user({**four.clever.editable(key), "id": identifier}, at=key)
    run = four.night()
    assert (run.state, run.removals) == (RunState.DONE, "A record without an id could not be read.")
    assert four.plan(run) == [Planned("Fifth Person", "North", "create")]
    assert [each for each in four.people() if each.status != "active"] == []


def test_everything_odd_at_once(tell: Tell) -> None:
    story = tell("North", "South", "West", people=4, odd=True)
    run = story.night()
    assert (run.state, run.problem, run.removals) == (RunState.DONE, "", "")
    for name, key in story.clever.odd_ids.items():
        story.known_as(name, key)
    left_out = {"empty_roles": "E-NO-ROLE", "unknown_role": "E-ROLE-UNKNOWN", "no_school": "E-SCHOOL-NOT-LINKED"}
    made = {row.name for row in story.plan(run)}
    assert set(story.clever.odd_ids) - made == set(left_out)
    named = [(name, code) for name, code in story.issues() if code != "E-NO-EMAIL"]
    assert named == sorted(
        [
            *left_out.items(), ("email_without_at", "E-BAD-EMAIL"),
            ("email_shared_student", "E-DUP-IN-SOURCE"), ("email_shared_teacher", "E-DUP-IN-SOURCE"),
        ]
    )  # fmt: skip
    rtl = story.user(story.clever.odd_ids["name_rtl"])
    assert (rtl.first_name, rtl.last_name) == ("مريم", "כהן")
    assert len(story.user(story.clever.odd_ids["name_300"]).first_name) == 300
    before = story.accounts()
    assert story.plan(story.night()) == []
    assert story.accounts() == before
