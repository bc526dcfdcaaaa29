"""A connection's own secrets: sealed in the table, given to its provider, and to nobody else's."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings

from accounts import tenancy
from integrations import registry, vault
from integrations.models import Connection
from integrations.provider import Refused
from tests import factories

SECRETS = {"bearer": "b-1f0c", "application": "%2Fa%43b"}
OLD, NEW = {"old": b"o" * 32}, {"new": b"n" * 32, "old": b"o" * 32}


def test_what_is_sealed_opens_for_its_owner_alone() -> None:
    """The same secrets never look the same, and hold nothing that can be read."""
    sealed = vault.seal(SECRETS, "connection:1")
    assert vault.unseal(sealed, "connection:1") == SECRETS
    assert "b-1f0c" not in sealed
    assert sealed != vault.seal(SECRETS, "connection:1")
    with pytest.raises(vault.CannotOpen):
        vault.unseal(sealed, "connection:2")
    assert vault.unseal(vault.seal({}, "connection:1"), "connection:1") == {}


@pytest.mark.parametrize("spoiled", ["test:", "test:AAAA", "test:no base64", "nobody:AAAA", "text"])
def test_what_was_never_sealed_does_not_open(spoiled: str) -> None:
    """In words that repeat nothing but the key's name."""
    with pytest.raises(vault.CannotOpen):
        vault.unseal(spoiled, "connection:1")


def test_keys_are_changed_without_losing_anything() -> None:
    """The first key seals, all of them open; what was sealed by a key that is gone does not open."""
    with override_settings(VAULT_KEYS=OLD):
        sealed = vault.seal(SECRETS, "connection:1")
    with override_settings(VAULT_KEYS=NEW):
        assert vault.unseal(sealed, "connection:1") == SECRETS
        assert vault.seal(SECRETS, "connection:1").startswith("new:")
    with override_settings(VAULT_KEYS={"new": b"n" * 32}), pytest.raises(vault.CannotOpen, match="no key 'old'"):
        vault.unseal(sealed, "connection:1")


@pytest.mark.django_db
def test_a_provider_gets_its_connections_secrets_and_hands_back_new_ones() -> None:
    """What it keeps is there for the next one, beside what was there; another connection has none of it."""
    with tenancy.support():
        world = factories.world("Alder")
        other = factories.connection(world.connection.district)
    registry.open_provider(world.connection).keep({"bearer": "b-1", "application": "a"})
    registry.open_provider(world.connection).keep({"bearer": "b-2"})
    with tenancy.support():
        ours = Connection.objects.get(pk=world.connection.pk)
        theirs = Connection.objects.get(pk=other.pk)
    assert "b-2" not in ours.secrets
    opened = registry.open_provider(ours).secrets
    assert {name: opened[name] for name in ("bearer", "application")} == {"bearer": "b-2", "application": "a"}
    assert "bearer" not in registry.open_provider(theirs).secrets


@pytest.mark.django_db
def test_secrets_that_do_not_open_are_a_refusal_in_words() -> None:
    """Moved from another row, say: a person has to look at it."""
    with tenancy.support():
        world = factories.world("Alder")
        other = factories.connection(world.connection.district)
    registry.keep(world.connection, SECRETS)
    other.secrets = world.connection.secrets
    with pytest.raises(Refused, match="cannot read what opens Clever"):
        registry.open_provider(other)


@pytest.mark.django_db
def test_a_new_first_key_takes_over_everything(capsys: pytest.CaptureFixture[str]) -> None:
    """After `reseal` the old key is not needed; what does not open is named and left as it is."""
    with tenancy.support():
        world = factories.world("Alder")
        other = factories.connection(world.connection.district)
    with override_settings(VAULT_KEYS=OLD):
        registry.keep(world.connection, SECRETS)
    with override_settings(VAULT_KEYS=NEW):
        call_command("reseal")
        assert capsys.readouterr().out == "1 connections' secrets are sealed with the first key.\n"
        with tenancy.support():
            Connection.objects.filter(pk=other.pk).update(secrets="lost:AAAA")
        with pytest.raises(CommandError, match=rf": {other.pk}\. Keep"):
            call_command("reseal")
    with override_settings(VAULT_KEYS={"new": b"n" * 32}), tenancy.support():
        assert registry.secrets_of(Connection.objects.get(pk=world.connection.pk)) == SECRETS
        assert Connection.objects.get(pk=other.pk).secrets == "lost:AAAA"
