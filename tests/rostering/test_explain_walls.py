"""Two schools of one district: an Admin finds nothing of whoever is only at the other.

A person at both is there for both Admins, and each sees their own school's part.
"""

from __future__ import annotations

import pytest

from accounts import tenancy
from accounts.models import Membership, Pin, Roles, User
from rostering.models import Change, Rejection
from tests import factories
from tests.digest import digest
from tests.rostering.pages import browser, change, text

FIND, SCHOOLS = "/accounts/find/", "/accounts/schools/"


@pytest.fixture
def world(committed_db: None) -> factories.World:
    """The usual two schools; Riley, at the sister school, is called what nobody else is called."""
    del committed_db
    with tenancy.support():
        made = factories.world("Alder")
        User.objects.filter(pk=made.sister_student.pk).update(last_name="Zyxwood", username="zyx.riley")
        Membership.objects.filter(user=made.sister_student).update(number="Z-1", grade="Z-9")
        made.link_of_riley = factories.known(made.connection, made.sister_student, made.sister_record)  # type: ignore[attr-defined]
        for code, school in (("E-NO-EMAIL", None), ("E-ROLE-CONFLICT", made.sister)):
            factories.issue(made.run, made.sister_student, school, code)
    return made


@pytest.fixture
def both(world: factories.World) -> factories.World:
    """Jordan is at both schools, by one record at Clever."""
    with tenancy.support():
        Change.objects.exclude(hold=None).delete()
        roles = [
            [world.link.external_id, "student", "9", "A-77"],
            [world.sister_link.external_id, "teacher", "", "B-88"],
        ]
        email = world.student.email
        record = factories.record(
            world.connection, first_name="AlderJordan", last_name="Moss", email=email, roles=roles
        )
        Membership.objects.create(
            district=world.district, user=world.student, school=world.sister, roles=["teacher"], number="B-88"
        )
        factories.known(world.connection, world.student, record)
        common = {"district": world.district, "user": world.student, "by": world.sister_admin}
        Pin.objects.create(field="first_name", why="Sister school's reason", **common)
        Pin.objects.create(field="number", school=world.sister, why="Sister school's number", **common)
        Pin.objects.create(field="*", school=world.sister, **common)
        factories.change(world.run, world.student, world.sister, after={"number": "B-88"}, before={"number": "B-11"})
        waits = factories.hold(world.run, world.sister, text="2 of 9 teachers would be suspended.")
        factories.change(world.run, world.student, world.sister, hold=waits)
        Rejection.objects.create(
            district=world.district, connection=world.connection, external_id=record.external_id, school=world.sister,
            kind="roles", after={}, digest=record.digest, settings_version=1, by=world.sister_admin,
        )  # fmt: skip
    world.record = record
    return world


def test_whoever_is_only_at_the_sister_school_is_nowhere(world: factories.World) -> None:
    riley, record = world.sister_student, world.sister_record
    admin = browser(world.admin)
    id_there = record.external_id
    for asked in ("AlderRiley", "Zyxwood", "zyx.riley", "Z-1", id_there, "Zyxwod", "AlderHarper", record.email):
        answer = admin.get(FIND, {"q": asked}, follow=True)
        page = answer.content.decode().replace(asked, "")
        for hidden in ("Riley", "Zyxwood", "Harper", "zyx.", "Z-1", "Z-9", record.email, riley.email, "Alder Middle"):
            assert hidden not in page, (asked, hidden)
        assert "We have never seen" in page
    # What could have leaked is there: the sister's own Admin finds it.
    assert "Zyxwood" in text(browser(world.sister_admin), FIND, q="AlderRiley")
    for path in (f"{FIND}account/{riley.pk}/", f"{FIND}record/{record.pk}/"):
        for method in ("get", "post"):
            assert getattr(admin, method)(path).status_code == 404
            assert getattr(browser(world.district_admin), method)(path, follow=True).status_code == 200


def test_the_overview_and_its_file_are_the_districts_alone(world: factories.World) -> None:
    for who in (world.admin, world.sister_admin):
        for path in (SCHOOLS, f"{SCHOOLS}csv/"):
            answer = browser(who).get(path, follow=True)
            assert answer.redirect_chain[-1][0] == "/accounts/integrations/"
    page = browser(world.admin).get(SCHOOLS, follow=True).content.decode()
    assert "Alder Middle" not in page
    assert browser(world.teacher).get(SCHOOLS).status_code == 403
    assert browser(world.teacher).get(f"{SCHOOLS}csv/").status_code == 403


