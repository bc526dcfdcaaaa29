"""Undo: what a night did is turned back, except what people changed since, and stays so."""

from __future__ import annotations

import pytest

from accounts import people, tenancy
from accounts.models import Membership, Pin, User
from integrations import linking
from rostering import holds, runs, undo
from rostering.models import Run, RunState, Trigger
from tests import factories
from tests.rostering.stories import Planned, Row, Seen, Story, Waits

#: What a night changes without meaning to: when a row was written, and aliases of former emails.
TIMES = ("updated_at", "search")


@pytest.fixture
def mina() -> User:
    """Somebody of SmartPass."""
    with tenancy.support():
        return factories.staff()


@pytest.fixture
def hand(story: Story) -> User:
    """A teacher made by hand, whom Clever will know too."""
    with tenancy.support():
        return factories.person(
            story.district,
            story.schools[0],
            "teacher",
            first_name="Hana",
            last_name="Kim",
            email="hana.kim@lincoln.example",
        )


@pytest.fixture
def cast(story: Story) -> dict[str, str]:
    """Two of every kind, synced, so that nobody is the last one anywhere."""
    story.students(4)
    story.students(2, 1, "Pal")
    story.teacher("Ben Lo", 0, 1)
    cast = {name: story.student(name) for name in ("Ana Ruiz", "Cy Day", "Di Ash", "Eve Fox", "Gil Orr", "Jo Park")}
    story.world.unshare_user(cast["Jo Park"])
    story.night()
    return cast


def eventful(story: Story, cast: dict[str, str]) -> Run:
    """A night on which everything happens that a night can do."""
    world = story.world
    world.rename_user(cast["Ana Ruiz"], last="Ruiz-Lo")
    world.set_email(cast["Ana Ruiz"], "ana.new@lincoln.example")
    world.set_role(cast["Cy Day"], "student", {"schools": story.places[:2], "grade": "10"})
    world.delete_user(cast["Di Ash"])
    world.move_user(cast["Eve Fox"], story.places[1])
    world.set_role(cast["Gil Orr"], "student", None)
    world.set_role(cast["Gil Orr"], "teacher", story.role("teacher"))
    world.share_user(cast["Jo Park"])
    story.teacher("Hana Kim", 0, 1)
    return story.night()


def accounts(story: Story) -> Row:
    """Users and memberships, without the times of writing."""
    found = story.accounts()
    return {
        name: {row["id"]: {key: value for key, value in row.items() if key not in TIMES} for row in found[name]}
        for name in ("User", "Membership")
    }


def take_back(
    story: Story, run: Run, by: User | None = None, *, preview: bool = False, schools: list[int] | None = None
) -> Run:
    """Undo a run (at these schools), to its end."""
    with tenancy.district(story.district.pk):
        back, _ = undo.start(run, by=by, why="A mistake at Clever", preview=preview, schools=schools)
    return story.worked(back)


def test_an_undo_restores_what_was_there(story: Story, cast: dict[str, str], mina: User, hand: User) -> None:
    before, then = accounts(story), story.people()
    night = eventful(story, cast)
    assert sorted({row.kind for row in story.plan(night)}) == [
        "adopt", "create", "join", "roles", "suspend", "update",
    ]  # fmt: skip
    back = take_back(story, night, mina)
    assert (back.state, story.words(back), story.words(night)) == (RunState.DONE, "Completed", "Undone")
    after = accounts(story)
    new = set(after["User"]) - set(before["User"])
    assert [after["User"][pk]["first_name"] for pk in new] == ["Jo"]
    assert {pk: row for pk, row in after["User"].items() if pk not in new} == before["User"]
    kept = {pk: row for pk, row in after["Membership"].items() if pk in before["Membership"]}
    assert kept == before["Membership"]
    # Nothing is deleted: a membership that the night made is suspended.
    assert [each for each in story.people() if each not in then] == [
        Seen("Cy Day", "South", "student", "suspended"),
        Seen("Eve Fox", "South", "student", "suspended"),
        Seen("Hana Kim", "South", "teacher", "suspended"),
        Seen("Jo Park", "North", "student", "suspended"),
    ]
    assert hand.pk in after["User"]


