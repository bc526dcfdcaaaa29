"""What nights tell a school's Admins: once, in the night's own transactions, and when it is over."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now

from accounts import tenancy
from accounts.models import Mail, Roles, User
from integrations.models import Connection
from rostering import asking, holds, lease, runs, sync, telling
from rostering.models import Hold, Run, RunState, Trigger
from tests import factories
from tests.rostering.conftest import Tell
from tests.rostering.telling import Cast, Told, gathered, leave
from tests.rostering.workers import at_once


@pytest.fixture
def cast(tell: Tell) -> Cast:
    return gathered(tell("North", "South"))


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


def test_what_is_left_of_a_hold_still_waits_under_the_same_notice(cast: Cast) -> None:
    leave(cast, 10)
    cast.story.night()
    cast.letters()
    (hold,) = cast.story.open_holds()
    with tenancy.district(cast.story.district.pk):
        some = tuple(holds.rows(hold).values_list("user_id", flat=True)[:4])
        holds.release(hold, hold.fingerprint, by=cast.admin, why="They left", part=holds.Part(people=some))
    assert cast.told() == [Told("hold", "North")]
    assert cast.notices()[0].text == (
        "A part of what waited for North was decided. 6 people wait still, and nothing has changed for them. "
        "Review it when you can."
    )
    assert cast.letters() == []
    cast.story.night()
    assert cast.told() == [Told("hold", "North")]
    assert cast.letters() == []


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


def test_an_undo_tells_the_schools_concerned_who_did_it(cast: Cast) -> None:
    leave(cast, 2)
    run = cast.story.night()
    assert cast.told() == []
    with tenancy.district(cast.story.district.pk):
        undo, _ = asking.take_back(cast.head, run, "They came back", preview=False)
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
        undo, _ = asking.take_back(cast.head, run, "Let me see", preview=True)
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
