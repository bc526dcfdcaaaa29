"""Undo as a school's Admins press it: what it would do first, then the deed."""

from __future__ import annotations

import pytest

from accounts import audit, tenancy
from accounts.models import AuditEvent, Membership, Roles
from rostering.models import Run
from tests import factories
from tests.rostering.test_hold_pages import press, text_of
from tests.rostering.test_pages import browser, text, world

__all__ = ["world"]


@pytest.fixture(autouse=True)
def _no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rostering.queue.enqueue", lambda _: None)


def undo(run: Run) -> str:
    return f"/accounts/syncs/{run.pk}/undo/"


def test_an_undo_says_first_what_it_would_do(world: factories.World) -> None:
    with tenancy.support():
        Membership.objects.filter(user=world.student).update(grade="10", source_id=world.connection.pk)
        cy = factories.person(world.district, world.school, Roles.STUDENT, first_name="Cy")
        factories.change(world.run, cy, world.school)
        audit.record(world.admin, "person.grade", factories.membership(cy, world.school), district=world.district.pk)
    admin = browser(world.admin)
    page = text(admin, undo(world.run))
    assert "1 person will be as before this sync; 1 was changed since and stays as they are, wholly or in part." in page
    assert "Cy Moss Alder High Updated You" in page
    assert "Riley" not in page
    after = press(admin, undo(world.run))
    assert "The undo was started." in after
    with tenancy.support():
        (made,) = Run.objects.filter(undoes=world.run)
    assert (made.schools, made.asked_by_id, made.why, made.preview) == (
        [world.school.pk],
        world.admin.pk,
        "Known",
        False,
    )
    again = press(admin, undo(world.run))
    assert "This undo is going already." in again
    with tenancy.support():
        assert AuditEvent.objects.filter(action="run.undo").count() == 1
    assert browser(world.sister_admin).get(f"/accounts/syncs/{made.pk}/").status_code == 404


def test_what_cannot_be_undone_is_said(world: factories.World) -> None:
    with tenancy.support():
        later = factories.run(world.connection)
        factories.change(later, world.student, world.school)
    admin = browser(world.admin)
    assert "Only the newest sync that changed something can be undone." in text_of(
        admin.get(undo(world.run), follow=True)
    )
    assert "Undo this sync" not in text(admin, f"/accounts/syncs/{world.run.pk}/")
    assert "Undo this sync" in text(browser(world.sister_admin), f"/accounts/syncs/{world.run.pk}/")
    assert browser(world.teacher).get(undo(world.run)).status_code == 404


def test_an_undo_of_what_was_all_changed_since_offers_no_button(world: factories.World) -> None:
    page = text(browser(world.admin), undo(world.run))
    assert "so nothing would be undone" in page
    assert "Undo for" not in page
