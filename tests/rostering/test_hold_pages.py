"""Holds as a school's Admins read and decide them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts import audit, tenancy
from accounts.models import AuditEvent, Membership, Roles, Status, User
from rostering.models import Change, Hold, Run, RunState
from rostering.steps.plan import fingerprint
from tests import factories
from tests.rostering.test_pages import browser, change, text, world

__all__ = ["world"]

TOKEN = re.compile(r'name="token" value="(\w+)"')


@pytest.fixture(autouse=True)
def _no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rostering.queue.enqueue", lambda _: None)


@pytest.fixture
def waits(world: factories.World) -> Hold:
    """Three students of the school would be suspended, and one would get another grade."""
    with tenancy.support():
        Change.objects.filter(hold=world.hold).delete()
        leaves = {"kind": Change.Kind.SUSPEND, "before": {"status": "active"}, "after": {"status": "suspended"}}
        for name in ("Ana", "Cy", "Di"):
            who = factories.person(world.district, world.school, Roles.STUDENT, first_name=name)
            Membership.objects.filter(user=who).update(source_id=world.connection.pk)
            factories.change(world.run, who, world.school, hold=world.hold, why="gone", **leaves)
        return listed_anew(world.hold)


def listed_anew(hold: Hold, **fields: Any) -> Hold:
    """The hold with the name of its list as it is."""
    name, people = fingerprint(hold.run_id, hold.pk)
    Hold.objects.filter(pk=hold.pk).update(fingerprint=name, people=people, **fields)
    return Hold.objects.get(pk=hold.pk)


def press(client: Client, path: str, **given: Any) -> str:
    """Open the question, press its button; the page it leads to, in words."""
    page = client.get(path)
    assert page.status_code == 200, (path, page.status_code)
    body = page.content.decode()
    token, read = TOKEN.search(body), re.search(r'name="fingerprint" value="([^"]*)"', body)
    assert token
    filled = {"token": token[1], "why": "Known", "fingerprint": read[1] if read else "", **given}
    answer = client.post(path, filled)
    assert answer.status_code == 302, answer.content.decode()
    return text(client, answer.headers["Location"])


def statuses(world: factories.World) -> dict[str, str]:
    with tenancy.support():
        found = Membership.objects.filter(school=world.school, user__first_name__in=("Ana", "Cy", "Di"))
        return dict(found.values_list("user__first_name", "status"))


def address(hold: Hold, end: str = "") -> str:
    return f"/accounts/holds/{hold.pk}/{end}"


def test_a_hold_says_what_waits_and_that_nothing_happened(world: factories.World, waits: Hold) -> None:
    page = text(browser(world.admin), address(waits))
    assert "On hold · Alder High Waiting for approval" in page
    assert "Nobody has been suspended. Suspend 3 students?" in page
    assert "3 Suspended: no longer in Clever" in page
    assert "The one other change of this sync was applied." in page
    assert "Approve: suspend 3 students" in page
    assert "Keep everyone" in page
    assert "3 in all" in page
    assert "1 in all" in text(browser(world.admin), address(waits, "?q=Ana"))
    assert "Nobody fits" in text(browser(world.admin), address(waits, "?q=nobody"))


def test_a_sister_sees_no_hold(world: factories.World, waits: Hold) -> None:
    sister = browser(world.sister_admin)
    for end in ("", "approve/", "keep/", "people.csv"):
        assert sister.get(address(waits, end)).status_code == 404
        assert browser(world.teacher).get(address(waits, end)).status_code == 404
    assert "No holds" in text(sister, "/accounts/holds/")
    assert sister.get(f"/accounts/holds/decide/?hold={waits.pk}.x").status_code == 404


def test_approving_suspends_exactly_who_was_read(world: factories.World, waits: Hold) -> None:
    admin, path = browser(world.admin), address(waits, f"approve/?read={waits.fingerprint}")
    question = text(admin, path)
    assert "Suspend 3 students? Ana Moss, Cy Moss, Di Moss." in question
    assert "you can reactivate them any time" in question
    assert statuses(world) == dict.fromkeys(("Ana", "Cy", "Di"), "active")
    page = press(admin, path)
    assert "Approved: You" in page
    assert statuses(world) == dict.fromkeys(("Ana", "Cy", "Di"), "suspended")
    with tenancy.support():
        (line,) = AuditEvent.objects.filter(action="hold.release")
    assert (line.by_id, line.after["people"], line.after["fingerprint"], line.after["part"]) == (
        world.admin.pk, 3, waits.fingerprint, "all",
    )  # fmt: skip
    assert "This hold was decided already." in text_of(admin.get(path, follow=True))


def text_of(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def test_keeping_changes_nobody(world: factories.World, waits: Hold) -> None:
    page = press(browser(world.admin), address(waits, f"keep/?read={waits.fingerprint}"))
    assert "Kept as they are: You" in page
    assert statuses(world) == dict.fromkeys(("Ana", "Cy", "Di"), "active")


def test_a_second_press_does_nothing_twice(world: factories.World, waits: Hold) -> None:
    admin, path = browser(world.admin), address(waits, f"approve/?read={waits.fingerprint}")
    body = admin.get(path).content.decode()
    token = TOKEN.search(body)
    assert token
    filled = {"token": token[1], "why": "", "fingerprint": waits.fingerprint}
    admin.post(path, filled)
    again = admin.post(path, filled, follow=True)
    assert "That was already done. Nothing was done twice." in text_of(again)
    other = admin.post(path, {**filled, "token": "another"}, follow=True)
    assert "This hold was decided already." in text_of(other)
    with tenancy.support():
        assert AuditEvent.objects.filter(action="hold.release").count() == 1


def test_a_list_that_was_rebuilt_is_read_again(world: factories.World, waits: Hold) -> None:
    admin, path = browser(world.admin), address(waits, f"approve/?read={waits.fingerprint}")
    body = admin.get(path).content.decode()
    token = TOKEN.search(body)
    assert token
    with tenancy.support():
        Change.objects.filter(hold=waits).order_by("pk")[0].delete()
        listed_anew(waits)
    answer = admin.post(path, {"token": token[1], "fingerprint": waits.fingerprint}, follow=True)
    assert "The list was rebuilt since you read it, so nothing was done. Read it again." in text_of(answer)
    assert "Suspend 2 students?" in text_of(answer)
    assert "The list was rebuilt since you read it, so nothing was done. This is the new list." in text_of(
        admin.get(path, follow=True)
    )
    assert set(statuses(world).values()) == {"active"}


def test_a_sync_that_goes_on_may_make_the_list_anew(world: factories.World, waits: Hold) -> None:
    change(Run, world.run.pk, state=RunState.RUNNING, applied_at=None)
    page = press(browser(world.admin), address(waits, "approve/"))
    assert "A sync is running and may make this list anew. Try again when it is done." in page


def test_an_account_that_changed_meanwhile_is_told(world: factories.World, waits: Hold) -> None:
    with tenancy.support():
        Membership.objects.filter(user__first_name="Ana").update(status=Status.DISABLED)
    page = press(browser(world.admin), address(waits, "approve/"))
    assert "Some of these accounts changed meanwhile, so nothing was done. The next sync makes the list anew." in page
    assert statuses(world) == {"Ana": "disabled", "Cy": "active", "Di": "active"}


def test_a_part_by_person_and_the_rest_waits(world: factories.World, waits: Hold) -> None:
    with tenancy.support():
        ana = User.objects.get(first_name="Ana")
    page = press(browser(world.admin), address(waits, f"approve/?read={waits.fingerprint}&people={ana.pk}"))
    assert "Suspend 2 students?" in page
    assert statuses(world) == {"Ana": "suspended", "Cy": "active", "Di": "active"}
    assert browser(world.admin).get(address(waits, "approve/?people=x")).status_code == 404
    assert browser(world.admin).get(address(waits, "approve/?kind=delete")).status_code == 404


def test_a_part_by_kind(world: factories.World, waits: Hold) -> None:
    with tenancy.support():
        factories.change(world.run, world.student, world.school, hold=waits)
        Membership.objects.filter(user=world.student).update(grade="9", source_id=world.connection.pk)
        hold = listed_anew(waits)
    admin = browser(world.admin)
    page = text(admin, address(hold))
    assert "Nothing has changed. Apply changes to 4 people?" in page
    assert "Approve only updated (1)" in page
    after = press(admin, address(hold, f"approve/?read={hold.fingerprint}&kind=update"))
    assert "Suspend 3 students?" in after
    assert set(statuses(world).values()) == {"active"}


def test_large_ones_need_two_people(world: factories.World, waits: Hold) -> None:
    with tenancy.support():
        hold = listed_anew(waits, needs_second=True)
        second = factories.person(world.district, world.school, Roles.ADMIN, first_name="Noor", last_name="Said")
    path = address(hold, f"approve/?read={hold.fingerprint}")
    first = browser(world.admin)
    page = press(first, path)
    assert "Your yes is recorded. Because so many people are concerned, a second person must agree." in page
    assert "You said yes. Another Admin must approve the same list." in page
    assert "The same person" not in page
    press(first, path)
    assert set(statuses(world).values()) == {"active"}
    assert "AlderDana Moss said yes. Your approval of the same list completes it." in text(
        browser(second), address(hold)
    )
    assert "Approved: You" in press(browser(second), path)
    assert set(statuses(world).values()) == {"suspended"}


def test_a_yes_to_a_part_is_no_yes_to_all(world: factories.World, waits: Hold) -> None:
    with tenancy.support():
        hold = listed_anew(waits, needs_second=True)
        ana = User.objects.get(first_name="Ana")
    part = f"approve/?read={hold.fingerprint}&people={ana.pk}"
    press(browser(world.admin), address(hold, part))
    ravi = browser(world.district_admin)
    page = ravi.get(address(hold))
    assert "AlderDana Moss said yes to a part: 1 person. Your approval of the same list completes it." in text_of(page)
    assert part.replace("&", "&amp;") in page.content.decode()
    press(ravi, address(hold, f"approve/?read={hold.fingerprint}"))
    assert set(statuses(world).values()) == {"active"}
    press(browser(world.admin), address(hold, f"approve/?read={hold.fingerprint}"))
    assert set(statuses(world).values()) == {"suspended"}


def test_where_nobody_else_can_decide_support_is_the_second(world: factories.World, waits: Hold) -> None:
    with tenancy.support():
        listed_anew(waits, needs_second=True)
        Membership.objects.filter(user=world.district_admin).update(status=Status.DISABLED)
    assert "SmartPass support can be the second person" in text(browser(world.admin), address(waits))


def test_the_district_decides_several_at_once(world: factories.World, waits: Hold) -> None:
    with tenancy.support():
        other = factories.hold(world.run, world.sister, text="1 of 2 students would be suspended.")
        leaves = {"kind": Change.Kind.SUSPEND, "before": {"status": "active"}, "after": {"status": "suspended"}}
        factories.change(world.run, world.sister_student, world.sister, hold=other, **leaves)
        other = listed_anew(other)
    ravi = browser(world.district_admin)
    assert "Alder Middle" in text(ravi, "/accounts/holds/")
    assert "Alder Middle" not in text(browser(world.admin), "/accounts/holds/")
    both = f"hold={waits.pk}.{waits.fingerprint}&hold={other.pk}.stale"
    page = press(ravi, f"/accounts/holds/decide/?decision=approve&{both}")
    assert "Alder High: Released. Exactly the list you read was applied." in page
    assert "Alder Middle: The list was rebuilt since you read it, so nothing was done. Read it again." in page
    assert set(statuses(world).values()) == {"suspended"}
    assert "Choose the holds first" in text_of(ravi.get("/accounts/holds/decide/", follow=True))
    kept = press(ravi, f"/accounts/holds/decide/?decision=keep&hold={other.pk}.{other.fingerprint}")
    assert "No holds" in kept
    assert "Rejected" in text(ravi, "/accounts/holds/?show=decided")
    ravi.post(reverse("choose_school"), {"school": world.school.pk})
    assert "Alder Middle" not in text(ravi, "/accounts/holds/?show=decided").split("Holds", 1)[1]


def test_who_waits_can_be_taken_away_as_a_sheet(world: factories.World, waits: Hold) -> None:
    rows = browser(world.admin).get(address(waits, "people.csv")).content.decode().splitlines()
    assert len(rows) == 4
    with tenancy.support():
        assert AuditEvent.objects.get(action="hold.download").target == audit.name_of(waits)
