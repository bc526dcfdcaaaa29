"""Support opens a source by its settings, and changes them: asked first, saved once, secrets shown to nobody."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.test import override_settings
from pytest_django import Settings

from accounts import tenancy
from accounts.models import AuditEvent, District, StaffRole
from integrations import registry
from integrations.models import Connection, ConnectionState
from integrations.oneroster.sandbox import District as Upstream, OneRosterSandbox
from tests import factories
from tests.desk import Desk, rows
from tests.integrations.sis import on_paper

OPEN, SETTINGS = "/admin/districts/{}/sources/sis/open/", "/admin/connections/{}/settings/"


@pytest.fixture
def server(committed_db: None) -> Iterator[OneRosterSandbox]:
    """A OneRoster 1.1 server with two districts, and a database that keeps."""
    del committed_db
    cache.clear()
    with OneRosterSandbox() as sandbox:
        sandbox.add_district(people=20, schools=2, seed=1)
        sandbox.add_district(people=20, schools=2, seed=2)
        yield sandbox


@pytest.fixture
def theirs(server: OneRosterSandbox) -> Upstream:
    """The first district there."""
    return next(iter(server.districts.values()))


@pytest.fixture
def ours(server: OneRosterSandbox) -> District:
    """A district of ours."""
    del server
    with tenancy.support():
        return factories.district("Alder USD")


@pytest.fixture
def desk(server: OneRosterSandbox) -> Desk:
    del server
    return Desk()


def said(answer: Any) -> str:
    """What a page says, without its tags."""
    return " ".join(re.sub(r"<[^>]*>", " ", answer.content.decode()).split())


def connect(desk: Desk, ours: District, paper: dict[str, str]) -> Connection:
    """Fill in the page that connects; the connection."""
    answer = desk.do(OPEN.format(ours.pk), **paper)
    assert answer.status_code == 302, said(answer)
    found = re.search(r"connections/(\d+)/", answer.headers["Location"])
    assert found
    return fresh(int(found[1]))


def fresh(pk: int) -> Connection:
    """A connection as it stands."""
    (found,) = rows(Connection, pk=pk)
    assert isinstance(found, Connection)
    return found


def test_a_district_is_connected(desk: Desk, server: OneRosterSandbox, theirs: Upstream, ours: District) -> None:
    """The page offers it, the source is asked, and what is kept in the open is no secret."""
    assert "Connect OneRoster" in desk.look(f"/admin/districts/{ours.pk}/sources/")
    made = connect(desk, ours, on_paper(server, theirs))
    assert (made.kind, made.state, made.tenant) == (
        "sis",
        ConnectionState.SETTING_UP,
        f"{server.url} {theirs.key}",
    )
    assert made.settings == {
        "base_url": f"{server.url}/ims/oneroster/v1p1",
        "version": "1.1",
        "auth": "oauth1-sha256",
        "key": theirs.key,
        "token_url": f"{server.url}/oauth/token",
        "scope": "",
    }
    assert registry.secrets_of(made) == {"secret": theirs.secret}
    assert {place.name for place in registry.open_provider(made).places()}
    lines = [(line.action, line.why) for line in rows(AuditEvent, by=desk.user)]
    assert lines == [("connection.link", "Asked by Ravi"), ("connection.settings", "Asked by Ravi")]
    page = desk.look(f"/admin/connections/{made.pk}/")
    assert "Settings</a>" in page
    listed = said(desk.client.get("/admin/integrations/connection/?kind=sis"))
    assert "127.0.0.1" in listed
    assert "Alder USD OneRoster Setting up" in listed
    assert "Alder USD" not in said(desk.client.get("/admin/integrations/connection/?kind=clever"))
    assert "Shared but not linked" in page


def test_nothing_that_is_written_holds_a_secret(
    desk: Desk, server: OneRosterSandbox, theirs: Upstream, ours: District, caplog: pytest.LogCaptureFixture
) -> None:
    """No page, no line of the trail, no log, no column."""
    caplog.set_level("DEBUG")
    made = connect(desk, ours, on_paper(server, theirs))
    pages = [desk.look(path.format(made.pk)) for path in (SETTINGS, "/admin/connections/{}/")]
    trail = "".join(f"{line.before} {line.after}" for line in rows(AuditEvent))
    assert theirs.key in trail
    everything = [*pages, trail, caplog.text, str(vars(fresh(made.pk)))]
    assert [text for text in everything if theirs.secret in text] == []


def test_a_refusal_loses_nothing_but_the_secret(
    desk: Desk, server: OneRosterSandbox, theirs: Upstream, ours: District
) -> None:
    """It is said in the source's words, and nothing was saved."""
    answer = desk.do(OPEN.format(ours.pk), **{**on_paper(server, theirs), "secret": "wrong-secret"})
    page = answer.content.decode()
    assert "does not accept the key and secret" in page
    assert "wrong-secret" not in page
    assert f'value="{theirs.key}"' in page
    assert f'value="{server.url}/ims/oneroster/v1p1"' in page
    assert 'value="Asked by Ravi"' in page
    assert (rows(Connection), rows(AuditEvent, by=desk.user)) == ([], [])
    assert len(server.log) == 1
    connect(desk, ours, on_paper(server, theirs))


