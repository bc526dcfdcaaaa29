"""The tests' own footing: which role they run as, and that nothing stays between them."""

import pytest
from django.contrib.sessions.models import Session
from django.db import ProgrammingError, connection, connections
from django.utils import timezone


def role(alias: str) -> str:
    """Ask who we are."""
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT current_user")
        return str(cursor.fetchone()[0])


@pytest.mark.django_db(databases=["default", "owner"])
def test_roles() -> None:
    assert role("default") == "smartpass_app"
    assert role("owner") == "smartpass_owner"


@pytest.mark.django_db
def test_the_application_cannot_change_tables() -> None:
    with pytest.raises(ProgrammingError), connection.cursor() as cursor:
        cursor.execute("DROP TABLE django_session")


@pytest.mark.parametrize("_", [1, 2])
@pytest.mark.usefixtures("committed_db")
def test_commits_are_seen_elsewhere_and_gone_in_the_next_test(_: int) -> None:
    assert Session.objects.count() == 0
    Session.objects.create(session_key="k", session_data="", expire_date=timezone.now())
    assert Session.objects.using("owner").count() == 1


@pytest.mark.django_db
def test_nothing_committed_is_left() -> None:
    assert Session.objects.count() == 0
