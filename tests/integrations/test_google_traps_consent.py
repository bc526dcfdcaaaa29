"""The traps of Google's consent, by their numbers: to Google's pages and back, over HTTP, into the real tables."""

from __future__ import annotations

from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from django.http import Http404

from accounts import tenancy
from accounts.models import AuditEvent, Roles
from accounts.people import NotPossible
from integrations import connecting, registry
from integrations.google.provider import GoogleProvider
from integrations.google.sandbox import ASKED, Customer
from integrations.models import ConnectionState, SchoolLink
from tests import factories
from tests.integrations.consenting import Browser, account_of, beside, browser, kept, token_of

pytestmark = pytest.mark.django_db

USERS, UNITS, GROUPS = ASKED


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
