"""The traps of Google's consent, by their numbers: to Google's pages and back, over HTTP, into the real tables."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from django.core.cache import cache
from django.http import Http404
from django.utils.timezone import now
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from accounts import tenancy
from accounts.models import AuditEvent, Roles, School, User
from accounts.people import NotPossible
from integrations import connecting, pausing, registry
from integrations.google.provider import GoogleProvider
from integrations.google.sandbox import ASKED, Customer, GoogleSandbox
from integrations.google.sandbox.accounts import Account
from integrations.models import Connection, ConnectionState, SchoolLink
from integrations.provider import Refused
from tests import factories
from tests.integrations.google import agree, choose, consent
from tests.integrations.raw import ask

pytestmark = pytest.mark.django_db

USERS, UNITS, GROUPS = ASKED


@dataclass
class Browser:
    """Somebody at a browser of their own: their session, and Google."""

    google: GoogleSandbox
    who: User
    school: School
    session: dict[str, Any] = field(default_factory=dict)

    def start(self, *, groups: bool = False) -> str:
        """Press Setup G Suite."""
        with tenancy.district(self.school.district_id):
            return connecting.start(self.session, self.who, self.school, "gsuite", groups=groups)

    def back(self, address: str) -> Connection:
        """Come back from Google."""
        told = dict(parse_qsl(urlsplit(address).query))
        with tenancy.district(self.school.district_id):
            return connecting.finish(self.session, self.who, "gsuite", told)

    def agree(self, account: str, *, groups: bool = False, ticked: tuple[str, ...] = ("all",)) -> str:
        """Go to Google and agree; the address that leads back."""
        return consent(self.google, self.start(groups=groups), account, ticked)

    def link(self, account: str, *, groups: bool = False) -> Connection:
        """The whole way."""
        return self.back(self.agree(account, groups=groups))

    def refused(self, address: str) -> str:
        """What is said to somebody who comes back and is refused."""
        with pytest.raises(NotPossible) as said:
            self.back(address)
        return str(said.value)


@pytest.fixture(autouse=True)
def _pointed_at(google: GoogleSandbox, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.clear()
    settings.PUBLIC_URL = "https://app.example"
    settings.SOURCE_HOSTS = {"gsuite": google.hosts()}
    settings.SOURCE_SECRETS = {"gsuite": {"client_id": "sandbox-client", "client_secret": "sandbox-secret"}}
    monkeypatch.setitem(registry.PROVIDERS, "gsuite", GoogleProvider)
    google.redirect_uris[:] = ["https://app.example/accounts/integrations/gsuite/callback/"]


def browser(google: GoogleSandbox, name: str = "Alder") -> Browser:
    """An Admin of a school of a new district."""
    with tenancy.support():
        district = factories.district(f"{name} USD")
        school, _ = factories.school(district, f"{name} High"), factories.school(district, f"{name} Middle")
        return Browser(google, factories.person(district, school, Roles.ADMIN), school)


@pytest.fixture
def dana(google: GoogleSandbox) -> Browser:
    return browser(google)


@pytest.fixture
def _support() -> Iterator[None]:
    with tenancy.support():
        yield


def kept() -> list[tuple[Any, ...]]:
    """Everything that stands: connections, links of schools, and how long the trail is."""
    with tenancy.support():
        ties = Connection.objects.filter(kind="gsuite").order_by("pk")
        rows = [(each.tenant, each.account, each.state, each.secrets, str(each.settings)) for each in ties]
        links = SchoolLink.objects.filter(connection__kind="gsuite").values_list("school_id", "external_id", "active")
        return [*rows, *links, AuditEvent.objects.count()]


def token_of(connection: Connection) -> str:
    with tenancy.support():
        return registry.secrets_of(Connection.objects.get(pk=connection.pk))["refresh_token"]


def beside(of: Browser) -> Browser:
    """A sister school's Admin."""
    with tenancy.support():
        sister = School.objects.filter(district=of.school.district_id).exclude(pk=of.school.pk).get()
        return Browser(of.google, factories.person(sister.district, sister, Roles.ADMIN), sister)


def account_of(google: GoogleSandbox, email: str) -> Account:
    found = google.accounts.find(email)
    assert found
    return found


