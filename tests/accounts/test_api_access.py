"""The page of the keys to the API: made, shown once, revoked."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import tenancy, tokens
from accounts.models import ApiToken, User
from tests import factories

PAGE = "/accounts/api-access/"
NEW = f"{PAGE}new/"
TOKEN = re.compile(r'name="token" value="(\w+)"')
KEY = re.compile(r'<pre id="key" class="mono">(sp_[\w-]{40})</pre>')


@pytest.fixture
def world(committed_db: None) -> factories.World:
    del committed_db
    cache.clear()
    with tenancy.support():
        return factories.world("Alder")


def browser(user: User) -> Client:
    client = Client()
    with tenancy.support():
        client.force_login(user)
    return client


def text(html: bytes) -> str:
    words = re.sub(r"<[^>]+>", " ", html.decode().split("<main", 1)[1])
    return " ".join(unescape(words).split())


def press(client: Client, path: str, **given: str) -> str:
    """Fill in the form and press its button; the page that follows."""
    found = TOKEN.search(client.get(path).content.decode())
    assert found
    return client.post(path, {"token": found[1], **given}, follow=True).content.decode()


def keys() -> list[ApiToken]:
    with tenancy.support():
        return list(ApiToken.objects.order_by("pk"))


def test_without_a_key_the_page_says_what_one_is_for(world: factories.World) -> None:
    page = browser(world.admin).get(PAGE).content
    assert "There is no key yet. Make one for each program" in text(page)
    assert 'curl -H "Authorization: Bearer YOUR_KEY" http://testserver/api/v1/me/' in text(page)
    assert "http://testserver/api/v1/schema/" in text(page)


def test_a_key_is_shown_once_and_works(world: factories.World) -> None:
    admin = browser(world.admin)
    shown = press(admin, NEW, name="Nightly export")
    found = KEY.search(shown)
    assert found
    assert "It is not shown again." in shown
    answer = Client().get("/api/v1/me/", headers={"Authorization": f"Bearer {found[1]}"})
    assert answer.json()["key"]["name"] == "Nightly export"
    page = admin.get(PAGE).content.decode()
    assert found[1] not in page
    assert f"{found[1][:8]}…" in page
    assert "Not yet" not in text(page.encode()).split("Nightly export")[1].split("Revoke")[0]


def test_the_page_with_a_key_is_not_kept_by_the_browser(world: factories.World) -> None:
    assert "no-store" in browser(world.admin).get(NEW).headers["Cache-Control"]


def test_a_second_press_makes_no_second_key(world: factories.World) -> None:
    admin = browser(world.admin)
    found = TOKEN.search(admin.get(NEW).content.decode())
    assert found
    body = {"token": found[1], "name": "Export"}
    assert KEY.search(admin.post(NEW, body).content.decode())
    again = admin.post(NEW, body, follow=True).content.decode()
    assert not KEY.search(again)
    assert "That was already done." in again
    assert len(keys()) == 1


def test_a_name_is_needed_and_is_free(world: factories.World) -> None:
    admin = browser(world.admin)
    assert "Give the key a name." in press(admin, NEW, name=" ")
    press(admin, NEW, name="Export")
    assert "You have a key with this name. Choose another name." in press(admin, NEW, name="Export")
    assert len(keys()) == 1


def test_a_key_is_revoked_after_a_question(world: factories.World) -> None:
    admin = browser(world.admin)
    press(admin, NEW, name="Export")
    (key,) = keys()
    path = f"{PAGE}{key.pk}/revoke/"
    question = text(admin.get(path).content)
    assert "Revoke Export?" in question
    assert "Programs that use this key stop working at once." in question
    assert "Export is revoked." in press(admin, path)
    assert "Export was revoked already." in press(admin, path)
    assert "There is no key yet." in text(admin.get(PAGE).content)
    assert keys()[0].revoked_at is not None
    # Its name is free again.
    assert KEY.search(press(admin, NEW, name="Export"))


def test_a_district_admin_answers_for_every_key_of_the_district(world: factories.World) -> None:
    press(browser(world.admin), NEW, name="Export of Alder High")
    (key,) = keys()
    whole = browser(world.district_admin)
    page = text(whole.get(PAGE).content)
    assert "Export of Alder High" in page
    assert "AlderDana Moss" in page
    sister = browser(world.sister_admin)
    assert "Export of Alder High" not in sister.get(PAGE).content.decode()
    assert sister.get(f"{PAGE}{key.pk}/revoke/").status_code == 404
    assert "is revoked" in press(whole, f"{PAGE}{key.pk}/revoke/")


def test_who_is_no_admin_has_no_keys(world: factories.World) -> None:
    for who in (world.teacher, world.student):
        client = browser(who)
        assert client.get(PAGE).status_code == 403
        assert client.get(NEW).status_code == 403
        assert client.post(NEW, {"name": "Export"}).status_code == 403
    with tenancy.support():
        staff = factories.staff()
    for path in (PAGE, NEW):
        assert browser(staff).get(path).headers["Location"] == "/admin/"
    assert keys() == []


def test_the_list_costs_the_same_with_one_and_with_many(world: factories.World) -> None:
    client = browser(world.district_admin)
    with tenancy.support():
        tokens.make(world.admin, "One")

    def cost() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert client.get(PAGE).status_code == 200
        return len(asked)

    cost()
    few = cost()
    with tenancy.support():
        for number in range(10):
            tokens.make(world.sister_admin, f"Key {number}")
    assert cost() == few