def test_what_people_changed_since_stays(story: Story, cast: dict[str, str], mina: User) -> None:
    night = eventful(story, cast)
    with tenancy.district(story.district.pk):
        User.objects.filter(pk=story.user(cast["Ana Ruiz"]).pk).update(last_name="By hand")
        Membership.objects.filter(pk=story.membership(cast["Cy Day"]).pk).update(grade="11")
        people.disable(None, story.membership(cast["Cy Day"], 1))
        Pin.objects.create(district=story.district, user=story.user(cast["Gil Orr"]), field="*", why="Protect")
        people.reactivate(None, story.membership(cast["Di Ash"]))
    back = take_back(story, night, mina)
    assert story.user(cast["Ana Ruiz"]).last_name == "By hand"
    assert story.user(cast["Ana Ruiz"]).email == "ana.ruiz@lincoln.example"
    assert (story.membership(cast["Cy Day"]).grade, story.membership(cast["Cy Day"], 1).status) == ("11", "disabled")
    assert story.membership(cast["Gil Orr"]).roles == ["teacher"]
    assert story.membership(cast["Di Ash"]).status == "active"
    with tenancy.district(story.district.pk):
        told = undo.kept(back)
    assert {row["user_id"] for row in told} == {
        story.user(cast[name]).pk for name in ("Ana Ruiz", "Cy Day", "Di Ash", "Gil Orr")
    }


def test_an_undo_stands_on_the_next_nights(story: Story, cast: dict[str, str], mina: User) -> None:
    night = eventful(story, cast)
    take_back(story, night, mina)
    after = story.accounts()
    for _ in range(2):
        assert story.plan(story.night()) == []
        assert story.accounts() == after
    # Until the source says something new about somebody.
    story.world.rename_user(cast["Ana Ruiz"], last="Ruiz-Day")
    assert story.plan(story.night()) == [Planned("Ana Ruiz", "North", "update")]
    assert story.user(cast["Ana Ruiz"]).last_name == "Ruiz-Day"


def test_an_undo_of_a_leaving_stands_too(story: Story, cast: dict[str, str], mina: User) -> None:
    story.world.unshare_user(cast["Di Ash"])
    take_back(story, story.night(), mina)
    assert story.membership(cast["Di Ash"]).status == "active"
    assert story.plan(story.night()) == []
    story.world.share_user(cast["Di Ash"])
    assert story.plan(story.night()) == []
    story.world.unshare_user(cast["Di Ash"])
    assert story.plan(story.night()) == [Planned("Di Ash", "North", "suspend", "gone")]


def test_the_first_sync_undone_suspends_and_deletes_nobody(story: Story, mina: User) -> None:
    story.students(3)
    story.teacher("Ben Lo", 0, 1)
    take_back(story, story.night(), mina)
    assert {each.status for each in story.people()} == {"suspended"}
    assert (len(story.people()), len(story.accounts()["User"])) == (5, 4)
    assert story.plan(story.night()) == []


def test_a_new_id_and_a_return_are_turned_back(story: Story, cast: dict[str, str], mina: User) -> None:
    ana, cy = cast["Ana Ruiz"], cast["Cy Day"]
    story.world.unshare_user(cy)
    story.night()
    before = accounts(story), story.accounts()["Link"]
    story.world.share_user(cy)
    story.known_as("Ana Ruiz", story.world.change_sis_id(ana, "7777"))
    night = story.night()
    assert story.plan(night) == [
        Planned("Ana Ruiz", "North", "relink"),
        Planned("Cy Day", "North", "reactivate"),
    ]
    take_back(story, night, mina)
    assert (accounts(story), story.accounts()["Link"]) == before
    assert story.membership(cy).status == "suspended"
    assert story.plan(story.night()) == []
    assert (accounts(story), story.accounts()["Link"]) == before


