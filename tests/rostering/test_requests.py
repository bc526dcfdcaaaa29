"""What a school asks of SmartPass: one queue, one answer, and nobody else's business."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.utils.timezone import now

from accounts import tenancy
from accounts.models import AuditEvent, Membership, Notice, StaffRole
from accounts.people import NotPossible
from integrations.models import Connection, SchoolLink
from rostering.models import SupportRequest
from rostering.support.asking import ask
from tests import factories
from tests.desk import Desk, desk, rows, supported, trail, world
from tests.rostering.pages import CLEVER, HELP, INTEGRATIONS, browser, plain, press, read

__all__ = ["desk", "supported", "world"]

READY = "/accounts/integrations/clever/ready/"
QUEUE = "/admin/rostering/supportrequest/"


def waits(**having: Any) -> SupportRequest:
    (found,) = rows(SupportRequest, **having)
    assert isinstance(found, SupportRequest)
    return found


# The school's side.


def test_a_question_and_its_answer(desk: Desk, world: factories.World) -> None:
    asked_page = press(world.admin, "/help/ask/", words="How do we add a substitute?")
    request = waits(words="How do we add a substitute?")
    assert f"Sent to SmartPass: request #{request.pk}." in asked_page
    assert f"#{request.pk} · Question Waiting Asked by AlderDana Moss" in asked_page
    assert "You have an answer by" in asked_page
    desk.do(f"/admin/requests/{request.pk}/take/")
    assert f"#{request.pk} · Question Being looked at" in read(world.admin, HELP)
    desk.do(f"/admin/requests/{request.pk}/answer/", answer="Under All accounts, press +Add.")
    page = read(world.admin, HELP)
    assert f"#{request.pk} · Question Answered" in page
    assert "SmartPass answered" in page
    assert "Under All accounts, press +Add." in page
    (notice,) = rows(Notice)
    told = (notice.kind, notice.school_id, notice.about, notice.link)
    assert told == ("answer", world.school.pk, f"supportrequest:{request.pk}", f"/help/#request-{request.pk}")
    assert "+Add" not in notice.text
    assert trail("request.answer").after == {"answer": "Under All accounts, press +Add."}


def test_a_question_sent_twice_is_one(world: factories.World) -> None:
    press(world.admin, "/help/ask/", words="How?  Now?")
    assert "This waits already" in press(world.admin, "/help/ask/", words="How? Now?")
    press(world.admin, "/help/ask/", words="And when?")
    assert len(rows(SupportRequest, kind="help", words__startswith="How")) == 1
    assert "Write what you need." in press(world.admin, "/help/ask/", words=" ")


def test_requests_are_the_schools_own(world: factories.World) -> None:
    with tenancy.support():
        theirs = factories.request(world.sister_admin, world.sister, words="A sister asks", about="x")
        whole = factories.request(world.district_admin, None, words="The district asks", about="y")
        colleague = factories.person(world.district, world.school, "admin", first_name="Kim")
    for who, seen in (
        (world.admin, ["Alder asks"]),
        (colleague, ["Alder asks"]),
        (world.sister_admin, ["A sister asks"]),
        (world.district_admin, ["Alder asks", "A sister asks", "The district asks"]),
    ):
        page = read(who, HELP)
        assert [each for each in ("Alder asks", "A sister asks", "The district asks") if each in page] == seen
    assert f"#{theirs.pk}" not in read(world.admin, HELP)
    assert f"#{whole.pk}" not in read(world.admin, HELP)


def test_a_promise_that_was_not_kept_is_admitted(world: factories.World) -> None:
    with tenancy.support():
        SupportRequest.objects.filter(pk=world.request.pk).update(due_at=now() - timedelta(minutes=1))
    assert "Later than we promised - we have been alerted." in read(world.admin, HELP).replace("\N{EN DASH}", "-")


def test_ready_to_sync_with_several_schools(desk: Desk, world: factories.World) -> None:
    with tenancy.support():
        SchoolLink.objects.filter(connection=world.connection).delete()
    given = {"district_name": "Alder USD", "school_0": "Alder High", "number_0": "44", "rows": "1", "shared": "on"}
    client = browser(world.admin)
    more = client.post(READY, {"token": "x", **given, "more": "1"}).content.decode()
    assert 'name="school_1"' in more
    assert 'value="Alder USD"' in more
    assert 'role="alert"' not in more
    refused = press(world.admin, READY, **{**given, "shared": ""})
    assert "Share the records in Clever first, then tick this." in refused
    page = press(world.admin, READY, **{**given, "rows": "3", "school_1": "Alder Primary", "school_2": ""})
    request = waits(kind="ready")
    assert request.details == {
        "district": "Alder USD",
        "schools": ["Alder High (School ID 44)", "Alder Primary"],
        "all_shared": True,
    }
    assert "Set up Clever Waiting for SmartPass" in page
    assert f"#{request.pk}" in page
    assert "Clever Waiting for SmartPass" in read(world.admin, INTEGRATIONS)
    assert "This waits already" in press(world.admin, READY, **given)
    facts = plain(desk.look(f"/admin/requests/{request.pk}/"))
    assert "Clever District Name Alder USD Clever School Name(s) Alder High (School ID 44), Alder Primary" in facts
    assert "All records shared Yes" in facts


def test_asking_for_another_source(world: factories.World) -> None:
    page = press(world.admin, "/accounts/integrations/ask/classlink/", words="From August")
    request = waits(about="source:classlink")
    assert "ClassLink Waiting for SmartPass Takes your students and staff from ClassLink" in page
    assert f"Request #{request.pk}" in page
    assert (request.kind, request.details, request.words) == ("help", {"what": "Use ClassLink"}, "From August")
    press(world.admin, "/accounts/integrations/ask/classlink/", words="again")
    assert len(rows(SupportRequest, about="source:classlink")) == 1


def test_two_at_once_make_one_request(world: factories.World) -> None:
    def once(_: int) -> tuple[int, bool]:
        try:
            with tenancy.district(world.district.pk):
                made, new = ask(world.admin, "sync", school=world.school, connection=world.connection)
                return made.pk, new
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(once, range(4)))
    assert len({pk for pk, _ in answers}) == 1
    assert [new for _, new in answers].count(True) == 1
    assert len(rows(SupportRequest, kind="sync")) == 1


def test_not_any_number_of_questions(world: factories.World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rostering.support.asking.MOST_OPEN", 1)
    with tenancy.district(world.district.pk), pytest.raises(NotPossible, match="wait already"):
        ask(world.admin, "help", school=world.school, about="another")


# Support's side.


def test_the_queue_says_what_is_late(desk: Desk, world: factories.World) -> None:
    with tenancy.support():
        late = factories.request(
            world.admin, world.school, kind="sync", connection=world.connection, due_at=now() - timedelta(hours=1)
        )
    page = desk.look(QUEUE)
    assert page.index(f">{late}<") < page.index(f">{world.request}<")
    assert page.count("Late: ") == 1
    assert "Nobody yet" in page
    assert "Requests: 2 waiting, 1 late" in desk.look("/admin/")
    assert f">{late}<" not in desk.look(f"{QUEUE}?kind__exact=help")
    desk.do(f"/admin/requests/{late.pk}/answer/", answer="Done.")
    desk.do(f"/admin/requests/{world.request.pk}/answer/", answer="Done.")
    assert "Requests: nothing waiting" in desk.look("/admin/")
    assert "Late: " not in desk.look(QUEUE)


def test_one_takes_it_and_gives_it_back(desk: Desk, world: factories.World) -> None:
    page, other = f"/admin/requests/{world.request.pk}/", Desk()
    desk.do(f"{page}take/")
    assert "Mina Ortiz (you)" in desk.look(page)
    assert "Mina Ortiz has it. Ask them to give it back." in other.do(f"{page}take/").content.decode()
    desk.do(f"{page}take/")
    assert trail("request.take").by_id == desk.user.pk
    other.do(f"{page}give-back/")
    assert waits(pk=world.request.pk).state == SupportRequest.State.OPEN
    assert trail("request.give_back").before == {"taken_by": desk.user.pk}


def test_an_answer_is_given_once(desk: Desk, world: factories.World) -> None:
    page = f"/admin/requests/{world.request.pk}/"
    desk.do(f"{page}answer/", answer="First.")
    refused = Desk().do(f"{page}answer/", answer="Second.").content.decode()
    assert "This request was answered already." in refused
    assert waits(pk=world.request.pk).answer == "First."
    assert len(rows(Notice)) == 1
    assert "answer/" not in desk.look(page)
    # What is answered may be asked again.
    press(world.admin, "/help/ask/", words="Alder asks")
    assert len(rows(SupportRequest)) == 2


def test_youre_all_set_is_filled_from_the_rows(desk: Desk, world: factories.World) -> None:
    with tenancy.support():
        came = [world.admin, world.teacher, world.student, world.sister_student]
        Membership.objects.filter(user__in=came).update(source_id=world.connection.pk)
        factories.issue(world.run, world.student, world.school)
        ready = factories.request(world.admin, world.school, kind="first_sync", connection=world.connection)
    page = desk.look(f"/admin/requests/{ready.pk}/")
    assert "all set" in page
    assert "The sync has run" not in page
    filled = desk.look(f"/admin/requests/{ready.pk}/answer/?template=all_set")
    assert (
        "Hi AlderDana, Alder High is rostered: 1 student, 2 teachers, 1 admin. 1 person needs attention: "
        "see Integrations. From now on we check every night at 11:00 PM Eastern. Users are not notified by us."
    ) in filled
    desk.do(f"/admin/requests/{ready.pk}/answer/", answer="You're all set.")
    (notice,) = rows(Notice)
    assert notice.kind == Notice.Kind.ANSWER


def test_what_the_page_of_a_request_leads_to(desk: Desk, world: factories.World) -> None:
    with tenancy.support():
        request = factories.request(world.admin, world.school, kind="sync", connection=world.connection)
    page = desk.look(f"/admin/requests/{request.pk}/")
    tie = world.connection.pk
    for path in (f"connections/{tie}/sync/", f"connections/{tie}/preview/", f"connections/{tie}/"):
        assert f'href="/admin/{path}"' in page
    assert f"#{world.run.pk}" in page
    assert f"account {world.admin.pk}" in page
    assert desk.client.get(f"/admin/rostering/supportrequest/{request.pk}/").headers["Location"] == (
        f"/admin/requests/{request.pk}/"
    )


def test_support_lets_schools_start_syncs(desk: Desk, world: factories.World) -> None:
    page = f"/admin/connections/{world.connection.pk}/schools-may-sync/"
    desk.do(page, may="on")
    assert rows(Connection, pk=world.connection.pk)[0].schools_may_sync is True
    assert "Yes, themselves" in desk.look(f"/admin/connections/{world.connection.pk}/")
    assert "Sync now" in read(world.admin, CLEVER)
    desk.do(page, may="on")
    line = trail("connection.schools_may_sync")
    assert (line.by_id, line.after, line.why) == (desk.user.pk, {"schools_may_sync": True}, "Asked by Ravi")
    csm = Desk(StaffRole.CSM)
    assert csm.client.get(page).status_code == 403


def test_a_support_answer_is_escaped(desk: Desk, world: factories.World) -> None:
    press(world.admin, "/help/ask/", words="<b>bold</b>")
    request = waits(words="<b>bold</b>")
    assert "<b>bold" not in desk.look(f"/admin/requests/{request.pk}/")
    desk.do(f"/admin/requests/{request.pk}/answer/", answer="<i>no</i>")
    html = browser(world.admin).get(HELP).content.decode()
    assert "<b>bold" not in html
    assert "<i>no" not in html
    assert rows(AuditEvent, action="request.ask")[0].after["kind"] == "help"


def test_support_ends_a_pause_where_nobody_there_can(desk: Desk, world: factories.World) -> None:
    page = f"/admin/connections/{world.connection.pk}/"
    assert "End the pause" not in desk.look(page)
    with tenancy.support():
        Connection.objects.filter(pk=world.connection.pk).update(state="paused")
    assert "until somebody resumes" in desk.look(page)
    desk.do(f"{page}resume/")
    desk.do(f"{page}resume/")
    assert rows(Connection, pk=world.connection.pk)[0].state == "connected"
    assert trail("connection.resume").by_id == desk.user.pk