def test_the_whole_way(dana: Browser, customer: Customer) -> None:
    """One connection, one school at its own place, the token in the vault, and the trail says who it was."""
    account = account_of(dana.google, customer.sync_account)
    made = dana.link(customer.sync_account)
    with tenancy.support():
        made.refresh_from_db()
        link = SchoolLink.objects.get(connection=made)
        told = AuditEvent.objects.get(action="connection.consent")
        opened = registry.open_provider(made, hurried=True)
        assert isinstance(opened, GoogleProvider)
        rights = {each.name: each.ok for each in opened.rights()}
    assert (made.tenant, made.account, made.tenant_name) == (customer.id, account.sub, customer.domain)
    assert (made.state, made.settings["account"]) == (ConnectionState.SETTING_UP, customer.sync_account)
    assert {USERS, UNITS} < set(made.settings["granted"].split())
    assert (link.external_id, link.school_id, link.active) == (f"school:{dana.school.pk}", dana.school.pk, True)
    assert (told.by_id, told.after["account"]) == (dana.who.pk, customer.sync_account)
    assert rights == {"account": True, "super_admin": False, "units": True, "users": True, "groups": None}


def test_what_google_is_asked_for(dana: Browser) -> None:
    """Least scopes, lasting access, PKCE; groups only when they are wanted, and then beside what was granted."""
    plain = parse_qs(urlsplit(dana.start()).query)
    wide = parse_qs(urlsplit(dana.start(groups=True)).query)
    assert set(plain["scope"][0].split()) == {"openid", "email", USERS, UNITS}
    assert set(wide["scope"][0].split()) == {"openid", "email", USERS, UNITS, GROUPS}
    assert (plain["access_type"], plain["prompt"]) == (["offline"], ["consent select_account"])
    assert plain["code_challenge_method"] == ["S256"]
    assert ("include_granted_scopes" in plain, wide["include_granted_scopes"]) == (False, ["true"])
    assert plain["code_challenge"] != wide["code_challenge"]


@pytest.mark.parametrize("ticked", [(USERS,), (UNITS,)])
def test_trap_33_a_box_is_not_ticked(dana: Browser, customer: Customer, ticked: tuple[str, ...]) -> None:
    before = kept()
    said = dana.refused(dana.agree(customer.sync_account, ticked=ticked))
    missing = "View organization units on your domain" if ticked == (USERS,) else "See info about users on your domain"
    assert said == f"These boxes were not ticked: “{missing}”. Nothing was linked. Try again, and tick every box."
    assert kept() == before


def test_trap_33_more_was_granted_than_asked(dana: Browser, customer: Customer) -> None:
    """What was granted long ago comes back too, in another order and by long names: that is no error."""
    dana.link(customer.sync_account, groups=True)
    made = dana.link(customer.sync_account)
    assert GROUPS in made.settings["granted"].split()


def test_trap_34_no_refresh_token_comes_back(dana: Browser, customer: Customer) -> None:
    """The one that is kept goes on being good; without one nothing is linked."""
    dana.google.set_faults({"no_refresh_token": True})
    before = kept()
    assert "gave SmartPass no lasting access" in dana.refused(dana.agree(customer.sync_account))
    assert kept() == before
    dana.google.set_faults({"no_refresh_token": False})
    first = token_of(dana.link(customer.sync_account))
    dana.google.set_faults({"no_refresh_token": True})
    again = dana.link(customer.sync_account)
    assert token_of(again) == first
    dana.google.set_faults({"no_refresh_token": False})
    assert token_of(dana.link(customer.sync_account)) not in {"", first}


def test_trap_35_a_return_is_worth_one_time(dana: Browser, customer: Customer) -> None:
    address = dana.agree(customer.sync_account)
    earlier = {**dana.session}
    dana.back(address)
    before = kept()
    assert dana.refused(address) == connecting.USED
    dana.session = earlier
    assert dana.refused(address) == connecting.USED
    assert kept() == before


def test_trap_35_a_return_of_another_session(dana: Browser, customer: Customer) -> None:
    address = dana.agree(customer.sync_account)
    elsewhere = Browser(dana.google, dana.who, dana.school)
    before = kept()
    assert elsewhere.refused(address) == connecting.USED
    assert elsewhere.refused(address.replace("state=", "was=")) == connecting.USED
    assert kept() == before


