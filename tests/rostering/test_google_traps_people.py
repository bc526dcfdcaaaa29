"""The traps of Google on the way to an account: who somebody is, what they are, and what they are called.

Numbered as in the third part of docs/traps.md.
"""

from __future__ import annotations

import pytest

from accounts import tenancy
from rostering import lease, runs
from rostering.models import Run, RunState, Trigger
from tests import factories
from tests.rostering.conftest import TellAtGoogle
from tests.rostering.gsuite import ADMINS, STAFF, GoogleStory
from tests.rostering.passing import Planned, Seen, Waits


def test_trap_02_the_deepest_mapped_unit_decides(at_google: GoogleStory) -> None:
    """Admin brings Teacher, and nobody of the staff gains it."""
    at_google.teacher("Tom Bell")
    at_google.admin("Ada Head")
    at_google.student("Kid 01")
    at_google.night()
    assert at_google.people() == [
        Seen("Ada Head", "North", "admin teacher"),
        Seen("Kid 01", "North", "student"),
        Seen("Tom Bell", "North", "teacher"),
    ]


def test_trap_02_a_move_between_mapped_units_changes_the_role(at_google: GoogleStory) -> None:
    tom, ada = at_google.teacher("Tom Bell"), at_google.admin("Ada Head")
    at_google.teacher("Eve Long")
    at_google.admin("Ann Chief")
    at_google.night()
    before = at_google.user(tom).pk
    at_google.world.move(tom, ADMINS)
    at_google.world.move(ada, STAFF)
    at_google.night()
    assert at_google.people() == [
        Seen("Ada Head", "North", "teacher"),
        Seen("Ann Chief", "North", "admin teacher"),
        Seen("Eve Long", "North", "teacher"),
        Seen("Tom Bell", "North", "admin teacher"),
    ]
    assert at_google.user(tom).pk == before


def test_trap_02_two_schools_map_for_themselves(tell_at_google: TellAtGoogle) -> None:
    """A part that one school maps is not taken from the other."""
    story = tell_at_google("North", "South")
    story.teacher("Tom Bell")
    story.admin("Ada Head")
    story.map(STAFF, "teacher", 1)
    story.night()
    assert story.people() == [
        Seen("Ada Head", "North", "admin teacher"),
        Seen("Ada Head", "South", "teacher"),
        Seen("Tom Bell", "North", "teacher"),
        Seen("Tom Bell", "South", "teacher"),
    ]


def test_trap_19_a_changed_email_is_the_same_person(at_google: GoogleStory) -> None:
    ana = at_google.student("Ana Ruiz")
    at_google.students(5)
    at_google.night()
    before = at_google.user(ana)
    at_google.world.change_email(ana, f"ana.moss@{at_google.customer.domain}")
    at_google.world.rename(ana, last="Moss")
    run = at_google.night()
    assert at_google.plan(run) == [Planned("Ana Ruiz", "North", "update")]
    after = at_google.user(ana)
    assert (after.pk, after.login_email) == (before.pk, f"ana.moss@{at_google.customer.domain}")


def test_trap_20_deleted_and_made_again_is_the_same_person(at_google: GoogleStory) -> None:
    """With the same email and another id: found again, and said in the plan."""
    ana = at_google.student("Ana Ruiz")
    at_google.students(12)
    at_google.night()
    before = at_google.user(ana).pk
    again = at_google.world.recreate(ana)
    at_google.known_as("Ana Ruiz", again)
    run = at_google.night()
    assert at_google.plan(run) == [Planned("Ana Ruiz", "North", "relink")]
    assert at_google.user(again).pk == before
    assert Seen("Ana Ruiz", "North", "student") in at_google.people()
    assert at_google.plan(at_google.night()) == []


def test_trap_21_two_people_swap_their_emails(at_google: GoogleStory) -> None:
    """Nobody's sign-in leads to the other, in whatever order they are written."""
    ana, ben = at_google.student("Ana Ruiz"), at_google.student("Ben Lo")
    at_google.students(8)
    at_google.night()
    emails = {key: at_google.user(key).login_email for key in (ana, ben)}
    at_google.world.swap_emails(ana, ben)
    for _ in range(2):
        assert at_google.night().state == RunState.DONE
    assert {key: at_google.user(key).login_email for key in (ana, ben)} == {ana: emails[ben], ben: emails[ana]}


