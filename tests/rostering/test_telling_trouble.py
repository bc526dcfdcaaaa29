"""What a school's Admins are told of trouble with their source, and of its end."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils.timezone import now

from accounts import tenancy
from accounts.models import Mail, MailWish, Notice, Roles, User
from rostering import lease, runs, schedule, telling
from rostering.models import Run, RunState, Trigger
from tests import factories
from tests.rostering.conftest import Tell
from tests.rostering.telling import NOT_JSON, SILENT, Cast, Told, gathered
from tests.rostering.workers import at_once

STAY = "Accounts stay as they are and sign-in still works."


@pytest.fixture
def cast(tell: Tell) -> Cast:
    return gathered(tell("North", "South"))


def test_trouble_is_told_at_every_school_and_its_end_to_those_who_heard_of_it(cast: Cast) -> None:
    run = cast.fails()
    assert run.state == RunState.FAILED
    assert cast.told() == [Told("failed", "North"), Told("failed", "South"), Told("failed", "District")]
    texts = [each.text for each in cast.notices()]
    assert texts[0].startswith("The sync for North of ")
    assert f"failed. Clever sent something we can't read. Nothing was changed. {STAY} The next one is " in texts[0]
    assert "North" not in texts[1]
    assert [name for name, _ in cast.letters()] == ["District", "North", "South"]
    cast.fails()
    assert len(cast.told()) == 3
    assert cast.letters() == []
    with tenancy.support():
        User.objects.filter(pk=cast.sister.pk).update(mail=MailWish.NONE)
    cast.story.night()
    assert cast.told()[:3] == [Told(kind, at, true=False) for kind, at, _ in cast.told()[:3]]
    assert cast.told()[3:] == [Told("fixed", "North"), Told("fixed", "South"), Told("fixed", "District")]
    assert cast.letters() == [
        ("District", f"SmartPass: syncing again for {cast.story.district.name}"),
        ("North", "SmartPass: syncing again for North"),
    ]
    cast.story.night()
    assert len(cast.told()) == 6
    cast.fails()
    assert [each for each in cast.told() if each.true] == [
        Told("failed", "North"),
        Told("failed", "South"),
        Told("failed", "District"),
    ]


def test_a_school_that_hears_of_no_trouble_in_time_hears_of_no_end(cast: Cast) -> None:
    cast.fails()
    cast.story.night()
    assert cast.letters() == []


def test_lost_access_must_be_acted_upon_and_takes_the_place_of_what_was_said_before(cast: Cast) -> None:
    cast.fails()
    cast.story.world.revoke()
    for _ in range(2):
        cast.story.night()
    assert [each for each in cast.told() if each.true] == [
        Told("reconnect", "North"),
        Told("reconnect", "South"),
        Told("reconnect", "District"),
    ]
    newest = cast.notices()[-1]
    assert newest.must_act
    assert "Clever no longer accepts SmartPass' access for Springfield USD" in newest.text
    cast.fails()
    assert {each.kind for each in cast.told() if each.true} == {"reconnect"}
    cast.story.world.reconnect()
    cast.story.night()
    assert {each.kind for each in cast.told() if each.true} == {"fixed"}


def test_our_own_key_is_nobodys_to_mend(cast: Cast) -> None:
    with tenancy.district(cast.story.district.pk):
        run, _ = runs.start(cast.story.link_to_clever(), Trigger.NIGHTLY)
    taken = lease.claim(run.pk)
    assert taken is not None
    with tenancy.district(cast.story.district.pk):
        runs.fail(taken, "E-CLIENT-REFUSED", "Clever refused our key.", reconnect=True)
    assert {(each.kind, each.must_act) for each in cast.notices()} == {("failed", False)}


def test_what_is_tried_again_tonight_is_not_told(cast: Cast) -> None:
    cast.story.sandbox.set_faults(SILENT)
    run = cast.story.night()
    while run.state == RunState.QUEUED:
        assert cast.told() == []
        run = cast.story.an_hour_later(run)
    assert run.state == RunState.FAILED
    assert {each.kind for each in cast.told()} == {"failed"}
    assert "Clever isn't answering." in cast.notices()[0].text


def test_a_failed_preview_is_only_its_readers_business(cast: Cast) -> None:
    cast.story.sandbox.set_faults(NOT_JSON)
    assert cast.story.night(preview=True).state == RunState.FAILED
    assert cast.told() == []


def test_a_worker_that_was_given_up_tells_nothing(cast: Cast) -> None:
    with tenancy.district(cast.story.district.pk):
        run, _ = runs.start(cast.story.link_to_clever(), Trigger.NIGHTLY)
    slow = lease.claim(run.pk)
    assert slow is not None
    with tenancy.support():
        Run.objects.filter(pk=run.pk).update(lease_until=now() - timedelta(minutes=1))
    assert cast.story.worked(run).state == RunState.DONE
    with tenancy.district(cast.story.district.pk):
        runs.fail(slow, "E-SOURCE-MALFORMED", "Nonsense.")
    assert cast.told() == []


def test_no_good_sync_for_26_hours(cast: Cast) -> None:
    cast.story.days_pass(2)
    at_once([schedule.sound_alarms, schedule.sound_alarms])
    schedule.sound_alarms()
    assert cast.told() == [Told("late", "North"), Told("late", "South"), Told("late", "District")]
    assert cast.notices()[0].text.startswith("There has been no good sync for North for 26 hours. The last one began ")
    cast.story.night()
    assert {each.kind for each in cast.told() if each.true} == {"fixed"}


def test_a_source_of_one_school_tells_it_once(tell: Tell) -> None:
    story = tell("North")
    with tenancy.support():
        factories.person(story.district, story.schools[0], Roles.ADMIN)
        factories.person(story.district, None, Roles.DISTRICT_ADMIN)
    story.sandbox.set_faults(NOT_JSON)
    story.night()
    with tenancy.support():
        mine = Notice.objects.filter(district=story.district)
        assert list(mine.values_list("kind", "school__name")) == [("failed", "North")]
        assert Mail.objects.filter(notice__in=mine).count() == 2


def test_a_source_given_up_waits_for_nobody(cast: Cast) -> None:
    cast.fails()
    with tenancy.district(cast.story.district.pk):
        telling.let_go(cast.story.link_to_clever())
    assert {each.true for each in cast.told()} == {False}
