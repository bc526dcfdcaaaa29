"""Undo school by school, the undo of an undo, and the nights after somebody decided."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from accounts import people, tenancy
from accounts.models import Membership, Roles, User
from rostering import access, holds, undo
from rostering.models import Hold, Rejection, Run, RunState, Trigger
from tests import factories
from tests.rostering.stories import Planned, Story, Waits
from tests.rostering.test_undo import take_back, why_not


@pytest.fixture
def cast(story: Story) -> dict[str, str]:
    """People at two schools, and one at both, synced."""
    story.students(4)
    story.students(4, 1, "Pal")
    cast = {"Ana Ruiz": story.student("Ana Ruiz"), "Cy Day": story.student("Cy Day", 1)}
    cast["Ben Lo"] = story.teacher("Ben Lo", 0, 1)
    story.night()
    return cast


@pytest.fixture
def night(story: Story, cast: dict[str, str]) -> Run:
    """Something happens at North and at South."""
    story.world.rename_user(cast["Ana Ruiz"], last="Ruiz-Lo")
    story.world.rename_user(cast["Cy Day"], last="Day-Lo")
    return story.night()


def admins(story: Story) -> tuple[User, User, User]:
    """An Admin of North, an Admin of South, and a District admin."""
    with tenancy.support():
        north, south, *_ = story.schools
        return (
            factories.person(story.district, north, Roles.ADMIN, first_name="Dana"),
            factories.person(story.district, south, Roles.ADMIN, first_name="Sasha"),
            factories.person(story.district, None, Roles.DISTRICT_ADMIN, first_name="Ravi"),
        )


def undone(story: Story, run: Run, *readers: User) -> list[bool]:
    """Whether a run is undone, as each of these people is told."""
    with tenancy.district(story.district.pk):
        return [access.run_for(User.objects.get(pk=each.pk), run.pk).undone for each in readers]  # type: ignore[attr-defined]


def refusal(story: Story, run: Run, school: int) -> str:
    """Why a school's part of a run cannot be undone."""
    with tenancy.district(story.district.pk):
        return undo.why_not(story.fresh(run), [story.schools[school].pk])


def names(story: Story, cast: dict[str, str]) -> tuple[str, str]:
    """What Ana at North and Cy at South are called."""
    return story.user(cast["Ana Ruiz"]).last_name, story.user(cast["Cy Day"]).last_name


def test_a_school_undoes_its_own_part(story: Story, cast: dict[str, str], night: Run) -> None:
    dana, sasha, ravi = admins(story)
    north = story.schools[0].pk
    back = take_back(story, night, dana, schools=[north])
    assert (back.trigger, back.schools) == (Trigger.UNDO, [north])
    assert story.plan(back) == [Planned("Ana Ruiz", "North", "update", "undo")]
    assert names(story, cast) == ("Ruiz", "Day-Lo")
    assert undone(story, night, dana, sasha, ravi) == [True, False, False]
    assert refusal(story, night, 0) == "This sync was undone already."
    assert refusal(story, night, 1) == ""
    with tenancy.district(story.district.pk):
        seen = [access.runs_of(User.objects.get(pk=each.pk)).first() for each in (dana, sasha, ravi)]
    assert seen == [back, night, back]


def test_what_is_left_is_undone_by_the_district(story: Story, cast: dict[str, str], night: Run) -> None:
    dana, sasha, ravi = admins(story)
    take_back(story, night, dana, schools=[story.schools[0].pk])
    rest = take_back(story, night, ravi)
    assert story.plan(rest) == [Planned("Cy Day", "South", "update", "undo")]
    assert names(story, cast) == ("Ruiz", "Day")
    assert undone(story, night, dana, sasha, ravi) == [True, True, True]
    assert why_not(story, night) == "This sync was undone already."
    with tenancy.district(story.district.pk):
        assert undo.kept(rest) == []


