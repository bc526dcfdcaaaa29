"""What is done to many accounts at once: to whom, to whom not, once, and what is kept of it."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import bulk, choice, protecting, tenancy
from accounts.models import AuditEvent, Membership, Pin, Roles, Status
from accounts.people import NotPossible
from tests import factories
from tests.accounts.many import ACTIVATE, PROTECT, RELEASE, ROLES, SUSPEND, add, ids, of, pins, row, said, trail
from tests.accounts.reading import answer_it, browser, press, text, words


@pytest.fixture
def world(committed_db: None) -> factories.World:
    del committed_db
    with tenancy.support():
        return factories.world("Alder")


def test_the_question_states_number_names_and_way_back(world: factories.World) -> None:
    chosen = [add(world, f"Fox{number}") for number in range(7)]
    page = text(browser(world.admin), SUSPEND + ids(*chosen, of(world.admin, world.school)))
    assert "Suspend 7 accounts? They disappear from SmartPass. You can reactivate them any time." in page
    assert "Who Fox0, Dana; Fox1, Dana; Fox2, Dana; Fox3, Dana; Fox4, Dana; and 2 more" in page
    assert "Left out 1 account: your own account" in page
    assert page.endswith("Suspend 7 accounts Cancel")
    assert {row(pk).status for pk in chosen} == {Status.ACTIVE}


def test_suspending_some_and_back(world: factories.World) -> None:
    admin = browser(world.admin)
    chosen = [add(world, "Fox"), add(world, "Ito", Roles.TEACHER)]
    already = add(world, "Bell", status=Status.SUSPENDED, suspended_by="sync")
    answer = press(admin, SUSPEND + ids(*chosen, already), why="Left in June")
    assert "2 accounts suspended. 1 account left out: already suspended." in said(admin, answer)
    assert [(row(pk).status, row(pk).suspended_by) for pk in chosen] == [("suspended", "person")] * 2
    assert row(already).suspended_by == "sync"
    before = {"status": "active"}
    after = {"status": "suspended", "suspended_by": "person"}
    assert trail(chosen[0])[-1] == ("membership.suspended", {**before, "suspended_by": ""}, after, "Left in June")
    answer = press(admin, ACTIVATE + ids(*chosen, already) + "&status=any")
    assert "3 accounts activated." in said(admin, answer)
    assert {(row(pk).status, row(pk).suspended_by) for pk in (*chosen, already)} == {("active", "")}


def test_everybody_a_filter_finds_without_an_id(world: factories.World) -> None:
    admin = browser(world.admin)
    chosen = [add(world, f"Fox{number}") for number in range(60)]
    other = add(world, "Bell")
    answer = press(admin, SUSPEND + "&all=1&q=fox&ids=999999")
    assert "60 accounts suspended." in said(admin, answer)
    assert answer.headers["Location"] == "/accounts/?q=fox"
    assert {row(pk).status for pk in chosen} == {Status.SUSPENDED}
    assert {row(other).status, row(of(world.student, world.school)).status} == {Status.ACTIVE}


def test_a_second_press_does_nothing_twice(world: factories.World) -> None:
    admin = browser(world.admin)
    pk = add(world, "Fox")
    page = admin.get(SUSPEND + ids(pk))
    answer_it(admin, SUSPEND + ids(pk), page)
    again = answer_it(admin, SUSPEND + ids(pk), page)
    assert "Nothing to do. 1 account left out: already suspended." in said(admin, again)
    assert [action for action, *_ in trail(pk)] == ["membership.suspended"]
    reactivated = press(admin, ACTIVATE + ids(pk))
    assert reactivated.status_code == 302
    third = answer_it(admin, SUSPEND + ids(pk), page)
    assert "That was already done. Nothing was done twice." in said(admin, third)
    assert row(pk).status == Status.ACTIVE


def test_what_changed_since_it_was_read_is_read_again(world: factories.World) -> None:
    admin = browser(world.admin)
    first, second = add(world, "Fox1"), add(world, "Fox2")
    page = admin.get(SUSPEND + "&all=1&q=fox")
    third = add(world, "Fox3")
    answer = answer_it(admin, SUSPEND + "&all=1&q=fox", page, why="Left")
    assert answer.status_code == 200
    assert "Something changed since this list was read." in words(answer)
    assert "Suspend 3 accounts?" in words(answer)
    assert {row(pk).status for pk in (first, second, third)} == {Status.ACTIVE}
    assert "3 accounts suspended." in said(admin, answer_it(admin, SUSPEND + "&all=1&q=fox", answer, why="Left"))


def test_two_admins_at_once(world: factories.World) -> None:
    with tenancy.support():
        other = factories.person(world.district, world.school, Roles.ADMIN, last_name="Bell")
    pk = add(world, "Fox")
    one, two = browser(world.admin), browser(other)
    first, second = one.get(SUSPEND + ids(pk)), two.get("/accounts/bulk/status/?to=disabled" + ids(pk))
    assert answer_it(one, SUSPEND + ids(pk), first).status_code == 302
    answer = answer_it(two, "/accounts/bulk/status/?to=disabled" + ids(pk), second)
    assert "Something changed since this list was read." in words(answer)
    assert row(pk).status == Status.SUSPENDED


def test_a_school_keeps_an_admin(world: factories.World) -> None:
    with tenancy.support():
        second = factories.person(world.district, world.school, Roles.ADMIN, last_name="Bell")
    both = ids(of(world.admin, world.school), of(second, world.school))
    chief = browser(world.district_admin)
    assert "left out: the school would be left without an Admin" in said(chief, chief.get(SUSPEND + both))
    answer = press(chief, SUSPEND + both + ids(of(world.sister_student, world.sister)))
    assert "1 account suspended. 2 accounts left out: the school would be left without an Admin." in said(chief, answer)
    assert "the school would be left without an Admin" in said(chief, chief.get(ROLES + "remove-admin" + both))
    press(chief, SUSPEND + ids(of(second, world.school)))
    assert row(of(second, world.school)).status == Status.SUSPENDED
    one_left = ids(of(world.admin, world.school))
    assert "would be left without an Admin" in said(chief, chief.get("/accounts/bulk/status/?to=disabled" + one_left))


def test_two_who_suspend_each_other_leave_one(world: factories.World) -> None:
    with tenancy.support():
        second = factories.person(world.district, world.school, Roles.ADMIN, last_name="Bell")
        pair = Membership.objects.filter(school=world.school, roles__contains=["admin"])
        change = bulk.to_status(Status.SUSPENDED)
        theirs = pair.filter(user=second)
        read = bulk.plan(world.admin, theirs, change).read
        assert bulk.carry_out(world.admin, theirs, change, read=read) == 1
        mine = pair.filter(user=world.admin)
        assert bulk.plan(second, mine, change).left == {bulk.LAST: 1}


def test_nobody_changes_a_district_admin_or_themselves_in_bulk(world: factories.World) -> None:
    chief = browser(world.district_admin)
    with tenancy.support():
        other = factories.person(world.district, None, Roles.DISTRICT_ADMIN)
        pk = Membership.objects.get(user=other).pk
    assert bulk.DISTRICT in said(chief, chief.get(SUSPEND + ids(pk)))
    assert protecting.DISTRICT in said(chief, chief.get(PROTECT + ids(pk)))
    mine = of(world.admin, world.school)
    admin = browser(world.admin)
    for path in (SUSPEND, ROLES + "remove-admin", "/accounts/bulk/status/?to=disabled"):
        assert "Nothing to do. 1 account left out: your own account." in said(admin, admin.get(path + ids(mine)))


@pytest.mark.parametrize(
    ("roles", "deed", "after"),
    [
        (["teacher"], "add-admin", ["admin", "teacher"]),
        (["admin", "teacher"], "remove-admin", ["teacher"]),
        (["admin", "teacher"], "remove-teacher", bulk.OF_ADMIN),
        (["admin", "teacher"], "add-student", bulk.ALONE),
        (["student"], "add-teacher", bulk.ALONE),
        (["student"], "add-assistant", bulk.ALONE),
        (["assistant"], "add-admin", bulk.ALONE),
        (["teacher"], "remove-teacher", bulk.ONLY_ROLE),
        (["student"], "add-student", "already Student"),
        (["student"], "remove-teacher", "not Teacher"),
    ],
)
def test_roles_go_by_their_rules(roles: list[str], deed: str, after: list[str] | str, world: factories.World) -> None:
    admin = browser(world.admin)
    pk = add(world, "Fox", *roles)
    if isinstance(after, str):
        assert f"1 account left out: {after}." in said(admin, admin.get(ROLES + deed + ids(pk)))
        assert (row(pk).roles, trail(pk)) == (roles, [])
        return
    assert press(admin, ROLES + deed + ids(pk)).status_code == 302
    assert row(pk).roles == after
    assert trail(pk) == [("membership.update", {"roles": roles}, {"roles": after}, "")]


def test_nobody_is_activated_without_a_role(world: factories.World) -> None:
    admin = browser(world.admin)
    pk = add(world, "Fox", status=Status.SUSPENDED, suspended_by="person", roles=[])
    assert bulk.NO_ROLE in said(admin, admin.get(ACTIVATE + ids(pk)))
    assert press(admin, ROLES + "add-student" + ids(pk)).status_code == 302
    assert (row(pk).roles, row(pk).status) == (["student"], Status.SUSPENDED)


def test_what_a_sync_would_take_back_is_said_and_kept(world: factories.World) -> None:
    admin = browser(world.admin)
    source: dict[str, Any] = {"source_id": world.connection.pk, "origin": "clever", "origin_label": "Clever"}
    theirs, by_hand = add(world, "Fox", "teacher", **source), add(world, "Bell", "teacher")
    path = ROLES + "add-admin" + ids(theirs, by_hand)
    page = admin.get(path)
    assert "1 account from Clever: tonight's sync would set the old roles again" in words(page)
    assert '<input type="checkbox" name="keep" id="id_keep" checked>' in page.content.decode()
    assert press(admin, path, why="Acting head", keep="on").status_code == 302
    assert (pins(theirs), pins(by_hand)) == ([("roles", world.school.pk, "Acting head")], [])
    assert [action for action, *_ in trail(theirs)] == ["membership.update", "pin.set"]
    back = admin.get(ROLES + "remove-admin" + ids(theirs))
    assert "tonight" not in words(back)
    assert 'name="keep"' not in back.content.decode()


def test_only_an_active_status_is_taken_back(world: factories.World) -> None:
    admin = browser(world.admin)
    source: dict[str, Any] = {"source_id": world.connection.pk, "origin": "clever", "origin_label": "Clever"}
    pk = add(world, "Fox", **source)
    assert "tonight" not in text(admin, SUSPEND + ids(pk))
    press(admin, SUSPEND + ids(pk))
    assert "tonight's sync suspends again whoever is not shared any more" in text(admin, ACTIVATE + ids(pk))
    press(admin, ACTIVATE + ids(pk))
    assert (row(pk).status, pins(pk)) == (Status.ACTIVE, [])


@pytest.mark.parametrize("path", [SUSPEND, ROLES + "add-admin", PROTECT, RELEASE])
def test_nobody_selected_is_said(path: str, world: factories.World) -> None:
    theirs = of(world.sister_student, world.sister)
    admin = browser(world.admin)
    for chosen in ("", ids(theirs), "&ids=x", f"&ids={2**70}", "&ids=-1"):
        assert "Nobody is selected" in text(admin, path + chosen)
    assert admin.post(path + ids(theirs), {"token": "1", "why": "x"}).status_code == 200
    assert row(theirs).status == Status.ACTIVE


@pytest.mark.parametrize("path", ["status/?to=deleted", "status/", "roles/?to=add-district_admin", "roles/?to=x-admin"])
def test_what_is_not_offered_does_not_exist(path: str, world: factories.World) -> None:
    pk = of(world.student, world.school)
    assert browser(world.admin).get(f"/accounts/bulk/{path}&ids={pk}").status_code == 404


def test_too_many_are_refused_in_words(world: factories.World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice, "AT_ONCE", 2)
    admin = browser(world.admin)
    assert "the most that change at once" in said(admin, admin.get(SUSPEND + "&all=1"))


def test_many_take_as_many_queries_as_few(world: factories.World) -> None:
    def queries(number: int) -> int:
        with tenancy.support():
            chosen = Membership.objects.filter(school=world.school, roles=["teacher"]).exclude(status="suspended")
            assert chosen.count() == number
        with tenancy.district(world.district.pk):
            assert world.admin.district == world.district
            change = bulk.with_role(Roles.ADMIN)
            read = bulk.plan(world.admin, chosen, change).read
            with CaptureQueriesContext(connection) as found:
                bulk.carry_out(world.admin, chosen, change, read=read, keep=True)
            assert Pin.objects.filter(field="roles").count() == number
            Pin.objects.all().delete()
            AuditEvent.objects.count()
            Membership.objects.filter(roles=["admin", "teacher"]).exclude(user=world.admin).update(roles=["teacher"])
        return len(found)

    with tenancy.support():
        Membership.objects.filter(user=world.teacher).update(source_id=world.connection.pk)
        Membership.objects.filter(user=world.sister_admin).update(status="disabled")
    few = queries(1)
    for number in range(60):
        add(world, f"Fox{number}", "teacher", source_id=world.connection.pk)
    assert queries(61) == few


def test_the_domain_refuses_what_was_not_read(world: factories.World) -> None:
    with tenancy.district(world.district.pk):
        chosen = Membership.objects.filter(user=world.student)
        with pytest.raises(NotPossible, match="Something changed"):
            bulk.carry_out(world.admin, chosen, bulk.to_status(Status.SUSPENDED), read="x")
        with pytest.raises(NotPossible, match="Something changed"):
            protecting.protect(world.admin, chosen, read="x", why="x")
        with pytest.raises(NotPossible, match="Something changed"):
            protecting.release(world.admin, chosen, read="x")
