"""What the console does not let anybody do, and who may do the rest."""

from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry
from django.db import ProgrammingError, connections, transaction
from django.test import Client
from django.urls import reverse

from accounts import tenancy
from accounts.console import console
from accounts.models import StaffRole
from integrations.models import Connection, SamePerson, StopSwitch
from rostering.models import Run
from tests import factories
from tests.desk import Desk, desk, rows, supported, trail, world

__all__ = ["desk", "supported", "world"]

#: What a role may not do, and who is named as the one who can.
CLOSED = {
    StaffRole.CSM: {
        "find_tenant": "Integrations or Support",
        "preview": "Integrations or Support",
        "sync_now": "Integrations or Support",
        "roles": "Integrations or Support",
        "undo": "Integrations or Support",
        "connection_limits": "Integrations or Support",
    },
    StaffRole.INTEGRATIONS: {"release": "CSM or Support", "first_admin": "CSM or Support", "reject": "CSM or Support"},
}


def digest() -> list[tuple[str, int, str]]:
    """Every row of every model that the console lists, and of people."""
    found = []
    with connections["owner"].cursor() as cursor:
        for table in [model._meta.db_table for model in console._registry] + ["accounts_user", "accounts_membership"]:
            cursor.execute(f"SELECT count(*), md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {table} t")  # noqa: S608
            found.append((table, *cursor.fetchone()))
    return found


