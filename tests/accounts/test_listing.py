"""The accounts list: who is on it, how they are counted, found, ordered and paged."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now

from accounts import people, tenancy
from accounts.models import Membership, Pin, Roles, Status, User
from tests import factories
from tests.accounts.reading import browser, text

ROW = re.compile(r'<th scope="row"><a href="/accounts/(\d+)/">([^<]+)</a>')


@pytest.fixture
def world(committed_db: None) -> factories.World:
    del committed_db
    with tenancy.support():
        return factories.world("Alder")


def add(world: factories.World, last: str, first: str, *roles: str, **fields: Any) -> User:
    """Somebody at the school, with `fields` of their membership and `signed_in`."""
    signed_in: datetime | None = fields.pop("signed_in", None)
    at = fields.pop("at", world.school)
    email = fields.pop("email", "")
    with tenancy.support():
        person = factories.person(
            world.district, at, *(roles or ("student",)), first_name=first, last_name=last, email=email
        )
        Membership.objects.filter(user=person).update(**fields)
        User.objects.filter(pk=person.pk).update(last_login=signed_in)
    return person


def suspended(world: factories.World, last: str, first: str, *roles: str) -> User:
    return add(world, last, first, *roles, status=Status.SUSPENDED, suspended_by="sync")


def names(client: Client, path: str = "/accounts/") -> list[str]:
    answer = client.get(path)
    assert answer.status_code == 200
    return [name for _, name in ROW.findall(answer.content.decode())]


def test_a_school_is_listed_by_last_name_and_counted_by_role(world: factories.World) -> None:
    add(world, "Bell", "Sasha", Roles.ADMIN)
    suspended(world, "Cole", "Robin")
    add(world, "Diaz", "Jo", status=Status.DISABLED)
    page = text(browser(world.admin), "/accounts/")
    assert "All 4 Students 1 Teachers 3 Admins 2 Assistants 0 Search" in page
    assert "District admins" not in page
    assert "1 suspended and 1 disabled are hidden - Show" in page
    assert "2 people have several roles and count in each" in page
    assert "4 in all" in page
    assert names(browser(world.admin)) == ["Bell, Sasha", "Moss, AlderDana", "Moss, AlderJordan", "Moss, AlderToni"]


def test_the_sister_school_is_nowhere(world: factories.World) -> None:
    both = add(world, "Ito", "Kai", at=world.sister)
    with tenancy.support():
        Membership.objects.create(district=world.district, user=both, school=world.school, roles=["student"])
    for path in ("/accounts/?status=any", "/accounts/?q=riley", "/accounts/?q=sasha&status=any", "/accounts/export/"):
        page = browser(world.admin).get(path).content.decode()
        for theirs in (world.sister_student.first_name, world.sister_admin.first_name, world.sister.name):
            assert theirs not in page
    assert names(browser(world.admin), "/accounts/?q=kai") == ["Ito, Kai"]


def test_a_district_admin_sees_all_schools_and_counts_people_once(world: factories.World) -> None:
    both = add(world, "Ito", "Kai")
    with tenancy.support():
        Membership.objects.create(district=world.district, user=both, school=world.sister, roles=["teacher"])
    client = browser(world.district_admin)
    page = text(client, "/accounts/")
    assert "All 7 Students 3 Teachers 4 Admins 2 Assistants 0 District admins 1 Search" in page
    assert "8 in all" in page
    assert "Roles School Status" in page
    assert names(client, "/accounts/?role=district_admin") == ["Moss, AlderRavi"]
    assert names(client, "/accounts/?role=teacher&q=ito") == ["Ito, Kai"]
    at_one = browser(world.district_admin, world.sister)
    assert names(at_one) == ["Ito, Kai", "Moss, AlderRiley", "Moss, AlderSasha"]
    assert "District admins" not in text(at_one, "/accounts/")


@pytest.mark.parametrize(
    "q",
    [
        "nunez",
        "NÚÑEZ",
        "zoe nunez",
        "Núñez Zoë",
        "  ez   oe ",
        "zn@lincoln",
        "S-1042",
        "s-10",
        "nunez 1042",
        "\N{FULLWIDTH LATIN SMALL LETTER N}unez",
    ],
)
def test_every_word_is_found_anywhere_without_case_and_accents(q: str, world: factories.World) -> None:
    add(world, "Núñez", "Zoë", email="zn@lincoln.example.org", number="S-1042")
    add(world, "Nunes", "Zora", number="S-2042")
    assert names(browser(world.admin), f"/accounts/?q={q}") == ["Núñez, Zoë"]
    page = text(browser(world.admin), f"/accounts/?q={q}")
    assert "All 1 Students 1 Teachers 0" in page


@pytest.mark.parametrize("q", ["zoe nunes", "%", "_", "n%z", "\\", "'", "1042 2042"])
def test_what_is_not_there_is_not_found(q: str, world: factories.World) -> None:
    add(world, "Núñez", "Zoë", number="S-1042")
    assert browser(world.admin).get("/accounts/", {"q": q}).context["lines"] == []


def test_a_username_is_found(world: factories.World) -> None:
    with tenancy.support():
        people.add_person(
            None,
            world.district,
            school=world.school,
            roles=["assistant"],
            first_name="Robin",
            last_name="Cole",
            username="rcole7",
        )
    assert names(browser(world.admin), "/accounts/?q=rcole7") == ["Cole, Robin"]
    assert "rcole7 Assistant" in text(browser(world.admin), "/accounts/?role=assistant")


def test_a_search_without_a_hit_says_where_else_it_looked(world: factories.World) -> None:
    suspended(world, "Cole", "Robin")
    answer = browser(world.admin).get("/accounts/?q=robin+cole&role=teacher")
    page = answer.content.decode()
    assert "No active account." in page
    assert 'Checked suspended: <a href="?q=robin+cole&amp;status=suspended">1 match</a>' in page
    assert '<a href="/accounts/find/?q=robin+cole">Why is this person missing?</a>' in page
    assert 'href="/accounts/add/">Add standard account</a>' in page
    assert names(browser(world.admin), "/accounts/?q=robin+cole&status=suspended") == ["Cole, Robin"]
    assert "Checked suspended: 0 matches" in text(browser(world.admin), "/accounts/?q=nobody")
    assert "other roles: 1 match" in text(browser(world.admin), "/accounts/?q=toni&role=student")


def test_filters_narrow_and_stand_in_the_address(world: factories.World) -> None:
    add(world, "Bell", "Ana", origin_label="Clever", source_id=world.connection.pk, signed_in=now())
    kept = add(world, "Cole", "Ben", signed_in=now())
    over = add(world, "Diaz", "Cy", signed_in=now())
    suspended(world, "Evans", "Di")
    with tenancy.support():
        Pin.objects.all().delete()
        for person, until in ((kept, None), (over, now() - timedelta(days=1))):
            Pin.objects.create(district=world.district, user=person, school=world.school, field="roles", until=until)
        Pin.objects.create(district=world.district, user=world.teacher, field="*")
        Pin.objects.create(district=world.district, user=world.student, school=world.sister, field="*")
    admin = browser(world.admin)
    assert names(admin, "/accounts/?source=Clever") == ["Bell, Ana"]
    assert names(admin, "/accounts/?protected=1") == ["Cole, Ben", "Moss, AlderToni"]
    assert names(admin, "/accounts/?never=1&role=student") == ["Moss, AlderJordan"]
    assert names(admin, "/accounts/?status=suspended") == ["Evans, Di"]
    assert names(admin, "/accounts/?source=nowhere") == []
    assert "No one to show." in text(admin, "/accounts/?source=nowhere")
    assert "7 in all" in text(admin, "/accounts/?status=any")
    assert "Active Protected By hand" in text(admin, "/accounts/?q=cole")
    assert "<option selected>Clever</option>" in admin.get("/accounts/?source=Clever").content.decode()
    assert 'href="?role=teacher&amp;source=Clever"' in admin.get("/accounts/?source=Clever").content.decode()


def test_nonsense_in_an_address_is_a_first_visit(world: factories.World) -> None:
    admin = browser(world.admin)
    asked = {"role": "x", "status": "deleted", "sort": "x", "page": "x", "protected": "x", "ids": "x", "q": "\0"}
    assert admin.get("/accounts/", asked).context["lines"] == admin.get("/accounts/").context["lines"]


def test_every_order_is_whole_and_stable(world: factories.World) -> None:
    for number in range(120):
        add(
            world,
            f"Same{number % 7}",
            "Twin",
            status=(Status.ACTIVE, Status.DISABLED)[number % 3 == 0],
            signed_in=now() - timedelta(days=number % 5) if number % 4 else None,
        )
    admin = browser(world.admin)
    with tenancy.support():
        everybody = set(Membership.objects.filter(school=world.school).values_list("pk", flat=True))
    for sort in ("name", "status", "sign_in"):
        pages: dict[str, list[int]] = {}
        for order in (sort, f"-{sort}"):
            shown = [
                admin.get(f"/accounts/?status=any&sort={order}&page={page}").context["lines"] for page in (1, 2, 3)
            ]
            pages[order] = [line.membership.pk for lines in shown for line in lines]
            assert set(pages[order]) == everybody, order
            assert len(pages[order]) == len(everybody), order
        if sort != "status":
            assert pages[sort] == pages[f"-{sort}"][::-1]
    lines = admin.get("/accounts/?status=any&sort=-sign_in").context["lines"]
    signed_in = [line.membership.user.last_login for line in lines]
    assert signed_in == sorted(signed_in, reverse=True)
    statuses = [line.membership.status for line in admin.get("/accounts/?status=any&sort=-status").context["lines"]]
    assert statuses[:40] == ["disabled"] * 40
    assert 'aria-sort="descending"><a href="?sort=name&amp;' not in admin.get("/accounts/").content.decode()
    assert 'aria-sort="ascending"><a href="?sort=-name">Name' in admin.get("/accounts/").content.decode()


def test_fifty_a_page_with_a_constant_number_of_queries(world: factories.World) -> None:
    def asked_for(path: str) -> int:
        client = browser(world.district_admin)
        client.get(path)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(path).status_code == 200
        return len(queries)

    with tenancy.support():
        User.objects.filter(pk=world.student.pk).update(last_login=now())
    paths = ("/accounts/", "/accounts/?q=moss", "/accounts/?role=student&sort=-sign_in&page=99")
    few = [asked_for(path) for path in paths]
    for number in range(110):
        add(world, "Moss", f"Twin{number}", signed_in=now(), origin_label=f"Source {number % 4}")
    assert [asked_for(path) for path in paths] == few
    page = text(browser(world.admin), "/accounts/?page=3")
    assert "Showing 101-113 of 113" in page
    assert "select all 113" in page


def test_an_empty_school_is_told_the_next_step(world: factories.World) -> None:
    with tenancy.support():
        lone = factories.school(world.district)
        admin = factories.person(world.district, lone, Roles.ADMIN)
    page = text(browser(admin), "/accounts/")
    assert "No one is here yet." in page
    assert "Choose how to roster" in page
    assert "No one is here yet." not in text(browser(world.admin), "/accounts/")
    assert "No one is here yet." not in text(browser(world.admin), "/accounts/?q=x")


def test_who_is_no_admin_is_told_who_can(world: factories.World) -> None:
    for who in (world.teacher, world.student):
        for path in ("/accounts/", "/accounts/export/", "/accounts/bulk/status/?to=active", "/accounts/bulk/protect/"):
            answer = browser(who).get(path)
            assert answer.status_code == 403
            assert "Only Admins of a school" in answer.content.decode()
    with tenancy.support():
        staff = factories.staff()
    assert browser(staff).get("/accounts/").headers["Location"] == "/admin/"
    assert browser(staff).get("/accounts/bulk/status/?to=active").status_code == 404


def test_names_are_harmless_in_html(world: factories.World) -> None:
    add(world, "<b>Bold</b>", "A&B")
    page = browser(world.admin).get("/accounts/?q=<b>").content.decode()
    assert "&lt;b&gt;Bold&lt;/b&gt;, A&amp;B" in page
    assert "<b>Bold" not in page