def test_what_is_missing_costs_no_request(desk: Desk, server: OneRosterSandbox, ours: District) -> None:
    """A form that cannot be right is not tried."""
    given = {"base_url": "sis", "version": "1.1", "auth": "oauth2", "secret": ""}
    page = said(desk.do(OPEN.format(ours.pk), **given))
    for words in ("Enter a valid URL", "This way in needs a key", "OAuth 2 needs the address", "Secret : This field"):
        assert words in page
    assert server.log == []


def test_a_district_there_belongs_to_one_district_here(
    desk: Desk, server: OneRosterSandbox, theirs: Upstream, ours: District
) -> None:
    """Its server may serve another one, by another key."""
    connect(desk, ours, on_paper(server, theirs))
    with tenancy.support():
        neighbour = factories.district("Birch USD")
    refused = desk.do(OPEN.format(neighbour.pk), **on_paper(server, theirs))
    assert "is already linked to Alder USD" in said(refused)
    _, second = server.districts.values()
    other = connect(desk, neighbour, on_paper(server, second))
    assert other.district_id == neighbour.pk
    refused = desk.do(SETTINGS.format(other.pk), **on_paper(server, theirs))
    assert "is already linked to Alder USD" in said(refused)


def test_the_same_district_gets_its_connection_back(
    desk: Desk, server: OneRosterSandbox, theirs: Upstream, ours: District
) -> None:
    """With what was filled in last; also after it was given up, so that every link is found again."""
    made = connect(desk, ours, on_paper(server, theirs))
    again = connect(desk, ours, on_paper(server, theirs, "oauth1-sha1"))
    assert (again.pk, again.settings["auth"]) == (made.pk, "oauth1-sha1")
    with tenancy.support():
        Connection.objects.filter(pk=made.pk).update(state=ConnectionState.DISCONNECTED)
    back = connect(desk, ours, on_paper(server, theirs))
    assert (back.pk, back.state, back.settings["auth"]) == (made.pk, ConnectionState.SETTING_UP, "oauth1-sha256")


def test_settings_change_and_the_secret_that_is_set_stays(
    desk: Desk, server: OneRosterSandbox, theirs: Upstream, ours: District
) -> None:
    """The page says that one is set; the next run looks at everything anew; the trail has both sides."""
    made = connect(desk, ours, on_paper(server, theirs))
    page = desk.look(SETTINGS.format(made.pk))
    assert "One is set. Leave this empty to keep it." in page
    assert f'value="{theirs.key}"' in page
    kept = {**on_paper(server, theirs, "oauth1-sha1"), "secret": ""}
    assert desk.do(SETTINGS.format(made.pk), **kept).status_code == 302
    now = fresh(made.pk)
    assert (now.settings["auth"], now.settings_version) == ("oauth1-sha1", made.settings_version + 1)
    assert registry.secrets_of(now) == {"secret": theirs.secret}
    line = rows(AuditEvent, action="connection.settings")[-1]
    assert (line.before["settings"]["auth"], line.after["settings"]["auth"]) == ("oauth1-sha256", "oauth1-sha1")
    assert line.after["secrets_changed"] == []
    answer = desk.client.post(SETTINGS.format(made.pk), {**kept, "why": "Again", "token": "0f"}, follow=True)
    assert "Nothing changed. OneRoster opens." in said(answer)
    assert fresh(made.pk).settings_version == now.settings_version