def test_what_a_hold_released_is_undone_with_its_run(story: Story, mina: User) -> None:
    kids = story.students(100)
    story.night()
    for key in kids[:12]:
        story.world.unshare_user(key)
    story.world.rename_user(kids[50], last="Changed")
    night = story.night()
    (hold,) = story.open_holds()
    holds.release(hold, hold.fingerprint, by=mina, why="Known")
    assert [each.status for each in story.people()].count("suspended") == 12
    take_back(story, night, mina)
    assert {each.status for each in story.people()} == {"active"}
    assert story.user(kids[50]).last_name == "51"
    assert (story.plan(story.night()), story.holds()) == ([], [])


def test_what_still_waits_is_not_touched_by_an_undo(story: Story, mina: User) -> None:
    kids = story.students(100)
    story.night()
    for key in kids[:12]:
        story.world.unshare_user(key)
    story.world.rename_user(kids[50], last="Changed")
    night = story.night()
    back = take_back(story, night, mina)
    assert story.plan(back) == [Planned("Kid 51", "North", "update", "undo")]
    assert story.holds() == [Waits("suspend_school", "North", 12)]


def test_a_preview_of_an_undo_writes_nothing(story: Story, cast: dict[str, str], mina: User) -> None:
    night = eventful(story, cast)
    before = story.accounts()
    seen = take_back(story, night, mina, preview=True)
    assert (seen.state, seen.applied_at, story.accounts()) == (RunState.DONE, None, before)
    done = take_back(story, night, mina)
    assert story.plan(done) == story.plan(seen)
    assert done.fingerprint == seen.fingerprint


def test_an_undo_that_finds_everything_changed_changes_nothing(story: Story, cast: dict[str, str], mina: User) -> None:
    story.world.rename_user(cast["Ana Ruiz"], last="Ruiz-Lo")
    night = story.night()
    with tenancy.district(story.district.pk):
        User.objects.filter(pk=story.user(cast["Ana Ruiz"]).pk).update(last_name="By hand")
    before = story.accounts()
    assert story.plan(take_back(story, night, mina)) == []
    assert story.accounts() == before


def why_not(story: Story, run: Run) -> str:
    """Why a run cannot be undone."""
    with tenancy.district(story.district.pk):
        return undo.why_not(story.fresh(run))


def test_what_can_be_undone(story: Story, cast: dict[str, str], mina: User) -> None:
    first = eventful(story, cast)
    assert why_not(story, story.night(preview=True)) == "This sync changed nothing that could be undone."
    quiet = story.night()
    assert (why_not(story, first), why_not(story, quiet)) == ("", "This sync changed nothing that could be undone.")
    story.world.rename_user(cast["Eve Fox"], last="Foxx")
    second = story.night()
    assert why_not(story, first) == "Only the newest sync that changed something can be undone."
    take_back(story, second, mina)
    assert why_not(story, second) == "This sync was undone already."
    assert why_not(story, first) == ""
    story.days_pass(31)
    assert why_not(story, first) == "A sync can be undone for 30 days."
    with tenancy.district(story.district.pk), pytest.raises(undo.CannotUndo, match="30 days"):
        undo.start(story.fresh(first), by=mina, why="Too late")


def test_no_undo_while_a_sync_is_going(story: Story, cast: dict[str, str], mina: User) -> None:
    night = eventful(story, cast)
    with tenancy.district(story.district.pk):
        runs.start(story.link_to_clever(), Trigger.ASKED)
        with pytest.raises(undo.CannotUndo, match="A sync is running"):
            undo.start(night, by=mina, why="Now")


def test_a_settings_change_lets_the_night_be_done_again(story: Story, cast: dict[str, str], mina: User) -> None:
    story.world.rename_user(cast["Ana Ruiz"], last="Ruiz-Lo")
    take_back(story, story.night(), mina)
    assert story.plan(story.night()) == []
    with tenancy.support():
        linking.set_roles(None, story.link_to_clever(), {"staff": ["admin"]}, "Asked")
    assert story.plan(story.night()) == [Planned("Ana Ruiz", "North", "update")]
