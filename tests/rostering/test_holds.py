"""Holds: what waits, what a person may decide about it, and what becomes of it night after night."""

from __future__ import annotations

from typing import Any

import pytest

from accounts import people, tenancy
from accounts.models import Pin, User
from integrations import linking
from rostering import asking, holds
from rostering.models import Hold, Rejection
from tests import factories
from tests.rostering.stories import Planned, Seen, Story, Waits

TWELVE = Waits("suspend_school", "North", 12)


@pytest.fixture
def kids(story: Story) -> list[str]:
    """A hundred students at one school, synced."""
    made = story.students(100)
    story.night()
    return made


@pytest.fixture
def gone(story: Story, kids: list[str]) -> list[str]:
    """The twelve who are not shared any more, and wait in a hold."""
    for key in kids[:12]:
        story.world.unshare_user(key)
    story.night()
    assert story.holds() == [TWELVE]
    return kids[:12]


@pytest.fixture
def mina() -> User:
    """Somebody of SmartPass."""
    with tenancy.support():
        return factories.staff()


def suspended(story: Story) -> list[str]:
    """Who is suspended by sync."""
    return [each.name for each in story.people() if each.status == "suspended"]


def numbered(*numbers: int) -> list[str]:
    """Students by number."""
    return [f"Kid {number:02}" for number in numbers]


def the(story: Story) -> Hold:
    """The one hold that waits."""
    (hold,) = story.open_holds()
    return hold


def of(story: Story, hold: Hold) -> Hold:
    """A hold as it stands now."""
    with tenancy.district(story.district.pk):
        return Hold.objects.get(pk=hold.pk)


def test_a_release_applies_exactly_what_was_read(story: Story, gone: list[str], mina: User) -> None:
    hold = the(story)
    with tenancy.district(story.district.pk):
        read = sorted(holds.rows(hold).values_list("external_id", flat=True))
    assert (read, hold.text) == (gone, "12 of 100 (12 %) students would be suspended.")
    story.world.unshare_user(sorted(story.names)[50])
    holds.release(hold, hold.fingerprint, by=mina, why="They moved away")
    assert suspended(story) == numbered(*range(1, 13))
    decided = of(story, hold)
    assert (decided.state, decided.decided_by_id, decided.decision) == ("released", mina.pk, "They moved away")
    assert (story.holds(), story.issues()) == ([], [])


def test_a_part_is_released_by_person_and_the_rest_waits_on(story: Story, gone: list[str], mina: User) -> None:
    hold = the(story)
    chosen = tuple(story.user(key).pk for key in gone[:5])
    holds.release(hold, hold.fingerprint, by=mina, why="Known", part=holds.Part(people=chosen))
    assert suspended(story) == numbered(*range(1, 6))
    rest = the(story)
    assert (rest.pk, rest.people) == (hold.pk, 7)
    assert [name for name, code in story.issues() if code == "E-HELD"] == numbered(*range(6, 13))
    with pytest.raises(holds.Stale):
        holds.release(rest, hold.fingerprint, by=mina, why="With the list read before")
    assert story.plan(story.night()) == [
        Planned(name, "North", "suspend", "absent", "suspend_school") for name in numbered(*range(6, 13))
    ]
    rest = the(story)
    holds.release(rest, rest.fingerprint, by=mina, why="The others too")
    assert suspended(story) == numbered(*range(1, 13))


def test_a_part_is_released_by_kind(story: Story, mina: User) -> None:
    keys = [story.student(f"Kid {number:02}", email=None) for number in range(1, 31)]
    story.night()
    for number, key in enumerate(keys[:10]):
        story.known_as(f"Kid {number + 1:02}", story.world.change_sis_id(key, f"9{number}"))
    story.night()
    hold = the(story)
    assert (hold.reason, hold.people) == ("new_ids", 20)
    holds.release(hold, hold.fingerprint, by=mina, why="First the new ones", part=holds.Part(kinds=("create",)))
    assert len(story.people()) == 40
    assert suspended(story) == []
    rest = the(story)
    assert rest.people == 10
    holds.release(rest, rest.fingerprint, by=mina, why="And the old ones")
    assert suspended(story) == numbered(*range(1, 11))


def test_a_newcomer_is_released_at_every_school_or_nowhere(story: Story, mina: User) -> None:
    with tenancy.support():
        linking.set_roles(None, story.link_to_clever(), {"staff": ["admin"]}, "Asked")
    for number in range(6):
        story.staff(f"Staff {number}", 0, 1)
    story.night()
    hold = the(story)
    assert (hold.reason, hold.people, story.people()) == ("admin_gain", 6, [])
    with tenancy.district(story.district.pk):
        somebody = holds.rows(hold).first()
    assert somebody
    part = holds.Part(schools=(story.schools[1].pk,), people=(somebody.user_id,))
    holds.release(hold, hold.fingerprint, by=mina, why="Known", part=part)
    name = story.names[somebody.external_id]
    assert story.people() == [Seen(name, "North", "admin teacher"), Seen(name, "South", "admin teacher")]
    assert the(story).people == 5


