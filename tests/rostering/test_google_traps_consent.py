"""The traps of Google's consent that show at night, by their numbers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core import mail as django_mail
from pytest_django import Settings

from accounts import mail, tenancy
from accounts.models import Membership, Notice, Roles
from integrations import registry
from integrations.google.provider import GoogleProvider
from integrations.google.sandbox import Customer, GoogleSandbox
from integrations.models import Connection, ConnectionState, RoleRule
from rostering.models import Run, RunState
from tests import factories
from tests.integrations.consenting import BACK, Browser
from tests.rostering.conftest import IMPATIENT
from tests.rostering.passing import Nights


class GoogleStory(Nights):
    """A school whose Admin linked G Suite through Google's pages, and mapped its students and staff."""

    def __init__(self, google: GoogleSandbox, customer: Customer) -> None:
        """Nobody is there yet but the Admin; the first night has not been."""
        self.google, self.customer = google, customer
        self.names = {}
        with tenancy.support():
            self.district = factories.district()
            self.schools = [factories.school(self.district, "North")]
            admin = factories.person(self.district, self.schools[0], Roles.ADMIN, email="north@example.org")
        self.admin = Browser(google, admin, self.schools[0])
        self.connection = self.admin.link(customer.sync_account)
        with tenancy.support():
            for path, role in (("/Students", "student"), ("/Staff", "teacher")):
                RoleRule.objects.create(
                    district=self.district, connection=self.connection, school=self.schools[0],
                    kind=RoleRule.Kind.OU, source_id=customer.units.at(path).id, name=path, role=role,
                )  # fmt: skip
            Connection.objects.filter(pk=self.connection.pk).update(state=ConnectionState.CONNECTED)

    def letters(self) -> list[str]:
        """To whom letters leave now."""
        django_mail.outbox.clear()
        mail.send_due()
        return [each.to[0] for each in django_mail.outbox]

    def from_google(self) -> int:
        """How many of the school's people came from Google and may sign in."""
        with tenancy.district(self.district.pk):
            return Membership.objects.filter(origin="gsuite", status="active").count()


@pytest.fixture
def linked(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, naps: list[float], committed_db: None
) -> Iterator[GoogleStory]:
    """A Google with one customer of 40 people, linked by an Admin."""
    del committed_db
    monkeypatch.setattr(GoogleProvider, "sleep", staticmethod(naps.append))
    monkeypatch.setattr(GoogleProvider, "limits", IMPATIENT)
    monkeypatch.setitem(registry.PROVIDERS, "gsuite", GoogleProvider)
    with GoogleSandbox() as google:
        settings.PUBLIC_URL = "https://app.example"
        settings.SOURCE_HOSTS = {"gsuite": google.hosts()}
        settings.SOURCE_SECRETS = {"gsuite": {"client_id": "sandbox-client", "client_secret": "sandbox-secret"}}
        google.redirect_uris.append(BACK)
        yield GoogleStory(google, google.add_customer(40))


def test_trap_38_a_dead_permission_is_told_once_and_touches_nobody(linked: GoogleStory) -> None:
    """Each night asks once whether it lives again, and asks the directory nothing; linking again is all it needs."""
    assert linked.night().state == RunState.DONE
    many = linked.from_google()
    assert many > 0
    before, account = linked.accounts(), linked.connection.account
    linked.google.tokens.revoke_account(account)
    linked.google.counts.clear()
    runs: list[Run] = [linked.night() for _ in range(3)]
    assert [(run.state, run.problem, run.tries) for run in runs] == [(RunState.FAILED, "E-GRANT-REVOKED", 0)] * 3
    assert dict(linked.google.counts) == {"/token": 3}
    assert linked.letters() == ["north@example.org"]
    assert linked.letters() == []
    with tenancy.support():
        assert Notice.objects.filter(closed_at=None, school=linked.schools[0]).count() == 1
    assert (linked.tie().state, linked.accounts()) == (ConnectionState.NEEDS_ATTENTION, before)

    again = linked.admin.link(linked.customer.sync_account)
    run = linked.night()
    assert (again.pk, run.state, linked.plan(run)) == (linked.connection.pk, RunState.DONE, [])
    assert (linked.tie().state, linked.from_google()) == (ConnectionState.CONNECTED, many)


def test_trap_39_a_token_endpoint_that_is_down_is_no_dead_permission(linked: GoogleStory) -> None:
    """It is tried again later, and nobody is asked to link anything."""
    assert linked.night().state == RunState.DONE
    before = linked.accounts()
    linked.google.set_faults({"token_fault": "unavailable"})
    run = linked.night()
    assert (run.state, run.problem) == (RunState.QUEUED, "E-SOURCE-DOWN")
    assert (linked.tie().state, linked.accounts()) == (ConnectionState.CONNECTED, before)
    linked.google.set_faults({"token_fault": None})
    assert linked.an_hour_later(run).state == RunState.DONE


def test_trap_36_the_same_people_stay_when_another_account_takes_over(linked: GoogleStory) -> None:
    """Another admin of the same organization links: nobody is made anew, nobody is suspended."""
    linked.night()
    before = linked.from_google()
    linked.admin.link(linked.customer.second_admin)
    run = linked.night()
    assert run.state == RunState.DONE
    assert linked.plan(run) == []
    assert linked.from_google() == before
