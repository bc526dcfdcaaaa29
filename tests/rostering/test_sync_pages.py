"""A sync's page and the history, as a school's Admins read them."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.timezone import now

from accounts import clock, tenancy
from accounts.models import AuditEvent, Roles, User
from rostering.models import Hold, Issue, Run, RunState, Trigger
from tests import factories
from tests.rostering.test_pages import browser, change, text, world

__all__ = ["world"]


def page_of(world: factories.World, query: str = "") -> str:
    return f"/accounts/syncs/{world.run.pk}/{query}"


def test_a_run_has_one_word(world: factories.World) -> None:
    page, admin = page_of(world), browser(world.admin)
    assert "On hold" in text(admin, page)
    change(Hold, world.hold.pk, state="rejected")
    assert "Completed with warnings" in text(admin, page)
    assert "Suspended Rejected, not done" in text(admin, page)
    assert "Completed with warnings" not in text(browser(world.sister_admin), page)
    with tenancy.support():
        undo = factories.run(world.connection, undoes=world.run, trigger=Trigger.UNDO)
    assert "Undone" in text(admin, page)
    assert f"#{undo.pk}" in text(admin, "/accounts/syncs/")
    for state, word in ((RunState.FAILED, "Failed"), (RunState.STOPPED, "Stopped"), (RunState.QUEUED, "Waiting")):
        change(Run, world.run.pk, state=state, problem="E-SOURCE-DOWN", problem_text="Clever isn't answering.")
        assert word in text(admin, page)


def test_a_failed_run_says_where_it_stopped_and_what_comes_next(world: factories.World) -> None:
    down = {"state": RunState.FAILED, "step": "fetch", "problem": "E-SOURCE-DOWN", "applied_at": None}
    change(Run, world.run.pk, **down, problem_text="Clever isn't answering.")
    page = text(browser(world.admin), page_of(world))
    assert "Clever isn't answering. It stopped at this step: Read people. Nothing was changed." in page
    assert f"We try again {clock.tonight('America/Los_Angeles')}." in page
    assert "Reference E-SOURCE-DOWN" in page
    assert "Undo this sync" not in page
    with tenancy.support():
        world.connection.state = "needs_attention"
        world.connection.save()
    assert "We don't try again until the connection works." in text(browser(world.admin), page_of(world))


def test_an_incomplete_list_suspends_nobody_and_says_so(world: factories.World) -> None:
    change(Run, world.run.pk, removals="announced 9 and gave 8")
    page = text(browser(world.admin), page_of(world))
    assert "Nobody was suspended: the list was not complete." in page
    assert "announced 9" not in page


def test_changes_come_fifty_a_page_by_kind_school_and_name(world: factories.World) -> None:
    with tenancy.support():
        for _ in range(60):
            factories.change(world.run, world.student, world.school)
        other = factories.person(world.district, world.school, Roles.STUDENT, first_name="Zoe", last_name="Quill")
        factories.change(world.run, other, world.school)
    page, admin = page_of(world), browser(world.admin)
    assert "Showing 1-50 of 63" in text(admin, page)
    assert "Showing 51-63 of 63" in text(admin, f"{page}?page=2")
    assert "1 in all" in text(admin, f"{page}?kind=suspend")
    assert "1 in all" in text(admin, f"{page}?q=zoe quill")
    assert "Nobody fits" in text(admin, f"{page}?q=nobody")
    assert "of 63" in text(admin, f"{page}?kind=nonsense&page=nonsense&tab=nonsense")
    # A sister school's id is no choice, and is as good as nonsense.
    assert "of 63" in text(admin, f"{page}?school={world.sister.pk}")
    ravi = browser(world.district_admin)
    assert "1 in all" in text(ravi, f"{page}?school={world.sister.pk}")
    ravi.post(reverse("choose_school"), {"school": world.sister.pk})
    assert "1 in all" in text(ravi, page)


def test_what_needs_attention_is_grouped_by_reason(world: factories.World) -> None:
    with tenancy.support():
        for _ in range(3):
            factories.issue(world.run, world.student, world.school, "E-ROLE-CONFLICT")
        Issue.objects.filter(code="E-ROLE-CONFLICT").update(severity="error")
        factories.issue(world.run, world.sister_student, world.sister, "E-NO-ROLE")
    admin = browser(world.admin)
    page = text(admin, page_of(world, "?tab=attention"))
    assert "Needs attention (4)" in page
    assert "Student and staff at one school. 3 people. Keep one of the two in Clever." in page
    assert "No email in Clever, so they can't sign in by email. 1 person. Add an email in Clever." in page
    assert "gives no role" not in page
    assert "3 in all" in text(admin, page_of(world, "?tab=attention&code=E-ROLE-CONFLICT"))
    with tenancy.support():
        Issue.objects.update(closed_at=now(), closed_by=world.run)
    assert "Nobody needs attention" in text(admin, page_of(world, "?tab=attention"))


def test_what_waits_leads_to_its_hold(world: factories.World) -> None:
    admin = browser(world.admin)
    page = text(admin, page_of(world, "?tab=waiting"))
    assert "Waiting for approval (1)" in page
    assert "1 of 3 students would be suspended." in page
    assert f"/accounts/holds/{world.hold.pk}/" in admin.get(page_of(world, "?tab=waiting")).content.decode()
    assert "Nothing waits" in text(browser(world.sister_admin), page_of(world, "?tab=waiting"))


def test_details_are_plain_and_numbers_of_everybody_are_the_districts(world: factories.World) -> None:
    receipt = {"pages": 2, "rows": 7, "announced": 7, "closed": True, "places": ["a"], "as_of": "2026-11-20T09:00:00Z"}
    change(Run, world.run.pk, receipt=receipt, people_read=1305, seconds={"fetch": 61.4, "plan": 1.0})
    change(Run, world.run.pk, asked_by=world.sister_admin.pk, why="because of Riley")
    mine = text(browser(world.admin), page_of(world, "?tab=details"))
    assert "Read people 1 min 1 s Compare 1 second" in mine
    assert "Clever's own data is from Fri Nov 20, 4:00 AM Eastern (1:00 AM your time)" in mine
    assert "Asked for by Another Admin" in mine
    for hidden in ("1,305", "Riley", "AlderSasha"):
        assert hidden not in mine
    every = text(browser(world.district_admin), page_of(world, "?tab=details"))
    assert "People read 1,305" in every
    assert "Records the source announced 7" in every
    assert "Asked for by AlderSasha Moss: because of Riley" in every


def running(world: factories.World, **fields: object) -> None:
    going = {"state": RunState.RUNNING, "step": "fetch", "applied_at": None, "finished_at": None}
    change(Run, world.run.pk, **going, people_read=812, people_expected=1305, **fields)


def test_a_sync_that_goes_on_is_live(world: factories.World) -> None:
    running(world)
    ravi, dana = browser(world.district_admin), browser(world.admin)
    answer = ravi.get(page_of(world)).content.decode()
    assert f'hx-get="/accounts/syncs/{world.run.pk}/progress/?said=' in answer
    assert 'hx-trigger="every 2s"' in answer
    assert 'role="progressbar" max="100" value="62"' in answer
    assert 'aria-valuetext="Read people: 812 of about 1,305 people"' in answer
    assert "Read people: about 62% of the list" in text(dana, page_of(world))
    assert "1,305" not in text(dana, page_of(world))
    assert "Undo this sync" not in answer
    fragment = ravi.get(page_of(world, "progress/"))
    assert fragment.status_code == 200
    assert "<html" not in fragment.content.decode()


def test_what_is_said_aloud_comes_every_ten_seconds_at_most(world: factories.World) -> None:
    running(world)
    ravi, moment = browser(world.district_admin), int(now().timestamp())
    silent = ravi.get(page_of(world, f"progress/?said={moment}")).content.decode()
    assert 'id="aloud"' not in silent
    assert f"?said={moment}" in silent
    loud = ravi.get(page_of(world, f"progress/?said={moment - 11}")).content.decode()
    assert '<p id="aloud" hx-swap-oob="innerHTML">Read people: 812 of about 1,305 people</p>' in loud
    assert ravi.get(page_of(world, "progress/?said=nonsense")).status_code == 200


def test_polling_stops_when_it_ends_and_that_is_said_once(world: factories.World) -> None:
    ended = browser(world.admin).get(page_of(world, "progress/"))
    assert ended.status_code == 286
    body = ended.content.decode()
    assert "hx-get" not in body
    assert f"Sync {world.run.pk}: On hold</p>" in body
    assert "See what changed" in body


def test_steps_say_how_far_it_is(world: factories.World) -> None:
    running(world)
    change(Run, world.run.pk, step="plan")
    page = text(browser(world.admin), page_of(world))
    assert (
        "Read people : done Find out who is who : done Compare : now Ask about those who are missing : not begun"
        in page
    )
    change(Run, world.run.pk, state=RunState.QUEUED, tries=1, problem_text="Clever isn't answering.")
    assert "Clever isn't answering. We try again" in text(browser(world.admin), page_of(world))


def test_a_sheet_is_my_part_and_leaves_a_line(world: factories.World) -> None:
    with tenancy.support():
        User.objects.filter(pk=world.student.pk).update(last_name="=1+1", first_name="")
        for _ in range(3):
            factories.change(world.run, world.sister_student, world.sister)
    admin = browser(world.admin)
    sheet = admin.get(page_of(world, "changes.csv"))
    assert sheet.headers["Content-Disposition"] == f'attachment; filename="sync-{world.run.pk}.csv"'
    rows = sheet.content.decode().splitlines()
    assert rows[1:] == [
        "'=1+1,Alder High,Suspended,Status,Active,Suspended,,Waiting for approval",
        "'=1+1,Alder High,Updated,Grade,9,10,,",
    ]
    assert len(admin.get(page_of(world, "changes.csv?kind=update")).content.decode().splitlines()) == 2
    with tenancy.support():
        lines = AuditEvent.objects.filter(action="run.download")
        assert [(line.by_id, line.target) for line in lines] == [(world.admin.pk, f"run:{world.run.pk}")] * 2


# History


def queries(world: factories.World, path: str) -> int:
    client = browser(world.admin)
    client.get(path)
    with CaptureQueriesContext(connections["default"]) as asked:
        assert client.get(path).status_code == 200
    return len(asked)


def test_pages_ask_the_same_number_of_questions_for_one_row_and_for_many(world: factories.World) -> None:
    paths = ("/accounts/syncs/", page_of(world), page_of(world, "?tab=attention"), page_of(world, "?tab=waiting"))
    few = [queries(world, path) for path in paths]
    with tenancy.support():
        for number in range(20):
            run = factories.run(world.connection, night=clock.next_night().date() - dt.timedelta(days=number + 1))
            who = factories.person(world.district, world.school, Roles.STUDENT)
            for each in (run, world.run):
                factories.change(each, who, world.school)
                factories.change(each, who, world.school, hold=world.hold)
            factories.issue(world.run, who, world.school)
    assert [queries(world, path) for path in paths] == few


def test_the_history_is_filtered_by_its_address(world: factories.World) -> None:
    with tenancy.support():
        quiet = factories.run(world.connection, created_at=now() + dt.timedelta(seconds=1))
        failed = factories.run(world.connection, state=RunState.FAILED, applied_at=None)
        Issue.objects.update(closed_at=now(), closed_by=quiet)
        old = factories.run(world.connection, created_at=now() - dt.timedelta(days=90))
    admin = browser(world.admin)

    def listed(query: str) -> set[int]:
        rows = admin.get(f"/accounts/syncs/{query}").context["rows"]
        return {row.run.pk for row in rows}

    assert listed("") == {world.run.pk, quiet.pk, failed.pk, old.pk}
    assert listed("?status=failed") == {failed.pk}
    assert listed("?status=hold") == {world.run.pk}
    assert listed("?status=completed") == {quiet.pk, old.pk}
    assert listed("?changed=on") == {world.run.pk}
    assert listed("?until=" + (now() - dt.timedelta(days=30)).date().isoformat()) == {old.pk}
    assert old.pk not in listed("?since=" + (now() - dt.timedelta(days=30)).date().isoformat())
    assert listed("?status=nonsense&since=yesterday") == {world.run.pk, quiet.pk, failed.pk, old.pk}
    assert "No sync fits" in text(admin, "/accounts/syncs/?status=undone")
    change(Hold, world.hold.pk, state="rejected")
    with tenancy.support():
        factories.issue(old, world.student, world.school)
        factories.run(world.connection, undoes=old, pk=9999, schools=[world.school.pk])
        factories.change(old, world.student, world.school)
    assert listed("?status=undone") == {old.pk}
    assert listed("?status=warnings") == {world.run.pk, 9999}


def test_a_missed_night_shows(world: factories.World) -> None:
    last = clock.next_night().date() - dt.timedelta(days=1)
    begun = dt.datetime.combine(last - dt.timedelta(days=3), dt.time(23, 0), clock.EASTERN)
    change(Run, world.run.pk, night=last - dt.timedelta(days=3), created_at=begun)
    with tenancy.support():
        factories.run(world.connection, night=last - dt.timedelta(days=1), state=RunState.FAILED)
        factories.run(world.connection, night=last)
    marks = [mark.words.split(": ")[1] for mark in browser(world.admin).get("/accounts/syncs/").context["nights"]]
    assert marks == ["on hold, 1 warning", "no sync", "failed, 1 warning", "completed, 1 warning"]


def test_a_school_sees_no_syncs_of_another_connection_nor_their_undos(world: factories.World) -> None:
    with tenancy.support():
        theirs = factories.run(world.connection, undoes=world.run, schools=[world.sister.pk], why="Riley came back")
    assert f"#{theirs.pk} " not in text(browser(world.admin), "/accounts/syncs/")
    assert browser(world.admin).get(f"/accounts/syncs/{theirs.pk}/").status_code == 404
    assert browser(world.sister_admin).get(f"/accounts/syncs/{theirs.pk}/").status_code == 200
    assert browser(world.district_admin).get(f"/accounts/syncs/{theirs.pk}/").status_code == 200


def test_support_is_led_to_its_own_pages(world: factories.World) -> None:
    with tenancy.support():
        staff = browser(factories.staff())
    assert staff.get(page_of(world)).headers["Location"] == f"/admin/runs/{world.run.pk}/"
    assert staff.get(f"/accounts/holds/{world.hold.pk}/").headers["Location"] == f"/admin/holds/{world.hold.pk}/"


@pytest.mark.parametrize("page", ["/accounts/syncs/", "/accounts/holds/"])
def test_teachers_are_told_who_can(page: str, world: factories.World) -> None:
    assert browser(world.teacher).get(page).status_code == 403
