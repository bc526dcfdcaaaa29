"""Finding a person: one box, everybody the reader may know of, and nobody else."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import people, tenancy
from accounts.models import Membership, Roles, User
from rostering.models import Record
from tests import factories
from tests.rostering.pages import browser, change, text, words

FIND = "/accounts/find/"


@pytest.fixture
def world(committed_db: None) -> factories.World:
    del committed_db
    with tenancy.support():
        return factories.world("Alder")


def test_before_a_search_the_page_says_how(world: factories.World) -> None:
    assert "Type what you know" in text(browser(world.admin), FIND)
    assert browser(world.teacher).get(FIND).status_code == 403
    assert browser(world.student).get(FIND, {"q": "Alder"}).status_code == 403


@pytest.mark.parametrize("asked", ["email", "username", "number", "id", "name", "any case", "two words"])
def test_one_hit_opens_its_explanation(asked: str, world: factories.World) -> None:
    with tenancy.support():
        User.objects.filter(pk=world.student.pk).update(username="jordan.m")
        Membership.objects.filter(user=world.student).update(number="7-042")
        link = factories.known(world.connection, world.student)
    search = {
        "email": world.student.email,
        "username": "Jordan.M",
        "number": "7-042",
        "id": link.external_id,
        "name": "AlderJordan",
        "any case": "alderJORDAN",
        "two words": "moss alderjord",
    }[asked]
    answer = browser(world.admin).get(FIND, {"q": f" {search} "})
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/accounts/find/account/{world.student.pk}/")


@pytest.mark.parametrize("asked", ["email", "number", "id", "name"])
def test_somebody_without_an_account_is_found_in_the_source(asked: str, world: factories.World) -> None:
    record = world.record
    search = {
        "email": record.email.upper(),
        "number": record.roles[0][3],
        "id": record.external_id,
        "name": "bell alderq",
    }[asked]
    answer = browser(world.admin).get(FIND, {"q": search})
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/accounts/find/record/{record.pk}/")


def test_several_are_listed_with_how_they_stand(world: factories.World) -> None:
    with tenancy.support():
        people.suspend(None, factories.membership(world.student, world.school))
    page = text(browser(world.admin), FIND, q="alder")
    assert "4 people found" in page
    assert "AlderJordan Moss" in page
    assert "Student, Alder High Suspended" in page
    assert "AlderQuinn Bell" in page
    assert "In Clever, no account" in page
    for hidden in ("AlderRiley", "AlderHarper", "AlderSasha", "Middle"):
        assert hidden not in page
    whole = text(browser(world.district_admin), FIND, q="alder")
    assert "8 people found" in whole
    for shown in ("AlderRiley", "AlderHarper", "AlderSasha", "Alder Middle"):
        assert shown in whole


def test_fifty_a_page_with_as_many_questions_as_for_two(world: factories.World) -> None:
    admin = browser(world.admin)
    admin.get(FIND, {"q": "alder"})
    with CaptureQueriesContext(connection) as few:
        admin.get(FIND, {"q": "alder"})
    with tenancy.support():
        for number in range(40):
            factories.person(world.district, world.school, Roles.STUDENT, first_name=f"Alder{number:02}")
            factories.record(world.connection, world.link.external_id, first_name=f"Alder{number:02}")
    with CaptureQueriesContext(connection) as many:
        first = words(admin.get(FIND, {"q": "alder"}))
    assert len(many) == len(few)
    assert "84 people found" in first
    assert "of 84" in first
    second = words(admin.get(FIND, {"q": "alder", "page": "2"}))
    assert first.count("In Clever, no account") + second.count("In Clever, no account") == 41
    assert second.count("In Clever, no account") == 34


def test_who_was_never_seen_is_said_with_what_was_looked_through(world: factories.World) -> None:
    page = text(browser(world.admin), FIND, q="zelda.nobody@example.org")
    assert "We have never seen “zelda.nobody@example.org” from Clever." in page
    assert "Accounts of Alder High, suspended ones too" in page
    assert "Everybody Clever shares with your schools, as of" in page
    assert "looks close" not in page


@pytest.mark.parametrize("typed", ["AlderJordn Moss", "Moss AlderJordon", "alderjurdan moss", "ÅlderJordon Moss"])
def test_what_looks_close_is_shown(typed: str, world: factories.World) -> None:
    page = text(browser(world.admin), FIND, q=typed)
    assert "This looks close: AlderJordan Moss" in page
    assert "AlderRiley" not in page


def test_whoever_has_an_account_looks_close_once(world: factories.World) -> None:
    with tenancy.support():
        record = factories.record(world.connection, world.link.external_id, first_name="AlderJordan", last_name="Moss")
        factories.known(world.connection, world.student, record)
    assert text(browser(world.admin), FIND, q="AlderJordn Moss").count("AlderJordan Moss") == 1


def test_a_misspelled_email_looks_close_to_a_record(world: factories.World) -> None:
    page = text(browser(world.admin), FIND, q=world.record.email.replace("alderquinn", "alderquin"))
    assert "This looks close: AlderQuinn Bell" in page
    page = text(browser(world.admin), FIND, q=world.sister_record.email.replace("alderharper", "alderharpr"))
    assert "close" not in page


def test_an_email_of_a_sister_school_is_only_said_to_be_used(world: factories.World) -> None:
    page = text(browser(world.admin), FIND, q=world.sister_student.email)
    assert "Used in another SmartPass school" in page
    assert "AlderRiley" not in page.replace(world.sister_student.email, "")
    assert "Middle" not in page
    # A record of a sister school has no account: nothing is said of it, not even to its exact e-mail.
    page = text(browser(world.admin), FIND, q=world.sister_record.email)
    assert "We have never seen" in page
    # Another district's is not used here at all.
    with tenancy.support():
        other = factories.world("Birch")
    assert "We have never seen" in text(browser(world.admin), FIND, q=other.student.email)


def test_the_switcher_narrows_and_says_so(world: factories.World) -> None:
    head = browser(world.district_admin)
    head.post("/school/", {"school": world.sister.pk, "next": FIND})
    assert "2 people found" in text(head, FIND, q="moss alder r") or "AlderRiley" in text(head, FIND, q="AlderRiley")
    page = text(head, FIND, q="AlderJordan")
    assert "Not at Alder Middle 1 person found at another school of yours." in page
    opened = text(head, f"/accounts/find/account/{world.student.pk}/")
    assert "At another school of yours, not at Alder Middle." in opened


def test_who_is_at_no_linked_place_is_the_districts_to_know(world: factories.World) -> None:
    with tenancy.support():
        factories.record(world.connection, "a-place-not-linked", first_name="Unplaced")
        factories.record(world.connection, first_name="Placeless")
    for name in ("Unplaced", "Placeless"):
        assert "We have never seen" in text(browser(world.admin), FIND, q=name)
        assert "Bell" in text(browser(world.district_admin), FIND, q=name)
    head = browser(world.district_admin)
    head.post("/school/", {"school": world.school.pk, "next": FIND})
    assert "found at another school of yours" in text(head, FIND, q="Unplaced")


def test_whoever_was_deleted_is_found_by_an_exact_word_only_and_has_no_name(world: factories.World) -> None:
    with tenancy.support():
        record = factories.record(world.connection, world.link.external_id, first_name="Erased")
        factories.known(world.connection, world.student, record)
        people.delete_person(None, world.student)
    admin = browser(world.admin)
    assert "We have never seen" in text(admin, FIND, q="Erased")
    page = text(admin, FIND, q=record.email)
    assert "Deleted person" in page
    assert "A person deleted this account. No sync brings it back." in page
    assert "Erased" not in page
    assert record.email not in page


def test_a_search_changes_nothing_and_marks_are_harmless(world: factories.World) -> None:
    for asked in ("%", "_", "'", '"', "\\", "<b>", "a" * 5000, "@", "'; --"):
        answer = browser(world.admin).get(FIND, {"q": asked})
        assert answer.status_code == 200
        assert b"<b>" not in answer.content
    change(Record, world.record.pk, first_name="100%")
    assert "100% Bell" in text(browser(world.admin), FIND, q="100%")
    assert "We have never seen" in text(browser(world.admin), FIND, q="1%0")
