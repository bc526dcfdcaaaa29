"""The traps of ClassLink and OneRoster in who somebody is: ids, emails, rows that are one person, two districts.

Numbered as in the second part of docs/traps.md.
"""

from __future__ import annotations

import pytest

from accounts import tenancy
from accounts.models import Membership, User
from integrations.classlink.provider import ClassLinkProvider
from integrations.classlink.sandbox import ClassLinkSandbox
from integrations.models import Link
from tests import factories
from tests.rostering.classlink import ClassLinkStory
from tests.rostering.conftest import Tell, TellAtClassLink
from tests.rostering.passing import Planned, Row, Seen, Waits
from tests.rostering.workers import at_once


def links(story: ClassLinkStory) -> dict[str, int]:
    """Whose account each id of the source leads to."""
    with tenancy.district(story.district.pk):
        found = Link.objects.filter(connection=story.connection)
        return {link.external_id: link.user_id for link in found.order_by("external_id")}


def test_trap_01_people_without_an_id_are_nobody_and_nobody_leaves(at_classlink: ClassLinkStory) -> None:
    keys = at_classlink.students(3)
    at_classlink.night()
    for key in keys[:2]:
        at_classlink.world.set_fields(key, {"sourcedId": ""})
    run = at_classlink.night()
    assert run.removals == "A record without an id could not be read."
    assert (at_classlink.plan(run), sorted(links(at_classlink))) == ([], keys)


def test_trap_02_an_email_reaches_nobody_in_another_district(tell_at_classlink: TellAtClassLink) -> None:
    here, there = tell_at_classlink(), tell_at_classlink()
    here.student("Ana Ruiz", email="ana@lincoln.example")
    there.teacher("Eve Fox", email="ana@lincoln.example")
    here.night()
    before = here.accounts()
    there.night()
    assert (here.accounts(), here.logins()) == (before, {"Ana": "ana@lincoln.example"})
    assert (there.people(), there.logins()) == ([Seen("Eve Fox", "North", "teacher")], {"Eve": "ana@lincoln.example"})


def test_trap_04_capitals_tell_people_apart(at_classlink: ClassLinkStory) -> None:
    for key, name in (("a1", "Ana Ruiz"), ("A1", "Ben Lo")):
        at_classlink.somebody(name, [at_classlink.role("student")], key=key)
    at_classlink.night()
    assert {key: at_classlink.user(key).first_name for key in ("a1", "A1")} == {"a1": "Ana", "A1": "Ben"}
    at_classlink.world.remove_user("a1")
    run = at_classlink.night()
    assert at_classlink.plan(run) == [Planned("Ana Ruiz", "North", "suspend", "gone")]


def test_trap_05_zeros_blanks_and_signs_are_part_of_an_id(at_classlink: ClassLinkStory) -> None:
    ids = ["00123", "123", " 123", "7_1111", "s+123456", "odd/1", "odd 1", "x" * 255]
    for number, key in enumerate(ids):
        at_classlink.somebody(f"Kid {number}", [at_classlink.role("student")], key=key)
    at_classlink.night()
    assert len(set(links(at_classlink).values())) == len(ids)
    assert sorted(links(at_classlink)) == sorted(ids)
    assert at_classlink.plan(at_classlink.night()) == []


def test_trap_06_a_pipe_in_an_id_leads_back_to_the_account(at_classlink: ClassLinkStory) -> None:
    at_classlink.somebody("Ana Ruiz", [at_classlink.role("student")], key="a|b")
    at_classlink.night()
    assert at_classlink.user("a|b").first_name == "Ana"
    at_classlink.world.rename_user("a|b", last="Moss")
    at_classlink.night()
    assert at_classlink.people() == [Seen("Ana Moss", "North", "student")]


def test_trap_07_of_four_ids_one_is_who_somebody_is(at_classlink: ClassLinkStory) -> None:
    fields: Row = {"identifier": "22222", "username": "foo.bar", "userIds": [{"type": "Fed", "identifier": "33333"}]}
    key = at_classlink.somebody("Ana Ruiz", [at_classlink.role("student")], key="12345", **fields)
    at_classlink.night()
    assert list(links(at_classlink)) == [key]
    assert at_classlink.membership(key).number == "22222"