def test_no_stock_page_writes_anything(desk: Desk, world: factories.World) -> None:
    assert world.run.pk
    before = digest()
    assert len(console._registry) >= 6
    for model in console._registry:
        base = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        row = model._default_manager
        with tenancy.support():
            first = row.order_by("pk").values_list("pk", flat=True).first()
        fields = {field.name: "1" for field in model._meta.fields}
        for path in ("add/", f"{first}/", f"{first}/change/", f"{first}/delete/", f"{first}/history/"):
            for method in ("get", "post", "put", "delete"):
                answer = getattr(desk.client, method)(base + path, fields if method != "put" else None)
                assert answer.status_code in {302, 404, 405}, (path, method, answer.status_code)
        every = {"action": "delete_selected", "_selected_action": [str(first)], "post": "yes", "index": "0", **fields}
        desk.client.post(base, every)
        form = {"form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "1", "form-0-id": str(first)}
        desk.client.post(base, {"_save": "1", **form})
    assert digest() == before


def test_the_lists_show_everything_and_offer_no_deed(desk: Desk, world: factories.World) -> None:
    del world
    for model in console._registry:
        page = desk.look(f"/admin/{model._meta.app_label}/{model._meta.model_name}/")
        assert "delete_selected" not in page
        assert "addlink" not in page


def test_no_user_can_be_reached_through_a_stock_page() -> None:
    listed = {model._meta.model_name for model in console._registry}
    assert listed.isdisjoint({"user", "membership", "group", "logentry"})


def test_djangos_own_log_cannot_be_written(world: factories.World) -> None:
    for door in (tenancy.support(), tenancy.district(world.district.pk)):
        with pytest.raises(ProgrammingError), door, transaction.atomic():
            LogEntry.objects.create(user_id=world.admin.pk, object_repr="a name", action_flag=1)


@pytest.mark.parametrize(("role", "page", "who"), [(r, p, w) for r, pages in CLOSED.items() for p, w in pages.items()])
def test_each_role_is_told_who_can(role: str, page: str, who: str, world: factories.World) -> None:
    desk = Desk(role)
    args: dict[str, list[int | str]] = {
        "find_tenant": [world.district.pk, "clever"],
        "undo": [world.run.pk],
        "release": [world.hold.pk],
        "reject": [world.hold.pk],
        "first_admin": [world.district.pk],
    }
    path = reverse(f"admin:{page}", args=args.get(page, [world.connection.pk]))
    before = digest()
    for method in ("get", "post"):
        answer = getattr(desk.client, method)(path, {"why": "because"})
        assert answer.status_code == 403
        assert f"{who} can do this" in answer.content.decode()
    assert digest() == before


def test_a_deed_needs_a_reason_and_a_post(desk: Desk, world: factories.World) -> None:
    ask = reverse("admin:sync_now", args=[world.connection.pk])
    before = len(rows(Run))
    desk.client.get(ask, {"why": "because"})
    desk.do(ask, why="")
    assert len(rows(Run)) == before
    strict = Client(enforce_csrf_checks=True)
    with tenancy.support():
        strict.force_login(desk.user)
    assert strict.post(ask, {"why": "because", "token": "x"}).status_code == 403
    assert len(rows(Run)) == before


def test_stop_switches_and_what_they_say(desk: Desk, world: factories.World) -> None:
    desk.do("/admin/stop/everything/")
    desk.do("/admin/stop/clever/")
    assert [each.kind for each in rows(StopSwitch)] == ["", "clever"]
    assert "Asked by Ravi" in desk.look("/admin/stop/")
    desk.do("/admin/stop/clever/lift/")
    assert [each.kind for each in rows(StopSwitch)] == [""]
    desk.do(f"/admin/connections/{world.connection.pk}/stop/")
    assert rows(Connection, pk=world.connection.pk)[0].stopped
    desk.do(f"/admin/connections/{world.connection.pk}/go-on/")
    assert not rows(Connection, pk=world.connection.pk)[0].stopped
    assert desk.client.get("/admin/stop/nothing/").status_code == 404


def test_limits_are_checked_and_kept_where_they_differ(desk: Desk, world: factories.World) -> None:
    path = f"/admin/connections/{world.connection.pk}/limits/"
    for wrong in ("1.5", "-1", "many"):
        desk.do(path, suspend_role_share=wrong)
    assert rows(Connection, pk=world.connection.pk)[0].limits == {}
    desk.do(path, suspend_role_share="0.2", admin_gain_people="")
    assert rows(Connection, pk=world.connection.pk)[0].limits == {"suspend_role_share": 0.2}
    line = trail("limits")
    assert (line.before, line.after) == ({}, {"suspend_role_share": 0.2})
    desk.do(f"/admin/districts/{world.district.pk}/limits/", suspend_role_share="0.3")
    assert "Empty: 0.3." in desk.look(path)
    desk.do(f"/admin/schools/{world.school.pk}/limits/", suspend_role_people="3")


def test_a_word_can_mean_something_else_here(desk: Desk, world: factories.World) -> None:
    given = {
        "word_student": "student",
        "word_teacher": "teacher",
        "word_staff": "admin teacher",
        "word_district_admin": "district_admin",
        "word_contact": "",
    }
    desk.do(f"/admin/connections/{world.connection.pk}/roles/", **given)
    (kept,) = rows(Connection, pk=world.connection.pk)
    assert kept.roles == {"staff": ["admin", "teacher"]}
    assert kept.settings_version == world.connection.settings_version + 1


def test_only_a_person_says_who_is_the_same_person(desk: Desk, world: factories.World) -> None:
    assert world.admin.get_full_name() in desk.look(f"/admin/connections/{world.connection.pk}/same-person/")
    desk.do(f"/admin/same-person/{world.question.pk}/", same="yes")
    (answer,) = rows(SamePerson)
    assert (answer.user_id, answer.external_id, answer.same) == (world.admin.pk, world.question.external_id, True)
    desk.do(f"/admin/same-person/{world.question.pk}/", same="no")
    (answer,) = rows(SamePerson)
    assert not answer.same
    assert desk.client.get(f"/admin/same-person/{world.issue.pk}/").status_code == 404


def test_an_undo_is_previewed_and_asked_for(desk: Desk, world: factories.World) -> None:
    page = desk.look(f"/admin/runs/{world.run.pk}/undo/")
    assert "2 changes of this sync will be turned back" in page
    assert "suspended, not deleted" in page
    desk.do(f"/admin/runs/{world.run.pk}/undo-preview/")
    (preview,) = rows(Run, undoes=world.run.pk)
    assert preview.preview
    desk.do(f"/admin/runs/{preview.pk}/stop/")
    desk.do(f"/admin/runs/{world.run.pk}/undo/")
    assert [each.preview for each in rows(Run, undoes=world.run.pk)] == [True, False]
    assert trail("run.undo").target == f"run:{world.run.pk}"


def test_every_page_says_where_it_is(desk: Desk, world: factories.World) -> None:
    for name, row in {"connection": world.connection, "run": world.run, "hold": world.hold}.items():
        assert "<h1>Alder USD" in desk.look(reverse(f"admin:{name}", args=[row.pk]))
    assert "Alder High" in desk.look(reverse("admin:hold", args=[world.hold.pk]))


def test_a_schools_admin_finds_no_console(world: factories.World) -> None:
    client = Client()
    with tenancy.support():
        client.force_login(world.district_admin)
    for path in ("/admin/", "/admin/login/", "/admin/accounts/district/", "/admin/nothing/"):
        assert client.get(path).status_code == 404
    asked = Client().get("/admin/runs/1/", follow=True).redirect_chain
    assert asked[-1][0] == "/auth/login/?next=%2Fadmin%2Fruns%2F1%2F"
