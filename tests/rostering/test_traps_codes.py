"""Everybody who is left unchanged, or only half done, is listed with a stable code, and for as long as it is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from accounts import tenancy
from accounts.models import Roles
from integrations import linking
from integrations.clever.sandbox import CleverSandbox
from rostering import wording
from rostering.models import Issue
from tests import factories
from tests.rostering.stories import Seen, Story

RULES = Path(__file__).parents[2] / "docs" / "how-a-sync-decides.md"


def crowd(story: Story) -> dict[str, str]:
    """Somebody for every code that one listing can give, and whom each is about."""
    north, south, _ = story.schools
    with tenancy.support():
        factories.person(story.district, north, Roles.ADMIN, first_name="Dana", email="admin@lincoln.example")
        factories.person(story.district, north, Roles.STUDENT, first_name="Here", email="here@lincoln.example")
        factories.person(story.district, south, Roles.STUDENT, first_name="There", email="there@lincoln.example")
    conflict = {"student": story.role("student"), "teacher": story.role("teacher")}
    bad = story.student("Una Bad")
    story.world.put_user({**story.clever.editable(bad), "name": 7})
    story.add("Val Odd", volunteer={"schools": story.places[:1]})
    story.add("Wim None")
    story.add("Xia Far", student={"school": "60ffffff0000000000000001", "schools": [], "sis_id": "1"})
    story.add("Yan Both", **conflict)
    story.teacher("Zoe Admin", email="admin@lincoln.example")
    story.student("Ann Mail", email=None)
    story.student("Bob Mail", email="bob.at.lincoln")
    story.student("Cat Same", email="same@lincoln.example")
    story.teacher("Dan Same", email="Same@lincoln.example")
    story.teacher("Eli Here", email="here@lincoln.example")
    story.teacher("Fay There", email="there@lincoln.example")
    return {
        "Una Bad": "E-UNREADABLE", "Val Odd": "E-ROLE-UNKNOWN", "Wim None": "E-NO-ROLE",
        "Xia Far": "E-SCHOOL-NOT-LINKED", "Yan Both": "E-ROLE-CONFLICT", "Zoe Admin": "E-SAME-PERSON",
        "Ann Mail": "E-NO-EMAIL", "Bob Mail": "E-BAD-EMAIL", "Cat Same": "E-DUP-IN-SOURCE",
        "Dan Same": "E-DUP-IN-SOURCE", "Eli Here": "E-EMAIL-IN-USE-HERE", "Fay There": "E-EMAIL-IN-USE-ELSEWHERE",
    }  # fmt: skip


def test_everybody_left_unchanged_is_listed_once(story: Story) -> None:
    codes = crowd(story)
    story.student("Good Kid")
    run = story.night()
    expected = sorted(codes.items())
    assert story.issues() == expected
    found = list(codes.values())
    assert run.issue_counts == {code: found.count(code) for code in found}
    unchanged = {name for name, code in codes.items() if name[0] in "UVWXYZ"}
    assert {row.name for row in story.plan(run)} == {*codes, "Good Kid"} - unchanged
    with tenancy.district(story.district.pk):
        severities = {row.code: row.severity for row in Issue.objects.all()}
        rows = list(Issue.objects.order_by("pk").values())
    assert {code for code, severity in severities.items() if severity == "error"} == {codes[name] for name in unchanged}
    # The same is not written again, and what is over is closed.
    assert story.night().issue_counts == run.issue_counts
    with tenancy.district(story.district.pk):
        assert list(Issue.objects.order_by("pk").values()) == rows
    keys = {name: key for key, name in story.names.items()}
    story.world.rename_user(keys["Good Kid"], last="Pupil")
    story.world.set_email(keys["Ann Mail"], "ann@lincoln.example")
    story.world.set_email(keys["Dan Same"], "dan@lincoln.example")
    story.night()
    assert story.issues() == [each for each in expected if each[0] not in {"Ann Mail", "Dan Same", "Cat Same"}]


def test_a_new_id_waits_while_nobody_can_be_removed(clever: CleverSandbox, story: Story) -> None:
    ana = story.student("Ana Ruiz")
    story.student("Ben Lo")
    story.night()
    before = story.accounts()
    story.known_as("Ana Ruiz", story.world.change_sis_id(ana, "7777"))
    clever.set_faults({"count": 99})
    run = story.night()
    assert (story.plan(run), story.issues()) == ([], [("Ana Ruiz", "E-ID-CHANGED")])
    assert story.accounts() == before
    clever.set_faults({"count": None})
    story.night()
    assert (story.issues(), len(story.accounts()["User"])) == ([], 2)


@pytest.mark.parametrize(
    ("faults", "code"),
    [({"lose_rows_at": 1, "count": False}, "E-STILL-THERE"), ({"not_found": "html"}, "E-NOT-CONFIRMED")],
)
def test_who_is_missing_and_stays_is_listed_every_night_anew(
    faults: dict[str, object], code: str, clever: CleverSandbox, story: Story
) -> None:
    story.students(3)
    last = story.student("Last Kid")
    story.night()
    if code == "E-NOT-CONFIRMED":
        story.world.unshare_user(last)
    clever.set_faults(faults)
    for _ in range(3):
        run = story.night()
        assert (story.issues(), run.issue_counts) == ([("Last Kid", code)], {code: 1})
        assert Seen("Last Kid", "North", "student") in story.people()
    clever.set_faults(dict.fromkeys(faults))
    story.world.share_user(last)
    story.night()
    assert story.issues() == []


def test_a_conflict_leaves_what_there_was(story: Story) -> None:
    ana = story.student("Ana Ruiz", 0, 1)
    story.student("Ben Lo", 0, 1)
    story.night()
    story.world.set_role(ana, "teacher", story.role("teacher", 1, 2))
    story.night()
    assert story.issues() == [("Ana Ruiz", "E-ROLE-CONFLICT")]
    assert [each for each in story.people() if each.name == "Ana Ruiz"] == [
        Seen("Ana Ruiz", "North", "student"),
        Seen("Ana Ruiz", "South", "student"),
        Seen("Ana Ruiz", "West", "teacher"),
    ]


def test_a_decision_of_support_closes_what_it_answers(story: Story) -> None:
    story.add("Val Odd", volunteer={"schools": story.places[:1]})
    story.night()
    assert story.issues() == [("Val Odd", "E-ROLE-UNKNOWN")]
    with tenancy.support():
        linking.set_roles(None, story.link_to_clever(), {"volunteer": []}, "Nobody to us")
    story.night()
    assert (story.people(), story.issues()) == ([], [])


def test_every_code_has_words() -> None:
    told = set(re.findall(r"E-[A-Z-]+[A-Z]", RULES.read_text()))
    assert told == set(wording.ISSUES)
    assert all(says and helps for says, helps in wording.ISSUES.values())
