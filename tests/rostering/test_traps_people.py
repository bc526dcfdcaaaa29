"""The traps in telling who is who: emails, numbers and ids that are shared, missing or changed.

Numbered as in docs/traps.md.
"""

from __future__ import annotations

import pytest

from accounts import people, tenancy
from accounts.models import User
from integrations import linking
from rostering.models import RunState
from tests import factories
from tests.rostering.conftest import Tell
from tests.rostering.stories import Planned, Seen, Story, Waits

SHARED = "family@lincoln.example"


def test_trap_01_a_student_and_a_teacher_with_one_email_are_two(story: Story) -> None:
    story.student("Ana Ruiz", email=SHARED)
    story.teacher("Ben Lo", email=SHARED)
    for _ in range(2):
        assert story.night().state == RunState.DONE
        assert story.people() == [Seen("Ana Ruiz", "North", "student"), Seen("Ben Lo", "North", "teacher")]
        assert story.issues() == [("Ana Ruiz", "E-DUP-IN-SOURCE"), ("Ben Lo", "E-DUP-IN-SOURCE")]
        assert story.logins() == {"Ana": None, "Ben": None}


def test_trap_01_who_had_the_email_keeps_it(story: Story) -> None:
    ana = story.student("Ana Ruiz", email=SHARED)
    story.night()
    first = story.user(ana)
    story.student("Ben Lo", email=SHARED.upper())
    story.night()
    assert story.user(ana) == first
    assert story.logins() == {"Ana": SHARED, "Ben": None}
    assert story.people() == [Seen("Ana Ruiz", "North", "student"), Seen("Ben Lo", "North", "student")]


def test_trap_02_people_without_email_and_number_stay_strangers(story: Story) -> None:
    with tenancy.support():
        people.add_person(
            None, story.district, school=story.schools[0], roles=["student"],
            first_name="Hana", last_name="Kim", username="hana",
        )  # fmt: skip
    nothing = {"sis_id": "", "student_number": "", "state_id": None}
    ana = story.student("Ana Ruiz", email=None, **nothing)
    story.night()
    ben = story.student("Ben Lo", email="", **nothing)
    story.night()
    story.student("Cy Day", email="", **nothing)
    story.student("Di Ash", email=None, **nothing)
    story.night()
    four = ("Ana Ruiz", "Ben Lo", "Cy Day", "Di Ash")
    assert story.people() == [Seen(name, "North", "student") for name in (*four, "Hana Kim")]
    assert story.user(ana) != story.user(ben)
    assert story.issues() == [(name, "E-NO-EMAIL") for name in four]


def test_trap_03_an_email_taken_here_stops_nobody(story: Story) -> None:
    north, south, _ = story.schools
    with tenancy.support():
        factories.person(
            story.district, north, "student", first_name="Hana", last_name="Kim", email="hk@lincoln.example"
        )
        factories.person(
            story.district, south, "student", first_name="Ida", last_name="Ash", email="ia@lincoln.example"
        )
    story.teacher("Ben Lo", email="HK@lincoln.example")
    story.teacher("Cy Day", email="ia@lincoln.example")
    story.student("Ana Ruiz")
    run = story.night()
    assert (run.state, run.problem) == (RunState.DONE, "")
    assert story.people() == [
        Seen("Ana Ruiz", "North", "student"),
        Seen("Ben Lo", "North", "teacher"),
        Seen("Cy Day", "North", "teacher"),
        Seen("Hana Kim", "North", "student"),
        Seen("Ida Ash", "South", "student"),
    ]
    assert story.issues() == [("Ben Lo", "E-EMAIL-IN-USE-HERE"), ("Cy Day", "E-EMAIL-IN-USE-ELSEWHERE")]
    assert story.logins()["Hana"] == "hk@lincoln.example"
    assert story.logins()["Ben"] is None


def test_trap_03_one_email_in_two_districts_is_nobodys_trouble(tell: Tell) -> None:
    here, there = tell(), tell()
    for each in (here, there):
        each.student("Ana Ruiz", email=SHARED)
        each.night()
        assert (each.logins(), each.issues()) == ({"Ana": SHARED}, [])


