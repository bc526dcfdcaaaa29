"""The traps of a permission that Google gave, by their numbers: what is kept of it, what is told, and how it ends."""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.utils.timezone import now
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from accounts import tenancy
from accounts.models import AuditEvent, Roles
from integrations import connecting, pausing, registry
from integrations.google.sandbox import Customer
from integrations.models import Connection, ConnectionState
from integrations.provider import Provider, Refused
from tests import factories
from tests.integrations.consenting import Browser, account_of, beside, kept, token_of
from tests.integrations.google import agree, choose
from tests.integrations.raw import ask

pytestmark = pytest.mark.django_db


def opened(made: Connection) -> Provider:
    """The source as a run opens it."""
    with tenancy.support():
        return registry.open_provider(Connection.objects.get(pk=made.pk), hurried=True)


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


def test_trap_37_the_oldest_of_too_many_tokens_dies(dana: Browser, customer: Customer) -> None:
    """Found out as a permission that is dead, not as trouble that passes."""
    made = dana.link(customer.sync_account)
    for _ in range(100):
        dana.google.consent(customer.sync_account)
    with pytest.raises(Refused) as dead:
        opened(made).check()
    assert dead.value.code == "E-GRANT-REVOKED"


def test_what_was_given_up_is_linked_again(dana: Browser, customer: Customer) -> None:
    """By any account of its organization it is the same connection, so that whoever was known by it still is."""
    made = dana.link(customer.sync_account)
    for account in (customer.sync_account, customer.second_admin):
        with tenancy.district(dana.school.district_id):
            assert pausing.disconnect(dana.who, Connection.objects.get(pk=made.pk), "Trying")
        again = dana.link(account)
        with tenancy.support():
            again.refresh_from_db()
        assert (again.pk, again.state) == (made.pk, ConnectionState.SETTING_UP)
        assert again.account == account_of(dana.google, account).sub
        opened(again).check()


def test_what_served_others_too_is_linked_again_by_who_answers_for_them(dana: Browser, customer: Customer) -> None:
    """One school's Admin does not set all of them going."""
    made = dana.link(customer.sync_account)
    beside(dana).link(customer.sync_account)
    with tenancy.support():
        head = factories.person(dana.school.district, None, Roles.DISTRICT_ADMIN)
    with tenancy.district(dana.school.district_id):
        pausing.disconnect(head, made, "Trying")
    before = kept()
    assert dana.refused(dana.agree(customer.sync_account)) == connecting.OTHERS_TOO.format(label="G Suite")
    assert kept() == before
    dana.who = head
    assert dana.link(customer.sync_account).pk == made.pk


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


def test_trap_43_an_app_in_testing(dana: Browser, customer: Customer) -> None:
    """It works for seven days, and then says that the school has to link again."""
    dana.google.set_faults({"testing": True})
    made = dana.link(customer.sync_account)
    opened(made).check()
    later = now().timestamp() + 8 * 86_400
    dana.google.clock = lambda: later
    with pytest.raises(Refused) as dead:
        opened(made).check()
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