def test_trap_35_a_return_of_somebody_else(dana: Browser, customer: Customer) -> None:
    """Another tenant's and a sister's, even where the session itself was handed on."""
    others = [browser(dana.google, "Birch"), beside(dana)]
    before = kept()
    for other in others:
        address = dana.agree(customer.sync_account)
        other.session = dana.session
        assert other.refused(address) == connecting.NOT_YOURS.format(label="G Suite")
    assert kept() == before


def test_trap_35_a_return_too_late(dana: Browser, customer: Customer) -> None:
    address = dana.agree(customer.sync_account)
    (state,) = dana.session[connecting.PENDING]
    dana.session[connecting.PENDING][state]["at"] -= connecting.SECONDS + 1
    assert dana.refused(address) == connecting.USED


def test_trap_35_a_code_without_its_verifier(dana: Browser, customer: Customer) -> None:
    """A code that somebody slips into another trip is worth nothing."""
    stolen = parse_qs(urlsplit(dana.agree(customer.sync_account)).query)["code"][0]
    other = browser(dana.google, "Birch")
    address = other.agree(customer.sync_account)
    own = parse_qs(urlsplit(address).query)["code"][0]
    before = kept()
    said = dict(parse_qsl(urlsplit(address).query)) | {"code": stolen}
    with pytest.raises(NotPossible, match="E-SSO-STATE"), tenancy.district(other.school.district_id):
        connecting.finish(other.session, other.who, "gsuite", said)
    assert (own != stolen, kept()) == (True, before)


def test_two_tabs(dana: Browser, customer: Customer) -> None:
    """Each comes back by itself; it is one connection."""
    addresses = [dana.agree(customer.sync_account), dana.agree(customer.sync_account)]
    assert len({dana.back(address).pk for address in addresses}) == 1
    for _ in range(connecting.TABS + 3):
        dana.start()
    assert len(dana.session[connecting.PENDING]) == connecting.TABS


def test_who_lost_the_school_meanwhile_links_nothing(dana: Browser, customer: Customer) -> None:
    address = dana.agree(customer.sync_account)
    with tenancy.support():
        who = factories.person(dana.school.district, beside(dana).school, Roles.ADMIN)
    dana.session[connecting.PENDING][next(iter(dana.session[connecting.PENDING]))]["user"] = who.pk
    dana.who = who
    before = kept()
    with pytest.raises(Http404):
        dana.back(address)
    assert kept() == before


def test_trap_36_somebodys_own_account(dana: Browser) -> None:
    before = kept()
    said = dana.refused(dana.agree(dana.google.consumer.email))
    assert said == "You signed in at gmail.example. Use your school's Google account."
    assert kept() == before


def test_trap_36_another_organization(dana: Browser, customer: Customer) -> None:
    """A school that is linked stays with its organization."""
    dana.link(customer.sync_account)
    other = dana.google.add_customer(20, seed=2)
    before = kept()
    said = dana.refused(dana.agree(other.sync_account))
    assert f"is linked to {customer.domain}. You signed in at {other.domain}" in said
    assert kept() == before


def test_trap_36_another_districts_organization(dana: Browser, customer: Customer) -> None:
    """By any of its accounts, and without a word about whose it is."""
    dana.link(customer.sync_account)
    other = browser(dana.google, "Birch")
    before = kept()
    for account in (customer.sync_account, customer.second_admin):
        said = other.refused(other.agree(account))
        assert said == connecting.ELSEWHERE.format(label="G Suite")
        assert "Alder" not in said
    assert kept() == before


def test_another_account_of_the_same_organization_takes_over(dana: Browser, customer: Customer) -> None:
    """The connection, and everybody known by it, stays; the old account's token does not stand for the new one."""
    first = dana.link(customer.sync_account)
    dana.google.set_faults({"no_refresh_token": True})
    assert "no lasting access" in dana.refused(dana.agree(customer.second_admin))
    dana.google.set_faults({"no_refresh_token": False})
    old = token_of(first)
    second = dana.link(customer.second_admin)
    with tenancy.support():
        second.refresh_from_db()
    assert second.pk == first.pk
    assert second.account == account_of(dana.google, customer.second_admin).sub
    assert token_of(second) != old