def test_trap_09_two_districts_with_the_same_ids_at_once(
    tell_at_classlink: TellAtClassLink, classlink: ClassLinkSandbox
) -> None:
    stories = [tell_at_classlink(), tell_at_classlink()]
    for story, last in zip(stories, ("Ruiz", "Moss"), strict=True):
        for number in range(1, 41):
            story.student(f"Kid{number} {last}", email=f"kid{number}@lincoln.example")
    at_once([story.night for story in stories])
    for story, last in zip(stories, ("Ruiz", "Moss"), strict=True):
        assert {name.rpartition(" ")[2] for name, *_ in story.people()} == {last}
        assert len(story.people()) == 40
        assert sorted(links(story)) == [str(1000 + number) for number in range(1, 41)]
    assert [entry.status for entry in classlink.log if entry.status != 200] == []


def test_trap_10_one_id_in_two_sources_is_two_people(tell: Tell, classlink: ClassLinkSandbox) -> None:
    clever = tell("North")
    key = clever.student("Ana Ruiz")
    clever.night()
    beside = ClassLinkStory(classlink, classlink.add_district(0, 1), ["South"], clever.district)
    beside.somebody("Ben Lo", [beside.role("student")], key=key)
    beside.night()
    assert clever.people() == [Seen("Ana Ruiz", "North", "student"), Seen("Ben Lo", "South", "student")]
    with tenancy.district(clever.district.pk):
        found = Link.objects.filter(external_id=key).order_by("connection_id")
        assert [link.user.first_name for link in found.select_related("user")] == ["Ana", "Ben"]


def test_trap_11_two_rows_with_one_email_race_for_no_login(at_classlink: ClassLinkStory) -> None:
    one = at_classlink.teacher("Ana Ruiz", 0)
    at_classlink.world.split_user(one)
    rows = [
        at_classlink.somebody("Ana Ruiz", [at_classlink.role("teacher", school)], identifier="N7") for school in (1, 2)
    ]
    at_classlink.night()
    assert [key for _, key in at_classlink.issues()] == ["E-DUP-IN-SOURCE"] * 3
    with tenancy.district(at_classlink.district.pk):
        assert list(User.objects.values_list("login_email", flat=True)) == [None] * 3
    assert len({at_classlink.user(key).pk for key in rows}) == 2


def test_trap_11_rows_that_say_so_are_one_account(at_classlink: ClassLinkStory) -> None:
    rows = several(at_classlink)
    at_classlink.night()
    assert at_classlink.people() == [
        Seen("Ana Ruiz", "North", "teacher"),
        Seen("Ana Ruiz", "South", "teacher"),
        Seen("Ana Ruiz", "West", "teacher"),
    ]
    assert (set(links(at_classlink)), len(set(links(at_classlink).values()))) == (set(rows), 1)
    assert at_classlink.issues() == []
    assert at_classlink.plan(at_classlink.night()) == []


def several(story: ClassLinkStory) -> list[str]:
    """Ana as three rows, one a school, which say that they are one person."""
    rows = [story.somebody("Ana Ruiz", [story.role("teacher", school)]) for school in range(3)]
    for key in rows:
        story.world.set_fields(key, {"userMasterIdentifier": "M-1"})
    return rows


def test_trap_11_a_row_with_another_name_is_not_believed_and_once_it_was_stays(at_classlink: ClassLinkStory) -> None:
    """One word for everybody makes nobody somebody else; a new name on one row parts nobody from the account."""
    rows = several(at_classlink)
    ben = at_classlink.person("Ben Lo", "administrator")
    at_classlink.world.set_fields(ben, {"userMasterIdentifier": "M-1"})
    at_classlink.night()
    ana = at_classlink.user(rows[0])
    assert at_classlink.user(ben) != ana
    before = at_classlink.people()
    at_classlink.world.set_fields(rows[1], {"familyName": "Ruiz-Day"})
    at_classlink.night()
    assert at_classlink.people() == before
    assert {links(at_classlink)[key] for key in rows} == {ana.pk}


def test_trap_11_a_row_that_goes_does_not_take_its_person_along(at_classlink: ClassLinkStory) -> None:
    at_classlink.teacher("Ben Lo", 0, 1, 2)
    rows = several(at_classlink)
    at_classlink.night()
    account = at_classlink.user(rows[0])
    for key, school, left in ((rows[0], "North", 2), (rows[1], "South", 1)):
        at_classlink.world.remove_user(key)
        run = at_classlink.night()
        assert [(each.school, each.kind, each.why) for each in at_classlink.plan(run)] == [
            (school, "suspend", "left_school")
        ]
        assert sum(each.status == "active" for each in at_classlink.people() if each.name == "Ana Ruiz") == left
        assert at_classlink.user(rows[2]) == account
    at_classlink.world.restore_user(rows[0])
    at_classlink.night()
    assert at_classlink.people()[0] == Seen("Ana Ruiz", "North", "teacher")
    with tenancy.district(at_classlink.district.pk):
        assert User.objects.count() == 2