#: What is written, what is kept of it, and what one signs in by.
ODD_EMAILS = (
    (" Ana.RUIZ@Lincoln.Example ", "Ana.RUIZ@Lincoln.Example", "ana.ruiz@lincoln.example"),
    ("ben.lincoln.example", "ben.lincoln.example", None),
    ("cy day@lincoln.example", "cy day@lincoln.example", None),
    ("@", "@", None),
    ("eve@lincoln", "eve@lincoln", None),
)


def test_trap_04_an_odd_email_comes_with_a_warning(story: Story) -> None:
    keys = [story.student(f"Kid {place}", email=written) for place, (written, _, _) in enumerate(ODD_EMAILS)]
    story.night()
    assert story.people() == [Seen(f"Kid {place}", "North", "student") for place in range(len(ODD_EMAILS))]
    users = [story.user(key) for key in keys]
    assert [(user.email, user.login_email) for user in users] == [(kept, login) for _, kept, login in ODD_EMAILS]
    assert story.issues() == [(f"Kid {place}", "E-BAD-EMAIL") for place in range(1, len(ODD_EMAILS))]


def test_trap_05_a_number_is_nobodys_name(tell: Tell) -> None:
    here, there = tell(), tell()
    for each in (here, there):
        ana = each.student("Ana Ruiz", email=None, sis_id="47", student_number="47")
        ben = each.teacher("Ben Lo", email=None, sis_id="47", teacher_number="47")
        each.night()
        assert [each.membership(key).number for key in (ana, ben)] == ["47", "47"]
    for each in (here, there):
        each.student("Cy Day", email=None, sis_id="47", student_number="47")
        each.night()
        assert each.people() == [
            Seen("Ana Ruiz", "North", "student"),
            Seen("Ben Lo", "North", "teacher"),
            Seen("Cy Day", "North", "student"),
        ]


def test_trap_08_a_new_id_with_the_same_email_is_the_same_account(story: Story) -> None:
    ana = story.student("Ana Ruiz")
    story.students(3)
    story.night()
    account = story.user(ana)
    new = story.world.change_sis_id(ana, "7777")
    story.known_as("Ana Ruiz", new)
    run = story.night()
    assert story.plan(run) == [Planned("Ana Ruiz", "North", "relink")]
    assert (story.user(new), story.user(ana)) == (account, account)
    assert Seen("Ana Ruiz", "North", "student") in story.people()
    assert story.plan(story.night()) == []


def test_trap_08_after_a_long_absence_the_new_id_brings_the_account_back(story: Story) -> None:
    ana = story.student("Ana Ruiz")
    story.students(3)
    story.night()
    story.world.unshare_user(ana)
    story.night()
    assert story.people()[0] == Seen("Ana Ruiz", "North", "student", "suspended")
    story.days_pass(301)
    new = story.student("Ana Ruiz")
    assert story.plan(story.night()) == [Planned("Ana Ruiz", "North", "relink")]
    assert story.user(new) == story.user(ana)
    assert [each for each in story.people() if each.name == "Ana Ruiz"] == [Seen("Ana Ruiz", "North", "student")]


def test_trap_08_without_an_email_the_old_one_leaves_and_a_new_one_comes(story: Story) -> None:
    ana = story.student("Ana Ruiz", email=None)
    story.students(3)
    story.night()
    new = story.world.change_sis_id(ana, "7777")
    story.known_as("Ana Ruiz", new)
    run = story.night()
    assert story.plan(run) == [
        Planned("Ana Ruiz", "North", "create"),
        Planned("Ana Ruiz", "North", "suspend", "gone"),
    ]
    assert story.user(new) != story.user(ana)
    assert story.people()[:2] == [
        Seen("Ana Ruiz", "North", "student"),
        Seen("Ana Ruiz", "North", "student", "suspended"),
    ]


def test_trap_08_many_new_ids_at_once_wait_for_a_person(story: Story) -> None:
    kids = story.students(20)
    story.night()
    before = story.accounts()
    for number, kid in enumerate(kids[:12]):
        story.world.change_sis_id(kid, f"9{number:03}")
    story.night()
    assert story.holds() == [Waits("new_ids", "North", 12)]
    assert story.accounts() == before