def test_a_secret_is_replaced(desk: Desk, server: OneRosterSandbox, theirs: Upstream, ours: District) -> None:
    """The trail says that it was, and not what it is; the source's schools are asked for anew, its people are not."""
    made = connect(desk, ours, on_paper(server, theirs))
    theirs.secret = "another-secret"
    assert "does not accept the key and secret" in desk.look(f"/admin/connections/{made.pk}/")
    assert desk.do(SETTINGS.format(made.pk), **on_paper(server, theirs)).status_code == 302
    assert registry.secrets_of(fresh(made.pk)) == {"secret": "another-secret"}
    assert rows(AuditEvent, action="connection.settings")[-1].after["secrets_changed"] == ["secret"]
    assert fresh(made.pk).settings_version == made.settings_version
    page = desk.look(f"/admin/connections/{made.pk}/")
    assert "does not accept the key and secret" not in page


def test_a_secret_that_is_set_goes_to_no_new_address(
    desk: Desk, server: OneRosterSandbox, theirs: Upstream, ours: District
) -> None:
    """Whoever changes the address types the secret again: a token URL of one's own would be handed it."""
    made = connect(desk, ours, on_paper(server, theirs))
    with OneRosterSandbox() as elsewhere:
        for name in ("base_url", "token_url"):
            moved = {**on_paper(server, theirs, "oauth2"), "secret": "", name: f"{elsewhere.url}/token"}
            assert "is another one. Type this again." in said(desk.do(SETTINGS.format(made.pk), **moved))
        assert elsewhere.log == []
    assert fresh(made.pk).settings == made.settings


def test_an_address_inside_our_network_is_not_saved(
    desk: Desk, server: OneRosterSandbox, theirs: Upstream, ours: District, settings: Settings
) -> None:
    """Nor asked; and one that was saved before is not asked any more."""
    made = connect(desk, ours, on_paper(server, theirs))
    settings.ALLOW_PRIVATE_SOURCES = False
    asked = len(server.log)
    for given, why in (
        ({}, "must be reached over https"),
        ({"base_url": "https://127.0.0.1"}, "inside a private network"),
        ({"base_url": "https://[::ffff:127.0.0.1]:8443"}, "inside a private network"),
        ({"base_url": "https://localhost:22"}, "over port 443 or 8443"),
    ):
        answer = desk.do(OPEN.format(ours.pk), **{**on_paper(server, theirs), **given})
        assert why in said(answer)
        assert "(E-ADDRESS-REFUSED)" in said(answer)
    cache.clear()
    assert "(E-ADDRESS-REFUSED)" in desk.look(f"/admin/connections/{made.pk}/")
    assert len(server.log) == asked


def test_secrets_the_vault_does_not_open_are_typed_again(
    desk: Desk, server: OneRosterSandbox, theirs: Upstream, ours: District
) -> None:
    """The page does not say that one is set, and an empty one is refused."""
    made = connect(desk, ours, on_paper(server, theirs))
    with override_settings(VAULT_KEYS={"new": b"n" * 32}):
        assert "One is set" not in desk.look(SETTINGS.format(made.pk))
        empty = {**on_paper(server, theirs), "secret": ""}
        assert "Secret : This field is required" in said(desk.do(SETTINGS.format(made.pk), **empty))
        assert desk.do(SETTINGS.format(made.pk), **on_paper(server, theirs)).status_code == 302
        assert registry.secrets_of(fresh(made.pk)) == {"secret": theirs.secret}


def test_words_for_roles_read_as_people_write_them(
    desk: Desk, server: OneRosterSandbox, theirs: Upstream, ours: District
) -> None:
    """Where they are listed, and where support decides what they mean."""
    made = connect(desk, ours, on_paper(server, theirs))
    assert "OneRoster district administrator → District admin" in desk.look(f"/admin/connections/{made.pk}/")
    assert "OneRoster district administrator</label>" in desk.look(f"/admin/connections/{made.pk}/roles/")


def test_each_kind_has_its_own_way(desk: Desk, ours: District) -> None:
    """A source with a key of ours is not opened by settings, and the other way round; a CSM opens none."""
    with tenancy.support():
        clever = factories.connection(ours)
    for path in (
        f"/admin/districts/{ours.pk}/sources/clever/open/",
        f"/admin/districts/{ours.pk}/sources/nothing/open/",
        f"/admin/districts/{ours.pk}/sources/sis/",
        SETTINGS.format(clever.pk),
    ):
        assert desk.client.get(path).status_code == 404
    page = desk.look(f"/admin/districts/{ours.pk}/sources/")
    assert "Link a Clever district" in page
    assert "Link a OneRoster district" not in page
    assert "Settings</a>" not in desk.look(f"/admin/connections/{clever.pk}/")
    assert Desk(StaffRole.CSM).client.get(OPEN.format(ours.pk)).status_code == 403
