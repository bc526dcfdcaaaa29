"""The first wall: somebody else's row answers exactly like one that does not exist.

Walks every address there is. An address with an id that this test does not know how to
fill fails it, so that a new page is walled or noticed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from accounts import tenancy, tokens
from accounts.models import User
from integrations import registry
from tests import factories
from tests.digest import digest

METHODS = ("get", "head", "post", "put", "patch", "delete", "options")
NOBODY = 2**40
#: What an address may ask for, and the row of a world that answers to it.
FILL: dict[str, Callable[[Any], int]] = {
    "district_id": lambda world: world.district.pk,
    "school_id": lambda world: world.school.pk,
    "connection_id": lambda world: world.connection.pk,
    "link_id": lambda world: world.link.pk,
    "run_id": lambda world: world.run.pk,
    "hold_id": lambda world: world.hold.pk,
    "issue_id": lambda world: world.question.pk,
    "rejection_id": lambda world: world.rejection.pk,
    "request_id": lambda world: world.request.pk,
    "token_id": lambda world: world.token.pk,
    "tenant_id": lambda world: world.tenant.pk,
    "account_id": lambda world: world.student.pk,
    "record_id": lambda world: world.record.pk,
    "membership_id": lambda world: world.membership.pk,
    "pin_id": lambda world: world.pin.pk,
}
#: The same of one address: Django admin's lists, where every id has one name, and what only some rows have.
ROWS: dict[str, Callable[[Any], int]] = {
    "connection_settings": lambda world: world.opened.pk,
    "accounts_district_change": lambda world: world.district.pk,
    "integrations_connection_change": lambda world: world.connection.pk,
    "rostering_run_change": lambda world: world.run.pk,
    "rostering_hold_change": lambda world: world.hold.pk,
    "rostering_supportrequest_change": lambda world: world.request.pk,
}
#: What is not an id.
WORDS = {"kind": "clever", "app_label": "accounts", "url": "nothing/here"}
#: The source that an address is about, where it is not for every one.
KINDS = {"open_connection": "sis"}
#: A run and its connection serve the sister school too, so its Admin reaches them; their part of it is their own.
CONNECTION = {"ask_sync", "pause", "resume", "look_ahead", "ahead", "names_ahead", "disconnect", "reconnect"}
SHARED = {"sync", "sync_progress", "sync_sheet", "undo", *CONNECTION}
#: Deeds that are only ever posted, and so have no page of their own.
POSTED = {"undo_add", "let_sync_decide"}
#: What answers to one method only, whoever asks.
READ = {"sync", "sync_progress", "sync_sheet", "hold", "hold_sheet"}
ONE_METHOD = {*READ, "ahead", "names_ahead", "account", "account_source", "account_history", *POSTED}
#: Who may look at the school whose id is tried.
AT_THE_SCHOOL = {"teacher", "student"}
TOKEN = re.compile(r'name="(csrfmiddlewaretoken|token)" value="\w+"')


class Address(NamedTuple):
    """One route: its template with {name} holes, and the names of its ids."""

    name: str
    template: str
    ids: tuple[str, ...]

    def fill(self, world: Any, *, missing: bool = False) -> str:
        """The address of this world's row, or of one that nobody has."""
        values = {name: NOBODY if missing else self._of(name, world) for name in self.ids}
        words = {**WORDS, "kind": KINDS.get(self.name, WORDS["kind"])}
        return "/" + self.template.format(**values, **words)

    def _of(self, name: str, world: Any) -> int:
        filler = ROWS.get(self.name) or FILL[name]
        return filler(world)


def addresses(*, of_the_api: bool = False) -> list[Address]:
    return [each for each in _walk(get_resolver(), "") if each.template.startswith("api/") == of_the_api]


def _walk(resolver: URLResolver, prefix: str) -> Iterator[Address]:
    for each in resolver.url_patterns:
        template = prefix + _template(str(each.pattern))
        if isinstance(each, URLResolver):
            yield from _walk(each, template)
        elif isinstance(each, URLPattern):
            holes = re.findall(r"{(\w+)}", template)
            yield Address(each.name or template, template, tuple(hole for hole in holes if hole not in WORDS))