def test_nobody_chosen_decides_nothing(story: Story, gone: list[str], mina: User) -> None:
    before, hold = story.accounts(), the(story)
    with pytest.raises(holds.Undecided, match="Nobody was chosen"):
        holds.release(
            hold, hold.fingerprint, by=mina, why="?", part=holds.Part(people=(story.user(gone[0]).pk + 10**6,))
        )
    assert (story.accounts(), story.holds()) == (before, [TWELVE])


def test_what_is_rejected_stands_until_the_source_says_something_new(story: Story, gone: list[str], mina: User) -> None:
    before, hold = story.accounts(), the(story)
    holds.reject(hold, hold.fingerprint, by=mina, why="A mistake at Clever")
    assert (of(story, hold).state, story.accounts(), story.issues()) == ("rejected", before, [])
    for _ in range(2):
        assert (story.plan(story.night()), story.holds(), story.accounts()) == ([], [], before)
    # Somebody comes back, and leaves again: that is news.
    story.world.share_user(gone[0])
    assert story.plan(story.night()) == []
    story.world.unshare_user(gone[0])
    assert story.plan(story.night()) == [Planned("Kid 01", "North", "suspend", "gone")]
    assert suspended(story) == ["Kid 01"]


def test_what_is_rejected_is_planned_again_when_settings_change_or_somebody_lifts_it(
    story: Story, gone: list[str], mina: User
) -> None:
    hold = the(story)
    holds.reject(hold, hold.fingerprint, by=mina, why="A mistake")
    story.night()
    with tenancy.support():
        one = Rejection.objects.get(external_id=gone[0])
        assert asking.lift_rejection(mina, one, "Not a mistake")
    assert story.plan(story.night()) == [Planned("Kid 01", "North", "suspend", "gone")]
    with tenancy.support():
        linking.set_roles(None, story.link_to_clever(), {"staff": ["admin"]}, "Asked")
    story.night()
    assert story.holds() == [Waits("suspend_school", "North", 11)]


def test_a_part_is_rejected_and_the_rest_released(story: Story, gone: list[str], mina: User) -> None:
    hold = the(story)
    stays = holds.Part(people=tuple(story.user(key).pk for key in gone[:4]))
    holds.reject(hold, hold.fingerprint, by=mina, why="These stay", part=stays)
    rest = the(story)
    holds.release(rest, rest.fingerprint, by=mina, why="These go")
    assert suspended(story) == numbered(*range(5, 13))
    assert story.plan(story.night()) == []


def edited(story: Story, key: str) -> None:
    with tenancy.support():
        people.disable(None, story.membership(key))


def pinned(story: Story, key: str) -> None:
    with tenancy.district(story.district.pk):
        Pin.objects.create(district=story.district, user=story.user(key), field="*", why="Protect")


def erased(story: Story, key: str) -> None:
    with tenancy.support():
        people.delete_person(None, story.user(key))


@pytest.mark.parametrize("change", [edited, pinned, erased])
def test_a_list_whose_people_changed_is_refused_whole(change: Any, story: Story, gone: list[str], mina: User) -> None:
    hold = the(story)
    change(story, gone[3])
    before = story.accounts()
    with pytest.raises(holds.Stale, match="nothing was done"):
        holds.release(hold, hold.fingerprint, by=mina, why="They moved away")
    assert (story.accounts(), of(story, hold).state) == (before, "open")
    story.night()
    fresh = the(story)
    assert fresh.people == 11
    holds.release(fresh, fresh.fingerprint, by=mina, why="They moved away")
    assert suspended(story) == numbered(1, 2, 3, *range(5, 13))


def test_only_the_list_on_the_screen_is_decided(story: Story, gone: list[str], mina: User) -> None:
    read, before = the(story), story.accounts()
    story.world.share_user(gone[0])
    story.night()
    for decide in (holds.release, holds.reject):
        with pytest.raises(holds.Stale, match="Read it again"):
            decide(read, read.fingerprint, by=mina, why="Read last night")
    assert (story.accounts(), the(story).people) == (before, 11)
    fresh = the(story)
    holds.reject(fresh, fresh.fingerprint, by=mina, why="Read today")
    for decide in (holds.release, holds.reject):
        with pytest.raises(holds.NotOpen):
            decide(fresh, fresh.fingerprint, by=mina, why="Once more")
    assert story.accounts() == before
