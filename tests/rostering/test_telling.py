"""What nights tell a school's Admins: once, in the night's own transactions, and when it is over."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

import pytest
from django.core import mail as django_mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now

from accounts import mail, tenancy
from accounts.models import Mail, MailWish, Notice, Roles, User
from integrations.models import Connection
from rostering import asking, holds, lease, runs, schedule, sync, telling
from rostering.models import Hold, Run, RunState, Trigger
from tests import factories
from tests.rostering.conftest import Tell
from tests.rostering.stories import Story
from tests.rostering.workers import at_once

SILENT = {"page_status_at": 1}
NOT_JSON = {"not_json_at": 1}
WELL = {"not_json_at": None}
STAY = "Accounts stay as they are and sign-in still works."


class Told(NamedTuple):
    """A notice: what of, at which school, and whether it is true still."""

    kind: str
    school: str
    true: bool = True


class Cast(NamedTuple):
    """Two schools with an Admin each, and a District admin."""

    story: Story
    admin: User
    sister: User
    head: User

    def told(self) -> list[Told]:
        """Every notice there is, oldest first."""
        return [
            Told(each.kind, each.school.name if each.school else "District", each.closed_at is None)
            for each in self.notices()
        ]

    def notices(self) -> list[Notice]:
        """The notices themselves."""
        with tenancy.district(self.story.district.pk):
            return list(Notice.objects.select_related("school").order_by("pk"))

    def letters(self) -> list[tuple[str, str]]:
        """What leaves the outbox now: to whom, and the subject."""
        django_mail.outbox.clear()
        mail.send_due()
        names = {self.admin.email: "North", self.sister.email: "South", self.head.email: "District"}
        return sorted((names[each.to[0]], str(each.subject)) for each in django_mail.outbox)

    def fails(self) -> Run:
        """A night on which the source answers nonsense."""
        self.story.sandbox.set_faults(NOT_JSON)
        run = self.story.night()
        self.story.sandbox.set_faults(WELL)
        return run


@pytest.fixture
def cast(tell: Tell) -> Cast:
    story = tell("North", "South")
    with tenancy.support():
        north, south = story.schools
        made = Cast(
            story,
            factories.person(story.district, north, Roles.ADMIN, email="north@example.org"),
            factories.person(story.district, south, Roles.ADMIN, email="south@example.org"),
            factories.person(story.district, None, Roles.DISTRICT_ADMIN, first_name="Ravi", last_name="Patel"),
        )
    story.students(30)
    story.student("Riley Fox", 1)
    story.night()
    assert made.told() == []
    return made


def leave(cast: Cast, many: int) -> None:
    for key in [key for key, name in cast.story.names.items() if name.startswith("Kid")][:many]:
        cast.story.world.delete_user(key)
        del cast.story.names[key]


def test_a_hold_is_one_notice_until_it_is_decided(cast: Cast) -> None:
    leave(cast, 20)
    cast.story.night()
    assert cast.told() == [Told("hold", "North")]
    text = cast.notices()[0].text
    assert text == (
        "We paused part of the sync for North: 20 of 30 (67 %) students would be suspended. Nothing has changed "
        "for them. Because so many people are concerned, two people must agree. Review it when you can."
    )
    subject = "SmartPass: sync on hold for North"
    assert cast.letters() == [("District", subject), ("North", subject)]
    leave(cast, 2)
    cast.story.night()
    assert cast.told() == [Told("hold", "North")]
    assert "22 of 30 (73 %)" in cast.notices()[0].text
    assert cast.letters() == []
    (hold,) = cast.story.open_holds()
    with tenancy.district(cast.story.district.pk):
        holds.reject(hold, hold.fingerprint, by=cast.admin, why="They stay")
    assert cast.told() == [Told("hold", "North", true=False)]
    assert cast.letters() == []


def test_a_hold_that_ends_by_itself_is_over(cast: Cast) -> None:
    gone = [key for key, name in cast.story.names.items() if name.startswith("Kid")][:20]
    leave(cast, 20)
    cast.story.night()
    for key in gone:
        cast.story.world.restore_user(key)
    cast.story.night()
    assert cast.story.holds() == []
    assert cast.told() == [Told("hold", "North", true=False)]
    assert cast.letters() == []


def test_the_first_yes_tells_the_others_that_a_second_is_needed(cast: Cast) -> None:
    leave(cast, 20)
    cast.story.night()
    cast.letters()
    (hold,) = cast.story.open_holds()
    for _ in range(2):
        with pytest.raises(holds.NeedsSecond):
            holds.release(hold, hold.fingerprint, by=cast.admin, why="They left")
    assert cast.letters() == [("District", "SmartPass: a second yes is needed for North")]
    assert cast.notices()[0].text == (
        "Dana Moss agreed to what waits for North: 20 of 30 (67 %) students would be suspended. Because so many "
        "people are concerned, a second person must agree. Nothing has changed yet."
    )
    with tenancy.district(cast.story.district.pk):
        holds.release(hold, hold.fingerprint, by=cast.head, why="They left")
    assert cast.told() == [Told("hold", "North", true=False)]


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


def test_a_task_delivered_twice_tells_once(cast: Cast) -> None:
    leave(cast, 20)
    with tenancy.district(cast.story.district.pk):
        run, _ = runs.start(cast.story.link_to_clever(), Trigger.NIGHTLY)
    at_once([lambda: sync.perform(run.pk), lambda: sync.perform(run.pk)])
    sync.perform(run.pk)
    assert cast.told() == [Told("hold", "North")]
    assert len(cast.letters()) == 2


def test_a_worker_that_dies_in_its_last_step_has_told_nothing(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    leave(cast, 20)
    with tenancy.district(cast.story.district.pk):
        run, _ = runs.start(cast.story.link_to_clever(), Trigger.NIGHTLY)
    with monkeypatch.context() as patch:
        patch.setattr(lease, "renew", _dies_after(telling.finished, patch))
        with pytest.raises(SystemExit):
            sync.perform(run.pk)
    assert cast.told() == []
    with tenancy.support():
        Run.objects.filter(pk=run.pk).update(lease_until=now() - timedelta(minutes=1))
    assert cast.story.worked(run).state == RunState.DONE
    assert cast.told() == [Told("hold", "North")]


def _dies_after(deed: object, patch: pytest.MonkeyPatch) -> object:
    """A lease that ends its worker at the first renewal after `deed` was done."""
    done: list[bool] = []
    renew = lease.renew

    def finished(run: Run) -> None:
        deed(run)  # type: ignore[operator]
        done.append(True)

    def dies(run: Run, **progress: str | int) -> bool:
        if done:
            raise SystemExit
        return renew(run, **progress)

    patch.setattr(telling, "finished", finished)
    return dies


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


def test_an_undo_tells_the_schools_concerned_who_did_it(cast: Cast) -> None:
    leave(cast, 2)
    run = cast.story.night()
    assert cast.told() == []
    with tenancy.district(cast.story.district.pk):
        undo = asking.take_back(cast.head, run, "They came back", preview=False)
    assert cast.story.worked(undo).state == RunState.DONE
    assert cast.told() == [Told("undone", "North")]
    (notice,) = cast.notices()
    assert notice.text == (
        f"Ravi Patel undid sync #{run.pk} for North: 2 people are as before. What people changed since stays. "
        "The same changes are not made again until Clever says something new about the person."
    )
    assert notice.link == f"/accounts/syncs/{run.pk}/"
    assert [name for name, _ in cast.letters()] == ["District", "North"]


def test_the_preview_of_an_undo_tells_nothing(cast: Cast) -> None:
    leave(cast, 2)
    run = cast.story.night()
    with tenancy.district(cast.story.district.pk):
        undo = asking.take_back(cast.head, run, "Let me see", preview=True)
    cast.story.worked(undo)
    assert cast.told() == []


def test_the_first_sync_says_that_all_is_set_with_the_schools_own_numbers(tell: Tell) -> None:
    story = tell("North", "South")
    with tenancy.support():
        admin = factories.person(story.district, story.schools[0], Roles.ADMIN, email="north@example.org")
        head = factories.person(story.district, None, Roles.DISTRICT_ADMIN, email="head@example.org")
        sister = factories.person(story.district, story.schools[1], Roles.ADMIN, email="south@example.org")
        Connection.objects.filter(pk=story.connection.pk).update(created_by=head)
    story.students(3)
    story.student("Riley Fox", 0, email=None)
    story.teacher("Toni Hale", 1)
    with tenancy.district(story.district.pk):
        run, _ = runs.start(story.link_to_clever(), Trigger.FIRST)
    story.worked(run)
    cast = Cast(story, admin, sister, head)
    assert cast.told() == [Told("ready", "North"), Told("ready", "South"), Told("ready", "District")]
    rest = "From now on we check every night at 11:00 PM Eastern. Users are not notified by us."
    texts = [each.text for each in cast.notices()]
    assert texts == [
        f"North is rostered: 4 students, 1 teacher, 1 Admin. 1 person needs attention. {rest}",
        f"South is rostered: 2 teachers, 1 Admin. {rest}",
        f"{story.district.name} is rostered. {rest}",
    ]
    assert [name for name, _ in cast.letters()] == ["District", "North", "South"]
    story.night()
    assert len(cast.told()) == 3


def test_a_quiet_night_writes_nothing_and_asks_one_question(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    cast.story.night()
    asked: list[int] = []
    finished = telling.finished

    def counted(run: Run) -> None:
        with CaptureQueriesContext(connection) as queries:
            finished(run)
        asked.append(len(queries))

    monkeypatch.setattr(telling, "finished", counted)
    cast.story.night()
    assert (asked, cast.told()) == ([1], [])


def test_a_source_given_up_waits_for_nobody(cast: Cast) -> None:
    cast.fails()
    with tenancy.district(cast.story.district.pk):
        telling.let_go(cast.story.link_to_clever())
    assert {each.true for each in cast.told()} == {False}


def test_no_student_is_named(cast: Cast) -> None:
    leave(cast, 20)
    cast.story.night()
    cast.fails()
    with tenancy.support():
        people = User.objects.filter(memberships__roles__contains=[Roles.STUDENT])
        names = {each.get_full_name() for each in people}
        said = " ".join([*(each.text for each in cast.notices()), *Mail.objects.values_list("subject", flat=True)])
        assert Hold.objects.filter(state=Hold.State.OPEN).exists()
    assert len(names) > 20
    assert [name for name in names if name in said] == []