def test_trap_09_two_ids_merged_into_one_and_split_again(story: Story) -> None:
    teaches, helps = story.teacher("Ana Ruiz", 0, email=None), story.staff("Ana Ruiz", 1, email=None)
    story.teacher("Ben Lo", 0, 1)
    story.night()
    account, other = story.user(teaches), story.user(helps)
    merged = story.world.merge_users(teaches, helps)
    story.known_as("Ana Ruiz", merged)
    story.night()
    assert story.user(merged) == account
    assert story.people()[:3] == [
        Seen("Ana Ruiz", "North", "teacher"),
        Seen("Ana Ruiz", "South", "teacher"),
        Seen("Ana Ruiz", "South", "teacher", "suspended"),
    ]
    assert story.membership(helps, 1).status == "suspended"
    emails = {"teacher": "ana@lincoln.example", "staff": "a.ruiz@lincoln.example"}
    one, two = story.world.split_user(merged, emails)
    story.night()
    assert (story.user(one), story.user(two)) == (account, other)
    assert story.people()[:3] == [
        Seen("Ana Ruiz", "North", "teacher"),
        Seen("Ana Ruiz", "South", "teacher"),
        Seen("Ana Ruiz", "South", "teacher", "suspended"),
    ]
    assert [story.membership(one).status, story.membership(one, 1).status] == ["active", "suspended"]
    assert story.membership(two, 1).status == "active"


def test_trap_09_somebody_who_was_always_one_is_split(story: Story) -> None:
    both = story.add("Ana Ruiz", teacher=story.role("teacher", 0), staff=story.role("staff", 1))
    story.teacher("Ben Lo", 0, 1)
    story.night()
    account = story.user(both)
    one, two = story.world.split_user(both)
    story.night()
    assert story.user(one) == account
    assert story.user(two) != account
    assert story.people() == [
        Seen("Ana Ruiz", "North", "teacher"),
        Seen("Ana Ruiz", "South", "teacher"),
        Seen("Ana Ruiz", "South", "teacher", "suspended"),
        Seen("Ben Lo", "North", "teacher"),
        Seen("Ben Lo", "South", "teacher"),
    ]
    assert story.plan(story.night()) == []


@pytest.fixture
def admin(story: Story) -> User:
    """An Admin made by hand whose email somebody at Clever has too."""
    with tenancy.support():
        return factories.person(
            story.district, story.schools[0], "admin", first_name="Dana", last_name="Moss", email="dana@lincoln.example"
        )


def test_trap_10_an_admin_is_not_claimed_by_an_email(story: Story, admin: User) -> None:
    story.teacher("Eve Fox", email="Dana@Lincoln.example")
    before = story.accounts()
    run = story.night()
    assert story.plan(run) == []
    assert story.accounts() == before
    assert story.issues() == [("Eve Fox", "E-SAME-PERSON")]
    assert story.people() == [Seen(admin.get_full_name(), "North", "admin teacher")]


def test_trap_10_a_person_says_that_it_is_the_same(story: Story, admin: User) -> None:
    eve = story.teacher("Dana Moss", email="dana@lincoln.example")
    story.night()
    with tenancy.support():
        linking.same_person(admin, story.link_to_clever(), eve, admin, same=True, why="Asked her")
    run = story.night()
    assert story.plan(run) == [Planned("Dana Moss", "North", "adopt", "", "last_admin")]
    assert story.people() == [Seen("Dana Moss", "North", "admin teacher")]


def test_trap_10_a_person_says_that_it_is_another(story: Story, admin: User) -> None:
    eve = story.teacher("Eve Fox", email="dana@lincoln.example")
    story.night()
    with tenancy.support():
        linking.same_person(admin, story.link_to_clever(), eve, admin, same=False, why="Asked her")
    story.night()
    assert story.people() == [Seen("Dana Moss", "North", "admin teacher"), Seen("Eve Fox", "North", "teacher")]
    assert (story.user(eve).login_email, story.user(eve) == admin) == (None, False)
