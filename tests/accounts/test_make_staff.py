"""The first account of SmartPass is made in a shell; sign-in by somebody else's service stays shut."""

import re
from io import StringIO

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connections

from accounts import tenancy
from accounts.models import User


def test_staff_are_made_once(committed_db: None) -> None:
    del committed_db
    out = StringIO()
    call_command("make_staff", "mina@example.com", "Mina", "Ortiz", "--role", "integrations", stdout=out)
    shown = re.search(r"with ([a-z0-9-]+) and", out.getvalue())
    assert shown
    with tenancy.support():
        made = User.objects.get()
    assert (made.staff_role, made.must_change_password, made.check_password(shown[1])) == ("integrations", True, True)
    with pytest.raises(CommandError, match="already has an account"):
        call_command("make_staff", "MINA@example.com", "Mina", "Ortiz")


def test_there_is_nowhere_to_keep_a_social_account(committed_db: None) -> None:
    del committed_db
    assert not apps.is_installed("allauth.socialaccount")
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_class WHERE relname LIKE 'socialaccount%'")
        assert cursor.fetchone() == (0,)