def test_a_person_at_both_schools_shows_each_admin_their_own_part(both: factories.World) -> None:
    here = text(browser(both.admin), f"{FIND}account/{both.student.pk}/")
    there = text(browser(both.sister_admin), f"{FIND}account/{both.student.pk}/")
    whole = text(browser(both.district_admin), f"{FIND}account/{both.student.pk}/")
    theirs = (
        "Alder Middle",
        "B-88",
        "B-11",
        "Teacher",
        "AlderSasha",
        "Sister school's",
        "rejected",
        "in a hold",
        "Protected",
    )
    for words in theirs:
        assert words not in here, words
        assert words in (there + whole), words
    assert "Kept by another person" in here
    assert "Alder High" in here
    assert "Alder High" not in there
    assert "A-77" not in there
    for words in ("Alder High", "Alder Middle", "A-77", "B-88", "Kept by AlderSasha Moss: Sister school's reason"):
        assert words in whole


def test_a_word_of_the_sister_school_is_not_told(both: factories.World) -> None:
    roles = [[both.link.external_id, "student", "9", ""], [both.sister_link.external_id, "mascot", "", ""]]
    change(type(both.record), both.record.pk, roles=roles)
    assert "mascot" not in text(browser(both.admin), f"{FIND}account/{both.student.pk}/")


def test_a_record_at_other_schools_only_is_not_the_readers(both: factories.World) -> None:
    change(
        type(both.record),
        both.record.pk,
        roles=[[both.sister_link.external_id, "teacher", "", "B-88"]],
        first_name="Renamed",
    )
    page = text(browser(both.admin), f"{FIND}account/{both.student.pk}/")
    assert "Clever doesn't list AlderJordan Moss at your school." in page
    assert "Renamed" not in page
    assert "Renamed" in text(browser(both.district_admin), f"{FIND}account/{both.student.pk}/")


def test_a_newcomer_rejected_elsewhere_is_told_without_where_and_who(world: factories.World) -> None:
    with tenancy.support():
        places = (world.link.external_id, world.sister_link.external_id)
        record = factories.record(world.connection, *places)
        Rejection.objects.create(
            district=world.district, connection=world.connection, external_id=record.external_id, school=world.sister,
            kind="create", after={}, digest=record.digest, settings_version=1, by=world.sister_admin, why="Not ours",
        )  # fmt: skip
    page = text(browser(world.admin), f"{FIND}record/{record.pk}/")
    assert "Somebody of your district decided against adding this person." in page
    for hidden in ("Alder Middle", "AlderSasha", "Not ours", "Let the sync try again"):
        assert hidden not in page
    assert "You rejected this on" in text(browser(world.sister_admin), f"{FIND}record/{record.pk}/")


def test_somebody_at_a_sister_school_who_is_now_listed_here_too(world: factories.World) -> None:
    roles = [[world.sister_link.external_id, "student", "9", ""], [world.link.external_id, "student", "9", ""]]
    change(type(world.sister_record), world.sister_record.pk, roles=roles)
    page = text(browser(world.admin), f"{FIND}record/{world.sister_record.pk}/")
    assert "Not at your school in SmartPass yet." in page
    assert "Adds them · Alder High" in page
    for hidden in ("Alder Middle", "Zyxwood", "Z-1", "zyx"):
        assert hidden not in page


def test_letting_the_sync_try_again_is_for_ones_own_school(world: factories.World) -> None:
    path = f"{FIND}rejection/{world.rejection.pk}/"
    before = digest()
    for who in (world.sister_admin, world.teacher):
        client = browser(who)
        before = digest()
        assert client.get(path).status_code == 404
        assert client.post(path, {"why": "x", "token": "a"}).status_code == 404
    assert digest() == before
    assert browser(world.admin).get(path).status_code == 200
    with tenancy.support():
        other = factories.person(factories.world("Birch").district, None, Roles.DISTRICT_ADMIN)
    assert browser(other).get(path).status_code == 404