def _template(route: str) -> str:
    named = re.sub(r"\(\?P<(\w+)>[^)]*\)", r"{\1}", route)
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", named).strip("^$").replace("\\Z", "")


@pytest.fixture
def worlds(committed_db: None, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, Any]:
    del committed_db
    monkeypatch.setattr(registry, "open_provider", factories.Source)
    monkeypatch.setattr(registry, "tenants", lambda _: [])
    with tenancy.support():
        first, second = factories.world("Alder"), factories.world("Birch")
        for each in (first, second):
            each.token = tokens.make(each.admin, "Export").token  # type: ignore[attr-defined]
            each.opened = factories.connection(each.district, kind="sis")  # type: ignore[attr-defined]
            for at in (each.school, each.sister, None):
                factories.notice(each.district, at)
        first.tenant, second.tenant = factories.tenant("Alder at Clever"), factories.tenant("Birch at Clever")  # type: ignore[attr-defined]
    return first, second


def signed_in(user: User) -> Client:
    client = Client(raise_request_exception=False)
    with tenancy.support():
        client.force_login(user)
    return client


def ask(client: Client, method: str, path: str, body: dict[str, Any]) -> tuple[int, str, bytes]:
    """What an answer says, without what changes every time."""
    if method == "post":
        answer = client.post(path, body)
    elif method in {"get", "head"}:
        answer = getattr(client, method)(path, body)
    else:
        answer = getattr(client, method)(path, json.dumps(body), content_type="application/json")
    text = TOKEN.sub("", answer.content.decode(errors="replace"))
    # A search says again what was searched for; that is no answer.
    for echo in ('value="{}"', "\N{LEFT DOUBLE QUOTATION MARK}{}\N{RIGHT DOUBLE QUOTATION MARK}", "q={}"):
        text = text.replace(echo.format(body.get("q", "")), "")
    where = answer.headers.get("Location", "")
    return answer.status_code, where, text.encode()


def ids_in(world: Any) -> dict[str, Any]:
    """Every name that a form, a filter or an API could take an id by."""
    ids = {
        "account": world.student.pk,
        "user": world.student.pk,
        "people": world.student.pk,
        "id": world.student.pk,
        "ids": world.membership.pk,
        "school": world.school.pk,
        "school__id__exact": world.school.pk,
        "district": world.district.pk,
        "district__id__exact": world.district.pk,
        "connection": world.connection.pk,
        "run": world.run.pk,
        "hold": world.hold.pk,
        "issues": world.issue.pk,
        "q": world.student.first_name,
        "page": 1,
    }
    return {**ids, "why": "because", "read": world.run.fingerprint, "fingerprint": world.hold.fingerprint}


def no_ids() -> dict[str, Any]:
    names = ("account", "user", "people", "id", "ids", "school", "school__id__exact", "district", "district__id__exact")
    ids = dict.fromkeys((*names, "connection", "run", "hold", "issues"), NOBODY)
    return {**ids, "q": "nobodyhasthisname", "page": 1, "why": "because", "read": "x", "fingerprint": "x"}


def test_every_address_can_be_filled() -> None:
    unknown = [
        f"{each.name}: {hole}"
        for each in addresses()
        for hole in each.ids
        if (hole == "object_id" and each.name not in ROWS) or (hole != "object_id" and hole not in FILL)
    ]
    assert unknown == []
    assert len([each for each in addresses() if each.ids]) > 30


def test_the_owner_reaches_every_row(worlds: tuple[Any, Any]) -> None:
    world, _ = worlds
    with tenancy.support():
        support = signed_in(factories.staff())
    owner = signed_in(world.admin)
    missed = []
    for each in addresses():
        if not each.ids:
            continue
        client = support if each.template.startswith("admin/") else owner
        asked = {"school": factories.Source.FREE} if each.name == "link_school" else {}
        status, where, _body = ask(client, "get", each.fill(world), asked)
        # A list's row leads on to its own page; a run that is over has no more progress.
        done_by_post = status == 405 and each.name in POSTED
        if not (status in {200, 286, 302} or done_by_post) or where.startswith("/auth/"):
            missed.append((each.name, status, where))
        assert ask(client, "get", each.fill(world, missing=True), {})[0] == (405 if done_by_post else 404)
    assert missed == []