def test_an_account_that_serves_others_is_changed_by_who_answers_for_them(dana: Browser, customer: Customer) -> None:
    sister = beside(dana)
    assert dana.link(customer.sync_account).pk == sister.link(customer.sync_account).pk
    before = kept()
    said = dana.refused(dana.agree(customer.second_admin))
    assert said == connecting.OTHERS_TOO.format(label="G Suite")
    assert kept() == before


def test_one_automatic_source_a_school(dana: Browser) -> None:
    """Who takes people from Clever is not sent to Google at all."""
    with tenancy.support():
        factories.link(factories.connection(dana.school.district), dana.school)
    with pytest.raises(NotPossible, match="already takes its people from Clever"):
        dana.start()
    assert dana.session == {}


def test_a_crash_before_the_end_saves_nothing(dana: Browser, customer: Customer, settings: Settings) -> None:
    """The vault breaks after the connection was made: there is none, and a second try goes through."""
    address = dana.agree(customer.sync_account)
    before, keys = kept(), settings.VAULT_KEYS
    settings.VAULT_KEYS = {"bad": b"short"}
    with pytest.raises(ValueError, match="AESGCM"):
        dana.back(address)
    assert kept() == before
    settings.VAULT_KEYS = keys
    assert dana.link(customer.sync_account).tenant == customer.id


def test_trap_37_one_account_at_many_schools(
    dana: Browser, customer: Customer, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    """A connection that is given up loses its token; Google is told only where no other one lives by that account."""
    made = dana.link(customer.sync_account)
    with tenancy.support():
        other = factories.connection(factories.district(), "C0-another", "gsuite")
        Connection.objects.filter(pk=other.pk).update(account=made.account)
    token = token_of(made)
    with django_capture_on_commit_callbacks(execute=True), tenancy.district(dana.school.district_id):
        pausing.disconnect(dana.who, made, "Trying")
    with tenancy.support():
        made.refresh_from_db()
        assert registry.secrets_of(made) == {}
        Connection.objects.filter(pk=other.pk).update(state=ConnectionState.DISCONNECTED)
    assert (dana.google.counts["/revoke"], dana.google.tokens.refresh[token].dead) == (0, "")
    again = dana.link(customer.sync_account)
    assert again.pk == made.pk
    with django_capture_on_commit_callbacks(execute=True), tenancy.district(dana.school.district_id):
        pausing.disconnect(dana.who, again, "Trying")
    assert (dana.google.counts["/revoke"], dana.google.tokens.refresh[token].dead != "") == (1, True)


@pytest.mark.usefixtures("_support")
def test_trap_37_the_oldest_of_too_many_tokens_dies(dana: Browser, customer: Customer) -> None:
    """Found out as a permission that is dead, not as trouble that passes."""
    made = dana.link(customer.sync_account)
    for _ in range(100):
        dana.google.consent(customer.sync_account)
    with pytest.raises(Refused) as dead:
        registry.open_provider(made, hurried=True).check()
    assert dead.value.code == "E-GRANT-REVOKED"


def test_a_token_that_is_dead_already_is_done(
    dana: Browser, customer: Customer, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    made = dana.link(customer.sync_account)
    dana.google.tokens.revoke(token_of(made))
    with django_capture_on_commit_callbacks(execute=True), tenancy.district(dana.school.district_id):
        assert pausing.disconnect(dana.who, made, "Trying")
    assert dana.google.counts["/revoke"] == 1


@pytest.mark.parametrize("fault", ["unavailable", "internal_failure", "rate", "html", "html_200"])
def test_trap_39_google_is_not_well(dana: Browser, customer: Customer, fault: str) -> None:
    """Trouble of Google's own is none of the school's, and what is linked stays."""
    dana.link(customer.sync_account)
    address = dana.agree(customer.sync_account)
    before = kept()
    dana.google.set_faults({"token_fault": fault})
    said = dana.refused(address)
    assert said.endswith("(E-SOURCE-MALFORMED)" if fault == "html_200" else "(E-SOURCE-DOWN)")
    assert kept() == before


def test_trap_40_nothing_secret_is_told(dana: Browser, customer: Customer, caplog: pytest.LogCaptureFixture) -> None:
    """Not in logs, the trail, errors or the row: the token lies in the vault only."""
    caplog.set_level(logging.DEBUG)
    address = dana.agree(customer.sync_account)
    code = parse_qs(urlsplit(address).query)["code"][0]
    made = dana.back(address)
    token = token_of(made)
    with tenancy.support():
        trail = str([(each.before, each.after, each.why) for each in AuditEvent.objects.all()])
        row = str(Connection.objects.filter(pk=made.pk).values().get())
    bearers = list(dana.google.tokens.access)
    assert bearers
    for secret in (token, code, "sandbox-secret", *bearers):
        assert all(secret not in text for text in (trail, row, caplog.text))
    assert customer.sync_account not in caplog.text


def test_trap_41_the_address_back_is_ours(dana: Browser, settings: Settings) -> None:
    """From the settings, whatever a request says; another one is refused on Google's page and never comes back."""
    there = parse_qs(urlsplit(dana.start()).query)["redirect_uri"]
    assert there == ["https://app.example/accounts/integrations/gsuite/callback/"]
    settings.PUBLIC_URL = "http://app.example"
    page = ask(dana.google, dana.start().removeprefix(dana.google.url))
    assert (page.status, b"redirect_uri_mismatch" in page.body) == (400, True)


def test_trap_42_google_keeps_the_person(dana: Browser, customer: Customer) -> None:
    """Nothing came back: nothing is linked, and a new try goes through."""
    dana.google.world(customer).set_policy("admin_policy_enforced")
    page = choose(dana.google, ask(dana.google, dana.start().removeprefix(dana.google.url)), customer.sync_account)
    assert (page.status, b"admin_policy_enforced" in page.body) == (400, True)
    assert kept()[:-1] == []
    dana.google.world(customer).set_policy(None)
    assert dana.link(customer.sync_account).tenant == customer.id


def test_trap_42_somebody_cancels(dana: Browser, customer: Customer) -> None:
    page = choose(dana.google, ask(dana.google, dana.start().removeprefix(dana.google.url)), customer.sync_account)
    before = kept()
    answer = agree(dana.google, page, answer="cancel")
    assert dana.refused(answer.headers["location"]) == connecting.CLOSED
    assert kept() == before


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ("admin_policy_enforced", "Your Google admin settings block SmartPass."),
        ("redirect_uri_mismatch", "message us with the code. Nothing was linked. (redirect_uri_mismatch)"),
        ("never_heard_of", "Google came back with an error. Nothing was linked."),
        ("<b>", "(no code)"),
        ("", "(no code)"),
    ],
)
def test_trap_42_other_errors_come_back(dana: Browser, error: str, said: str) -> None:
    """The code, the cause and the way out; what is no code is not repeated."""
    state = parse_qs(urlsplit(dana.start()).query)["state"][0]
    words = dana.refused(f"https://app.example/?state={state}&error={error}")
    assert said in words
    assert "<" not in words