def test_each_school_has_its_own_newest_run(story: Story, cast: dict[str, str], night: Run) -> None:
    story.world.rename_user(cast["Cy Day"], first="Cyrus")
    later = story.night()
    assert (refusal(story, night, 0), refusal(story, later, 1)) == ("", "")
    assert refusal(story, night, 1) == "Only the newest sync that changed something can be undone."
    assert refusal(story, later, 0) == "This sync changed nothing that could be undone."
    assert why_not(story, night) == "Only the newest sync that changed something can be undone."


def test_an_undo_that_is_undone_leaves_the_run_standing(story: Story, cast: dict[str, str], night: Run) -> None:
    dana, sasha, ravi = admins(story)
    back = take_back(story, night, ravi)
    assert undone(story, night, dana, sasha, ravi) == [True, True, True]
    forth = take_back(story, back, dana, schools=[story.schools[0].pk])
    assert story.plan(forth) == [Planned("Ana Ruiz", "North", "update", "undo")]
    assert names(story, cast) == ("Ruiz-Lo", "Day")
    assert undone(story, night, dana, sasha, ravi) == [False, True, False]
    assert undone(story, back, dana, sasha, ravi) == [True, False, False]
    # What was put back is what the source says: nothing is left to do, and nothing is refused.
    assert story.plan(story.night()) == []
    story.world.rename_user(cast["Ana Ruiz"], first="Anne")
    assert story.plan(story.night()) == [Planned("Ana Ruiz", "North", "update")]
    with tenancy.district(story.district.pk):
        standing = Rejection.objects.filter(lifted_at=None).values_list("external_id", flat=True)
        assert list(standing) == [cast["Cy Day"]]
    assert refusal(story, forth, 0) == f"This put sync #{night.pk} back as it was. Undo that one instead."


def test_a_newcomer_undone_and_put_back(story: Story, cast: dict[str, str]) -> None:
    jo = story.student("Jo Park")
    night = story.night()
    back = take_back(story, night)
    assert story.membership(jo).status == "suspended"
    forth = take_back(story, back)
    assert story.plan(forth) == [Planned("Jo Park", "North", "reactivate", "undo")]
    assert story.membership(jo).status == "active"
    assert story.plan(story.night()) == []
    del cast


def test_a_link_undone_is_tied_again(story: Story, cast: dict[str, str]) -> None:
    new = story.world.change_sis_id(cast["Ana Ruiz"], "7777")
    story.known_as("Ana Ruiz", new)
    night = story.night()
    assert [row.kind for row in story.plan(night)] == ["relink"]
    before = story.accounts()["Link"]
    back = take_back(story, night)
    assert len(story.accounts()["Link"]) == len(before) - 1
    take_back(story, back)
    assert story.user(new) == story.user(cast["Ana Ruiz"])


def test_a_link_stays_while_another_school_needs_it(story: Story, cast: dict[str, str]) -> None:
    new = story.world.change_sis_id(cast["Ben Lo"], "8888")
    story.known_as("Ben Lo", new)
    night = story.night()
    take_back(story, night, schools=[story.schools[0].pk])
    assert story.user(new) == story.user(cast["Ben Lo"])
    del night


def test_the_same_undo_is_joined_and_another_waits(story: Story, cast: dict[str, str], night: Run) -> None:
    dana, sasha, _ = admins(story)
    north, south, *_ = (school.pk for school in story.schools)
    with tenancy.district(story.district.pk):
        first, new = undo.start(night, by=dana, why="A mistake", schools=[north])
        again, second = undo.start(night, by=dana, why="A mistake", schools=[north])
        assert (first, new, second) == (again, True, False)
        for other in ({"schools": [south]}, {"schools": None}, {"schools": [north], "preview": True}):
            with pytest.raises(undo.CannotUndo, match="A sync is running"):
                undo.start(night, by=sasha, why="Me too", **other)
    assert story.worked(first).state == RunState.DONE
    del cast


