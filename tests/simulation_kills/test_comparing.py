"""The comparison with the undisturbed night sees whatever could have gone wrong."""

from __future__ import annotations

import pytest

from tests.simulation_kills.night import Night

pytestmark = pytest.mark.long
WRONG = (
    "UPDATE accounts_user SET updated_at = now() WHERE id = (SELECT min(id) FROM accounts_user)",
    "UPDATE accounts_user SET first_name = 'x' WHERE id = (SELECT max(id) FROM accounts_user)",
    "UPDATE accounts_membership SET grade = '13' WHERE id = (SELECT min(id) FROM accounts_membership)",
    "UPDATE accounts_membership SET status = 'active', suspended_by = '' WHERE status = 'suspended'",
    "DELETE FROM integrations_link WHERE id = (SELECT max(id) FROM integrations_link)",
    "UPDATE integrations_link SET user_id = user_id - 1 WHERE id = (SELECT max(id) FROM integrations_link)",
    "UPDATE rostering_issue SET closed_at = NULL WHERE closed_at IS NOT NULL",
    "DELETE FROM rostering_issue WHERE id = (SELECT max(id) FROM rostering_issue)",
    "DELETE FROM rostering_record WHERE id = (SELECT max(id) FROM rostering_record)",
    "UPDATE rostering_change SET hold_id = NULL WHERE hold_id IS NOT NULL",
    "UPDATE rostering_hold SET state = 'superseded'",
    "UPDATE rostering_run SET people_read = people_read - 1 WHERE id = (SELECT max(id) FROM rostering_run)",
    "CREATE TABLE staged_3_1 ()",
)


def test_nothing_goes_unseen(night: Night) -> None:
    with night.case() as case, case.worker() as worker:
        worker.go()
        worker.says("over")
        assert case.differences() == []
        assert [planted for planted in WRONG if not case.differences(planted)] == []