def test_trap_22_capitals_make_no_second_person(at_google: GoogleStory) -> None:
    """Here by hand, at Google in capitals: one account."""
    email = f"eve.long@{at_google.customer.domain}"
    with tenancy.district(at_google.district.pk):
        eve = factories.person(at_google.district, at_google.schools[0], "teacher", first_name="Eve", email=email)
    key = at_google.teacher("Eve Long", email=email.upper())
    run = at_google.night()
    assert [row.kind for row in at_google.plan(run)] == ["adopt"]
    assert at_google.user(key).pk == eve.pk
    assert at_google.logins() == {"Eve": email}


def test_trap_23_names_of_any_kind_are_kept_whole(at_google: GoogleStory) -> None:
    names = {
        at_google.world.add_user("/Students", *name): name
        for name in (("Ā" * 60, "Ž" * 60), ("مريم", "بن علي"), ("D'Andre", "O'Neill"), ("Suharto", ""), ("", ""))
    }
    at_google.night()
    assert {key: (at_google.user(key).first_name, at_google.user(key).last_name) for key in names} == names


def test_trap_26_in_a_unit_and_in_a_group(at_google: GoogleStory) -> None:
    """One account with what both give; leaving the group takes only what the group gave."""
    tom, eve = at_google.teacher("Tom Bell"), at_google.teacher("Eve Long")
    mail = f"heads@{at_google.customer.domain}"
    at_google.world.add_group("Heads", mail, members=(tom, eve))
    at_google.map(mail, "admin")
    at_google.night()
    both = [Seen(name, "North", "admin teacher") for name in ("Eve Long", "Tom Bell")]
    assert at_google.people() == both
    at_google.world.remove_member(mail, tom)
    at_google.night()
    assert at_google.people() == [both[0], Seen("Tom Bell", "North", "teacher")]


def test_trap_26_students_who_are_in_a_group_of_staff(at_google: GoogleStory) -> None:
    """Student and staff at one school is a conflict: said, and nothing changes."""
    ana = at_google.student("Ana Ruiz")
    at_google.teacher("Tom Bell")
    mail = f"clubs@{at_google.customer.domain}"
    at_google.world.add_group("Clubs", mail, members=(ana,))
    at_google.map(mail, "teacher")
    at_google.night()
    assert at_google.people() == [Seen("Tom Bell", "North", "teacher")]
    assert at_google.issues() == [("Ana Ruiz", "E-ROLE-CONFLICT")]


def test_trap_26_a_group_that_cannot_be_read_takes_nothing(at_google: GoogleStory) -> None:
    """Whoever has Admin by it keeps it: its word is said by nobody, and that waits for a person."""
    tom = at_google.teacher("Tom Bell")
    at_google.teacher("Eve Long")
    mail = f"heads@{at_google.customer.domain}"
    key = at_google.world.add_group("Heads", mail, members=(tom,))
    at_google.map(mail, "admin")
    at_google.night()
    before = at_google.people()
    at_google.world.delete_group(key)
    run = at_google.night()
    assert run.removals == f"{mail} no longer exists in Google."
    assert at_google.people() == before
    assert at_google.holds() == [Waits("place_empty", "North", 1)]


def test_trap_29_another_customer_stops_the_run(at_google: GoogleStory) -> None:
    """Nobody is replaced by the people of another customer."""
    at_google.students(5)
    at_google.night()
    before = at_google.accounts()
    at_google.sandbox.set_faults({"foreign_row_at": 1})
    run = at_google.night()
    assert (run.state, run.problem) == (RunState.FAILED, "E-SOURCE-MALFORMED")
    assert at_google.accounts() == before


@pytest.mark.parametrize("twice", ["while it waits", "during it"])
def test_trap_31_one_run_at_a_time(twice: str, at_google: GoogleStory) -> None:
    """Whoever asks again joins the one that is there."""
    at_google.students(3)
    with tenancy.district(at_google.district.pk):
        first, fresh = runs.start(at_google.tie(), Trigger.NIGHTLY)
    assert fresh
    if twice == "during it":
        assert lease.claim(first.pk)
    with tenancy.district(at_google.district.pk):
        second, fresh = runs.start(at_google.tie(), Trigger.ASKED)
        assert (second.pk, fresh, Run.objects.count()) == (first.pk, False, 1)