def test_what_an_undo_would_do_is_told_before(story: Story, cast: dict[str, str], night: Run) -> None:
    with tenancy.district(story.district.pk):
        User.objects.filter(pk=story.user(cast["Ana Ruiz"]).pk).update(last_name="By hand")
        before = story.accounts()
        seen = undo.foresee(night, None, 10)
        here = undo.foresee(night, [story.schools[1].pk], 10)
    assert (seen.people, seen.kinds, seen.stays, len(seen.staying)) == (1, [("update", 1)], 1, 1)
    assert (here.people, here.stays) == (1, 0)
    assert story.accounts() == before


# The nights after


def approve_and_undo(story: Story, hold: Hold, by: User) -> None:
    """Approve the whole hold, then undo the run it stood in."""
    holds.release(hold, hold.fingerprint, by=by, why="Known")
    assert [each.status for each in story.people()].count("suspended") == 12
    with tenancy.district(story.district.pk):
        run = Run.objects.get(pk=hold.run_id)
    take_back(story, run, by)


def reject(story: Story, hold: Hold, by: User) -> None:
    """Keep everyone."""
    del story
    holds.reject(hold, hold.fingerprint, by=by, why="A mistake at Clever")


@pytest.mark.parametrize("decide", [approve_and_undo, reject])
def test_the_nights_after_nobody_is_suspended_unasked(
    decide: Callable[[Story, Hold, User], None], story: Story
) -> None:
    kids = story.students(100)
    story.night()
    dana, _, _ = admins(story)
    for key in kids[:12]:
        story.world.unshare_user(key)
    story.night()
    (hold,) = story.open_holds()
    decide(story, hold, dana)
    hand = edited_by_hand(story, kids)
    for _ in range(3):
        run = story.night()
        assert story.plan(run) == []
        assert story.holds() == []
        assert edits(story, kids) == hand
        assert {each.status for each in story.people() if each.roles == "student"} == {"active"}
    with tenancy.district(story.district.pk):
        assert Hold.objects.count() == 1
    # Somebody else who leaves now is asked about as on any night: that refusal is no licence.
    story.world.unshare_user(kids[50])
    assert story.plan(story.night()) == [Planned("Kid 51", "North", "suspend", "gone")]


@pytest.mark.parametrize("answer", ["undone", "rejected"])
def test_a_part_decided_and_the_rest_waits_in_the_same_hold(answer: str, story: Story) -> None:
    kids = story.students(100)
    story.night()
    dana, _, _ = admins(story)
    for key in kids[:12]:
        story.world.unshare_user(key)
    story.night()
    (hold,) = story.open_holds()
    some = holds.Part(people=tuple(sorted(story.user(key).pk for key in kids[:5])))
    if answer == "undone":
        released = holds.release(hold, hold.fingerprint, by=dana, why="These are right", part=some)
        take_back(story, story.fresh(released.run), dana)
    else:
        holds.reject(hold, hold.fingerprint, by=dana, why="These are wrong", part=some)
    for _ in range(3):
        story.night()
        assert [each.pk for each in story.open_holds()] == [hold.pk]
        assert story.holds() == [Waits("suspend_school", "North", 7)]
        assert {each.status for each in story.people() if each.roles == "student"} == {"active"}


def edited_by_hand(story: Story, kids: list[str]) -> list[object]:
    """Somebody suspends one, disables one and renames one who were on the list, and it is kept."""
    with tenancy.district(story.district.pk):
        people.disable(None, story.membership(kids[0]))
        people.reactivate(None, story.membership(kids[0]))
        Membership.objects.filter(pk=story.membership(kids[1]).pk).update(grade="12")
        User.objects.filter(pk=story.user(kids[2]).pk).update(last_name="By hand")
    return edits(story, kids)


def edits(story: Story, kids: list[str]) -> list[object]:
    """What was edited, as it stands."""
    return [
        story.membership(kids[0]).status,
        story.membership(kids[1]).grade,
        story.user(kids[2]).last_name,
    ]