@pytest.mark.usefixtures("_support")
def test_trap_43_an_app_in_testing(dana: Browser, customer: Customer) -> None:
    """It works for seven days, and then says that the school has to link again."""
    dana.google.set_faults({"testing": True})
    made = dana.link(customer.sync_account)
    registry.open_provider(made, hurried=True).check()
    later = now().timestamp() + 8 * 86_400
    dana.google.clock = lambda: later
    with pytest.raises(Refused) as dead:
        registry.open_provider(made, hurried=True).check()
    assert dead.value.code == "E-GRANT-REVOKED"


def test_a_role_without_users_links_nothing(dana: Browser, customer: Customer) -> None:
    """Without it not even whose directory this is can be known."""
    dana.google.world(customer).take("users")
    before = kept()
    said = dana.refused(dana.agree(customer.sync_account))
    assert "Users > Read" in said
    assert said.endswith("(E-PRIVILEGE-MISSING)")
    assert kept() == before


@pytest.mark.parametrize(
    "claims", [{"aud": "another-app"}, {"iss": "https://accounts.example"}, {"exp": 1}, {"sub": None}, {"email": None}]
)
def test_an_id_token_that_is_not_ours(dana: Browser, customer: Customer, claims: dict[str, Any]) -> None:
    dana.google.set_faults({"id_token": claims})
    before = kept()
    assert dana.refused(dana.agree(customer.sync_account)).endswith("(E-SOURCE-MALFORMED)")
    assert kept() == before