@pytest.mark.parametrize("who", ["elsewhere", "elsewhere_district", "teacher", "student", "sister"])
def test_another_ones_row_is_like_no_row(who: str, worlds: tuple[Any, Any]) -> None:
    world, other = worlds
    actor: User = {
        "elsewhere": other.admin,
        "elsewhere_district": other.district_admin,
        "teacher": world.teacher,
        "student": world.student,
        "sister": world.sister_admin,
    }[who]
    client = signed_in(actor)
    before = digest()
    different = []
    for each in addresses():
        if not each.ids or (who == "sister" and each.name in SHARED):
            continue
        for method in METHODS:
            theirs = ask(client, method, each.fill(world), ids_in(world))
            nothing = ask(client, method, each.fill(world, missing=True), no_ids())
            allowed = {404} if method in {"get", "post"} else {404, 405}
            if theirs != nothing or theirs[0] not in allowed | ({405} if each.name in ONE_METHOD else set()):
                different.append((each.name, method, theirs[0], nothing[0]))
    assert different == []
    assert digest() == before


@pytest.mark.parametrize("who", ["elsewhere", "teacher", "student", "sister"])
def test_ids_in_filters_and_bodies_tell_nothing(who: str, worlds: tuple[Any, Any]) -> None:
    world, other = worlds
    actor: User = {
        "elsewhere": other.admin,
        "teacher": world.teacher,
        "student": world.student,
        "sister": world.sister_admin,
    }[who]
    client = signed_in(actor)
    before = digest()
    leaks = []
    for each in addresses():
        if each.ids or each.name in {"account_logout", "logout"}:
            continue
        if each.name == "choose_school" and who in AT_THE_SCHOOL:
            continue
        for method in METHODS:
            path = each.fill(world)
            theirs = ask(client, method, path, ids_in(world))
            nothing = ask(client, method, path, no_ids())
            if theirs != nothing:
                leaks.append((each.name, method, theirs[0], nothing[0]))
            if who == "elsewhere" and b"Alder" in theirs[2]:
                leaks.append((each.name, method, 0, 0))
    assert leaks == []
    assert digest() == before


def test_a_sister_school_sees_its_own_part_of_a_run(worlds: tuple[Any, Any]) -> None:
    world, _ = worlds
    client = signed_in(world.sister_admin)
    for query in ({}, {"kind": "suspend"}, {**ids_in(world), "q": ""}):
        page = client.get(f"/accounts/syncs/{world.run.pk}/", query).content.decode()
        assert world.student.first_name not in page
        assert world.school.name not in page
        assert "Waiting for approval <b>(0)</b>" in page
    assert world.sister_student.first_name in client.get(f"/accounts/syncs/{world.run.pk}/").content.decode()
    owner = signed_in(world.admin)
    page = owner.get(f"/accounts/syncs/{world.run.pk}/").content.decode()
    assert world.student.first_name in page
    assert "Waiting for approval" in page
    assert world.sister_student.first_name not in page
    whole = signed_in(world.district_admin).get(f"/accounts/syncs/{world.run.pk}/").content.decode()
    assert world.student.first_name in whole
    assert world.sister_student.first_name in whole


def test_anonymous_is_asked_to_sign_in_whether_the_row_exists_or_not(worlds: tuple[Any, Any]) -> None:
    world, _ = worlds
    client = Client(raise_request_exception=False)
    before = digest()
    for each in addresses():
        if not each.ids:
            continue
        for method in METHODS:
            here, nowhere = each.fill(world), each.fill(world, missing=True)
            theirs = ask(client, method, here, ids_in(world))
            nothing = ask(client, method, nowhere, no_ids())
            assert theirs[0] == nothing[0], each.name
            assert theirs[0] in {302, 405}, (each.name, method, theirs[0])
            assert re.sub(r"\d+", "#", theirs[1].split("%3F")[0]) == re.sub(r"\d+", "#", nothing[1].split("%3F")[0])
    assert digest() == before
