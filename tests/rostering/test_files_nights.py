"""A district on OneRoster files, night by night: the traps of CSV files with accounts, and who leaves.

Traps are numbered as in the table for ClassLink and OneRoster in docs/traps.md.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from accounts import tenancy
from accounts.people import NotPossible
from integrations import opening, registry
from integrations.models import Connection, ConnectionState
from rostering import lines
from rostering.models import Change, RunState
from tests import factories
from tests.rostering.files import FilesStory
from tests.rostering.pages import browser, text
from tests.rostering.passing import Planned, Seen, Waits

DELTA = "The files hold only what changed since the last export (delta), so nobody can be missing from them."


@pytest.fixture
def root(tmp_path: Path, settings: Settings) -> Path:
    """Below it are the folders of all districts."""
    settings.SOURCE_HOSTS = {"oneroster_files": {"root": str(tmp_path)}}
    return tmp_path


@pytest.fixture
def story(root: Path, committed_db: None) -> FilesStory:
    """A district whose job has not written yet."""
    del committed_db
    return FilesStory(root)


def active(story: FilesStory) -> list[str]:
    return [seen.name for seen in story.people() if seen.status == "active"]


@pytest.mark.parametrize("version", ["1.0", "1.1", "1.2"])
def test_trap_64_people_of_each_version_get_accounts(version: str, root: Path, committed_db: None) -> None:
    del committed_db
    story = FilesStory(root, version)
    story.student("Ana Ruiz", "1,2")
    story.somebody("Ben Lo", "teacher", "2")
    story.somebody("Dee Orr", "administrator" if version != "1.2" else "districtAdministrator", "D")
    story.somebody("Gus Ruiz", "guardian")
    run = story.next_night()
    assert (run.state, run.problem_text) == (RunState.DONE, "")
    assert story.people() == [
        Seen("Ana Ruiz", "North", "student"),
        Seen("Ana Ruiz", "South", "student"),
        Seen("Ben Lo", "South", "teacher"),
        Seen("Dee Orr", "District", "district_admin"),
    ]
    assert (story.words(run), story.issues()) == ("Completed", [])
    assert story.plan(story.next_night()) == []


def test_trap_64_ids_without_their_zeros_are_other_people_and_wait(story: FilesStory) -> None:
    """Saved by a spreadsheet: nobody is taken for anybody else, and no account is lost."""
    kids = story.students(30)
    story.next_night()
    before = story.people()
    for row in story.export.users:
        row["sourcedId"] = row["sourcedId"].lstrip("0")
    run = story.next_night()
    assert story.people() == before
    assert {row.waits for row in story.plan(run)} == {"new_ids"}
    assert len(kids) == len(before)


def test_trap_65_a_row_that_contradicts_its_file_changes_nobody(story: FilesStory) -> None:
    ana, ben = story.student("Ana Ruiz"), story.student("Ben Lo")
    story.next_night()
    story.export.users[0] |= {"status": "tobedeleted", "givenName": "Anna"}
    story.export.users[1] |= {"givenName": "Benno"}
    run = story.next_night()
    assert [seen.name for seen in story.people()] == ["Ana Ruiz", "Benno Lo"]
    assert (story.issues(), run.removals) == ([("Ana Ruiz", "E-UNREADABLE")], "")
    with tenancy.support():
        admin = factories.person(story.district, story.schools[0], "admin")
    page = text(browser(admin), f"/accounts/find/account/{story.user(ana).pk}/")
    assert "users.csv, row 2: status is filled, and users.csv holds everything (bulk)" in page
    assert story.membership(ben).status == "active"


def test_trap_66_changes_that_are_said_to_be_everything_wait(story: FilesStory) -> None:
    kids = story.students(30)
    story.next_night()
    story.without(*kids[2:])
    run = story.next_night()
    assert (story.words(run), story.holds()) == ("On hold", [Waits("suspend_school", "North", 28)])
    assert len(active(story)) == 30


def test_trap_66_with_a_status_they_are_reported_row_by_row_and_wait(story: FilesStory) -> None:
    kids = story.students(30)
    story.next_night()
    story.without(*kids[2:])
    for row in story.export.users:
        row["status"] = "active"
    story.next_night()
    assert len(active(story)) == 30
    assert [issue for issue in story.issues() if issue[1] == "E-UNREADABLE"] == [
        ("Kid 01", "E-UNREADABLE"),
        ("Kid 02", "E-UNREADABLE"),
    ]


def test_trap_66_changes_only_bring_people_and_take_nobody(story: FilesStory) -> None:
    kids = story.students(5)
    story.next_night()
    story.without(*kids[2:])
    new = story.student("Kim Day")
    for row in story.export.users:
        row["status"] = "active"
    story.export.users[0]["givenName"] = "Karla"
    story.export.users[1]["status"] = "tobedeleted"
    story.export.manifest = {"file.users": "delta"}
    run = story.next_night()
    assert run.removals == DELTA
    assert story.plan(run) == [Planned("Kid 01", "North", "update"), Planned("Kim Day", "North", "create")]
    assert active(story) == ["Karla 01", "Kid 02", "Kid 03", "Kid 04", "Kid 05", "Kim Day"]
    # The next whole export says who is gone.
    story.export.manifest = {}
    for row in story.export.users:
        row["status"] = ""
    story.next_night()
    story.next_night()
    assert active(story) == ["Karla 01", "Kid 02", "Kim Day"]
    assert story.membership(new).status == "active"


def test_trap_67_another_format_with_the_same_names_stops_the_run(story: FilesStory) -> None:
    story.students(3)
    story.next_night()
    before = story.accounts()
    story.export.over["roles.csv"] = b"userSourcedId,orgSourcedId,role,sessionSourcedId,grade,isPrimary\n0001,1,x,,,\n"
    story.export.manifest = {"file.roles": "bulk"}
    run = story.next_night()
    assert (run.state, run.problem) == (RunState.FAILED, "E-SOURCE-MALFORMED")
    assert "roles.csv is in the format of Microsoft School Data Sync" in run.problem_text
    assert story.accounts() == before


def test_trap_68_two_schools_in_a_cell_and_one_that_is_not_listed(story: FilesStory) -> None:
    story.student("Ana Ruiz", "1,2")
    story.student("Ben Lo", "1,404")
    story.student("Cy Day", "404")
    run = story.next_night()
    assert story.people() == [
        Seen("Ana Ruiz", "North", "student"),
        Seen("Ana Ruiz", "South", "student"),
        Seen("Ben Lo", "North", "student"),
    ]
    assert story.issues() == [("Cy Day", "E-SCHOOL-NOT-LINKED")]
    assert run.receipt["notes"]["says"] == "2 records of users.csv at a school that orgs.csv does not have."


def test_trap_69_a_formula_in_a_cell_is_none_in_a_sheet_that_is_taken_away(story: FilesStory) -> None:
    story.student("x y", givenName="=1+1", familyName="@cmd", email="+1@lincoln.example")
    run = story.next_night()
    assert story.people() == [Seen("=1+1 @cmd", "North", "student")]
    with tenancy.support():
        sheet = lines.as_csv(run, Change.objects.filter(run=run))
    cells = {cell for row in csv.reader(io.StringIO(sheet)) for cell in row}
    assert {"'=1+1 @cmd", "'+1@lincoln.example"} <= cells
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]


# Who leaves


def test_who_is_missing_leaves_with_the_next_export_that_misses_them(story: FilesStory) -> None:
    kids = story.students(5)
    story.next_night()
    story.without(kids[0])
    run = story.next_night()
    assert (story.plan(run), story.issues()) == ([], [("Kid 01", "E-NOT-CONFIRMED")])
    # The job did not run: the same files again are no second word.
    story.hours_pass(24)
    assert (story.plan(story.night()), len(active(story))) == ([], 5)
    assert story.plan(story.next_night()) == [Planned("Kid 01", "North", "suspend", "gone")]
    assert (len(active(story)), story.issues()) == (4, [])


def test_a_school_that_orgs_csv_no_longer_has_removes_nobody(story: FilesStory) -> None:
    story.students(3, "2")
    story.next_night()
    story.export.orgs.pop()
    story.export.users.clear()
    run = story.next_night()
    assert run.removals == "The source no longer shares a school that is linked here."
    assert len(active(story)) == 3


def test_a_row_that_was_cut_off_removes_nobody(story: FilesStory) -> None:
    kids = story.students(5)
    story.next_night()
    story.without(kids[0])
    story.next_night()
    story.export.over["users.csv"] = story.export.files()["users.csv"][:-30]
    run = story.next_night()
    assert run.removals == "A record without an id could not be read."
    assert len(active(story)) == 5


# From the outside


def test_the_command_syncs_it_and_says_what_the_listing_said(
    story: FilesStory, capsys: pytest.CaptureFixture[str]
) -> None:
    story.student("Ana Ruiz", "1,404")
    story.delivered()
    call_command("sync", str(story.connection.pk))
    out = capsys.readouterr().out
    assert "Completed in" in out
    assert "1 record of users.csv at a school that orgs.csv does not have." in out
    assert active(story) == ["Ana Ruiz"]
    story.export.clear()
    with pytest.raises(CommandError, match=r"E-GRANT-REVOKED: OneRoster files: the folder is not there\."):
        call_command("sync", str(story.connection.pk))
    assert story.tie().state == ConnectionState.NEEDS_ATTENTION


def test_a_page_says_what_the_listing_said(story: FilesStory) -> None:
    story.export.manifest = {"file.users": "delta"}
    story.student("Ana Ruiz", status="active")
    run = story.next_night()
    with tenancy.support():
        admin, staff = factories.person(story.district, None, "district_admin"), factories.staff()
    assert f"About this list {DELTA}" in text(browser(admin), f"/accounts/syncs/{run.pk}/?tab=details")
    assert f"Nobody was removed {DELTA}" in text(browser(staff), f"/admin/runs/{run.pk}/")


def test_support_opens_a_folder_and_no_second_district_gets_it(story: FilesStory) -> None:
    story.student("Ana Ruiz")
    story.delivered()
    with tenancy.support():
        other, staff = factories.district("Shelbyville USD"), factories.staff()
        form = registry.PROVIDERS["oneroster_files"].Settings
        assert form is not None
        filled = form({"folder": "lincoln/"})
        assert filled.is_valid()
        with pytest.raises(NotPossible, match="OneRoster files district lincoln is already linked to"):
            opening.open_by_settings(staff, other, "oneroster_files", filled.cleaned_data, "New")
        with pytest.raises(NotPossible, match="the folder is not there"):
            opening.open_by_settings(staff, other, "oneroster_files", {"folder": "shelbyville"}, "New")
        assert list(Connection.objects.values_list("tenant", flat=True)) == ["lincoln"]