def test_trap_11_whoever_is_left_by_one_row_is_asked_about_by_that_row(
    at_classlink: ClassLinkStory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ClassLinkProvider, "page_size", 3)
    at_classlink.teacher("Ben Lo", 0, 1, 2)
    at_classlink.students(2)
    rows = several(at_classlink)
    at_classlink.night()
    for key in rows[:2]:
        at_classlink.world.remove_user(key)
    at_classlink.night()
    at_classlink.sandbox.set_faults({"page_of": "users", "empty_page_at": 2, "total": False})
    run = at_classlink.night()
    assert (run.removals, at_classlink.plan(run)) == ("", [])
    assert ("Ana Ruiz", "E-STILL-THERE") in at_classlink.issues()
    at_classlink.world.remove_user(rows[2])
    at_classlink.night()
    assert [each.status for each in at_classlink.people() if each.name == "Ana Ruiz"] == ["suspended"] * 3


def test_trap_11_an_email_makes_nobody_one_more_row_of_somebody(at_classlink: ClassLinkStory) -> None:
    at_classlink.teacher("Ben Lo", 0, 1, 2)
    rows = several(at_classlink)
    at_classlink.night()
    account = at_classlink.user(rows[2])
    for key in rows[:2]:
        at_classlink.world.remove_user(key)
    at_classlink.world.set_email(rows[2], "")
    stranger = at_classlink.teacher("Eve Fox", email="ana.ruiz@lincoln.example")
    at_classlink.night()
    assert at_classlink.user(rows[2]) == account
    assert (at_classlink.user(stranger) == account, at_classlink.user(stranger).login_email) == (False, None)
    assert Seen("Ana Ruiz", "West", "teacher") in at_classlink.people()


def test_trap_12_an_id_made_from_the_name_changes_with_it(at_classlink: ClassLinkStory) -> None:
    ana = at_classlink.student("Ana Ruiz")
    at_classlink.students(3)
    at_classlink.night()
    account = at_classlink.user(ana)
    at_classlink.world.rename_user(ana, last="Moss")
    new = at_classlink.world.change_id(ana)
    at_classlink.known_as("Ana Moss", new)
    run = at_classlink.night()
    assert at_classlink.plan(run) == [Planned("Ana Moss", "North", "relink")]
    assert at_classlink.user(new) == account
    assert Seen("Ana Moss", "North", "student") in at_classlink.people()


def test_trap_12_an_id_that_changes_without_an_email_is_a_stranger(at_classlink: ClassLinkStory) -> None:
    ana = at_classlink.student("Ana Ruiz", email="")
    at_classlink.students(3)
    at_classlink.night()
    new = at_classlink.world.change_id(ana)
    at_classlink.known_as("Ana Ruiz", new)
    run = at_classlink.night()
    assert at_classlink.plan(run) == [
        Planned("Ana Ruiz", "North", "create"),
        Planned("Ana Ruiz", "North", "suspend", "gone"),
    ]


def test_trap_12_another_student_information_system_waits_for_a_person(at_classlink: ClassLinkStory) -> None:
    at_classlink.students(30)
    at_classlink.night()
    before = at_classlink.accounts()
    at_classlink.world.change_all_ids()
    at_classlink.night()
    assert at_classlink.holds() == [Waits("new_ids", "North", 30)]
    assert at_classlink.accounts() == before


def test_trap_13_who_was_here_before_the_first_sync_is_one_account(at_classlink: ClassLinkStory) -> None:
    with tenancy.support():
        by_hand = factories.person(
            at_classlink.district, at_classlink.schools[0], "student", email="Ana@Lincoln.example"
        )
    ana = at_classlink.student("Ana Ruiz", email="ana@lincoln.example")
    run = at_classlink.night()
    assert at_classlink.plan(run) == [Planned("Ana Ruiz", "North", "adopt")]
    assert at_classlink.user(ana) == by_hand
    with tenancy.district(at_classlink.district.pk):
        assert (User.objects.count(), Membership.objects.count()) == (1, 1)
