"""The comparison with a twin sees whatever could have gone wrong."""

from __future__ import annotations

import pytest
from django.db import connection, transaction

from accounts import tenancy
from tests.lying_wire.home import Home
from tests.lying_wire.sources import PATIENT, clever
from tests.lying_wire.story import apart

WRONG = (
    "UPDATE accounts_user SET first_name = 'x' WHERE id = (SELECT max(id) FROM accounts_user)",
    "UPDATE accounts_user SET login_email = NULL WHERE id = (SELECT max(id) FROM accounts_user)",
    "UPDATE accounts_membership SET grade = '13' WHERE id = (SELECT min(id) FROM accounts_membership)",
    "UPDATE accounts_membership SET status = 'suspended', suspended_by = 'sync'",
    "UPDATE accounts_membership SET source_id = NULL WHERE id = (SELECT min(id) FROM accounts_membership)",
    "UPDATE accounts_membership SET status = 'deleted' WHERE id = (SELECT max(id) FROM accounts_membership)",
    "DELETE FROM integrations_link WHERE id = (SELECT max(id) FROM integrations_link)",
    "UPDATE rostering_record SET active = false WHERE id = (SELECT max(id) FROM rostering_record)",
    "DELETE FROM rostering_record WHERE id = (SELECT max(id) FROM rostering_record)",
    "UPDATE integrations_connection SET problem = 'E-SOURCE-DOWN'",
    "UPDATE rostering_issue SET closed_at = now() WHERE closed_at IS NULL",
)


@pytest.mark.usefixtures("quiet", "committed_db")
def test_nothing_goes_unseen() -> None:
    with clever() as source:
        home = Home(source.district(1), "Lincoln")
        with source.reached_at(source.url, PATIENT):
            assert home.night().run.state == "done"
        expected = home.rows()
        assert all(expected[name] for name in ("User", "Membership", "Link", "Record", "Issue", "Connection"))
        assert apart(expected, home.rows()) == []
        assert [statement for statement in WRONG if not apart(expected, _if(home, statement))] == []


def _if(home: Home, statement: str) -> dict[str, list[str]]:
    """The rows as they would be after a statement."""
    with tenancy.district(home.district.pk), connection.cursor() as cursor:
        cursor.execute(statement)
        found = home.rows()
        transaction.set_rollback(True)
    return found
