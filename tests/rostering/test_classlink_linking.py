"""Support links a tenant of ClassLink and its schools: what was sent beside what is shared, and a search of it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from accounts import tenancy
from integrations import registry
from integrations.models import Connection
from integrations.provider import Unreachable
from integrations.records import Tenant
from tests import factories
from tests.desk import Desk, desk, supported, world
from tests.rostering.identifiers import fresh, sent, tied
from tests.rostering.pages import card, plain, read

__all__ = ["desk", "fresh", "supported", "tied", "world"]


def test_a_request_leads_to_the_tenant(desk: Desk, fresh: factories.World) -> None:
    request = sent(fresh, ("0042", "Alder High", "4402"), ("a b", "Alder Middle", ""))
    with tenancy.support():
        factories.tenant("Alder Unified", "classlink", "2041")
        factories.tenant("Birch USD", "classlink", "20411")
    page = desk.look(f"/admin/requests/{request.pk}/")
    assert "Source ClassLink Tenant Name Alder USD Tenant ID 2041" in plain(page)
    assert "Alder High 0042 4402 Alder Middle a b (contains a space) Unknown" in plain(page)
    find = f"/admin/districts/{fresh.district.pk}/sources/classlink/?q=2041"
    assert f'href="{find}"' in page
    found = plain(desk.look(find))
    assert "Alder Unified" in found
    assert "Birch USD" not in found


def test_what_was_sent_stands_beside_what_the_source_has(desk: Desk, fresh: factories.World, tied: Connection) -> None:
    request = sent(fresh, ("0042", "Alder High", "4402"), ("a b", "Alder Middle", "9"), ("42", "Alder Low", ""))
    for page in (f"/admin/requests/{request.pk}/", f"/admin/connections/{tied.pk}/"):
        html = desk.look(page)
        words = plain(html)
        assert "Alder High 0042 4402 Alder High · 4402 · school Link" in words
        assert "Alder Middle a b (contains a space) 9 Alder Middle School · 4403 · school (differs) Link" in words
        assert "Alder Low 42 Unknown No school with Sourced ID 42 in this tenant. (E-ORG-UNKNOWN)" in words
        assert f'href="/admin/connections/{tied.pk}/link/?school=a%20b"' in html
        assert f'href="/admin/connections/{tied.pk}/?q=Alder%20Low"' in html
    desk.do(f"/admin/connections/{tied.pk}/link/?school=0042", school=fresh.sister.pk, typed="Alder Middle")
    assert "school Linked to Alder Middle" in plain(desk.look(f"/admin/requests/{request.pk}/"))
    desk.do(f"/admin/requests/{request.pk}/answer/", answer="Done.")
    assert "Asked for by" not in desk.look(f"/admin/connections/{tied.pk}/")


def test_another_tenant_than_the_school_wrote_is_said(desk: Desk, fresh: factories.World, tied: Connection) -> None:
    request = sent(fresh, ("0042", "Alder High", "4402"), tenant_id="2014")
    page = plain(desk.look(f"/admin/requests/{request.pk}/"))
    assert f"The school wrote Tenant ID 2014; this connection is {tied.tenant}." in page


def test_a_source_that_does_not_say_blames_no_school(
    desk: Desk, fresh: factories.World, tied: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = sent(fresh, ("0042", "Alder High", "4402"))

    def silent(*_: Any, **__: Any) -> Any:
        raise Unreachable("ClassLink does not answer.")

    monkeypatch.setattr(registry, "open_provider", silent)
    for page in (f"/admin/requests/{request.pk}/", f"/admin/connections/{tied.pk}/"):
        words = plain(desk.look(page))
        assert "Alder High 0042 4402 It did not say." in words
        assert "E-ORG-UNKNOWN" not in words


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("0042", ["Alder High"]),
        ("4403", ["Alder Middle School"]),
        ("a b", ["Alder Middle School"]),
        ("school middle", ["Alder Middle School"]),
        ("042", []),
        ("elm 11", ["Elm 11", *(f"Elm 11{last}" for last in range(10))]),
    ],
)
def test_a_school_is_found_by_id_name_or_number(words: str, found: list[str], desk: Desk, tied: Connection) -> None:
    page = desk.look(f"/admin/connections/{tied.pk}/?q={words.replace(' ', '+')}")
    assert re.findall(r'<th scope="row">([^<]+)</th>', page) == found


def test_long_lists_have_pages(desk: Desk, tied: Connection) -> None:
    first = desk.look(f"/admin/connections/{tied.pk}/")
    assert "123 schools of ClassLink without a school of ours" in first
    assert len(re.findall(r'<th scope="row">', first)) == 50
    assert len(re.findall(r'<th scope="row">', desk.look(f"/admin/connections/{tied.pk}/?page=3"))) == 23


def test_the_school_reads_that_identifiers_are_checked_if_support_says_so(desk: Desk, fresh: factories.World) -> None:
    request = sent(fresh, ("0042", "Alder High", "4402"))
    filled = plain(desk.look(f"/admin/requests/{request.pk}/answer/?template=check"))
    check = "We need to check this school's identifiers \N{EN DASH} we'll write to you."
    assert f"Hi AlderDana, Alder High (Sourced ID 0042): {check}" in filled
    with tenancy.support():
        other = factories.request(fresh.admin, fresh.school, about="other")
    assert "Identifiers to check" not in desk.look(f"/admin/requests/{other.pk}/")
    assert check not in plain(desk.look(f"/admin/requests/{other.pk}/answer/?template=check"))


def test_until_it_works_the_school_waits_for_smartpass(fresh: factories.World, tied: Connection) -> None:
    with tenancy.support():
        Connection.objects.filter(pk=tied.pk).update(state="setting_up")
        factories.link(tied, fresh.school, "0042")
    assert card(fresh.admin, str(tied.pk)).startswith("ClassLink Setting up")
    request = sent(fresh, ("0042", "Alder High", "4402"))
    mine = card(fresh.admin, str(tied.pk))
    assert mine.startswith("ClassLink Waiting for SmartPass")
    assert f"#{request.pk}" in mine
    assert "Next move SmartPass'" in mine
    assert "Waiting for SmartPass" in read(fresh.district_admin, "/accounts/schools/")
    assert card(fresh.district_admin, str(tied.pk)).startswith("ClassLink Waiting for SmartPass")


def test_the_list_of_tenants_is_asked_anew_for_the_same_search(
    desk: Desk, fresh: factories.World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "tenants", lambda _: [Tenant("2041", "Alder Unified"), Tenant("7", "Birch USD")])
    find = f"/admin/districts/{fresh.district.pk}/sources/classlink/"
    assert "Nothing found." in desk.look(f"{find}?q=2041")
    answer = desk.client.post(f"{find}?q=2041")
    assert answer.headers["Location"] == f"{find}?q=2041"
    assert "Alder Unified" in desk.look(f"{find}?q=2041")
    assert "Birch USD" not in desk.look(f"{find}?q=2041")
    assert "Birch USD" in desk.look(f"{find}?q=usd+birch")
