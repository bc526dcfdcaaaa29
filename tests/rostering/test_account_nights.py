"""Nights after an Admin's edit: what is pinned stays, what is not is the source's again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils.timezone import now

from accounts import editing, tenancy
from accounts.models import Roles, User
from accounts.pins import Keep
from rostering.models import Run
from tests import factories
from tests.accounts.pages import browser, text
from tests.rostering.conftest import Tell
from tests.rostering.stories import Planned, Seen, Story

WHY = "Agreed with the family"


def admin_of(story: Story) -> User:
    with tenancy.support():
        return factories.person(story.district, story.schools[0], Roles.ADMIN, first_name="Dana")


def test_an_edit_that_pins_survives_the_night_and_is_given_back(story: Story) -> None:
    key = story.student("Ana Ruiz", 0)
    story.teacher("Tom Bell", 0)
    story.night()
    admin, who = admin_of(story), story.user(key)
    member = story.membership(key)
    with tenancy.district(story.district.pk):
        editing.change_person(admin, who, editing.version(who), {"first_name": "Annie"}, Keep(WHY))
        values = {"roles": ["teacher"], "grade": member.grade, "number": "N-1"}
        editing.change_membership(admin, member, editing.version(member), values, Keep(WHY))
    run = story.night()
    assert story.plan(run) == []
    assert (story.user(key).first_name, story.membership(key).roles, story.membership(key).number) == (
        "Annie", ["teacher"], "N-1",
    )  # fmt: skip
    page = text(browser(admin), f"/accounts/{who.pk}/source/")
    assert "First name Annie Ana" in page
    assert "Roles at North Teacher Student" in page
    assert "Tonight's sync would change nothing." in page
    client = browser(admin)
    with tenancy.district(story.district.pk):
        standing = list(who.pins.all())
    for pin in standing:
        client.post(f"/accounts/{who.pk}/pins/{pin.pk}/")
    assert "First name: Annie → Ana" in text(client, f"/accounts/{who.pk}/source/")
    run = story.night()
    assert story.plan(run) == [Planned("Ana Ruiz", "North", "roles")]
    assert story.user(key).first_name == "Ana"
    assert story.membership(key).roles == ["student"]
    assert "Sync #" in text(client, f"/accounts/{who.pk}/history/")


def test_a_pin_that_ended_keeps_nothing(story: Story) -> None:
    key = story.student("Ana Ruiz", 0)
    story.night()
    admin, who = admin_of(story), story.user(key)
    ended = now() - timedelta(seconds=1)
    with tenancy.district(story.district.pk):
        editing.change_person(admin, who, editing.version(who), {"first_name": "Annie"}, Keep(WHY, ended))
    assert "Annie" not in text(browser(admin), f"/accounts/{who.pk}/").split("Protected from sync")[1]
    story.night()
    assert story.user(key).first_name == "Ana"


def test_whoever_was_deleted_does_not_come_back(story: Story) -> None:
    key = story.student("Ana Ruiz", 0)
    story.students(4)
    story.night()
    admin, who = admin_of(story), story.user(key)
    before = len(story.people())
    with tenancy.district(story.district.pk):
        assert editing.delete(admin, who, who.email, WHY)
    for _ in range(2):
        story.night()
    assert len(story.people()) == before
    assert story.user(key).deleted_at is not None
    assert "Ana Ruiz" not in [each.name for each in story.people()]


@pytest.mark.parametrize("kept", [False, True])
def test_whoever_is_reactivated_stays_only_if_kept(kept: bool, tell: Tell) -> None:  # noqa: FBT001 - a case
    story = tell("North")
    key = story.student("Ana Ruiz", 0)
    story.students(6)
    story.night()
    story.world.delete_user(key)
    story.night()
    assert Seen("Ana Ruiz", "North", "student", "suspended") in story.people()
    admin, member = admin_of(story), story.membership(key)
    with tenancy.district(story.district.pk):
        assert editing.change_status(admin, member, editing.version(member), "active", WHY, Keep(WHY) if kept else None)
    tonight = text(browser(admin), f"/accounts/{member.user_id}/source/")
    assert ("Status: Active → Suspended Keep my change" in tonight) is not kept
    story.night()
    assert Seen("Ana Ruiz", "North", "student", "active" if kept else "suspended") in story.people()
    with tenancy.district(story.district.pk):
        assert Run.objects.filter(state="done").count() == 3
